/*
 * A Hugging Face model beside its base: dW = W - W0 at every site, in float
 * whatever the files hold (a difference taken in bfloat16 would be rounded
 * once more).  Without a base, W itself.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_module.h"
#include "core/io/file.h"
#include "core/io/safetensors.h"
#include "experiments/base.h"
#include "experiments/moment_make.h"
#include "experiments/stored_owned.h"

enum { MODEL_PATH = 1024 };

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
                       "%s has %d layers and the base %d; take the base it "
                       "was tuned from",
                       path, tuned->conf.layers, base->conf.layers);
    for (int i = 0; i < base->site_count && status == 0; i++) {
        const struct site *a = &tuned->site[i], *b = &base->site[i];
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

/* The tensor that holds a site; NULL: a name this file does not have. */
static const struct tensor *tensor_of(const struct safetensors *file,
                                      const struct model *model, int site)
{
    char name[128];
    struct adapter_module module;
    int count = adapter_module_count(model);
    if (site == model->site_count - 1 && model->conf.tied) {
        const struct tensor *tied =
            safetensors_find(file, "transformer.wte.weight");
        return tied ? tied : safetensors_find(file, "wte.weight");
    }
    for (int i = 0; i < count; i++) {
        adapter_module_at(&module, model, i);
        for (int k = 0; k < module.sites; k++) {
            if (module.site[k] != site)
                continue;
            (void)snprintf(name, sizeof name, "%s.weight", module.name);
            const struct tensor *at = safetensors_find(file, name);
            (void)snprintf(name, sizeof name, "%s.weight", module.key);
            return at ? at : safetensors_find(file, name);
        }
    }
    return NULL;
}

static enum storage storage_of(const struct tensor *tensor)
{
    if (tensor && tensor->type == TENSOR_BF16)
        return STORED_BF16;
    return tensor && tensor->type == TENSOR_F16 ? STORED_F16 : STORED_F32;
}

static struct safetensors *open_tensors(const char *folder, struct err *err)
{
    char path[MODEL_PATH];
    return safetensors_open(
        file_join(path, sizeof path, folder, "model.safetensors"), err);
}

/* Names and the type of the tuned model's tensors. */
static int read_origins(struct stored *to, const char *path, struct err *err)
{
    const struct model *model = to->model;
    struct safetensors *file = open_tensors(path, err);
    if (!file)
        return -1;
    for (int i = 0; i < model->site_count; i++) {
        const struct tensor *tensor = tensor_of(file, model, i);
        (void)snprintf(to->origin[i].tensor, sizeof to->origin[i].tensor, "%s",
                       tensor ? tensor->name : "");
    }
    to->storage = storage_of(tensor_of(file, model, 0));
    to->rounded = 1;
    safetensors_close(file);
    return 0;
}

void stored_weigh(struct stored *to, const char *base, const char *assets)
{
    char folder[MODEL_PATH];
    struct safetensors *file =
        open_tensors(base_folder(folder, sizeof folder, base, assets), NULL);
    enum storage other = STORED_F32;
    if (file)
        other = storage_of(tensor_of(file, to->model, 0));
    safetensors_close(file);
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
    return read_origins(to, path, err);
}
