/*
 * What all methods share: making one, freeing it, and the update dW = W - W0
 * that analysis looks at.
 */
#include "core/method/method.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/nearest.h"
#include "core/method/layout.h"

/* Says which names there are; returns -1. */
static int refuse_name(const char *name, struct err *err)
{
    enum { MOST = 32 };
    const char *names[MOST];
    int count = 0;
    while (method_table[count] && count < MOST) {
        names[count] = method_table[count]->name;
        count++;
    }
    const char *near = nearest(name, names, count);
    if (near)
        return err_set(err, "unknown method \"%s\"; did you mean \"%s\"?", name,
                       near);
    return err_set(err,
                   "unknown method \"%s\"; use \"%s\" or another of the "
                   "methods that --help lists",
                   name, names[0]);
}

/* What can be learned here at all, whatever the method's own conditions. */
static int check_model(const struct model *model, const struct method_ops *ops,
                       const struct method_conf *conf, struct err *err)
{
    const char *family = model->conf.family;
    bool is_given = conf->also[ALSO_HEAD] || conf->also[ALSO_EMBED];
    if (model->conf.reads == EXAMPLE_TEXT)
        return 0;
    if (ops->insert_shape)
        return err_set(err,
                       "%s puts something of its own into a transformer, and "
                       "a %s model is none; use lora, or full",
                       ops->name, family);
    if (is_given && ops->uses & USES_ALSO)
        return err_set(err,
                       "%s: a %s model has no head and no embedding to train "
                       "also; target its last layer, or use full",
                       ops->name, family);
    return 0;
}

int method_check(const struct model *model, const struct method_conf *conf,
                 struct err *err)
{
    const struct method_ops *ops = method_find(conf->name);
    if (!ops)
        return refuse_name(conf->name, err);
    if (check_model(model, ops, conf, err))
        return -1;
    return ops->check ? ops->check(model, conf, err) : 0;
}

int method_refuse_targets(const struct model *model, const char *name,
                          struct err *err)
{
    bool has[SITE_KINDS] = {false};
    char list[80] = "";
    for (int i = 0; i < model->site_count; i++)
        has[model->site[i].kind] = true;
    for (int kind = 0; kind < SITE_KINDS; kind++) {
        size_t used = strlen(list);
        if (has[kind])
            (void)snprintf(list + used, sizeof list - used, "%s%s",
                           used ? ", " : "",
                           site_kind_name((enum site_kind)kind));
    }
    return err_set(err, "%s: no targets; use some of %s", name, list);
}

struct method *method_new(const struct model *model,
                          const struct method_conf *conf, struct err *err)
{
    if (method_check(model, conf, err))
        return NULL;
    const struct method_ops *ops = method_find(conf->name);
    struct method *method = xcalloc(1, sizeof *method);
    method->ops = ops;
    method->model = model;
    method->conf = *conf;
    method->conf.name = ops->name;
    method->conf.ranks = NULL; /* the caller's */
    if (ops->attach(method, conf, err)) {
        method_free(method);
        return NULL;
    }
    return method;
}

void method_free(struct method *method)
{
    if (!method)
        return;
    method->ops->detach(method);
    method_free(method->inner);
    layout_free(method);
    mem_free(method);
}

struct method *method_copy_beside(const struct method *method)
{
    struct err err = {""};
    struct method *copy = method_new(method->model, &method->conf, &err);
    /* What was made once can be made again, or there is no memory: xcalloc's
     * business. */
    assert(copy && copy->size == method->size);
    memcpy(copy->value, method->value, method->size * sizeof *copy->value);
    return copy;
}

static void forward(void *ctx, int layer, enum insert_place place, struct mat y,
                    const struct batch *slice, float *kept)
{
    const struct method *method = ctx;
    method->ops->insert_forward(method, layer, place, y, slice, kept);
}

struct insert method_insert(const struct method *method)
{
    struct insert insert = {.ctx = (void *)method};
    if (!method->ops->insert_shape)
        return insert;
    method->ops->insert_shape(method, &insert.shape);
    insert.forward = forward;
    return insert;
}

size_t method_gradient_size(const struct method *method)
{
    return method->size + (method->inner ? method->inner->size : 0);
}

const float *method_other(const struct method *method, int other,
                          size_t *offset)
{
    const struct method *of = method->inner ? method->inner : method;
    for (int i = 0; i < of->param_count; i++) {
        const struct param *param = &of->param[i];
        if (param->kind != PARAM_OTHER || param->other != other)
            continue;
        *offset = param->offset + (method->inner ? method->size : 0);
        return of->value + param->offset;
    }
    return NULL;
}

bool method_adapts_none(const struct method *method, int site)
{
    (void)method;
    (void)site;
    return false;
}

long method_count(const struct model *model, const struct method_conf *conf)
{
    const struct method_ops *ops = method_find(conf->name);
    return ops ? ops->count(model, conf) : -1;
}

void method_delta(const struct method *method, int site, struct mat dw)
{
    struct mat bt, a;
    double scale;
    if (!method->ops->adapts(method, site)) {
        mat_zero(dw);
        return;
    }
    if (method->ops->factors &&
        method->ops->factors(method, site, &bt, &a, &scale)) {
        /* W - W0 would only hold what rounding to W has left of it. */
        linalg_gemm(dw, (float)scale, bt, TRANSPOSED, a, PLAIN, 0);
        return;
    }
    method->ops->effective(method, site, dw);
    struct mat base = method->model->base.site[site];
    for (int i = 0; i < dw.rows; i++)
        for (int j = 0; j < dw.cols; j++)
            mat_row(dw, i)[j] -= mat_row(base, i)[j];
}

bool method_written(const struct method *method, int site, struct written *to)
{
    *to = (struct written){0};
    if (method->ops->written)
        return method->ops->written(method, site, to);
    return method->ops->factors &&
           method->ops->factors(method, site, &to->bt, &to->a, &to->scale);
}

bool method_is_adapter(const struct method *method)
{
    for (int i = 0; i < method->param_count; i++)
        if (method->param[i].kind == PARAM_W ||
            method->param[i].kind == PARAM_OTHER)
            return false;
    return method->ops->factors || method->ops->written;
}

int method_param(const struct method *method, enum param_kind kind, int site)
{
    for (int i = 0; i < method->param_count; i++)
        if (method->param[i].kind == kind && method->param[i].site == site)
            return i;
    return -1;
}

const char *also_name(int kind)
{
    static const char *const name[ALSO_KINDS] = {"biases", "head", "embed"};
    return kind >= 0 && kind < ALSO_KINDS ? name[kind] : NULL;
}

const char *rank_policy_name(enum rank_policy policy)
{
    static const char *const name[] = {
        [RANK_KEEP_SCALE] = "keep s",
        [RANK_ALPHA_R] = "alpha/r",
        [RANK_ALPHA_SQRT_R] = "alpha/sqrt r",
    };
    return name[policy];
}

void rank_change_free(struct rank_change *change)
{
    dmat_free(&change->map_a);
    dmat_free(&change->map_b);
    mem_free(change->restart);
    change->restart = NULL;
}
