/*
 * SVD of a small square matrix by one-sided Jacobi rotations (Demmel &
 * Veselic 1992).  Where rows differ in size by many decades, and are
 * otherwise far from dependent, every singular value comes with relative
 * accuracy, which no bidiagonalisation gives; below some twenty rows it is
 * also the quickest way.
 */
#ifndef CORE_BASE_JACOBI_H
#define CORE_BASE_JACOBI_H

#include <stdbool.h>

#include "core/base/mat.h"

/* Beyond this many rows LAPACK's divide and conquer is quicker. */
enum { JACOBI_MOST = 16 };

/* a (k, k), k <= JACOBI_MOST, finite and of ordinary size, is
 * ut^T diag(sigma) vt: rows of ut and vt (k, k) orthonormal, sigma (k)
 * descending.  ut.at and vt.at both NULL: values only.  a is not changed.
 * False, with nothing promised of the outputs, when a value is too small to
 * have a direction, or the rotations do not settle: then ask LAPACK. */
bool jacobi_svd(struct dmat ut, double *sigma, struct dmat vt, struct dmat a);

#endif
