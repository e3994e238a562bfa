/*
 * Training in a random subspace (Li et al. 2018, eq. 2): another method's
 * values theta (D) move, but only along d fixed random directions,
 *
 *   theta = theta0 + P v,   v (d) = 0 at first,   dL/dv = P^T dL/dtheta.  (1)
 *
 * inside says which method: full for all parameters of the model, full_sites
 * for chosen matrices, lora for A and B.  Structure-aware (SAID, Aghajanyan et
 * al. 2021, section 3.1): one lambda per layer, 1 at first, out of the budget,
 *
 *   theta_i = theta0_i + lambda_i (P v)_i.                               (2)
 *
 * With d >= D there is no subspace: P is the identity.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/vecmath.h"
#include "core/method/layout.h"
#include "core/method/projection.h"

enum { P_V, P_LAMBDA }; /* params */

/* A dense P above this is drawn again at every step. */
static const size_t dense_limit = (size_t)2 << 30;

struct subspace {
    size_t size;                   /* D */
    int cols;                      /* of P */
    struct projection *projection; /* NULL: the identity */
    float *start;                  /* (size) theta0 */
    float *moved;                  /* (size) P v, as of the last follow() */
    int layers;                    /* lambdas; 0: none */
    int *layer;                    /* (inner's params) whose lambda */
};

static const struct method_ops *inside_of(const struct method_conf *conf)
{
    const char *name = conf->subspace.inside;
    return method_find(name && name[0] ? name : "full");
}

static struct method_conf inner_conf(const struct method_conf *conf)
{
    struct method_conf inner = *conf;
    inner.name = inside_of(conf)->name;
    return inner;
}

/* --- layers ---------------------------------------------------------------
 */

/* Of a param of inner: embedding and positions are layer 0, what follows the
 * last layer is one more. */
static int layer_of(const struct model *model, const struct param *param)
{
    int layer = param->site >= 0 ? model->site[param->site].layer
                                 : model->other[param->other].layer;
    return 1 + layer;
}

/* Numbers those that there are; returns how many. */
static int number_layers(int *layer, const struct method *inner)
{
    enum { MOST = 4096 };
    int number[MOST], count = 0;
    for (int i = 0; i < MOST; i++)
        number[i] = -1;
    for (int i = 0; i < inner->param_count; i++) {
        int at = layer_of(inner->model, &inner->param[i]);
        assert(at >= 0 && at < MOST);
        if (number[at] < 0)
            number[at] = count++;
        layer[i] = number[at];
    }
    return count;
}

static size_t param_size(const struct param *param)
{
    return (size_t)param->rows * (size_t)param->cols;
}

/* --- attach ---------------------------------------------------------------
 */

static int check_inside(const struct method_conf *conf, struct err *err)
{
    const struct method_ops *ops = inside_of(conf);
    if (!ops)
        return err_set(err,
                       "subspace: there is no method \"%s\" to move inside "
                       "it; use full, full_sites, bitfit or lora",
                       conf->subspace.inside);
    if (ops->insert_shape || ops->after_update || ops->before_update ||
        ops->follow)
        return err_set(err,
                       "subspace: %s cannot move inside it; use full, "
                       "full_sites, bitfit or lora",
                       ops->name);
    return 0;
}

static int subspace_check(const struct model *model,
                          const struct method_conf *conf, struct err *err)
{
    if (conf->subspace.dims < 1)
        return err_set(err, "subspace: dims %d is not allowed; use 1 or more",
                       conf->subspace.dims);
    if (check_inside(conf, err))
        return -1;
    struct method_conf inner = inner_conf(conf);
    return method_check(model, &inner, err);
}

static int add_vector(struct method *method, const char *name, int cols)
{
    struct param param = {
        .kind = PARAM_INSERT, .site = -1, .other = -1, .rows = 1, .cols = cols};
    (void)snprintf(param.name, sizeof param.name, "subspace.%s", name);
    return layout_add(method, &param);
}

/* P, and what v has: dims less one for each lambda. */
static int choose_size(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    struct subspace *s = method->state;
    const struct subspace_conf *of = &conf->subspace;
    if ((size_t)of->dims >= s->size) {
        s->layers = 0;
        s->cols = (int)s->size;
        return 0;
    }
    s->cols = of->dims - s->layers;
    if (s->cols < 1)
        return err_set(err,
                       "subspace: %d dims leave nothing beside a lambda for "
                       "each of %d layers; use more, or layered: false",
                       of->dims, s->layers);
    s->projection = projection_new(of->projection, s->size, s->cols, conf->seed,
                                   dense_limit, err);
    return s->projection ? 0 : -1;
}

