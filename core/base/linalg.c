/*
 * BLAS and LAPACK, single-threaded; see linalg.h.  The only home of cblas.h
 * and lapacke.h.
 *
 * LAPACK is always called column-major, on our row-major memory as it lies: a
 * row-major A (m, n) read by columns is A' (n, m).  So the QR of A is the LQ
 * of A', and the SVD of A is that of A' with U and V exchanged; nothing is
 * transposed, and the row-major argument checks of LAPACKE are never met.
 */
#include "core/base/linalg.h"

#include <assert.h>
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"

void linalg_thread_init(void)
{
    /* Process-wide with OpenBLAS's own threads, per thread with OpenMP's:
     * hence in every thread. */
    openblas_set_num_threads(1);
}

const char *linalg_describe(void)
{
    return openblas_get_config();
}

static enum CBLAS_TRANSPOSE flag(enum transpose transpose)
{
    return transpose == TRANSPOSED ? CblasTrans : CblasNoTrans;
}

static int at_least_one(int ld)
{
    return ld > 1 ? ld : 1;
}

void linalg_gemm(struct mat c, float alpha, struct mat a, enum transpose ta,
                 struct mat b, enum transpose tb, float beta)
{
    int m = ta == PLAIN ? a.rows : a.cols, k = ta == PLAIN ? a.cols : a.rows;
    int n = tb == PLAIN ? b.cols : b.rows;
    assert(c.rows == m && c.cols == n);
    assert(k == (tb == PLAIN ? b.rows : b.cols));
    if (m == 0 || n == 0)
        return;
    cblas_sgemm(CblasRowMajor, flag(ta), flag(tb), m, n, k, alpha, a.at,
                at_least_one(a.ld), b.at, at_least_one(b.ld), beta, c.at,
                at_least_one(c.ld));
}

void linalg_dgemm(struct dmat c, double alpha, struct dmat a, enum transpose ta,
                  struct dmat b, enum transpose tb, double beta)
{
    int m = ta == PLAIN ? a.rows : a.cols, k = ta == PLAIN ? a.cols : a.rows;
    int n = tb == PLAIN ? b.cols : b.rows;
    assert(c.rows == m && c.cols == n);
    assert(k == (tb == PLAIN ? b.rows : b.cols));
    if (m == 0 || n == 0)
        return;
    cblas_dgemm(CblasRowMajor, flag(ta), flag(tb), m, n, k, alpha, a.at,
                at_least_one(a.ld), b.at, at_least_one(b.ld), beta, c.at,
                at_least_one(c.ld));
}

static int check_finite(struct dmat a, const char *what, struct err *err)
{
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            if (!isfinite(a.at[(ptrdiff_t)i * a.ld + j]))
                return err_set(err,
                               "%s of a matrix (%d x %d) whose entry %d, %d "
                               "is not a finite number",
                               what, a.rows, a.cols, i, j);
    return 0;
}

int linalg_qr(struct dmat a, struct dmat r, struct err *err)
{
    int m = a.rows, k = a.cols;
    assert(m >= k && r.rows == k && r.cols == k);
    if (k == 0)
        return 0;
    if (check_finite(a, "QR", err))
        return -1;
    double *tau = mem_try((size_t)k, sizeof *tau);
    if (!tau)
        return err_set(err, "QR of %d x %d: out of memory", m, k);
    /* A' (k, m) = L Q'; so A = Q R with R = L'. */
    int info = LAPACKE_dgelqf(LAPACK_COL_MAJOR, k, m, a.at, a.ld, tau);
    if (info == 0) {
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++)
                dmat_row(r, i)[j] = j < i ? 0 : dmat_row(a, i)[j];
        info = LAPACKE_dorglq(LAPACK_COL_MAJOR, k, m, k, a.at, a.ld, tau);
    }
    mem_free(tau);
    if (info != 0)
        return err_set(err, "QR of %d x %d failed: LAPACK says %d", m, k, info);
    return 0;
}

/* Packs a into to (m * n), row by row. */
static void pack(double *to, struct dmat a)
{
    for (int i = 0; i < a.rows; i++)
        memcpy(to + (ptrdiff_t)i * a.cols, dmat_row(a, i),
               (size_t)a.cols * sizeof *to);
}

int linalg_svd(struct dmat u, double *sigma, struct dmat vt, struct dmat a,
               struct err *err)
{
    int m = a.rows, n = a.cols, q = m < n ? m : n;
    bool vectors = u.at != NULL;
    assert(vectors == (vt.at != NULL));
    assert(!vectors ||
           (u.rows == m && u.cols == q && vt.rows == q && vt.cols == n));
    if (q == 0)
        return 0;
    if (check_finite(a, "SVD", err))
        return -1;
    double *work = mem_try((size_t)m * (size_t)n, sizeof *work);
    double *super = mem_try((size_t)q, sizeof *super);
    int info = LAPACK_WORK_MEMORY_ERROR;
    if (!work || !super)
        goto out;
    char job = vectors ? 'S' : 'N';
    int ldv = vectors ? vt.ld : 1, ldu = vectors ? u.ld : 1;
    pack(work, a);
    /* A' = V S U': what LAPACK calls its U is our V, and the reverse. */
    info = LAPACKE_dgesdd(LAPACK_COL_MAJOR, job, n, m, work, n, sigma, vt.at,
                          ldv, u.at, ldu);
    if (info > 0) { /* rare: divide and conquer did not converge, QR will */
        pack(work, a);
        info = LAPACKE_dgesvd(LAPACK_COL_MAJOR, job, job, n, m, work, n, sigma,
                              vt.at, ldv, u.at, ldu, super);
    }
out:
    mem_free(work);
    mem_free(super);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        return err_set(err, "SVD of %d x %d: out of memory", m, n);
    if (info != 0)
        return err_set(err, "SVD of %d x %d failed: LAPACK says %d", m, n,
                       info);
    return 0;
}

int linalg_solve_upper(struct dmat x, struct dmat r, enum transpose transpose,
                       struct err *err)
{
    int k = r.rows;
    assert(r.cols == k && x.rows == k);
    for (int i = 0; i < k; i++)
        if (dmat_row(r, i)[i] == 0)
            return err_set(err,
                           "triangular system of size %d is singular: "
                           "diagonal entry %d is 0",
                           k, i);
    if (k == 0 || x.cols == 0)
        return 0;
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasUpper, flag(transpose),
                CblasNonUnit, k, x.cols, 1.0, r.at, r.ld, x.at, x.ld);
    return 0;
}
