/*
 * Adapters after Houlsby et al. 2019 (arXiv 1902.00751, figure 2): two in
 * each block, behind attention's output projection and behind the MLP, each
 * before its product joins the stream: y' = y + U gelu(D y + b_D) + b_U.
 *
 * Their bottleneck is the rank.  2 L (2 d r + r + d) parameters: the layer
 * norms, which Houlsby trains along, stay as they are, as in the LoRA paper's
 * Adapter^H (its 7.1M, 40.1M and 304.4M on GPT-3 leave them no room).
 * U starts at zero, not at Houlsby's N(0, 1e-3): step 0 is the base.
 */
#include "core/method/method.h"

#include <stdio.h>

#include "core/method/bottleneck.h"
#include "core/method/layout.h"

struct adapters {
    int rank;
    struct bottleneck *at; /* (2 layers) attention, mlp */
};

static void add_all(struct method *method, struct adapters *a)
{
    int layers = method->model->conf.layers;
    a->at = xcalloc(2 * (size_t)layers, sizeof *a->at);
    for (int i = 0; i < 2 * layers; i++) {
        char name[40];
        (void)snprintf(name, sizeof name, "h.%d.%s.adapter", i / 2,
                       i % 2 ? "mlp" : "attn");
        a->at[i] = bottleneck_add(method, name, a->rank, BOTTLENECK_GELU);
    }
}

static int adapter_h_attach(struct method *method,
                            const struct method_conf *conf, struct err *err)
{
    struct adapters *a = xcalloc(1, sizeof *a);
    method->state = a;
    a->rank = conf->rank;
    add_all(method, a);
    if (layout_allocate(method, err))
        return -1;
    for (int i = 0; i < 2 * method->model->conf.layers; i++)
        bottleneck_fill(method, &a->at[i], conf->seed,
                        ((uint64_t)a->rank << 32) + (uint64_t)i);
    return 0;
}

static void adapter_h_detach(struct method *method)
{
    struct adapters *a = method->state;
    mem_free(a->at);
    mem_free(a);
}

static long adapter_h_count(const struct model *model,
                            const struct method_conf *conf)
{
    return 2L * model->conf.layers *
           bottleneck_count(model->conf.width, conf->rank);
}

static void adapter_h_shape(const struct method *method,
                            struct insert_shape *shape)
{
    const struct adapters *a = method->state;
    int keeps = method->model->conf.width + bottleneck_keeps(a->rank);
    *shape = (struct insert_shape){.scratch = a->rank};
    shape->at[INSERT_ATTENTION] = shape->at[INSERT_MLP] = true;
    shape->keeps[INSERT_ATTENTION] = shape->keeps[INSERT_MLP] = keeps;
}

static const struct bottleneck *module_of(const struct method *method,
                                          int layer, enum insert_place place)
{
    const struct adapters *a = method->state;
    return &a->at[2 * layer + (place == INSERT_MLP)];
}

/* kept: y as it came (tokens, d), then the module's own. */
static void adapter_h_forward(const struct method *method, int layer,
                              enum insert_place place, struct mat y,
                              const struct batch *slice, float *kept)
{
    (void)slice;
    struct mat x = mat_of(kept, y.rows, y.cols);
    mat_copy(x, y);
    bottleneck_forward(method, module_of(method, layer, place), y, x,
                       kept + (size_t)y.rows * (size_t)y.cols);
}

static void adapter_h_backward(const struct method *method, float *grad,
                               int layer, enum insert_place place,
                               struct mat dy, const struct batch *slice,
                               const float *kept, struct arena *scratch)
{
    (void)slice;
    struct mat x = mat_of((float *)kept, dy.rows, dy.cols);
    bottleneck_backward(method, module_of(method, layer, place), grad, dy, 1,
                        dy, x, kept + (size_t)dy.rows * (size_t)dy.cols,
                        scratch);
}

extern const struct method_ops method_adapter_h;
const struct method_ops method_adapter_h = {
    .name = "adapter_h",
    .summary = "two bottleneck modules a block, behind attention and MLP",
    .formula = "y' = y + U gelu(D y + b) + c",
    .lr = 8e-3,
    .paper = "Houlsby et al. 2019, arXiv 1902.00751",
    .uses = USES_RANK,
    .check = bottleneck_check,
    .attach = adapter_h_attach,
    .detach = adapter_h_detach,
    .count = adapter_h_count,
    .adapts = method_adapts_none,
    .insert_shape = adapter_h_shape,
    .insert_forward = adapter_h_forward,
    .insert_backward = adapter_h_backward,
    .why_not_merged = "an adapter's nonlinearity has no place in W; its "
                      "modules stay beside the base",
};
