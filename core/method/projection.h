/*
 * Random projections P (D, d) from a small space into all parameters of a
 * model, with columns of unit length (Li et al. 2018, section 2), and their
 * adjoints:
 *
 *   dense     P_ij ~ N(0, 1), then every column over its length
 *   sparse    +1 or -1 with probability 1/sqrt(D) (Li, Hastie & Church 2006),
 *             then every column over its length
 *   fastfood  blocks of n = 2^ceil(log2 d) rows, H G Pi H B pad(v) over
 *             sqrt(n sum G_i^2) each (Le et al. 2013), H Walsh-Hadamard, B
 *             signs, Pi a permutation, G ~ N(0, 1): O(D log d) time and O(D)
 *             memory
 *   fastfood-li  one block, n = 2^ceil(log2 D), as Li et al. did it
 *
 * All blocks together are over sqrt(D / n).  Columns of fastfood have unit
 * length where the last block is whole; otherwise up to what is cut off.
 */
#ifndef CORE_METHOD_PROJECTION_H
#define CORE_METHOD_PROJECTION_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

enum projection_kind {
    PROJECT_DENSE,
    PROJECT_SPARSE,
    PROJECT_FASTFOOD,
    PROJECT_FASTFOOD_LI,
    PROJECTIONS
};
const char *projection_name(int kind); /* "dense" ...; NULL past the last */

struct projection;

/* rows D, cols d, 1 <= d <= D.  A dense P is kept where it takes at most
 * limit bytes, and otherwise drawn again each time: the same numbers. NULL: no
 * memory for it. */
struct projection *projection_new(enum projection_kind kind, size_t rows,
                                  int cols, uint64_t seed, size_t limit,
                                  struct err *err);
void projection_free(struct projection *projection);
/* What it takes, and what a call takes besides. */
size_t projection_bytes(const struct projection *projection);

/* y (rows) = P v (cols). */
void projection_apply(struct projection *projection, float *y, const float *v);
/* v (cols) = P^T y (rows). */
void projection_adjoint(struct projection *projection, float *v,
                        const float *y);

#endif
