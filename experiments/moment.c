/*
 * Moments are counted and released here, and their weights rebuilt.  Where dW
 * has factors W comes from the loop that training uses, so it has the same
 * bits; a dense dW was read as W - W0 in float, and W0 + dW is W only to
 * rounding.
 */
#include "experiments/moment.h"

#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/method/lora_accumulate.h"

struct moment *moment_hold(const struct moment *moment)
{
    struct moment *mine = (struct moment *)(uintptr_t)moment;
    atomic_fetch_add(&mine->holders, 1);
    return mine;
}

void moment_release(const struct moment *moment)
{
    struct moment *mine = (struct moment *)(uintptr_t)moment;
    if (!mine || atomic_fetch_sub(&mine->holders, 1) != 1)
        return;
    for (int i = 0; i < mine->site_count; i++) {
        struct specimen *site = &mine->site[i];
        mat_free(&site->update.bt);
        mat_free(&site->update.a);
        mat_free(&site->update.dw);
        mem_free(site->share);
    }
    method_free(mine->beside);
    mem_free(mine->site);
    mem_free(mine->others);
    mem_free(mine);
}

bool moment_is_dense(const struct moment *moment)
{
    for (int i = 0; i < moment->site_count; i++)
        if (moment->site[i].adapted)
            return !update_has_factors(&moment->site[i].update);
    return false;
}

void specimen_turn(struct mat w, struct mat w0, const struct specimen *of,
                   double strength)
{
    const struct update *update = &of->update;
    if (w.at != w0.at)
        mat_copy(w, w0);
    if (!of->adapted)
        return;
    if (update_has_factors(update)) {
        lora_accumulate(w, w0, update->bt, update->a, strength * update->scale);
        return;
    }
    for (int row = 0; row < w.rows; row++)
        for (int col = 0; col < w.cols; col++)
            mat_row(w, row)[col] +=
                (float)strength * mat_row(update->dw, row)[col];
}

void specimen_write(struct mat w, struct mat w0, const struct specimen *of)
{
    specimen_turn(w, w0, of, 1);
}

void specimen_add(struct mat w, const struct spectrum *of, int k, double factor)
{
    const double *v = dmat_row(of->vt, k);
    for (int row = 0; row < w.rows; row++) {
        double u = factor * of->sigma[k] * dmat_row(of->u, row)[k];
        float *to = mat_row(w, row);
        for (int col = 0; col < w.cols; col++)
            to[col] += (float)(u * v[col]);
    }
}

static size_t other_size(const struct other *other)
{
    return (size_t)other->rows * (size_t)other->cols;
}

struct rebuilt rebuilt_new(const struct model *model)
{
    struct rebuilt made = {.model = model, .weights = weights_new(model)};
    size_t sites = 0, others = 0;
    for (int i = 0; i < model->site_count; i++)
        sites += (size_t)model->site[i].out * (size_t)model->site[i].in;
    for (int i = 0; i < model->other_count; i++)
        others += other_size(&model->other[i]);
    made.values = xcalloc(sites, sizeof *made.values);
    made.others = xcalloc(others, sizeof *made.others);
    float *at = made.values;
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        made.weights.site[i] = mat_of(at, site->out, site->in);
        at += (size_t)site->out * (size_t)site->in;
    }
    at = made.others;
    for (int i = 0; i < model->other_count; i++) {
        made.weights.other[i] = at;
        at += other_size(&model->other[i]);
    }
    rebuilt_base(&made);
    return made;
}

void rebuilt_free(struct rebuilt *rebuilt)
{
    weights_free(&rebuilt->weights);
    mem_free(rebuilt->values);
    mem_free(rebuilt->others);
    *rebuilt = (struct rebuilt){0};
}

static void base_others(struct rebuilt *to)
{
    const struct model *model = to->model;
    float *at = to->others;
    for (int i = 0; i < model->other_count; i++) {
        size_t count = other_size(&model->other[i]);
        memcpy(at, model->base.other[i], count * sizeof *at);
        at += count;
    }
}

void rebuilt_base(struct rebuilt *to)
{
    for (int i = 0; i < to->model->site_count; i++)
        rebuilt_base_site(to, i);
    base_others(to);
}

void rebuilt_base_site(struct rebuilt *to, int site)
{
    mat_copy(to->weights.site[site], to->model->base.site[site]);
}

void rebuilt_moment(struct rebuilt *to, const struct moment *moment)
{
    for (int i = 0; i < to->model->site_count; i++)
        rebuilt_site(to, moment, i);
    rebuilt_others(to, moment);
}

static void turn_others(struct rebuilt *to, const struct moment *moment,
                        float strength)
{
    size_t at = 0;
    for (int i = 0; moment->others && i < to->model->other_count; i++) {
        const float *base = to->model->base.other[i];
        size_t count = other_size(&to->model->other[i]);
        for (size_t k = 0; k < count; k++, at++)
            to->others[at] =
                base[k] + strength * (moment->others[at] - base[k]);
    }
}

void rebuilt_turned(struct rebuilt *to, const struct moment *moment,
                    double strength)
{
    for (int i = 0; i < to->model->site_count; i++)
        specimen_turn(to->weights.site[i], to->model->base.site[i],
                      &moment->site[i], strength);
    rebuilt_others(to, moment);
    if (strength < 1 || strength > 1)
        turn_others(to, moment, (float)strength);
}

void rebuilt_site(struct rebuilt *to, const struct moment *moment, int site)
{
    specimen_write(to->weights.site[site], to->model->base.site[site],
                   &moment->site[site]);
}

void rebuilt_others(struct rebuilt *to, const struct moment *moment)
{
    size_t count = 0;
    for (int i = 0; i < to->model->other_count; i++)
        count += other_size(&to->model->other[i]);
    if (moment->others)
        memcpy(to->others, moment->others, count * sizeof *to->others);
    else
        base_others(to);
}

void rebuilt_add(struct rebuilt *to, int site, const struct spectrum *of, int k,
                 double factor)
{
    specimen_add(to->weights.site[site], of, k, factor);
}
