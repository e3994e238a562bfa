/* Where sites and others lie in a family's files; see hf_family.h. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/model/hf_family.h"

static const struct hf_family *family_of(const struct model *model)
{
    const struct hf_family *family = hf_family_find(model->conf.family);
    assert(family);
    return family;
}

/* prefix + "h.3." + part + tail */
static void name_in_layer(char name[HF_NAME], const struct hf_family *family,
                          int layer, const char *part, const char *tail)
{
    char before[32];
    (void)snprintf(before, sizeof before, family->layer, layer);
    (void)snprintf(name, HF_NAME, "%s%s%s%s", family->prefix, before, part,
                   tail);
}

/* Which part of how many a site is in its tensor. */
static void find_part(struct hf_place *place, const struct hf_family *family,
                      enum site_kind kind)
{
    const char *name = family->site[kind];
    for (int i = 0; i < SITE_HEAD; i++) {
        bool together = family->site[i] && strcmp(family->site[i], name) == 0;
        place->part += together && i < (int)kind;
        place->parts += together;
    }
}

struct hf_place hf_site(const struct model *model, int site)
{
    const struct hf_family *family = family_of(model);
    const struct site *s = &model->site[site];
    struct hf_place place = {.rows = s->out, .cols = s->in};
    if (s->kind == SITE_HEAD) {
        place.parts = 1;
        (void)snprintf(place.name, sizeof place.name, "%s.weight",
                       family->head[model->conf.head]);
        return place;
    }
    find_part(&place, family, s->kind);
    name_in_layer(place.name, family, s->layer, family->site[s->kind],
                  ".weight");
    place.turned = family->conv1d;
    if (place.turned) {
        place.rows = s->in;
        place.cols = s->out * place.parts;
    } else {
        place.rows *= place.parts;
    }
    return place;
}

static void place_in_layer(struct hf_place *place,
                           const struct hf_family *family,
                           const struct model *model, int other)
{
    static const struct {
        enum layer_other which;
        int site, norm; /* whose bias it is; of which norm: or -1 */
        const char *tail;
    } table[LAYER_OTHERS] = {
        {NORM1_GAIN, -1, 0, ".weight"},      {NORM1_BIAS, -1, 0, ".bias"},
        {NORM2_GAIN, -1, 1, ".weight"},      {NORM2_BIAS, -1, 1, ".bias"},
        {Q_NORM_GAIN, -1, 2, ".weight"},     {K_NORM_GAIN, -1, 3, ".weight"},
        {Q_BIAS, SITE_Q, -1, ".bias"},       {K_BIAS, SITE_K, -1, ".bias"},
        {V_BIAS, SITE_V, -1, ".bias"},       {O_BIAS, SITE_O, -1, ".bias"},
        {GATE_BIAS, SITE_GATE, -1, ".bias"}, {UP_BIAS, SITE_UP, -1, ".bias"},
        {DOWN_BIAS, SITE_DOWN, -1, ".bias"}};
    int layer = model->other[other].layer;
    for (int i = 0; i < LAYER_OTHERS; i++) {
        if (model_other_of(model, table[i].which, layer) != other)
            continue;
        bool norm = table[i].norm >= 0;
        if (!norm)
            find_part(place, family, (enum site_kind)table[i].site);
        name_in_layer(place->name, family, layer,
                      norm ? family->norm[table[i].norm]
                           : family->site[table[i].site],
                      table[i].tail);
    }
}

static void place_outside(struct hf_place *place,
                          const struct hf_family *family,
                          const struct model *model, int other)
{
    enum head_kind head = model->conf.head;
    const struct {
        enum outer_other which;
        const char *prefix, *name, *tail;
    } table[] = {
        {EMBED, family->prefix, family->embed, ".weight"},
        {POSITION, family->prefix, family->position, ".weight"},
        {TYPE, family->prefix, family->type, ".weight"},
        {EMBED_GAIN, family->prefix, family->embed_norm, ".weight"},
        {EMBED_BIAS, family->prefix, family->embed_norm, ".bias"},
        {LAST_GAIN, family->prefix, family->last_norm, ".weight"},
        {LAST_BIAS, family->prefix, family->last_norm, ".bias"},
        {DENSE, "", family->dense[head], ".weight"},
        {DENSE_BIAS, "", family->dense[head], ".bias"},
        {DENSE_GAIN, "", family->dense_norm[head], ".weight"},
        {DENSE_NORM_BIAS, "", family->dense_norm[head], ".bias"},
        {HEAD_BIAS, "",
         family->head_bias[head] ? family->head_bias[head] : family->head[head],
         family->head_bias[head] ? "" : ".bias"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (model_outer(model, table[i].which) == other)
            (void)snprintf(place->name, sizeof place->name, "%s%s%s",
                           table[i].prefix, table[i].name, table[i].tail);
}

struct hf_place hf_other(const struct model *model, int other)
{
    const struct hf_family *family = family_of(model);
    const struct other *o = &model->other[other];
    bool vector = o->kind == OTHER_GAIN || o->kind == OTHER_BIAS;
    struct hf_place place = {.rows = vector ? -1 : o->rows, .cols = o->cols};
    if (o->layer >= 0 && o->layer < model->conf.layers)
        place_in_layer(&place, family, model, other);
    else
        place_outside(&place, family, model, other);
    place.parts = place.parts ? place.parts : 1;
    place.cols *= place.parts;
    return place;
}

/* "x.LayerNorm.weight" as "x.LayerNorm.gamma". */
static const struct tensor *find_old(const struct shards *file,
                                     const char *name)
{
    char old[HF_NAME + 8];
    size_t length = strlen(name);
    const char *const tail[] = {".weight", ".gamma", ".bias", ".beta"};
    for (int i = 0; i < 4; i += 2) {
        size_t end = strlen(tail[i]);
        if (length <= end || strcmp(name + length - end, tail[i]) != 0)
            continue;
        (void)snprintf(old, sizeof old, "%.*s%s", (int)(length - end), name,
                       tail[i + 1]);
        return shards_find(file, old);
    }
    return NULL;
}

const struct tensor *hf_find(const struct shards *file,
                             const struct model *model, const char *name)
{
    const char *prefix = family_of(model)->prefix;
    size_t length = strlen(prefix);
    const char *bare =
        strncmp(name, prefix, length) == 0 ? name + length : name;
    const struct tensor *tensor = shards_find(file, name);
    if (!tensor)
        tensor = shards_find(file, bare);
    if (!tensor && strstr(name, "LayerNorm"))
        tensor = find_old(file, name);
    return tensor || !strstr(name, "LayerNorm") ? tensor : find_old(file, bare);
}

const struct tensor *hf_need(const struct shards *file,
                             const struct model *model,
                             const struct hf_place *place, struct err *err)
{
    int rows = place->rows, cols = place->cols;
    const struct tensor *tensor = hf_find(file, model, place->name);
    if (!tensor) {
        err_set(err, "%s: tensor %s is missing", shards_name(file),
                place->name);
        return NULL;
    }
    bool fits = rows < 0 ? tensor->dims == 1 && tensor->shape[0] == cols
                         : tensor->dims == 2 && tensor->shape[0] == rows &&
                               tensor->shape[1] == cols;
    if (!fits) {
        char want[32] = "";
        if (rows >= 0)
            (void)snprintf(want, sizeof want, "%d, ", rows);
        err_set(err,
                "%s: tensor %s has another shape than config.json says; "
                "expected (%s%d)",
                shards_name(file), tensor->name, want, cols);
        return NULL;
    }
    return tensor;
}
