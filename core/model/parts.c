/* See parts.h. */
#include "core/model/parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

static const char *const kind_names[SITE_KINDS] = {
    "q", "k", "v", "o", "gate", "up", "down", "head", "fc"};

static const char *const layer_site[SITE_HEAD] = {
    "attn.q", "attn.k", "attn.v", "attn.o", "mlp.gate", "mlp.up", "mlp.down"};

static const char *const layer_other[LAYER_OTHERS] = {
    [NORM1_GAIN] = "norm1.gain",   [NORM1_BIAS] = "norm1.bias",
    [Q_BIAS] = "attn.q.bias",      [K_BIAS] = "attn.k.bias",
    [V_BIAS] = "attn.v.bias",      [O_BIAS] = "attn.o.bias",
    [Q_NORM_GAIN] = "attn.q.gain", [K_NORM_GAIN] = "attn.k.gain",
    [NORM2_GAIN] = "norm2.gain",   [NORM2_BIAS] = "norm2.bias",
    [GATE_BIAS] = "mlp.gate.bias", [UP_BIAS] = "mlp.up.bias",
    [DOWN_BIAS] = "mlp.down.bias"};

static const struct {
    const char *name;
    enum other_kind kind;
} outer_other[OUTER_OTHERS] = {
    [EMBED] = {"embed", OTHER_EMBED},
    [POSITION] = {"position", OTHER_POSITION},
    [TYPE] = {"type", OTHER_TYPE},
    [EMBED_GAIN] = {"embed.norm.gain", OTHER_GAIN},
    [EMBED_BIAS] = {"embed.norm.bias", OTHER_BIAS},
    [LAST_GAIN] = {"norm.gain", OTHER_GAIN},
    [LAST_BIAS] = {"norm.bias", OTHER_BIAS},
    [DENSE] = {"head.dense", OTHER_DENSE},
    [DENSE_BIAS] = {"head.dense.bias", OTHER_BIAS},
    [DENSE_GAIN] = {"head.norm.gain", OTHER_GAIN},
    [DENSE_NORM_BIAS] = {"head.norm.bias", OTHER_BIAS},
    [HEAD_BIAS] = {"head.bias", OTHER_BIAS},
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

int conf_q_width(const struct model_conf *c)
{
    return c->heads * c->head_width;
}

int conf_kv_width(const struct model_conf *c)
{
    return c->groups * c->head_width;
}

int conf_qkv_width(const struct model_conf *c)
{
    return conf_q_width(c) + 2 * conf_kv_width(c);
}

int conf_head_width(const struct model_conf *c)
{
    return c->head == HEAD_CLASSES ? c->classes : c->vocab;
}

static bool has_layer_other(const struct model_conf *c, enum layer_other which)
{
    switch (which) {
    case NORM1_GAIN:
    case NORM2_GAIN:
        return true;
    case NORM1_BIAS:
    case NORM2_BIAS:
        return !c->rms;
    case Q_BIAS:
    case K_BIAS:
    case V_BIAS:
        return !c->plain_qkv;
    case O_BIAS:
        return !c->plain_o;
    case Q_NORM_GAIN:
    case K_NORM_GAIN:
        return c->head_norm;
    case GATE_BIAS:
        return c->gated && !c->plain_mlp;
    case UP_BIAS:
    case DOWN_BIAS:
        return !c->plain_mlp;
    case LAYER_OTHERS:
        break;
    }
    return false;
}

static bool has_outer(const struct model_conf *c, enum outer_other which)
{
    switch (which) {
    case EMBED:
        return true;
    case POSITION:
        return c->rotary.theta <= 0;
    case TYPE:
        return c->types > 0;
    case EMBED_GAIN:
    case EMBED_BIAS:
        return c->post_norm;
    case LAST_GAIN:
        return !c->post_norm;
    case LAST_BIAS:
        return !c->post_norm && !c->rms;
    case DENSE:
    case DENSE_BIAS:
    case HEAD_BIAS:
        return c->head != HEAD_NEXT;
    case DENSE_GAIN:
    case DENSE_NORM_BIAS:
        return c->head == HEAD_MASKED;
    case OUTER_OTHERS:
        break;
    }
    return false;
}

static int layer_other_width(const struct model_conf *c, enum layer_other which)
{
    switch (which) {
    case Q_BIAS:
        return conf_q_width(c);
    case K_BIAS:
    case V_BIAS:
        return conf_kv_width(c);
    case Q_NORM_GAIN:
    case K_NORM_GAIN:
        return c->head_width;
    case GATE_BIAS:
    case UP_BIAS:
        return c->inner;
    case NORM1_GAIN:
    case NORM1_BIAS:
    case O_BIAS:
    case NORM2_GAIN:
    case NORM2_BIAS:
    case DOWN_BIAS:
    case LAYER_OTHERS:
        break;
    }
    return c->width;
}

static void site_shape(int *out, int *in, const struct model_conf *c,
                       enum site_kind kind)
{
    bool kv = kind == SITE_K || kind == SITE_V;
    *in = kind == SITE_O      ? conf_q_width(c)
          : kind == SITE_DOWN ? c->inner
                              : c->width;
    *out = kind == SITE_Q                         ? conf_q_width(c)
           : kv                                   ? conf_kv_width(c)
           : kind == SITE_GATE || kind == SITE_UP ? c->inner
           : kind == SITE_HEAD                    ? conf_head_width(c)
                                                  : c->width;
}

static void add_site(struct model *model, enum site_kind kind, int layer,
                     const char *name)
{
    struct site *site = &model->site[model->site_count++];
    *site = (struct site){.kind = kind, .layer = layer};
    site_shape(&site->out, &site->in, &model->conf, kind);
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

static void add_layer(struct model *model, int layer)
{
    const struct model_conf *c = &model->conf;
    char name[40];
    for (int kind = 0; kind < SITE_HEAD; kind++) {
        if (kind == SITE_GATE && !c->gated)
            continue;
        (void)snprintf(name, sizeof name, "h.%d.%s", layer, layer_site[kind]);
        add_site(model, (enum site_kind)kind, layer, name);
    }
    for (int i = 0; i < LAYER_OTHERS; i++) {
        enum layer_other which = (enum layer_other)i;
        if (!has_layer_other(c, which))
            continue;
        bool gain = strstr(layer_other[i], "gain") != NULL;
        (void)snprintf(name, sizeof name, "h.%d.%s", layer, layer_other[i]);
        add_other(model, gain ? OTHER_GAIN : OTHER_BIAS, layer, name, 1,
                  layer_other_width(c, which));
    }
}

static void add_outer(struct model *model, int from, int end)
{
    const struct model_conf *c = &model->conf;
    for (int i = from; i < end; i++) {
        enum outer_other which = (enum outer_other)i;
        if (!has_outer(c, which))
            continue;
        int rows = which == EMBED      ? c->vocab
                   : which == POSITION ? c->skip + c->context
                   : which == TYPE     ? c->types
                   : which == DENSE    ? c->width
                                       : 1;
        add_other(model, outer_other[i].kind, i < OUTER_LOW ? -1 : c->layers,
                  outer_other[i].name, rows,
                  which == HEAD_BIAS ? conf_head_width(c) : c->width);
    }
}

void parts_make(struct model *model)
{
    const struct model_conf *c = &model->conf;
    size_t layers = (size_t)c->layers;
    size_t sites = layers * SITE_HEAD + 1;
    size_t others = layers * LAYER_OTHERS + OUTER_OTHERS;
    model->site = xcalloc(sites, sizeof *model->site);
    model->origin = xcalloc(sites, sizeof *model->origin);
    model->other = xcalloc(others, sizeof *model->other);
    add_outer(model, 0, OUTER_LOW);
    for (int l = 0; l < c->layers; l++)
        add_layer(model, l);
    add_site(model, SITE_HEAD, c->layers, "head");
    add_outer(model, OUTER_LOW, OUTER_OTHERS);
}

int parts_check(struct model_conf *c, struct err *err)
{
    if (c->heads > 0) {
        c->groups = c->groups ? c->groups : c->heads;
        if (!c->head_width && c->width % c->heads != 0)
            return err_set(err, "width %d is not divisible by %d heads",
                           c->width, c->heads);
        c->head_width = c->head_width ? c->head_width : c->width / c->heads;
    }
    const struct {
        const char *name;
        int value, high;
    } sizes[] = {{"layers", c->layers, 1000},
                 {"width", c->width, 1 << 16},
                 {"heads", c->heads, 1 << 10},
                 {"inner", c->inner, 1 << 18},
                 {"vocab", c->vocab, 1 << 24},
                 {"context", c->context, 1 << 24},
                 {"key-value heads", c->groups, c->heads},
                 {"head width", c->head_width, 1 << 12}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < 1 || sizes[i].value > sizes[i].high)
            return err_set(
                err, "%s %d is not a model this program can hold; use 1..%d",
                sizes[i].name, sizes[i].value, sizes[i].high);
    if (c->heads % c->groups != 0)
        return err_set(err, "%d heads are not divisible by %d key-value heads",
                       c->heads, c->groups);
    if (c->rotary.theta > 0 && c->head_width % 2 != 0)
        return err_set(err,
                       "a head width of %d cannot turn in pairs of features; "
                       "rotary positions need an even one",
                       c->head_width);
    return 0;
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
    bool is_dense = model->conf.reads != EXAMPLE_TEXT;
    if (is_dense != (kind == SITE_FC))
        return -1;
    if (is_dense)
        return layer < model->conf.layers ? layer : -1;
    bool gated = model->conf.gated;
    if (kind == SITE_HEAD)
        return model->site_count - 1;
    if (kind == SITE_GATE && !gated)
        return -1;
    return layer * (gated ? SITE_HEAD : SITE_HEAD - 1) + (int)kind -
           (kind > SITE_GATE && !gated);
}

int model_inputs(const struct model *model)
{
    return model->conf.size[0];
}

int model_outputs(const struct model *model)
{
    const struct model_conf *c = &model->conf;
    return c->reads == EXAMPLE_TEXT ? 0 : c->size[c->layers];
}

int model_other_find(const struct model *model, const char *name)
{
    for (int i = 0; i < model->other_count; i++)
        if (strcmp(model->other[i].name, name) == 0)
            return i;
    return -1;
}

static int layer_others(const struct model_conf *c, int before)
{
    int count = 0;
    for (int i = 0; i < before; i++)
        count += has_layer_other(c, (enum layer_other)i);
    return count;
}

int model_other_of(const struct model *model, enum layer_other which, int layer)
{
    const struct model_conf *c = &model->conf;
    if (!has_layer_other(c, which))
        return -1;
    int at = 0;
    for (int i = 0; i < OUTER_LOW; i++)
        at += has_outer(c, (enum outer_other)i);
    return at + layer * layer_others(c, LAYER_OTHERS) +
           layer_others(c, (int)which);
}

int model_outer(const struct model *model, enum outer_other which)
{
    const struct model_conf *c = &model->conf;
    if (!has_outer(c, which))
        return -1;
    int at = which < OUTER_LOW ? 0 : c->layers * layer_others(c, LAYER_OTHERS);
    for (int i = 0; i < (int)which; i++)
        at += has_outer(c, (enum outer_other)i);
    return at;
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
