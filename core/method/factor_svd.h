/*
 * The SVD of scale * bt^T a without ever forming it: B = Q_B R_B, A^T = Q_A
 * R_A, and the SVD of scale * R_B R_A^T is r x r.  Exact to rounding in
 * double at any condition, rank or size of the factors: a Gram matrix, which
 * squares the condition, is used only where that costs less than the last
 * few bits (thin_factor.h), and small values keep digits of their own where
 * they come from small rows.
 *
 * Vectors are orthonormal to 1e-13, those of zero values too; sigma is good
 * to 1e-13 of sigma[0].
 */
#ifndef CORE_METHOD_FACTOR_SVD_H
#define CORE_METHOD_FACTOR_SVD_H

#include "core/base/err.h"
#include "core/base/mat.h"

/* How many singular values that gives: min(r, out, in). */
int factor_svd_count(struct mat bt, struct mat a);

/* bt (r, out), a (r, in); sigma (q) descending, u (out, q) and vt (q, in)
 * with q = factor_svd_count(); u.at and vt.at both NULL: values only.
 * Refuses NaN and Inf, naming the factor. */
int factor_svd(struct dmat u, double *sigma, struct dmat vt, struct mat bt,
               struct mat a, double scale, struct err *err);

#endif
