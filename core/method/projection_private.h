/*
 * Between projection.c and the kinds of projections, a file each.
 */
#ifndef CORE_METHOD_PROJECTION_PRIVATE_H
#define CORE_METHOD_PROJECTION_PRIVATE_H

#include "core/method/projection.h"

struct projection_ops {
    const char *name;
    void *(*make)(size_t rows, int cols, uint64_t seed, size_t limit,
                  struct err *err);
    void (*free)(void *state);
    size_t (*bytes)(const void *state);
    void (*apply)(void *state, float *y, const float *v);
    void (*adjoint)(void *state, float *v, const float *y);
};

extern const struct projection_ops projection_dense, projection_sparse,
    projection_fastfood, projection_fastfood_li;

#endif
