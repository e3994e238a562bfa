/*
 * What all methods share: making one, freeing it, and the update dW = W - W0
 * that analysis looks at.
 */
#include "core/method/method.h"

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

struct method *method_new(const struct model *model,
                          const struct method_conf *conf, struct err *err)
{
    const struct method_ops *ops = method_find(conf->name);
    if (!ops) {
        (void)refuse_name(conf->name, err);
        return NULL;
    }
    struct method *method = xcalloc(1, sizeof *method);
    method->ops = ops;
    method->model = model;
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
    layout_free(method);
    mem_free(method);
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
