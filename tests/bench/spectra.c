/*
 * What exact singular values cost on one core: from factors as rankscope has
 * them, beside the plain way (two QRs of LAPACKE in float) and forming the
 * product first; and dense.  Numbers, not a test: run by `make bench`.
 *
 * The ways of a case take turns, so that a slow moment of the machine meets
 * them all; medians.
 */
#include <lapacke.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/spectrum.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"

enum {
    MOST_TURNS = 400,
    DENSE_TURNS = 10,
    DENSE_MOST = 1024 /* beyond, the dense way takes many seconds */
};

static const double BUDGET_MS = 1500; /* of one case */

/* Of this one thread, which waits for nothing: others may use the machine. */
static double processor_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, by_value);
    return value[count / 2];
}

static void stop(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* Rows apart from the first are it and share times their own numbers: small
 * share, nearly dependent rows; 0 stands for rows of their own. */
static struct mat random_mat(int rows, int cols, double share, uint64_t index)
{
    struct rng rng = rng_make(1, STREAM_TEST, index);
    struct mat m = mat_new(rows, cols);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            mat_row(m, i)[j] = (float)rng_normal(&rng);
    for (int i = 1; i < rows && share > 0; i++)
        for (int j = 0; j < cols; j++)
            mat_row(m, i)[j] = (float)(share * (double)mat_row(m, i)[j] +
                                       (double)mat_row(m, 0)[j]);
    return m;
}

/* Rows b, a (r, n) of `sites` updates alike. */
struct inputs {
    struct mat bt, a;
    int sites;
};

static void ours(const struct inputs *in, enum vectors vectors)
{
    struct err err = {""};
    for (int i = 0; i < in->sites; i++) {
        struct spectrum s;
        if (spectrum_of_factors(&s, in->bt, in->a, 2, vectors, &err))
            stop(err.text);
        spectrum_free(&s);
    }
}

static void ours_with_vectors(const struct inputs *in)
{
    ours(in, WITH_VECTORS);
}

static void ours_values(const struct inputs *in)
{
    ours(in, VALUES_ONLY);
}

/* tall (n, r) of LAPACK becomes Q; r (r, r) by columns, upper. */
static void plain_qr(float *q, float *r, struct mat from)
{
    int n = from.cols, k = from.rows;
    float *tau = xcalloc((size_t)k, sizeof *tau);
    memcpy(q, from.at, (size_t)n * (size_t)k * sizeof *q);
    int info = LAPACKE_sgeqrf(LAPACK_COL_MAJOR, n, k, q, n, tau);
    for (int j = 0; j < k; j++)
        memcpy(r + j * k, q + (ptrdiff_t)j * n, (size_t)(j + 1) * sizeof *r);
    if (info || LAPACKE_sorgqr(LAPACK_COL_MAJOR, n, k, k, q, n, tau))
        stop("LAPACKE's QR failed");
    mem_free(tau);
}

/* Rows of from (r, n), as they lie, are LAPACK's columns; row-major windows on
 * column-major memory are transposes, hence what linalg_gemm is told. */
static void plain_site(const struct inputs *in)
{
    int r = in->a.rows, out = in->bt.cols, cols = in->a.cols;
    struct mat qb = mat_new(r, out), qa = mat_new(r, cols);
    struct mat rb = mat_new(r, r), ra = mat_new(r, r), core = mat_new(r, r);
    struct mat cu = mat_new(r, r), cvt = mat_new(r, r);
    struct mat u = mat_new(r, out), vt = mat_new(r, cols);
    float *sigma = xcalloc((size_t)r, sizeof *sigma);
    plain_qr(qb.at, rb.at, in->bt);
    plain_qr(qa.at, ra.at, in->a);
    linalg_gemm(core, 2, ra, TRANSPOSED, rb, PLAIN, 0); /* (R_B R_A^T)^T */
    if (LAPACKE_sgesdd(LAPACK_COL_MAJOR, 'S', r, r, core.at, r, sigma, cu.at, r,
                       cvt.at, r))
        stop("LAPACKE's SVD failed");
    linalg_gemm(u, 1, cu, PLAIN, qb, PLAIN, 0);
    linalg_gemm(vt, 1, cvt, TRANSPOSED, qa, PLAIN, 0);
    struct mat *all[] = {&qb, &qa, &rb, &ra, &core, &cu, &cvt, &u, &vt};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mat_free(all[i]);
    mem_free(sigma);
}

static void plain(const struct inputs *in)
{
    for (int i = 0; i < in->sites; i++)
        plain_site(in);
}

static void dense_ours(struct mat w, enum vectors vectors)
{
    struct err err = {""};
    struct spectrum s;
    if (spectrum_of_matrix(&s, w, vectors, &err))
        stop(err.text);
    spectrum_free(&s);
}

static void dense_plain(struct mat w, enum vectors vectors)
{
    int m = w.rows, n = w.cols, q = m < n ? m : n;
    struct mat copy = mat_new(m, n), u = {0}, vt = {0};
    float *sigma = xcalloc((size_t)q, sizeof *sigma);
    if (vectors == WITH_VECTORS) {
        u = mat_new(m, q);
        vt = mat_new(q, n);
    }
    mat_copy(copy, w);
    if (LAPACKE_sgesdd(LAPACK_COL_MAJOR, u.at ? 'S' : 'N', n, m, copy.at, n,
                       sigma, vt.at, n, u.at, q))
        stop("LAPACKE's dense SVD failed");
    mat_free(&copy);
    mat_free(&u);
    mat_free(&vt);
    mem_free(sigma);
}

static void formed_first(const struct inputs *in)
{
    for (int i = 0; i < in->sites; i++) {
        struct mat w = mat_new(in->bt.cols, in->a.cols);
        linalg_gemm(w, 2, in->bt, TRANSPOSED, in->a, PLAIN, 0);
        dense_ours(w, WITH_VECTORS);
        mat_free(&w);
    }
}

static double time_once(void (*way)(const struct inputs *),
                        const struct inputs *in)
{
    double from = processor_ms();
    way(in);
    return processor_ms() - from;
}

static void factor_case(const char *name, int out, int cols, int r, int sites,
                        double share)
{
    void (*const way[])(const struct inputs *) = {ours_with_vectors,
                                                  ours_values, plain};
    enum { WAYS = sizeof way / sizeof *way };
    static double ms[WAYS][MOST_TURNS];
    struct inputs in = {random_mat(r, out, share, 1),
                        random_mat(r, cols, share, 2), sites};
    int turns = 0;
    for (int i = 0; i < WAYS; i++) /* caches and heap as in a long run */
        way[i](&in);
    double until = processor_ms() + BUDGET_MS;
    for (; turns < MOST_TURNS && (turns < 3 || processor_ms() < until); turns++)
        for (int i = 0; i < WAYS; i++) /* in turns */
            ms[i][turns] = time_once(way[i], &in);
    printf("%-28s %9.3f %9.3f %9.3f ", name, median(ms[0], turns),
           median(ms[1], turns), median(ms[2], turns));
    if (out <= DENSE_MOST && cols <= DENSE_MOST && sites == 1) {
        double dense[3];
        for (int i = 0; i < 3; i++)
            dense[i] = time_once(formed_first, &in);
        printf("%9.1f\n", median(dense, 3));
    } else {
        printf("%9s\n", "not run");
    }
    mat_free(&in.bt);
    mat_free(&in.a);
}

static void dense_case(int out, int cols)
{
    double ms[4][DENSE_TURNS];
    struct mat w = random_mat(out, cols, 0, 3);
    for (int t = 0; t < DENSE_TURNS; t++)
        for (int turn = 0; turn < 4; turn++) {
            int i = t % 2 ? 3 - turn : turn; /* nobody is always first */
            enum vectors vectors = i % 2 ? VALUES_ONLY : WITH_VECTORS;
            double from = processor_ms();
            (i < 2 ? dense_ours : dense_plain)(w, vectors);
            ms[i][t] = processor_ms() - from;
        }
    printf("dense %dx%d: ours %.1f with vectors, %.1f values alone; "
           "LAPACKE_sgesdd %.1f and %.1f\n",
           out, cols, median(ms[0], DENSE_TURNS), median(ms[1], DENSE_TURNS),
           median(ms[2], DENSE_TURNS), median(ms[3], DENSE_TURNS));
    mat_free(&w);
}

static void top_case(int out, int cols, int k)
{
    double ms[DENSE_TURNS];
    struct mat w = random_mat(out, cols, 0, 4);
    struct err err = {""};
    for (int t = 0; t < DENSE_TURNS; t++) {
        struct spectrum s;
        double from = processor_ms();
        if (spectrum_top(&s, w, k, &err))
            stop(err.text);
        ms[t] = processor_ms() - from;
        spectrum_free(&s);
    }
    printf("top %d of %dx%d by random projection: %.1f\n", k, out, cols,
           median(ms, DENSE_TURNS));
    mat_free(&w);
}

int main(void)
{
    linalg_thread_init();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%-28s %9s %9s %9s %9s\n", "spectra, ms on one core", "vectors",
           "values", "LAPACKE", "BA formed");
    factor_case("768x768 r=8", 768, 768, 8, 1, 0);
    factor_case("24 sites of 768x768 r=8", 768, 768, 8, 24, 0);
    factor_case("24, condition 1e3", 768, 768, 8, 24, 1e-3);
    factor_case("24, condition 1e6", 768, 768, 8, 24, 1e-6);
    factor_case("4096x4096 r=16", 4096, 4096, 16, 1, 0);
    factor_case("4096x14336 r=64", 4096, 14336, 64, 1, 0);
    factor_case("4096x14336 r=64, cond. 1e3", 4096, 14336, 64, 1, 1e-3);
    dense_case(768, 768);
    top_case(768, 768, 16);
    top_case(4096, 4096, 16);
    return 0;
}
