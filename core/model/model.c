/*
 * Sites and others of a config, and who owns the base weights.  Which tensor
 * of a file goes where is the family's business (family.h).
 */
#include "core/model/model.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/model/family.h"

enum { SITES_A_LAYER = 6, BLOCKS = 8 };

static const struct family *const family_table[] = {&family_gpt2};
static const char *const kind_names[SITE_KINDS] = {"q",  "k",    "v",   "o",
                                                   "up", "down", "head"};

struct owned { /* behind model->owned */
    struct safetensors *file;
    float *block[BLOCKS];
    int blocks;
};

const char *site_kind_name(enum site_kind kind)
{
    return kind_names[kind];
}

int site_kind_find(const char *name)
{
    for (int i = 0; i < SITE_KINDS; i++)
        if (strcmp(kind_names[i], name) == 0)
            return i;
    return -1;
}

static const struct family *family_find(const char *name)
{
    for (size_t i = 0; i < sizeof family_table / sizeof *family_table; i++)
        if (strcmp(family_table[i]->name, name) == 0)
            return family_table[i];
    return NULL;
}

float *model_storage(struct model *model, size_t count)
{
    struct owned *owned = model->owned;
    assert(owned->blocks < BLOCKS);
    float *at = mem_try(count, sizeof *at);
    if (at)
        owned->block[owned->blocks++] = at;
    return at;
}

static void add_site(struct model *model, enum site_kind kind, int layer,
                     const char *name, int out, int in)
{
    struct site *site = &model->site[model->site_count++];
    *site = (struct site){.kind = kind, .layer = layer, .out = out, .in = in};
    (void)snprintf(site->name, sizeof site->name, "%s", name);
}

static void add_other(struct model *model, enum other_kind kind, int layer,
                      const char *name, int rows, int cols)
{
    struct other *other = &model->other[model->other_count++];
    *other = (struct other){
        .kind = kind, .layer = layer, .rows = rows, .cols = cols};
    (void)snprintf(other->name, sizeof other->name, "%s", name);
}

static void add_layer_sites(struct model *model, int layer)
{
    static const char *const part[SITES_A_LAYER] = {
        "attn.q", "attn.k", "attn.v", "attn.o", "mlp.up", "mlp.down"};
    int d = model->conf.width, inner = model->conf.inner;
    int out[SITES_A_LAYER] = {d, d, d, d, inner, d};
    int in[SITES_A_LAYER] = {d, d, d, d, d, inner};
    for (int i = 0; i < SITES_A_LAYER; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "h.%d.%s", layer, part[i]);
        add_site(model, (enum site_kind)i, layer, name, out[i], in[i]);
    }
}

static void add_layer_others(struct model *model, int layer)
{
    static const char *const part[LAYER_OTHERS] = {
        "norm1.gain",  "norm1.bias",   "attn.q.bias", "attn.k.bias",
        "attn.v.bias", "attn.o.bias",  "norm2.gain",  "norm2.bias",
        "mlp.up.bias", "mlp.down.bias"};
    int d = model->conf.width;
    for (int i = 0; i < LAYER_OTHERS; i++) {
        char name[40];
        (void)snprintf(name, sizeof name, "h.%d.%s", layer, part[i]);
        bool gain = strstr(part[i], "gain") != NULL;
        bool up = strcmp(part[i], "mlp.up.bias") == 0;
        add_other(model, gain ? OTHER_GAIN : OTHER_BIAS, layer, name, 1,
                  up ? model->conf.inner : d);
    }
}

static int check_conf(const struct model_conf *c, struct err *err)
{
    const struct {
        const char *name;
        int value, high;
    } sizes[] = {
        {"layers", c->layers, 1000},  {"width", c->width, 1 << 16},
        {"heads", c->heads, 1 << 10}, {"inner", c->inner, 1 << 18},
        {"vocab", c->vocab, 1 << 24}, {"context", c->context, 1 << 20}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < 1 || sizes[i].value > sizes[i].high)
            return err_set(
                err, "%s %d is not a model this program can hold; use 1..%d",
                sizes[i].name, sizes[i].value, sizes[i].high);
    if (c->width % c->heads != 0)
        return err_set(err, "width %d is not divisible by %d heads", c->width,
                       c->heads);
    return 0;
}

