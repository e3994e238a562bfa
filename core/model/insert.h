/*
 * What a method puts beside W: something added to a site's product, a branch
 * at one of four places of the stream, or rows of its own before and inside a
 * sequence.
 *
 *   prefix rows | prompt | infix rows | answer
 *
 * Such rows stand in the batch with an id below 0: -1 is the first prefix
 * row, -1 - prefix the first infix row.  They take no position: real tokens
 * keep theirs, and the model's context is not eaten.  All that comes later in
 * the same sequence attends to them.
 */
#ifndef CORE_MODEL_INSERT_H
#define CORE_MODEL_INSERT_H

#include <stdbool.h>

#include "core/base/mat.h"
#include "core/task/task.h"

enum insert_place {
    INSERT_EMBED,     /* the stream entering layer 0; layer -1 */
    INSERT_ATTENTION, /* O's product, before it joins the stream */
    INSERT_MLP,       /* D's product, before it joins the stream */
    INSERT_LAYER,     /* the stream leaving a layer */
    INSERT_PLACES
};

/* Where it acts and what that takes; all zero: nowhere. */
struct insert_shape {
    bool at[INSERT_PLACES];   /* in every layer */
    int keeps[INSERT_PLACES]; /* floats a token, from forward to backward */
    int scratch;              /* floats a token, during one call of backward */
    int prefix, infix;        /* rows */
};

struct insert {
    void *ctx;
    /* After each site's product with x (tokens, in): adds to y (tokens, out).
     * In forward only. */
    void (*after)(void *ctx, int site, struct mat x, struct mat y);
    struct insert_shape shape;
    /* Changes y (tokens, width) in place; kept (tokens * keeps) is what
     * backward will be given. */
    void (*forward)(void *ctx, int layer, enum insert_place place, struct mat y,
                    const struct batch *slice, float *kept);
};

/* Bounds of prefix + infix. */
enum { INSERT_ROWS_MOST = 4096 };

#endif
