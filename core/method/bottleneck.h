/*
 * The module that adapters insert: two linear maps with biases and a
 * nonlinearity between (Houlsby et al. 2019, figure 2),
 *
 *   z = D x + b_D,   y += U f(z) + b_U,
 *
 * with D (r, d) small and U zero, so that it starts as nothing at all.  What x
 * is, and what y, is its owner's business.
 */
#ifndef CORE_METHOD_BOTTLENECK_H
#define CORE_METHOD_BOTTLENECK_H

#include "core/method/method.h"

enum bottleneck_kind { BOTTLENECK_GELU, BOTTLENECK_RELU };

struct bottleneck {
    enum bottleneck_kind kind;
    int down, down_bias, up, up_bias; /* params of the method */
};

/* Refuses a rank outside 1..width. */
int bottleneck_check(const struct model *model, const struct method_conf *conf,
                     struct err *err);

/* Adds the four params, named NAME.down.weight and so on. */
struct bottleneck bottleneck_add(struct method *method, const char *name,
                                 int rank, enum bottleneck_kind kind);
/* First values, drawn from STREAM_INIT at this index. */
void bottleneck_fill(struct method *method, const struct bottleneck *b,
                     uint64_t seed, uint64_t index);
/* 2 d r + r + d. */
long bottleneck_count(long width, long rank);

/* Floats a token that forward leaves in kept. */
int bottleneck_keeps(int rank);

/* y (tokens, d) += the module of x (tokens, d). */
void bottleneck_forward(const struct method *method, const struct bottleneck *b,
                        struct mat y, struct mat x, float *kept);
/* dx (tokens, d) = beta dx + the module's gradient by x; grad gets that of
 * the params.  dy (tokens, d) may be dx with beta 1.  Takes rank floats a token
 * of scratch. */
void bottleneck_backward(const struct method *method,
                         const struct bottleneck *b, float *grad, struct mat dx,
                         float beta, struct mat dy, struct mat x,
                         const float *kept, struct arena *scratch);

#endif
