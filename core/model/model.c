/*
 * A model's base weights and who owns them.  What it has is in parts.c; which
 * tensor of a file goes where is its family's business (hf_family.h).
 */
#include "core/model/model.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/model/hf_family.h"
#include "core/model/network.h"

struct owned { /* behind model->owned */
    struct shards *file;
    float **block;
    int blocks;
};

float *model_storage(struct model *model, size_t count)
{
    struct owned *owned = model->owned;
    float *at = mem_try(count, sizeof *at);
    if (!at)
        return NULL;
    size_t blocks = (size_t)owned->blocks;
    owned->block = xgrow(owned->block, blocks, blocks + 1, sizeof at);
    return owned->block[owned->blocks++] = at;
}

struct model *model_empty(struct shards *file, size_t sites)
{
    struct model *model = xcalloc(1, sizeof *model);
    struct owned *owned = xcalloc(1, sizeof *owned);
    owned->file = file;
    model->owned = owned;
    model->conf = (struct model_conf){.family = "unknown", .layers = 1};
    model->network = &network_transformer; /* looked at, never run */
    model->site = xcalloc(sites, sizeof *model->site);
    model->origin = xcalloc(sites, sizeof *model->origin);
    model->base.site = xcalloc(sites, sizeof *model->base.site);
    return model;
}

struct model *model_new(const struct model_conf *conf, struct err *err)
{
    const struct network *network = network_of(conf->family);
    struct model_conf checked = *conf;
    if (network->check(&checked, err) != 0)
        return NULL;
    struct model *model = xcalloc(1, sizeof *model);
    model->conf = checked;
    if (network->family)
        model->conf.family = network->family; /* the caller's may not last */
    model->network = network;
    model->owned = xcalloc(1, sizeof(struct owned));
    network->describe(model);
    model->base.site =
        xcalloc((size_t)model->site_count, sizeof *model->base.site);
    /* One more: a model without others has a table all the same. */
    model->base.other =
        xcalloc((size_t)model->other_count + 1, sizeof *model->base.other);
    return model;
}

const float *model_values(struct model *model, const struct tensor *tensor,
                          struct err *err)
{
    const struct owned *owned = model->owned;
    const float *view = tensor_view(tensor);
    if (view) {
        struct mat all = mat_of((float *)view, 1, (int)tensor->count);
        if (mat_finite(all))
            return view;
        err_set(err, "%s: tensor %s holds NaN or Inf", shards_name(owned->file),
                tensor->name);
        return NULL;
    }
    float *kept = model_storage(model, (size_t)tensor->count);
    if (kept)
        return tensor_read(kept, tensor, err) == 0 ? kept : NULL;
    err_set(err, "not enough memory for tensor %s", tensor->name);
    return NULL;
}

/* Standard deviation of a fresh site (Radford et al. 2019): what writes into
 * the residual stream is scaled down by the number of such writes.  Dense
 * layers: He et al. 2015. */
static double fresh_deviation(const struct model *model, int site)
{
    const struct site *of = &model->site[site];
    enum site_kind kind = of->kind;
    if (kind == SITE_FC)
        return sqrt((of->layer + 1 < model->conf.layers ? 2.0 : 1.0) / of->in);
    bool residual = kind == SITE_O || kind == SITE_DOWN;
    return residual ? 0.02 / sqrt(2.0 * model->conf.layers) : 0.02;
}

static void fill_normal(float *to, size_t count, double deviation,
                        uint64_t seed, uint64_t index)
{
    struct rng rng = rng_make(seed, STREAM_INIT, index);
    for (size_t i = 0; i < count; i++)
        to[i] = (float)(deviation * rng_normal(&rng));
}

