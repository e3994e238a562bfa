/* See prefix.h. */
#include "core/method/prefix.h"

#include <stdio.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/base/vecmath.h"
#include "core/method/layout.h"

struct prefix {
    int prefix, infix, levels;
};

int prefix_check(const struct model *model, const struct method_conf *conf,
                 struct err *err)
{
    (void)model; /* rows take no position, so its context is no bound */
    const char *name = conf->name;
    if (conf->prefix < 0 || conf->prefix > INSERT_ROWS_MOST)
        return err_set(err, "%s: prefix %d is not allowed; use 0..%d", name,
                       conf->prefix, INSERT_ROWS_MOST);
    if (conf->infix < 0 || conf->infix > INSERT_ROWS_MOST - conf->prefix)
        return err_set(err, "%s: infix %d is not allowed; use 0..%d", name,
                       conf->infix, INSERT_ROWS_MOST - conf->prefix);
    if (conf->prefix + conf->infix == 0)
        return err_set(err,
                       "%s: prefix and infix are both 0, so nothing can be "
                       "learned; give one of them rows",
                       name);
    return 0;
}

static void add_level(struct method *method, int level, int rows)
{
    struct param param = {.kind = PARAM_INSERT,
                          .site = -1,
                          .other = -1,
                          .rows = rows,
                          .cols = method->model->conf.width,
                          .decays = true};
    if (level == 0)
        (void)snprintf(param.name, sizeof param.name, "prefix.embed");
    else
        (void)snprintf(param.name, sizeof param.name, "prefix.h.%d", level - 1);
    (void)layout_add(method, &param);
}

static void fill_embedding(struct method *method, uint64_t seed)
{
    const struct model *model = method->model;
    size_t d = (size_t)model->conf.width;
    struct mat to = prefix_table(method, method->value, 0);
    for (int i = 0; i < to.rows; i++) {
        struct rng rng = rng_make(seed, STREAM_PREFIX, (uint64_t)i);
        size_t id = rng_below(&rng, (uint32_t)model->conf.vocab);
        memcpy(mat_row(to, i), model->base.other[OTHER_AT_EMBED] + id * d,
               d * sizeof *to.at);
    }
}

int prefix_attach(struct method *method, const struct method_conf *conf,
                  int levels, struct err *err)
{
    struct prefix *p = xcalloc(1, sizeof *p);
    method->state = p;
    *p = (struct prefix){conf->prefix, conf->infix, levels};
    for (int level = 0; level < levels; level++)
        add_level(method, level, p->prefix + p->infix);
    if (layout_allocate(method, err))
        return -1;
    fill_embedding(method, conf->seed);
    return 0;
}

void prefix_detach(struct method *method)
{
    mem_free(method->state);
}

struct insert_shape prefix_rows(const struct method *method)
{
    const struct prefix *p = method->state;
    struct insert_shape shape = {.prefix = p->prefix, .infix = p->infix};
    shape.at[INSERT_EMBED] = true;
    return shape;
}

struct mat prefix_table(const struct method *method, float *flat, int level)
{
    return layout_mat(&method->param[level], flat);
}

void prefix_forward(const struct method *method, int layer,
                    enum insert_place place, struct mat y,
                    const struct batch *slice, float *kept)
{
    (void)place;
    (void)kept;
    const struct prefix *p = method->state;
    if (layer + 1 >= p->levels)
        return;
    struct mat table = prefix_table(method, method->value, layer + 1);
    for (int t = 0; t < slice->tokens; t++)
        if (slice->id[t] < 0)
            memcpy(mat_row(y, t), mat_row(table, -1 - slice->id[t]),
                   (size_t)y.cols * sizeof *y.at);
}

void prefix_backward(const struct method *method, float *grad, int layer,
                     enum insert_place place, struct mat dy,
                     const struct batch *slice, const float *kept,
                     struct arena *scratch)
{
    (void)place;
    (void)kept;
    (void)scratch;
    const struct prefix *p = method->state;
    if (layer + 1 >= p->levels)
        return;
    struct mat table = prefix_table(method, grad, layer + 1);
    size_t d = (size_t)dy.cols;
    for (int t = 0; t < slice->tokens; t++) {
        if (slice->id[t] >= 0)
            continue;
        vec_add(mat_row(table, -1 - slice->id[t]), mat_row(dy, t), d);
        memset(mat_row(dy, t), 0, d * sizeof *dy.at);
    }
}
