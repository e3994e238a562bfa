/*
 * A Hugging Face model beside its base: dW = W - W0 at every site, in float
 * whatever the files hold (a difference taken in bfloat16 would be rounded
 * once more).  Without a base, W itself.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/moment_make.h"
#include "experiments/stored_owned.h"

static int check_shape(const char *name, const int tuned[2], const int base[2],
                       const char *path, struct err *err)
{
    if (tuned[0] == base[0] && tuned[1] == base[1])
        return 0;
    return err_set(err,
                   "%s is (%d, %d) in %s and (%d, %d) in the base; take the "
                   "base it was tuned from",
                   name, tuned[0], tuned[1], path, base[0], base[1]);
}

static int check_shapes(const struct model *tuned, const struct model *base,
                        const char *path, struct err *err)
{
    int status = 0;
    if (tuned->site_count != base->site_count ||
        tuned->other_count != base->other_count)
        return err_set(err,
                       "%s has %d layers and %d matrices, and the base %d and "
                       "%d; take the base it was tuned from",
                       path, tuned->conf.layers, tuned->site_count,
                       base->conf.layers, base->site_count);
    for (int i = 0; i < base->site_count && status == 0; i++) {
        const struct site *a = &tuned->site[i], *b = &base->site[i];
        if (strcmp(a->name, b->name) != 0)
            return err_set(err,
                           "%s has %s where the base has %s; take the base it "
                           "was tuned from",
                           path, a->name, b->name);
        status = check_shape(b->name, (int[]){a->out, a->in},
                             (int[]){b->out, b->in}, path, err);
    }
    for (int i = 0; i < base->other_count && status == 0; i++) {
        const struct other *a = &tuned->other[i], *b = &base->other[i];
        status = check_shape(b->name, (int[]){a->rows, a->cols},
                             (int[]){b->rows, b->cols}, path, err);
    }
    return status;
}

static enum storage storage_of(const struct model *model)
{
    const char *type = model->origin[0].type_name;
    if (strcmp(type, "BF16") == 0)
        return STORED_BF16;
    return strcmp(type, "F16") == 0 ? STORED_F16 : STORED_F32;
}

/* Names and the type of the tuned model's tensors. */
static void read_origins(struct stored *to, const struct model *tuned)
{
    for (int i = 0; i < tuned->site_count; i++)
        (void)snprintf(to->origin[i].tensor, sizeof to->origin[i].tensor, "%s",
                       tuned->origin[i].tensor);
    to->storage = storage_of(tuned);
    to->rounded = 1;
}

void stored_weigh(struct stored *to)
{
    enum storage other = storage_of(to->model);
    if (other == to->storage)
        to->rounded = 2;
    else if (other == STORED_BF16 || to->storage == STORED_F32)
        to->storage = other;
}

/* w - w0; w0.at NULL: w. */
static struct mat difference(struct mat w, struct mat w0)
{
    struct mat dw = mat_new(w.rows, w.cols);
    mat_copy(dw, w);
    for (int i = 0; w0.at && i < w.rows; i++)
        for (int j = 0; j < w.cols; j++)
            mat_row(dw, i)[j] -= mat_row(w0, i)[j];
    return dw;
}

static float *copy_others(const struct model *from)
{
    size_t total = 0, used = 0;
    for (int i = 0; i < from->other_count; i++)
        total += (size_t)from->other[i].rows * (size_t)from->other[i].cols;
    float *to = xcalloc(total, sizeof *to);
    for (int i = 0; i < from->other_count; i++) {
        size_t count =
            (size_t)from->other[i].rows * (size_t)from->other[i].cols;
        memcpy(to + used, from->base.other[i], count * sizeof *to);
        used += count;
    }
    return to;
}

int stored_read_model(struct stored *to, const struct model *tuned,
                      const char *path, const char *name, struct err *err)
{
    const struct model *model = to->model;
    bool whole = to->kind == STORED_WEIGHTS;
    if (check_shapes(tuned, model, path, err) < 0)
        return -1;
    struct moment *moment = moment_new(name, "full", -1, model->site_count);
    to->moment = moment;
    to->origin = xcalloc((size_t)model->site_count, sizeof *to->origin);
    for (int i = 0; i < model->site_count; i++) {
        struct mat w0 = whole ? (struct mat){0} : model->base.site[i];
        moment_put_matrix(moment, i, difference(tuned->base.site[i], w0));
    }
    if (!whole)
        moment->others = copy_others(tuned);
    read_origins(to, tuned);
    return 0;
}