int model_init(struct model *model, uint64_t seed)
{
    size_t total = 0;
    for (int i = 0; i < model->site_count; i++)
        total += (size_t)model->site[i].out * (size_t)model->site[i].in;
    for (int i = 0; i < model->other_count; i++)
        total += (size_t)model->other[i].rows * (size_t)model->other[i].cols;
    float *at = model_storage(model, total);
    if (!at)
        return -1;
    for (int i = 0; i < model->other_count; i++) {
        const struct other *other = &model->other[i];
        size_t count = (size_t)other->rows * (size_t)other->cols;
        if (other->kind <= OTHER_DENSE) /* tables and matrices */
            fill_normal(at, count, 0.02, seed, 1000000 + (uint64_t)i);
        for (size_t j = 0; other->kind == OTHER_GAIN && j < count; j++)
            at[j] = 1.0F;
        model->base.other[i] = at;
        at += count;
    }
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        if (site->kind == SITE_HEAD && model->conf.tied) {
            model->base.site[i] =
                mat_of((float *)model->base.other[OTHER_AT_EMBED], site->out,
                       site->in);
            continue;
        }
        size_t count = (size_t)site->out * (size_t)site->in;
        fill_normal(at, count, fresh_deviation(model, i), seed, (uint64_t)i);
        model->base.site[i] = mat_of(at, site->out, site->in);
        at += count;
    }
    return 0;
}

static struct model *open_with(const struct json *config, const char *folder,
                               struct err *err)
{
    const char *type;
    if (json_need_text(&type, config, "model_type", err) != 0)
        return NULL;
    const struct network *network = network_of(type);
    if (network->open)
        return network->open(network, config, folder, err);
    const struct hf_family *family = hf_family_find(type);
    if (!family) {
        err_set(err,
                "model_type \"%.60s\" is not supported; known: %s, linear, mlp",
                type, hf_family_names());
        return NULL;
    }
    struct model_conf conf = {.family = family->name};
    if (family->config(&conf, config, err) != 0)
        return NULL;
    struct model *model = model_new(&conf, err);
    if (!model)
        return NULL;
    struct owned *owned = model->owned;
    owned->file = shards_open(folder, err);
    if (!owned->file || hf_load(model, owned->file, err) != 0) {
        model_free(model);
        return NULL;
    }
    return model;
}

struct model *model_open(const char *folder, struct err *err)
{
    char path[1024];
    struct json *config =
        json_read(file_join(path, sizeof path, folder, "config.json"), err);
    if (!config)
        return NULL;
    struct model *model = open_with(config, folder, err);
    if (!model && strstr(err->text, folder) == NULL)
        err_prefix(err, "%s", folder);
    json_free(config);
    return model;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    struct owned *owned = model->owned;
    for (int i = 0; i < owned->blocks; i++)
        mem_free(owned->block[i]);
    shards_close(owned->file);
    mem_free(owned->block);
    mem_free(owned);
    mem_free(model->base.site);
    mem_free(model->base.other);
    mem_free(model->site);
    mem_free(model->origin);
    mem_free(model->other);
    mem_free(model);
}

int model_save(const struct model *model, const struct weights *weights,
               const char *folder, struct err *err)
{
    if (model->network->save)
        return model->network->save(model, weights, folder, err);
    return hf_save(model, weights, folder, err);
}

int model_check_writes(const struct model *model, struct err *err)
{
    if (model->conf.reads != EXAMPLE_TEXT)
        return err_set(err,
                       "a %s model reads rows of numbers and writes no text; "
                       "use a language model",
                       model->conf.family);
    if (model->conf.head == HEAD_NEXT && !model->conf.both_ways)
        return 0;
    return err_set(err,
                   "a %s model reads a text both ways and cannot go on with "
                   "it; use one that predicts the next token",
                   model->conf.family);
}

struct weights weights_new(const struct model *model)
{
    size_t sites = (size_t)model->site_count;
    size_t others = (size_t)model->other_count;
    struct weights weights = {
        .site = xcalloc(sites, sizeof *weights.site),
        .other = xcalloc(others + 1, sizeof *weights.other),
    };
    memcpy(weights.site, model->base.site, sites * sizeof *weights.site);
    memcpy(weights.other, model->base.other, others * sizeof *weights.other);
    return weights;
}

void weights_free(struct weights *weights)
{
    mem_free(weights->site);
    mem_free(weights->other);
    *weights = (struct weights){0};
}
