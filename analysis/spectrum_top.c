/*
 * The largest singular values alone, by random projection: Halko, Martinsson
 * & Tropp 2011, algorithm 4.4 (subspace iteration) and 5.1.
 *
 *   Q = orth((W W^T)^q W G),  W ~ Q Q^T W = Q (U' S V^T),  G Gaussian    (1)
 *
 * with QR between half-steps, or rounding would leave the first direction
 * only.  Products run in float, as W is; QR and the small SVD in double.
 */
#include "analysis/spectrum.h"

#include <assert.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"

enum {
    OVERSAMPLING = 10, /* p of the paper; failure is below 6 p^-p */
    ITERATIONS = 2     /* q; flat tails, as of full fine-tuning, need 2 */
};

/* rows (l, n) becomes orthonormal, in float, spanning what it did. */
static int orthonormalise(struct mat rows, struct err *err)
{
    struct dmat wide = dmat_new(rows.rows, rows.cols);
    struct dmat r = dmat_new(rows.rows, rows.rows);
    dmat_from(wide, rows);
    int status = linalg_qr_rows(wide, r, err);
    mat_from(rows, wide);
    dmat_free(&wide);
    dmat_free(&r);
    return status;
}

/* q (l, out) = Q^T of (1), by way of right (l, in). */
static int find_range(struct mat q, struct mat right, struct mat w,
                      struct err *err)
{
    struct rng rng = rng_make(1, STREAM_CONTROL, rng_hash("spectrum_top", 12));
    for (int i = 0; i < right.rows; i++)
        for (int j = 0; j < right.cols; j++)
            mat_row(right, i)[j] = (float)rng_normal(&rng);
    for (int turn = 0;; turn++) {
        linalg_gemm(q, 1, right, PLAIN, w, TRANSPOSED, 0);
        if (orthonormalise(q, err))
            return -1;
        if (turn == ITERATIONS)
            return 0;
        linalg_gemm(right, 1, q, PLAIN, w, PLAIN, 0);
        if (orthonormalise(right, err))
            return -1;
    }
}

/* The first k values and vectors of what has more. */
static void keep(struct spectrum *top, const struct spectrum *all, int k)
{
    *top = (struct spectrum){.out = all->out, .in = all->in, .count = k};
    top->sigma = xcalloc((size_t)k, sizeof *top->sigma);
    top->u = dmat_new(all->out, k);
    top->vt = dmat_new(k, all->in);
    for (int i = 0; i < k; i++)
        top->sigma[i] = all->sigma[i];
    for (int i = 0; i < all->out; i++)
        for (int j = 0; j < k; j++)
            dmat_row(top->u, i)[j] = dmat_row(all->u, i)[j];
    for (int i = 0; i < k; i++)
        for (int j = 0; j < all->in; j++)
            dmat_row(top->vt, i)[j] = dmat_row(all->vt, i)[j];
}

/* all: l = q.rows values and vectors of Q Q^T W. */
static int project(struct spectrum *all, struct mat q, struct mat w,
                   struct err *err)
{
    int l = q.rows;
    struct mat small = mat_new(l, w.cols);
    struct dmat wide = dmat_new(l, w.cols), turned = dmat_new(l, l);
    struct dmat wide_q = dmat_new(l, w.rows);
    *all = (struct spectrum){.out = w.rows, .in = w.cols, .count = l};
    all->sigma = xcalloc((size_t)l, sizeof *all->sigma);
    all->u = dmat_new(w.rows, l);
    all->vt = dmat_new(l, w.cols);
    linalg_gemm(small, 1, q, PLAIN, w, PLAIN, 0);
    dmat_from(wide, small);
    dmat_from(wide_q, q);
    int status = linalg_svd(turned, all->sigma, all->vt, wide, err);
    linalg_dgemm(all->u, 1, wide_q, TRANSPOSED, turned, PLAIN, 0);
    mat_free(&small);
    dmat_free(&wide);
    dmat_free(&turned);
    dmat_free(&wide_q);
    return status;
}

int spectrum_top(struct spectrum *spectrum, struct mat w, int k,
                 struct err *err)
{
    int least = w.rows < w.cols ? w.rows : w.cols, status = -1;
    struct spectrum all = {0};
    struct mat q = {0}, right = {0};
    assert(k >= 0);
    *spectrum = (struct spectrum){0};
    if (!mat_finite(w)) /* LAPACK may not return from a NaN */
        return err_set(err, "the matrix holds NaN or Inf: no singular values");
    k = k < least ? k : least;
    if (k + OVERSAMPLING >= least) { /* nothing left to save */
        status = spectrum_of_matrix(&all, w, WITH_VECTORS, err);
    } else {
        q = mat_new(k + OVERSAMPLING, w.rows);
        right = mat_new(k + OVERSAMPLING, w.cols);
        status = find_range(q, right, w, err);
        if (status == 0)
            status = project(&all, q, w, err);
    }
    if (status == 0)
        keep(spectrum, &all, k);
    spectrum_free(&all);
    mat_free(&q);
    mat_free(&right);
    return status;
}
