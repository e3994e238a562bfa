/*
 * An adapter as a moment: site by site, q, k and v with factors of their
 * own; or fused, one "site" a pair as the file has it.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/moment_make.h"
#include "experiments/stored_owned.h"

static void set_origin(struct origin *to, const struct adapter_pair *pair)
{
    (void)snprintf(to->tensor, sizeof to->tensor, "%s", pair->tensor);
    (void)snprintf(to->scale_from, sizeof to->scale_from, "%s",
                   pair->scale_from);
}

/* DoRA's update is no product of factors: the whole of it. */
static void put_site(struct moment *moment, const struct adapter *adapter,
                     const struct model *model, int site, bool dense)
{
    struct mat bt, a, dw;
    double scale;
    if (!dense) {
        if (adapter_factors(adapter, site, &bt, &a, &scale) == 0)
            moment_put_factors(moment, site, bt, a, scale);
        return;
    }
    dw = mat_new(model->site[site].out, model->site[site].in);
    if (adapter_delta(adapter, site, dw))
        moment_put_matrix(moment, site, dw);
    else
        mat_free(&dw);
}

int stored_read_adapter(struct stored *to, const char *path, const char *name,
                        struct err *err)
{
    const struct model *model = to->model;
    struct adapter *adapter = to->owned->adapter =
        adapter_open(model, path, err);
    if (!adapter)
        return -1;
    struct moment *moment = moment_new(name, "lora", -1, model->site_count);
    to->moment = moment;
    to->origin = xcalloc((size_t)model->site_count, sizeof *to->origin);
    bool dense = adapter_has_magnitudes(adapter);
    if (dense)
        to->kind = STORED_DELTA;
    for (int i = 0; i < model->site_count; i++)
        put_site(moment, adapter, model, i, dense);
    for (int i = 0; i < adapter_pair_count(adapter); i++) {
        struct adapter_pair pair = adapter_pair_at(adapter, i);
        for (int k = 0; k < pair.sites; k++)
            set_origin(&to->origin[pair.site[k]], &pair);
    }
    return 0;
}

bool stored_is_file(const struct stored *stored)
{
    return stored->owned->adapter && stored->kind == STORED_LORA;
}

static struct mat transposed(struct mat from)
{
    struct mat to = mat_new(from.cols, from.rows);
    mat_transpose(to, from);
    return to;
}

static struct mat copy_of(struct mat from)
{
    struct mat to = mat_new(from.rows, from.cols);
    mat_copy(to, from);
    return to;
}

/* W0 of a pair: its sites' one below the other, at their place or copied. */
static struct mat base_of(const struct model *model,
                          const struct adapter_pair *pair, float **room)
{
    struct mat first = model->base.site[pair->site[0]];
    if (pair->sites == 1)
        return first;
    struct mat all = mat_of(*room, pair->b.rows, pair->a.cols);
    for (int k = 0, row = 0; k < pair->sites; k++) {
        struct mat part = model->base.site[pair->site[k]];
        mat_copy(mat_rows(all, row, part.rows), part);
        row += part.rows;
    }
    *room += (size_t)all.rows * (size_t)all.cols;
    return all;
}

static size_t fused_size(const struct adapter *adapter)
{
    size_t total = 0;
    for (int i = 0; i < adapter_pair_count(adapter); i++) {
        struct adapter_pair pair = adapter_pair_at(adapter, i);
        if (pair.sites > 1)
            total += (size_t)pair.b.rows * (size_t)pair.a.cols;
    }
    return total;
}

void stored_fuse(struct stored *stored)
{
    struct stored_owned *owned = stored->owned;
    if (!owned->adapter || stored->model == &owned->fused ||
        stored->kind != STORED_LORA)
        return;
    const struct model *model = stored->model;
    int count = adapter_pair_count(owned->adapter);
    struct model *fused = &owned->fused;
    struct moment *moment = moment_new(stored->moment->name, "lora", -1, count);
    *fused = (struct model){.conf = model->conf, .site_count = count};
    fused->site = xcalloc((size_t)count, sizeof *fused->site);
    fused->base.site = xcalloc((size_t)count, sizeof *fused->base.site);
    float *room = owned->fused_base =
        xcalloc(fused_size(owned->adapter), sizeof *room);
    mem_free(stored->origin);
    stored->origin = xcalloc((size_t)count, sizeof *stored->origin);
    for (int i = 0; i < count; i++) {
        struct adapter_pair pair = adapter_pair_at(owned->adapter, i);
        const struct site *first = &model->site[pair.site[0]];
        fused->site[i] = (struct site){.kind = first->kind,
                                       .layer = first->layer,
                                       .out = pair.b.rows,
                                       .in = pair.a.cols};
        (void)snprintf(fused->site[i].name, sizeof fused->site[i].name, "%s",
                       pair.name);
        fused->base.site[i] = base_of(model, &pair, &room);
        moment_put_factors(moment, i, transposed(pair.b), copy_of(pair.a),
                           pair.scale);
        set_origin(&stored->origin[i], &pair);
    }
    moment_release(stored->moment);
    stored->moment = moment;
    stored->model = fused;
}
