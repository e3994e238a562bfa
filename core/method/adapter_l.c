/*
 * Adapters after Lin et al. 2020 (arXiv 2004.03829): one in each block, on
 * the stream that leaves it, behind a layer norm of its own:
 *
 *   h' = h + U relu(D norm(h) + b_D) + b_U
 *
 * L (2 d r + r + d) + 2 L d parameters, the last for the norms: with r = 6
 * and 224 on GPT-2 medium, 8 and 248 on large, the 0.37M, 11.09M, 0.88M and
 * 23.00M of the LoRA paper's table 3.  U starts at zero: step 0 is the base.
 */
#include "core/method/method.h"

#include <stdio.h>

#include "core/base/vecmath.h"
#include "core/method/bottleneck.h"
#include "core/method/layout.h"

struct adapter {
    int gain, bias; /* params */
    struct bottleneck module;
};

struct adapters {
    int rank;
    struct adapter *at; /* (layers) */
};

static int add_norm(struct method *method, int layer, const char *part)
{
    struct param param = {.kind = PARAM_INSERT,
                          .site = -1,
                          .other = -1,
                          .rows = 1,
                          .cols = method->model->conf.width};
    (void)snprintf(param.name, sizeof param.name, "h.%d.adapter.norm.%s", layer,
                   part);
    return layout_add(method, &param);
}

static void add_all(struct method *method, struct adapters *a)
{
    int layers = method->model->conf.layers;
    a->at = xcalloc((size_t)layers, sizeof *a->at);
    for (int l = 0; l < layers; l++) {
        char name[40];
        (void)snprintf(name, sizeof name, "h.%d.adapter", l);
        a->at[l].gain = add_norm(method, l, "gain");
        a->at[l].bias = add_norm(method, l, "bias");
        a->at[l].module =
            bottleneck_add(method, name, a->rank, BOTTLENECK_RELU);
    }
}

static int adapter_l_attach(struct method *method,
                            const struct method_conf *conf, struct err *err)
{
    struct adapters *a = xcalloc(1, sizeof *a);
    method->state = a;
    a->rank = conf->rank;
    add_all(method, a);
    if (layout_allocate(method, err))
        return -1;
    for (int l = 0; l < method->model->conf.layers; l++) {
        float *gain = method->value + method->param[a->at[l].gain].offset;
        for (int j = 0; j < method->model->conf.width; j++)
            gain[j] = 1;
        bottleneck_fill(method, &a->at[l].module, conf->seed,
                        ((uint64_t)a->rank << 32) + (uint64_t)l);
    }
    return 0;
}

static void adapter_l_detach(struct method *method)
{
    struct adapters *a = method->state;
    mem_free(a->at);
    mem_free(a);
}

static long adapter_l_count(const struct model *model,
                            const struct method_conf *conf)
{
    long d = model->conf.width;
    return model->conf.layers * (bottleneck_count(d, conf->rank) + 2 * d);
}

static void adapter_l_shape(const struct method *method,
                            struct insert_shape *shape)
{
    const struct adapters *a = method->state;
    int d = method->model->conf.width;
    *shape = (struct insert_shape){.scratch = a->rank + d};
    shape->at[INSERT_LAYER] = true;
    shape->keeps[INSERT_LAYER] = 2 * d + 2 + bottleneck_keeps(a->rank);
}

struct saved {          /* windows on what forward leaves */
    struct mat h, norm; /* (tokens, d) */
    float *mean, *rstd, *module;
};

static struct saved saved_at(float *at, int tokens, int width)
{
    size_t n = (size_t)tokens * (size_t)width;
    return (struct saved){.h = mat_of(at, tokens, width),
                          .norm = mat_of(at + n, tokens, width),
                          .mean = at + 2 * n,
                          .rstd = at + 2 * n + tokens,
                          .module = at + 2 * n + 2 * (size_t)tokens};
}

static void adapter_l_forward(const struct method *method, int layer,
                              enum insert_place place, struct mat y,
                              const struct batch *slice, float *kept)
{
    (void)place;
    (void)slice;
    const struct adapters *a = method->state;
    const struct adapter *at = &a->at[layer];
    struct saved k = saved_at(kept, y.rows, y.cols);
    mat_copy(k.h, y);
    for (int t = 0; t < y.rows; t++)
        vec_norm(mat_row(k.norm, t), &k.mean[t], &k.rstd[t], mat_row(y, t),
                 method->value + method->param[at->gain].offset,
                 method->value + method->param[at->bias].offset,
                 method->model->conf.norm_eps, (size_t)y.cols);
    bottleneck_forward(method, &at->module, y, k.norm, k.module);
}

static void adapter_l_backward(const struct method *method, float *grad,
                               int layer, enum insert_place place,
                               struct mat dy, const struct batch *slice,
                               const float *kept, struct arena *scratch)
{
    (void)place;
    (void)slice;
    const struct adapters *a = method->state;
    const struct adapter *at = &a->at[layer];
    const struct param *gain = &method->param[at->gain],
                       *bias = &method->param[at->bias];
    struct saved k = saved_at((float *)kept, dy.rows, dy.cols);
    size_t d = (size_t)dy.cols, n = (size_t)dy.rows * d;
    struct mat dnorm = mat_of(arena_take(scratch, n), dy.rows, dy.cols);
    bottleneck_backward(method, &at->module, grad, dnorm, 0, dy, k.norm,
                        k.module, scratch);
    for (int t = 0; t < dy.rows; t++) {
        float *row = mat_row(dnorm, t);
        vec_norm_grad(row, grad + gain->offset, grad + bias->offset, row,
                      mat_row(k.h, t), method->value + gain->offset, k.mean[t],
                      k.rstd[t], d);
    }
    vec_add(dy.at, dnorm.at, n);
}

extern const struct method_ops method_adapter_l;
const struct method_ops method_adapter_l = {
    .name = "adapter_l",
    .summary = "one bottleneck module a block, behind a layer norm of its own",
    .formula = "h' = h + U relu(D norm(h) + b) + c",
    .lr = 8e-3,
    .paper = "Lin et al. 2020, arXiv 2004.03829",
    .uses = USES_RANK,
    .check = bottleneck_check,
    .attach = adapter_l_attach,
    .detach = adapter_l_detach,
    .count = adapter_l_count,
    .adapts = method_adapts_none,
    .insert_shape = adapter_l_shape,
    .insert_forward = adapter_l_forward,
    .insert_backward = adapter_l_backward,
    .why_not_merged = "an adapter's nonlinearity has no place in W; its "
                      "modules stay beside the base",
};
