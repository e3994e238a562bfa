/*
 * One thin factor F (rank, n) of an update as F^T P diag(1/size) = Q R, with
 * unit columns on the left: P an order of its directions, size their norms.
 *
 * Q is not formed when n > rank: R comes from the Cholesky factorisation of
 * the Gram matrix, summed in double over exact products of floats, and Q is
 * F^T times a small matrix (CholeskyQR; Yamamoto et al. 2015).  Badly
 * conditioned factors get a second pass, hopeless ones Householder's QR.
 */
#ifndef CORE_METHOD_THIN_FACTOR_H
#define CORE_METHOD_THIN_FACTOR_H

#include "core/base/err.h"
#include "core/base/mat.h"

/* How far Q is from orthonormal, at most: eps * THIN_ONE_PASS, since a Gram
 * matrix loses the square of the condition.  Householder's Q and that of a
 * second pass are orthonormal to a few eps at any condition. */
#define THIN_ONE_PASS 128.0
/* The first pass of two leaves a Q off by eps * THIN_TWO_PASS, small enough
 * for the second pass to mend it. */
#define THIN_TWO_PASS 1e10

enum thin_way { THIN_IDENTITY, THIN_GRAM, THIN_GRAM_TWICE, THIN_HOUSEHOLDER };

struct thin {
    struct mat from;   /* (rank, n), somebody else's */
    enum thin_way way; /* THIN_IDENTITY: n <= rank and R is F^T itself */
    struct dmat gram;  /* (rank, rank) F F^T, upper; at NULL: n <= rank */
    double *size;      /* (rank) norms of the rows of F, as they come */
    const int *order;  /* (rank) column k of F^T P is row order[k] of F */
    struct dmat r;     /* (min(n, rank), rank) */
    struct dmat first,
        second;     /* (rank, rank) R = second first, of two passes */
    struct dmat qt; /* (rank, n) Q^T, Householder's alone */
};

/* Norms and products of the rows; false when F holds NaN or Inf. */
bool thin_start(struct thin *thin, struct mat from);

/* R, for an order (rank) that outlives thin. */
int thin_factorise(struct thin *thin, const int *order, struct err *err);

/* to (q, n) = coef (q, min(n, rank)) Q^T; TRANSPOSED: to (n, q) is that
 * turned round. */
enum thin_shape { THIN_ROWS, THIN_COLUMNS };
int thin_expand(struct dmat to, enum thin_shape shape, const struct thin *thin,
                struct dmat coef, struct err *err);

void thin_free(struct thin *thin);

#endif
