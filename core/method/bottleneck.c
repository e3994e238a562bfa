/* See bottleneck.h.  kept: z, then f(z), each (tokens, r). */
#include "core/method/bottleneck.h"

#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "core/base/vecmath.h"
#include "core/method/layout.h"
#include "core/method/lora.h"

int bottleneck_check(const struct model *model, const struct method_conf *conf,
                     struct err *err)
{
    int most = model->conf.width;
    if (conf->rank < 1 || conf->rank > most)
        return err_set(err, "%s: rank %d is not allowed; use 1..%d", conf->name,
                       conf->rank, most);
    return 0;
}

static int add(struct method *method, const char *name, const char *part,
               int rows, int cols)
{
    struct param param = {.kind = PARAM_INSERT,
                          .site = -1,
                          .other = -1,
                          .rows = rows,
                          .cols = cols,
                          .decays = !strstr(part, "bias")};
    (void)snprintf(param.name, sizeof param.name, "%s.%s", name, part);
    return layout_add(method, &param);
}

struct bottleneck bottleneck_add(struct method *method, const char *name,
                                 int rank, enum bottleneck_kind kind)
{
    int d = method->model->conf.width;
    struct bottleneck made = {.kind = kind};
    made.down = add(method, name, "down.weight", rank, d);
    made.down_bias = add(method, name, "down.bias", 1, rank);
    made.up = add(method, name, "up.weight", d, rank);
    made.up_bias = add(method, name, "up.bias", 1, d);
    return made;
}

void bottleneck_fill(struct method *method, const struct bottleneck *b,
                     uint64_t seed, uint64_t index)
{
    lora_fill(layout_mat(&method->param[b->down], method->value), seed,
              STREAM_INIT, index);
}

long bottleneck_count(long width, long rank)
{
    return 2 * width * rank + rank + width;
}

int bottleneck_keeps(int rank)
{
    return 2 * rank;
}

static void add_bias(struct mat y, const float *bias)
{
    for (int t = 0; t < y.rows; t++)
        vec_add(mat_row(y, t), bias, (size_t)y.cols);
}

static void activate(struct mat y, struct mat z, enum bottleneck_kind kind)
{
    size_t n = (size_t)z.rows * (size_t)z.cols;
    switch (kind) {
    case BOTTLENECK_GELU:
        vec_gelu_tanh(y.at, z.at, n);
        return;
    case BOTTLENECK_RELU:
        for (size_t i = 0; i < n; i++)
            y.at[i] = z.at[i] > 0 ? z.at[i] : 0;
        return;
    }
}

/* dz *= f'(z) */
static void activate_back(struct mat dz, struct mat z,
                          enum bottleneck_kind kind)
{
    size_t n = (size_t)z.rows * (size_t)z.cols;
    switch (kind) {
    case BOTTLENECK_GELU:
        vec_gelu_tanh_grad(dz.at, dz.at, z.at, n);
        return;
    case BOTTLENECK_RELU:
        for (size_t i = 0; i < n; i++)
            dz.at[i] = z.at[i] > 0 ? dz.at[i] : 0;
        return;
    }
}

void bottleneck_forward(const struct method *method, const struct bottleneck *b,
                        struct mat y, struct mat x, float *kept)
{
    struct mat down = layout_mat(&method->param[b->down], method->value);
    struct mat up = layout_mat(&method->param[b->up], method->value);
    size_t n = (size_t)x.rows * (size_t)down.rows;
    struct mat z = mat_of(kept, x.rows, down.rows);
    struct mat f = mat_of(kept + n, x.rows, down.rows);
    linalg_gemm(z, 1, x, PLAIN, down, TRANSPOSED, 0);
    add_bias(z, method->value + method->param[b->down_bias].offset);
    activate(f, z, b->kind);
    linalg_gemm(y, 1, f, PLAIN, up, TRANSPOSED, 1);
    add_bias(y, method->value + method->param[b->up_bias].offset);
}

static void bias_gradient(float *to, struct mat dy)
{
    for (int t = 0; t < dy.rows; t++)
        vec_add(to, mat_row(dy, t), (size_t)dy.cols);
}

void bottleneck_backward(const struct method *method,
                         const struct bottleneck *b, float *grad, struct mat dx,
                         float beta, struct mat dy, struct mat x,
                         const float *kept, struct arena *scratch)
{
    const struct param *param = method->param;
    struct mat down = layout_mat(&param[b->down], method->value);
    struct mat up = layout_mat(&param[b->up], method->value);
    int r = down.rows;
    size_t n = (size_t)x.rows * (size_t)r;
    struct mat z = mat_of((float *)kept, x.rows, r);
    struct mat f = mat_of((float *)kept + n, x.rows, r);
    struct mat dz = mat_of(arena_take(scratch, n), x.rows, r);
    bias_gradient(grad + param[b->up_bias].offset, dy);
    linalg_gemm(layout_mat(&param[b->up], grad), 1, dy, TRANSPOSED, f, PLAIN,
                1);
    linalg_gemm(dz, 1, dy, PLAIN, up, PLAIN, 0);
    activate_back(dz, z, b->kind);
    bias_gradient(grad + param[b->down_bias].offset, dz);
    linalg_gemm(layout_mat(&param[b->down], grad), 1, dz, TRANSPOSED, x, PLAIN,
                1);
    linalg_gemm(dx, 1, dz, PLAIN, down, PLAIN, beta);
}
