/*
 * An adapter that has found its model, shared by adapter_read.c (opening) and
 * adapter_apply.c (adding it to weights).
 */
#ifndef CORE_IO_ADAPTER_BOUND_H
#define CORE_IO_ADAPTER_BOUND_H

#include "core/io/adapter.h"
#include "core/io/adapter_file.h"
#include "core/io/adapter_module.h"

struct bound {
    struct adapter_module module;
    const struct file_pair *from; /* NULL: nothing is adapted here */
    struct mat a, b;              /* (r, in), (out, r) */
    double scale;
    float *gain; /* (out) DoRA's m_i / |V_i|, or NULL */
};

struct adapter {
    const struct model *model;
    struct adapter_file *file;
    int count; /* modules of the model */
    struct bound *pair;
};

/* v (out, in) = W0 + s B A of rows [row, row + out) of the pair. */
void adapter_direction(struct mat v, struct mat w0, const struct bound *pair,
                       int row);

#endif
