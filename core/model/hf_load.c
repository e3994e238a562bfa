/*
 * Weights of a family's files into sites and others.  What lies in the mapped
 * file as aligned F32, in our orientation, is used where it lies; the rest is
 * converted to float or turned round once.  q, k and v are kept side by side
 * where they are copied, so that they are multiplied at once.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/hf_family.h"

static int load_others(struct model *model, const struct shards *file,
                       struct err *err)
{
    for (int i = 0; i < model->other_count; i++) {
        struct hf_place place = hf_other(model, i);
        if (place.part > 0) { /* its neighbour has brought it */
            model->base.other[i] =
                model->base.other[i - 1] + model->other[i].cols;
            continue;
        }
        const struct tensor *tensor = hf_need(file, model, &place, err);
        model->base.other[i] = tensor ? model_values(model, tensor, err) : NULL;
        if (!model->base.other[i])
            return -1;
    }
    return 0;
}

static void say_origin(struct model *model, int site,
                       const struct tensor *tensor)
{
    struct site_origin *origin = &model->origin[site];
    (void)snprintf(origin->tensor, sizeof origin->tensor, "%s", tensor->name);
    memcpy(origin->type_name, tensor->type_name, sizeof origin->type_name);
}

/* The head: the embedding, or a tensor of its own. */
static int load_head(struct model *model, const struct shards *file,
                     struct err *err)
{
    int head = model->site_count - 1;
    const struct site *site = &model->site[head];
    struct hf_place place = model->conf.tied ? hf_other(model, OTHER_AT_EMBED)
                                             : hf_site(model, head);
    if (!model->conf.tied && !hf_find(file, model, place.name))
        return err_set(err,
                       "%s: tensor %s is missing, and tie_word_embeddings is "
                       "false",
                       shards_name(file), place.name);
    const struct tensor *tensor = hf_need(file, model, &place, err);
    if (!tensor)
        return -1;
    const float *at = model->conf.tied ? model->base.other[OTHER_AT_EMBED]
                                       : model_values(model, tensor, err);
    if (!at)
        return -1;
    say_origin(model, head, tensor);
    model->base.site[head] = mat_of((float *)at, site->out, site->in);
    return 0;
}

static bool lies_right(const struct hf_place *place,
                       const struct tensor *tensor)
{
    return !place->turned && tensor_view(tensor);
}

/* Floats that the sites need which cannot be used where they lie. */
static int count_copies(size_t *total, const struct model *model,
                        const struct shards *file, struct err *err)
{
    *total = 0;
    for (int i = 0; i < model->site_count - 1; i++) {
        struct hf_place place = hf_site(model, i);
        const struct tensor *tensor = hf_need(file, model, &place, err);
        if (!tensor)
            return -1;
        if (!lies_right(&place, tensor))
            *total += (size_t)model->site[i].out * (size_t)model->site[i].in;
    }
    return 0;
}

/* A copy of one site, in (out, in); plain has room for the whole tensor. */
static int copy_site(struct mat w, float *plain, const struct hf_place *place,
                     const struct tensor *tensor, struct err *err)
{
    if (place->parts == 1 && !place->turned)
        return tensor_read(w.at, tensor, err);
    if (tensor_read(plain, tensor, err) != 0)
        return -1;
    struct mat all = mat_of(plain, place->rows, place->cols);
    if (place->turned)
        mat_transpose(w, mat_cols(all, place->part * w.rows, w.rows));
    else
        mat_copy(w, mat_rows(all, place->part * w.rows, w.rows));
    return 0;
}

static int load_sites(struct model *model, const struct shards *file,
                      float *plain, float *at, struct err *err)
{
    for (int i = 0; i < model->site_count - 1; i++) {
        const struct site *site = &model->site[i];
        struct hf_place place = hf_site(model, i);
        const struct tensor *tensor = hf_need(file, model, &place, err);
        if (!tensor)
            return -1;
        say_origin(model, i, tensor);
        if (lies_right(&place, tensor)) {
            const float *view = model_values(model, tensor, err);
            if (!view)
                return -1;
            size_t before = (size_t)(place.part * site->out * site->in);
            model->base.site[i] =
                mat_of((float *)view + before, site->out, site->in);
            continue;
        }
        model->base.site[i] = mat_of(at, site->out, site->in);
        if (copy_site(model->base.site[i], plain, &place, tensor, err) != 0)
            return -1;
        at += (size_t)site->out * (size_t)site->in;
    }
    return 0;
}

/* Floats of the largest tensor that is fused or turned. */
static size_t largest(const struct model *model)
{
    size_t most = 1;
    for (int i = 0; i < model->site_count - 1; i++) {
        struct hf_place place = hf_site(model, i);
        size_t count = (size_t)place.rows * (size_t)place.cols;
        if ((place.turned || place.parts > 1) && count > most)
            most = count;
    }
    return most;
}

int hf_load(struct model *model, const struct shards *file, struct err *err)
{
    size_t total;
    if (load_others(model, file, err) != 0 ||
        count_copies(&total, model, file, err) != 0)
        return -1;
    float *at = model_storage(model, total ? total : 1);
    float *plain = mem_try(largest(model), sizeof *plain);
    int status = at && plain ? load_sites(model, file, plain, at, err)
                             : err_set(err, "not enough memory");
    mem_free(plain);
    return status != 0 ? -1 : load_head(model, file, err);
}