struct model *model_new(const struct model_conf *conf, struct err *err)
{
    if (check_conf(conf, err) != 0)
        return NULL;
    struct model *model = xcalloc(1, sizeof *model);
    size_t sites = (size_t)conf->layers * SITES_A_LAYER + 1;
    size_t others = (size_t)conf->layers * LAYER_OTHERS + 4;
    model->conf = *conf;
    model->site = xcalloc(sites, sizeof *model->site);
    model->other = xcalloc(others, sizeof *model->other);
    model->owned = xcalloc(1, sizeof(struct owned));
    int d = conf->width;
    add_other(model, OTHER_EMBED, -1, "embed", conf->vocab, d);
    add_other(model, OTHER_POSITION, -1, "position", conf->context, d);
    for (int l = 0; l < conf->layers; l++) {
        add_layer_sites(model, l);
        add_layer_others(model, l);
    }
    add_site(model, SITE_HEAD, conf->layers, "head", conf->vocab, d);
    add_other(model, OTHER_GAIN, conf->layers, "norm.gain", 1, d);
    add_other(model, OTHER_BIAS, conf->layers, "norm.bias", 1, d);
    model->base.site = xcalloc(sites, sizeof *model->base.site);
    model->base.other = xcalloc(others, sizeof *model->base.other);
    return model;
}

/* Standard deviation of a fresh site (Radford et al. 2019): what writes into
 * the residual stream is scaled down by the number of such writes. */
static double fresh_deviation(const struct model *model, int site)
{
    enum site_kind kind = model->site[site].kind;
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
        if (other->layer < 0)
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
    const struct family *family = family_find(type);
    if (!family) {
        err_set(err, "model_type \"%s\" is not supported; known: gpt2", type);
        return NULL;
    }
    struct model_conf conf = {.family = family->name};
    if (family->config(&conf, config, err) != 0)
        return NULL;
    struct model *model = model_new(&conf, err);
    if (!model)
        return NULL;
    char path[1024];
    struct owned *owned = model->owned;
    owned->file = safetensors_open(
        file_join(path, sizeof path, folder, "model.safetensors"), err);
    if (!owned->file || family->load(model, owned->file, err) != 0) {
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
    if (owned->file)
        safetensors_close(owned->file);
    mem_free(owned);
    mem_free(model->base.site);
    mem_free(model->base.other);
    mem_free(model->site);
    mem_free(model->other);
    mem_free(model);
}

int model_save(const struct model *model, const struct weights *weights,
               const char *folder, struct err *err)
{
    return family_find(model->conf.family)->save(model, weights, folder, err);
}

int model_site_find(const struct model *model, const char *name)
{
    for (int i = 0; i < model->site_count; i++)
        if (strcmp(model->site[i].name, name) == 0)
            return i;
    return -1;
}

int model_site_of(const struct model *model, enum site_kind kind, int layer)
{
    assert(layer >= 0 && layer <= model->conf.layers);
    return kind == SITE_HEAD ? model->site_count - 1
                             : layer * SITES_A_LAYER + (int)kind;
}

int model_other_find(const struct model *model, const char *name)
{
    for (int i = 0; i < model->other_count; i++)
        if (strcmp(model->other[i].name, name) == 0)
            return i;
    return -1;
}

int model_other_of(enum layer_other which, int layer)
{
    return OTHER_AT_LAYERS + layer * (int)LAYER_OTHERS + (int)which;
}

int model_last_norm(const struct model *model)
{
    return model->other_count - 2;
}

long model_parameters(const struct model *model)
{
    long total = 0;
    for (int i = 0; i < model->site_count; i++)
        if (model->site[i].kind != SITE_HEAD || !model->conf.tied)
            total += (long)model->site[i].out * model->site[i].in;
    for (int i = 0; i < model->other_count; i++)
        total += (long)model->other[i].rows * model->other[i].cols;
    return total;
}

struct weights weights_new(const struct model *model)
{
    size_t sites = (size_t)model->site_count;
    size_t others = (size_t)model->other_count;
    struct weights weights = {
        .site = xcalloc(sites, sizeof *weights.site),
        .other = xcalloc(others, sizeof *weights.other),
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
