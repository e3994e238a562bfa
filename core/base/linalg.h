/*
 * The only door to BLAS and LAPACK.  Everything is single-threaded: the
 * program's own threads share the work (DESIGN: one step = S slices), and the
 * first line of every thread that comes here is linalg_thread_init().
 *
 * Row-major outside, whatever LAPACK wants inside.  Every LAPACKE return is
 * checked.  Matrices must be finite: callers that read files check first.
 */
#ifndef CORE_BASE_LINALG_H
#define CORE_BASE_LINALG_H

#include "core/base/err.h"
#include "core/base/mat.h"

void linalg_thread_init(void);

/* "OpenBLAS 0.3.21 ... Haswell": library, build and kernel, for the record. */
const char *linalg_describe(void);

enum transpose { PLAIN, TRANSPOSED };

/* c (m, n) = alpha * op(a) (m, k) * op(b) (k, n) + beta * c.
 * With beta 0, c may hold anything, NaN included. */
void linalg_gemm(struct mat c, float alpha, struct mat a, enum transpose ta,
                 struct mat b, enum transpose tb, float beta);
/* The same with a (m, k) as it stands, where m may well be 1: a single row does
 * not pay for packing b, which makes it some five times as quick; its bits
 * are not those of linalg_gemm. */
void linalg_apply(struct mat c, float alpha, struct mat a, struct mat b,
                  enum transpose tb, float beta);
void linalg_dgemm(struct dmat c, double alpha, struct dmat a, enum transpose ta,
                  struct dmat b, enum transpose tb, double beta);

/* The upper triangle of g (k, k) = x x^T + beta * g, for x (k, n); what is
 * below the diagonal stays. */
void linalg_gram(struct dmat g, struct dmat x, double beta);

/* The upper triangle of g (k, k) becomes R, R^T R = g; below the diagonal
 * come zeros.  False, with g spoilt, when g is not positive definite. */
bool linalg_cholesky(struct dmat g);

/* Thin QR by Householder reflections: a (m, k), m >= k, becomes Q (m, k) with
 * orthonormal columns; r (k, k) receives the upper triangle. */
int linalg_qr(struct dmat a, struct dmat r, struct err *err);

/* The same of a^T, which is what LAPACK likes to read: the rows of a (k, m),
 * k <= m, become those of Q^T.  Three times as quick. */
int linalg_qr_rows(struct dmat a, struct dmat r, struct err *err);

/* Thin SVD by divide and conquer: a (m, n) = U diag(sigma) Vt, q = min(m, n),
 * sigma (q) descending, u (m, q), vt (q, n).  a is not changed.  u.at and
 * vt.at both NULL: values only. */
int linalg_svd(struct dmat u, double *sigma, struct dmat vt, struct dmat a,
               struct err *err);

/* Singular values of an upper bidiagonal matrix, O(n^2): diagonal (n) becomes
 * them, descending; super (n - 1), above the diagonal, is lost. */
int linalg_bidiagonal_svd(double *diagonal, double *super, int n,
                          struct err *err);

/* The same in single precision, about twice as fast: sigma to some ten units
 * of 2^-24 * sigma[0], vectors orthonormal to as much. */
int linalg_ssvd(struct mat u, float *sigma, struct mat vt, struct mat a,
                struct err *err);

/* x (k, n) := R^-1 x, or R^-T x, for upper triangular r (k, k). */
int linalg_solve_upper(struct dmat x, struct dmat r, enum transpose transpose,
                       struct err *err);

#endif
