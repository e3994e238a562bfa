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

void linalg_apply(struct mat c, float alpha, struct mat a, struct mat b,
                  enum transpose tb, float beta)
{
    if (a.rows != 1 || a.cols == 0 || c.cols == 0) {
        linalg_gemm(c, alpha, a, PLAIN, b, tb, beta);
        return;
    }
    int n = tb == PLAIN ? b.cols : b.rows;
    assert(c.rows == 1 && c.cols == n);
    assert(a.cols == (tb == PLAIN ? b.rows : b.cols));
    if (beta == 0) /* not every BLAS forgets a NaN that is there */
        memset(c.at, 0, (size_t)n * sizeof *c.at);
    /* c' = op(b)' a', so what is plain there is transposed here. */
    cblas_sgemv(CblasRowMajor, tb == PLAIN ? CblasTrans : CblasNoTrans, b.rows,
                b.cols, alpha, b.at, at_least_one(b.ld), a.at, 1, beta, c.at,
                1);
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

void linalg_gram(struct dmat g, struct dmat x, double beta)
{
    assert(g.rows == x.rows && g.cols == x.rows);
    if (x.rows == 0)
        return;
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, x.rows, x.cols, 1,
                x.at, at_least_one(x.ld), beta, g.at, at_least_one(g.ld));
}

bool linalg_cholesky(struct dmat g)
{
    int k = g.rows;
    assert(g.cols == k);
    /* Our upper triangle is the lower one of a reader by columns. */
    if (k > 0 && LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', k, g.at, g.ld) != 0)
        return false;
    for (int i = 1; i < k; i++)
        memset(dmat_row(g, i), 0, (size_t)i * sizeof(double));
    return true;
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

/* A (m, k) lies as it is, or transposed: then its rows are our columns. */
static int qr(struct dmat a, bool transposed, struct dmat r, struct err *err)
{
    int m = transposed ? a.cols : a.rows, k = transposed ? a.rows : a.cols;
    assert(m >= k && r.rows == k && r.cols == k);
    if (k == 0)
        return 0;
    if (check_finite(a, "QR", err))
        return -1;
    double *tau = mem_try((size_t)k, sizeof *tau);
    if (!tau)
        return err_set(err, "QR of %d x %d: out of memory", m, k);
    /* By columns, A as it is reads A' = L Q'; so A = Q R with R = L'. */
    int info = transposed
                   ? LAPACKE_dgeqrf(LAPACK_COL_MAJOR, m, k, a.at, a.ld, tau)
                   : LAPACKE_dgelqf(LAPACK_COL_MAJOR, k, m, a.at, a.ld, tau);
    for (int i = 0; info == 0 && i < k; i++)
        for (int j = 0; j < k; j++)
            dmat_row(r, i)[j] = j < i        ? 0
                                : transposed ? dmat_row(a, j)[i]
                                             : dmat_row(a, i)[j];
    if (info == 0)
        info = transposed
                   ? LAPACKE_dorgqr(LAPACK_COL_MAJOR, m, k, k, a.at, a.ld, tau)
                   : LAPACKE_dorglq(LAPACK_COL_MAJOR, k, m, k, a.at, a.ld, tau);
    mem_free(tau);
    if (info != 0)
        return err_set(err, "QR of %d x %d failed: LAPACK says %d", m, k, info);
    return 0;
}

int linalg_qr(struct dmat a, struct dmat r, struct err *err)
{
    return qr(a, false, r, err);
}

int linalg_qr_rows(struct dmat a, struct dmat r, struct err *err)
{
    return qr(a, true, r, err);
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

int linalg_bidiagonal_svd(double *diagonal, double *super, int n,
                          struct err *err)
{
    struct dmat row[2] = {dmat_of(diagonal, 1, n),
                          dmat_of(super, 1, n > 1 ? n - 1 : 0)};
    double none; /* without vectors LAPACK looks at no matrix */
    if (n == 0)
        return 0;
    if (check_finite(row[0], "SVD", err) || check_finite(row[1], "SVD", err))
        return -1;
    int info = LAPACKE_dbdsqr(LAPACK_COL_MAJOR, 'U', n, 0, 0, 0, diagonal,
                              super, &none, 1, &none, 1, &none, 1);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        return err_set(err, "SVD of a bidiagonal of %d: out of memory", n);
    if (info != 0)
        return err_set(err, "SVD of a bidiagonal of %d failed: LAPACK says %d",
                       n, info);
    return 0;
}

static int not_finite(struct mat a, struct err *err)
{
    return err_set(err,
                   "SVD of a matrix (%d x %d) that holds NaN or Inf: no "
                   "singular values",
                   a.rows, a.cols);
}

/* a as it lies becomes its SVD, by LAPACK's names on our transpose; the
 * _work calls do not look for NaN once more.  Returns LAPACK's info. */
static int ssvd_once(bool quick, struct mat u, float *sigma, struct mat vt,
                     struct mat a, lapack_int *integers)
{
    int m = a.rows, n = a.cols;
    int ldv = vt.at ? vt.ld : 1, ldu = u.at ? u.ld : 1;
    char job = u.at ? 'S' : 'N';
    float size = 0, *space = &size;
    lapack_int count = -1; /* first ask for the size of the work space */
    int info = 0;
    for (int pass = 0; pass < 2 && info == 0; pass++) {
        info = quick ? LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, job, n, m, a.at,
                                           a.ld, sigma, vt.at, ldv, u.at, ldu,
                                           space, count, integers)
                     : LAPACKE_sgesvd_work(LAPACK_COL_MAJOR, job, job, n, m,
                                           a.at, a.ld, sigma, vt.at, ldv, u.at,
                                           ldu, space, count);
        if (pass > 0 || info != 0)
            break;
        /* A float above 2^24 may have been rounded down: a little more. */
        count = (lapack_int)((double)size * (1 + 1e-6)) + 1;
        space = mem_try((size_t)count, sizeof *space);
        if (!space)
            return LAPACK_WORK_MEMORY_ERROR;
    }
    if (space != &size)
        mem_free(space);
    return info;
}

int linalg_ssvd(struct mat u, float *sigma, struct mat vt, struct mat a,
                struct err *err)
{
    int m = a.rows, n = a.cols, q = m < n ? m : n;
    bool vectors = u.at != NULL;
    assert(vectors == (vt.at != NULL));
    assert(!vectors ||
           (u.rows == m && u.cols == q && vt.rows == q && vt.cols == n));
    if (q == 0)
        return 0;
    if (!mat_finite(a)) /* LAPACK may not return from a NaN */
        return not_finite(a, err);
    struct mat work =
        mat_of(mem_try((size_t)m * (size_t)n, sizeof(float)), m, n);
    lapack_int *integers = mem_try(8 * (size_t)q, sizeof *integers);
    int info = LAPACK_WORK_MEMORY_ERROR;
    if (work.at && integers) {
        mat_copy(work, a);
        info = ssvd_once(true, u, sigma, vt, work, integers);
        if (info > 0) { /* rare, as in linalg_svd */
            mat_copy(work, a);
            info = ssvd_once(false, u, sigma, vt, work, integers);
        }
    }
    mat_free(&work);
    mem_free(integers);
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