static int subspace_attach(struct method *method,
                           const struct method_conf *conf, struct err *err)
{
    struct subspace *s = xcalloc(1, sizeof *s);
    method->state = s;
    struct method_conf inner = inner_conf(conf);
    method->inner = method_new(method->model, &inner, err);
    if (!method->inner)
        return -1;
    s->size = method->inner->size;
    s->layer = xcalloc((size_t)method->inner->param_count, sizeof *s->layer);
    int layers = number_layers(s->layer, method->inner);
    s->layers = conf->subspace.layered ? layers : 0;
    s->start = mem_try(s->size, sizeof *s->start);
    s->moved = mem_try(s->size, sizeof *s->moved);
    if (!s->start || !s->moved)
        return err_set(err, "subspace: no memory for %zu parameters", s->size);
    memcpy(s->start, method->inner->value, s->size * sizeof *s->start);
    if (choose_size(method, conf, err))
        return -1;
    (void)add_vector(method, "v", s->cols);
    if (s->layers)
        (void)add_vector(method, "lambda", s->layers);
    if (layout_allocate(method, err))
        return -1;
    float *lambda = method->value + s->cols;
    for (int i = 0; i < s->layers; i++)
        lambda[i] = 1;
    return 0;
}

static void subspace_detach(struct method *method)
{
    struct subspace *s = method->state;
    projection_free(s->projection);
    mem_free(s->start);
    mem_free(s->moved);
    mem_free(s->layer);
    mem_free(s);
}

static long subspace_count(const struct model *model,
                           const struct method_conf *conf)
{
    const struct method_ops *ops = inside_of(conf);
    struct method_conf inner = *conf;
    if (!ops)
        return 0;
    inner.name = ops->name;
    long most = ops->count(model, &inner);
    return conf->subspace.dims < most ? conf->subspace.dims : most;
}

/* --- forward and back -----------------------------------------------------
 */

/* theta from v, (1) and (2). */
static void subspace_follow(struct method *method)
{
    struct subspace *s = method->state;
    struct method *inner = method->inner;
    const float *lambda = method->value + s->cols;
    if (s->projection)
        projection_apply(s->projection, s->moved, method->value);
    else
        memcpy(s->moved, method->value, s->size * sizeof *s->moved);
    memcpy(inner->value, s->start, s->size * sizeof *s->start);
    for (int i = 0; i < inner->param_count; i++) {
        const struct param *param = &inner->param[i];
        vec_axpy(inner->value + param->offset,
                 s->layers ? lambda[s->layer[i]] : 1, s->moved + param->offset,
                 param_size(param));
    }
}

/* Both gradients from inner's, which stands behind them and is used up. */
static void subspace_before_update(struct method *method, float *grad)
{
    struct subspace *s = method->state;
    const struct method *inner = method->inner;
    const float *lambda = method->value + s->cols;
    float *theta = grad + method->size, *dlambda = grad + s->cols;
    for (int i = 0; i < inner->param_count && s->layers; i++) {
        const struct param *param = &inner->param[i];
        float *at = theta + param->offset;
        size_t n = param_size(param);
        dlambda[s->layer[i]] += (float)vec_dot(at, s->moved + param->offset, n);
        vec_scale(at, lambda[s->layer[i]], n);
    }
    if (s->projection)
        projection_adjoint(s->projection, grad, theta);
    else
        memcpy(grad, theta, s->size * sizeof *grad);
}

/* --- what inner does ------------------------------------------------------
 */

static bool subspace_adapts(const struct method *method, int site)
{
    return method->inner->ops->adapts(method->inner, site);
}

static void subspace_effective(const struct method *method, int site,
                               struct mat w)
{
    method->inner->ops->effective(method->inner, site, w);
}

static const float *subspace_direct(const struct method *method, int site)
{
    const struct method *inner = method->inner;
    return inner->ops->direct ? inner->ops->direct(inner, site) : NULL;
}

static void subspace_gradient(const struct method *method, float *grad,
                              int site, struct mat x, struct mat dy,
                              struct arena *scratch)
{
    const struct method *inner = method->inner;
    inner->ops->gradient(inner, grad + method->size, site, x, dy, scratch);
}

static size_t subspace_scratch(const struct method *method, int site,
                               int tokens)
{
    const struct method *inner = method->inner;
    return inner->ops->scratch ? inner->ops->scratch(inner, site, tokens) : 0;
}

static bool subspace_kept(const struct method *method, int i, struct kept *to)
{
    const struct method *inner = method->inner;
    return inner->ops->kept && inner->ops->kept(inner, i, to);
}

extern const struct method_ops method_subspace;
const struct method_ops method_subspace = {
    .name = "subspace",
    .summary = "a random subspace of d dimensions: the intrinsic dimension",
    .formula = "theta = theta0 + P v, P random (D, d), v trained",
    .lr = 0.3,
    .paper = "Li et al. 2018, arXiv 1804.08838; Aghajanyan et al. 2021, arXiv "
             "2012.13255",
    .uses = USES_SUBSPACE,
    .check = subspace_check,
    .attach = subspace_attach,
    .detach = subspace_detach,
    .count = subspace_count,
    .adapts = subspace_adapts,
    .effective = subspace_effective,
    .gradient = subspace_gradient,
    .scratch = subspace_scratch,
    .direct = subspace_direct,
    .kept = subspace_kept,
    .follow = subspace_follow,
    .before_update = subspace_before_update,
};
