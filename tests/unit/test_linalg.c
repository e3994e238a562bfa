/* Products against the triple loop; QR and SVD by what defines them. */
#include "core/base/linalg.h"

#include <math.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/near.h"

/* Sums of at most 70 products of numbers in [-1, 1]. */
static const float SGEMM_TOLERANCE = 2e-5f; /* 70 * 2^-24 * slack */
static const double DGEMM_TOLERANCE = 1e-13;
/* Backward stable factorisations of matrices with norm near sqrt(mn): a few
 * hundred units in the last place. */
static const double FACTOR_TOLERANCE = 1e-12;

/* sgesdd on up to 65 rows: some ten units of 2^-24, relative to sigma[0]. */
static const double SINGLE_SVD = 1e-6;

static void randomise(struct dmat m, uint64_t index)
{
    struct rng rng = rng_make(1, STREAM_TEST, index);
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            dmat_row(m, i)[j] = rng_between(&rng, -1, 1);
}

/* A random matrix inside a larger block, so that ld > cols. */
static struct dmat strided(struct dmat *block, int rows, int cols,
                           uint64_t index)
{
    *block = dmat_new(rows + 2, cols + 5);
    randomise(*block, index);
    return dmat_cols(dmat_rows(*block, 1, rows), 2, cols);
}

static double entry(struct dmat a, enum transpose t, int i, int j)
{
    return t == PLAIN ? dmat_row(a, i)[j] : dmat_row(a, j)[i];
}

/* want = alpha op(a) op(b) + beta c, the slow way. */
static void slow_gemm(struct dmat want, double alpha, struct dmat a,
                      enum transpose ta, struct dmat b, enum transpose tb,
                      double beta, struct dmat c)
{
    int k = ta == PLAIN ? a.cols : a.rows;
    for (int i = 0; i < c.rows; i++)
        for (int j = 0; j < c.cols; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++)
                sum += entry(a, ta, i, l) * entry(b, tb, l, j);
            double old = beta == 0 ? 0 : beta * dmat_row(c, i)[j];
            dmat_row(want, i)[j] = alpha * sum + old;
        }
}

/* few: through linalg_apply, which wants a as it stands. */
static void check_gemm(int m, int n, int k, enum transpose ta,
                       enum transpose tb, double beta, bool few)
{
    struct dmat block[3], want = dmat_new(m, n);
    struct dmat a =
        ta == PLAIN ? strided(&block[0], m, k, 1) : strided(&block[0], k, m, 1);
    struct dmat b =
        tb == PLAIN ? strided(&block[1], k, n, 2) : strided(&block[1], n, k, 2);
    struct dmat c = strided(&block[2], m, n, 3);
    struct mat narrow[3]; /* the same three in float, same strides */
    for (int i = 0; i < 3; i++) {
        narrow[i] = mat_new(block[i].rows, block[i].cols);
        mat_from(narrow[i], block[i]);
        dmat_from(block[i], narrow[i]); /* so both start from one value */
    }
    struct mat fa = mat_cols(mat_rows(narrow[0], 1, a.rows), 2, a.cols);
    struct mat fb = mat_cols(mat_rows(narrow[1], 1, b.rows), 2, b.cols);
    struct mat fc = mat_cols(mat_rows(narrow[2], 1, m), 2, n);
    slow_gemm(want, 0.75, a, ta, b, tb, beta, c);
    if (beta == 0 && m > 0 && n > 0) { /* what was there must not matter */
        dmat_row(c, m - 1)[0] = NAN;
        mat_row(fc, 0)[n - 1] = NAN;
    }
    linalg_dgemm(c, 0.75, a, ta, b, tb, beta);
    if (few)
        linalg_apply(fc, 0.75f, fa, fb, tb, (float)beta);
    else
        linalg_gemm(fc, 0.75f, fa, ta, fb, tb, (float)beta);
    for (int i = 0; i < m; i++) {
        assert_near_array(dmat_row(c, i), dmat_row(want, i), (size_t)n,
                          DGEMM_TOLERANCE);
        assert_near_array(mat_row(fc, i), dmat_row(want, i), (size_t)n,
                          SGEMM_TOLERANCE);
    }
    /* The rim of the block is as it was. */
    struct dmat rim = dmat_new(block[2].rows, block[2].cols);
    randomise(rim, 3);
    for (int i = 0; i < rim.rows; i++)
        for (int j = 0; j < rim.cols; j++)
            if (i < 1 || i > m || j < 2 || j >= 2 + n)
                assert_near(mat_row(narrow[2], i)[j],
                            (float)dmat_row(rim, i)[j], 0);
    dmat_free(&rim);
    dmat_free(&want);
    for (int i = 0; i < 3; i++) {
        dmat_free(&block[i]);
        mat_free(&narrow[i]);
    }
}

static void gemm_is_the_triple_loop(void **state)
{
    (void)state;
    static const int sizes[][3] = {
        {1, 1, 1},  {3, 5, 7}, {17, 33, 70}, {64, 64, 64}, {1, 40, 8},
        {40, 1, 8}, {0, 4, 3}, {4, 0, 3},    {4, 3, 0},    {0, 0, 0},
        {1, 4, 0},  {1, 0, 4}, {1, 33, 70},
    };
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int t = 0; t < 4; t++)
            for (int b = 0; b < 3; b++) {
                enum transpose tb = t & 2 ? TRANSPOSED : PLAIN;
                check_gemm(sizes[s][0], sizes[s][1], sizes[s][2],
                           t & 1 ? TRANSPOSED : PLAIN, tb, b * 0.5, false);
                check_gemm(sizes[s][0], sizes[s][1], sizes[s][2], PLAIN, tb,
                           b * 0.5, true);
            }
}

static void assert_orthonormal_columns(struct dmat q)
{
    struct dmat gram = dmat_new(q.cols, q.cols);
    linalg_dgemm(gram, 1, q, TRANSPOSED, q, PLAIN, 0);
    for (int i = 0; i < q.cols; i++)
        for (int j = 0; j < q.cols; j++)
            assert_near(dmat_row(gram, i)[j], i == j, FACTOR_TOLERANCE);
    dmat_free(&gram);
}

static void assert_same(struct dmat got, struct dmat want, double tolerance)
{
    for (int i = 0; i < want.rows; i++)
        assert_near_array(dmat_row(got, i), dmat_row(want, i),
                          (size_t)want.cols, tolerance);
}

static void qr_rebuilds(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},   {5, 1},   {5, 5}, {40, 8},
                                   {64, 64}, {200, 3}, {4, 0}, {0, 0}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        int m = sizes[s][0], k = sizes[s][1];
        struct err err = {""};
        struct dmat block, a = strided(&block, m, k, 10 + s);
        struct dmat before = dmat_new(m, k), back = dmat_new(m, k);
        for (int i = 0; i < m && k > 0; i++)
            memcpy(dmat_row(before, i), dmat_row(a, i),
                   (size_t)k * sizeof(double));
        struct dmat r = dmat_new(k, k);
        randomise(r, 99); /* what was there must not matter */
        assert_int_equal(linalg_qr(a, r, &err), 0);
        for (int i = 0; i < k; i++)
            for (int j = 0; j < i; j++)
                assert_near(dmat_row(r, i)[j], 0, 0);
        assert_orthonormal_columns(a);
        linalg_dgemm(back, 1, a, PLAIN, r, PLAIN, 0);
        assert_same(back, before, FACTOR_TOLERANCE);
        struct dmat rows = dmat_new(k, m), r2 = dmat_new(k, k); /* by rows */
        for (int i = 0; i < m; i++)
            for (int j = 0; j < k; j++)
                dmat_row(rows, j)[i] = dmat_row(before, i)[j];
        assert_int_equal(linalg_qr_rows(rows, r2, &err), 0);
        assert_same(r2, r, FACTOR_TOLERANCE);
        for (int i = 0; i < m; i++)
            for (int j = 0; j < k; j++)
                assert_near(dmat_row(rows, j)[i], dmat_row(a, i)[j],
                            FACTOR_TOLERANCE);
        dmat_free(&rows);
        dmat_free(&r2);
        dmat_free(&block);
        dmat_free(&before);
        dmat_free(&back);
        dmat_free(&r);
    }
}

/* u diag(sigma) vt = a, orthonormal, descending, a unchanged; the values
 * alone agree. */
static void check_svd(struct dmat a)
{
    int m = a.rows, n = a.cols, q = m < n ? m : n;
    struct err err = {""};
    struct dmat ublock, vblock, back = dmat_new(m, n), copy = dmat_new(m, n);
    struct dmat u = strided(&ublock, m, q, 5), vt = strided(&vblock, q, n, 6);
    for (int i = 0; i < m; i++)
        memcpy(dmat_row(copy, i), dmat_row(a, i), (size_t)n * sizeof(double));
    double sigma[128], alone[128];
    assert_int_equal(linalg_svd(u, sigma, vt, a, &err), 0);
    assert_same(a, copy, 0);
    for (int i = 1; i < q; i++)
        assert_true(sigma[i - 1] >= sigma[i] && sigma[i] >= 0);
    assert_orthonormal_columns(u);
    struct dmat v = dmat_new(n, q);
    for (int i = 0; i < q; i++)
        for (int j = 0; j < n; j++)
            dmat_row(v, j)[i] = dmat_row(vt, i)[j];
    assert_orthonormal_columns(v);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < q; j++)
            dmat_row(u, i)[j] *= sigma[j];
    linalg_dgemm(back, 1, u, PLAIN, vt, PLAIN, 0);
    assert_same(back, a, FACTOR_TOLERANCE);
    struct dmat none = {0};
    assert_int_equal(linalg_svd(none, alone, none, a, &err), 0);
    assert_near_array(alone, sigma, (size_t)q, FACTOR_TOLERANCE);
    dmat_free(&ublock);
    dmat_free(&vblock);
    dmat_free(&back);
    dmat_free(&copy);
    dmat_free(&v);
}

static void svd_rebuilds(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},   {1, 30},  {30, 1}, {20, 20},
                                   {100, 7}, {7, 100}, {64, 65}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct dmat block;
        check_svd(strided(&block, sizes[s][0], sizes[s][1], 20 + s));
        dmat_free(&block);
    }
}

/* a = Q1 diag(want) Q2' with random orthonormal Q. */
static void check_known_spectrum(int m, int n, const double *want, int q)
{
    struct err err = {""};
    struct dmat left = dmat_new(m, q), right = dmat_new(n, q);
    struct dmat r = dmat_new(q, q), a = dmat_new(m, n);
    randomise(left, 30);
    randomise(right, 31);
    assert_int_equal(linalg_qr(left, r, &err), 0);
    assert_int_equal(linalg_qr(right, r, &err), 0);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < q; j++)
            dmat_row(left, i)[j] *= want[j];
    linalg_dgemm(a, 1, left, PLAIN, right, TRANSPOSED, 0);
    check_svd(a);
    double sigma[128];
    struct dmat none = {0};
    assert_int_equal(linalg_svd(none, sigma, none, a, &err), 0);
    assert_near_array(sigma, want, (size_t)q, FACTOR_TOLERANCE * want[0]);
    dmat_free(&left);
    dmat_free(&right);
    dmat_free(&r);
    dmat_free(&a);
}

static void svd_of_known_spectra(void **state)
{
    (void)state;
    const double falling[] = {100, 10, 1, 0.1, 1e-2, 1e-3};
    const double deficient[] = {3, 2, 1, 0, 0, 0};
    const double equal[] = {2, 2, 2, 2, 2, 2};
    const double zero[] = {0, 0, 0, 0, 0, 0};
    const double *spectra[] = {falling, deficient, equal, zero};
    for (int i = 0; i < 4; i++) {
        check_known_spectrum(6, 6, spectra[i], 6);
        check_known_spectrum(50, 6, spectra[i], 6);
        check_known_spectrum(6, 50, spectra[i], 6);
    }
}

static void svd_of_nothing(void **state)
{
    (void)state;
    struct err err = {""};
    struct dmat none = {0}, empty = dmat_new(0, 5);
    assert_int_equal(linalg_svd(none, NULL, none, empty, &err), 0);
    dmat_free(&empty);
}

static void not_finite_is_a_sentence(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        struct err err = {""};
        double at[6] = {1, 2, 3, 4, 5, 6}, sigma[2], r[4];
        struct dmat none = {0};
        at[3] = bad[i];
        struct dmat a = dmat_of(at, 3, 2);
        assert_int_equal(linalg_svd(none, sigma, none, a, &err), -1);
        assert_non_null(strstr(err.text, "entry 1, 1"));
        err.text[0] = '\0';
        assert_int_equal(linalg_qr(a, dmat_of(r, 2, 2), &err), -1);
        assert_non_null(strstr(err.text, "entry 1, 1"));
    }
}

static void solves_triangles(void **state)
{
    (void)state;
    enum { K = 12, N = 5 };
    const double tolerance = 1e-11; /* diagonal near 3: well conditioned */
    for (int t = 0; t < 2; t++) {
        enum transpose transpose = t ? TRANSPOSED : PLAIN;
        struct err err = {""};
        struct dmat rblock, xblock, r = strided(&rblock, K, K, 40);
        struct dmat x = strided(&xblock, K, N, 41), b = dmat_new(K, N);
        struct dmat upper = dmat_new(K, K), want = dmat_new(K, N);
        randomise(want, 42);
        for (int i = 0; i < K; i++) {
            dmat_row(r, i)[i] += 3;
            for (int j = i; j < K; j++) /* below stays garbage in r */
                dmat_row(upper, i)[j] = dmat_row(r, i)[j];
        }
        linalg_dgemm(x, 1, upper, transpose, want, PLAIN, 0);
        assert_int_equal(linalg_solve_upper(x, r, transpose, &err), 0);
        assert_same(x, want, tolerance);
        dmat_row(r, 7)[7] = 0;
        assert_int_equal(linalg_solve_upper(x, r, transpose, &err), -1);
        assert_non_null(strstr(err.text, "singular"));
        dmat_free(&rblock);
        dmat_free(&xblock);
        dmat_free(&b);
        dmat_free(&upper);
        dmat_free(&want);
    }
}

/* R^T R is x x^T in pieces, zeros below; a matrix of less than full rank is
 * turned away. */
static void cholesky_of_a_gram_matrix(void **state)
{
    (void)state;
    enum { K = 9, N = 40 };
    struct dmat block, x = strided(&block, K, N, 50);
    struct dmat gram = dmat_new(K, K), want = dmat_new(K, K);
    struct dmat back = dmat_new(K, K);
    randomise(gram, 51); /* what was there must not matter */
    linalg_gram(gram, dmat_cols(x, 0, 25), 0);
    linalg_gram(gram, dmat_cols(x, 25, N - 25), 1);
    linalg_dgemm(want, 1, x, PLAIN, x, TRANSPOSED, 0);
    for (int i = 0; i < K; i++)
        assert_near_array(dmat_row(gram, i) + i, dmat_row(want, i) + i,
                          (size_t)(K - i), DGEMM_TOLERANCE);
    assert_true(linalg_cholesky(gram));
    for (int i = 0; i < K; i++)
        for (int j = 0; j < i; j++)
            assert_near(dmat_row(gram, i)[j], 0, 0);
    linalg_dgemm(back, 1, gram, TRANSPOSED, gram, PLAIN, 0);
    assert_same(back, want, FACTOR_TOLERANCE);
    for (int j = 0; j < N; j++)
        dmat_row(x, 4)[j] = 0;
    linalg_gram(gram, x, 0);
    assert_false(linalg_cholesky(gram));
    dmat_free(&block);
    dmat_free(&gram);
    dmat_free(&want);
    dmat_free(&back);
}

/* u diag(sigma) vt = a in float, sigma as of the SVD in double. */
static void check_ssvd(struct dmat wide)
{
    int m = wide.rows, n = wide.cols, q = m < n ? m : n;
    struct err err = {""};
    struct mat a = mat_new(m, n), back = mat_new(m, n);
    struct mat u = mat_new(m, q), vt = mat_new(q, n), none = {0};
    float sigma[128], alone[128];
    double want[128];
    struct dmat nothing = {0};
    mat_from(a, wide);
    dmat_from(wide, a);
    assert_int_equal(linalg_svd(nothing, want, nothing, wide, &err), 0);
    assert_int_equal(linalg_ssvd(u, sigma, vt, a, &err), 0);
    assert_int_equal(linalg_ssvd(none, alone, none, a, &err), 0);
    assert_near_array(sigma, want, (size_t)q, SINGLE_SVD * want[0]);
    assert_near_array(alone, want, (size_t)q, SINGLE_SVD * want[0]);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            for (int k = 0; k < q; k++)
                mat_row(back, i)[j] +=
                    mat_row(u, i)[k] * sigma[k] * mat_row(vt, k)[j];
    for (int i = 0; i < m; i++)
        assert_near_array(mat_row(back, i), dmat_row(wide, i), (size_t)n,
                          SINGLE_SVD * want[0]);
    mat_free(&a);
    mat_free(&back);
    mat_free(&u);
    mat_free(&vt);
}

static void single_svd_is_the_double_one(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},   {1, 30},  {30, 1}, {20, 20},
                                   {100, 7}, {7, 100}, {64, 65}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct dmat block;
        check_ssvd(strided(&block, sizes[s][0], sizes[s][1], 60 + s));
        dmat_free(&block);
    }
    struct err err = {""};
    struct mat bad = mat_new(3, 2), none = {0};
    float sigma[2];
    bad.at[3] = NAN;
    assert_int_equal(linalg_ssvd(none, sigma, none, bad, &err), -1);
    assert_non_null(strstr(err.text, "NaN"));
    mat_free(&bad);
}

static void describes_itself(void **state)
{
    (void)state;
    assert_non_null(strstr(linalg_describe(), "OpenBLAS"));
}

/* Against the dense SVD of the same matrix written out; and the upper
 * bidiagonal of ones of size n has sigma_k = 2 cos(k pi / (2 n + 1)), known
 * to the last of them. */
static void bidiagonal_has_the_values_of_the_dense(void **state)
{
    (void)state;
    enum { MOST = 40 };
    struct err err = {""};
    struct rng rng = rng_make(1, STREAM_TEST, 5);
    double diagonal[MOST], super[MOST], want[MOST];
    for (int n = 1; n <= MOST; n += 13) {
        struct dmat a = dmat_new(n, n), none = {NULL, 0, 0, 0};
        for (int i = 0; i < n; i++) {
            diagonal[i] = dmat_row(a, i)[i] = rng_between(&rng, -1, 1);
            if (i + 1 < n)
                super[i] = dmat_row(a, i)[i + 1] = rng_between(&rng, -1, 1);
        }
        assert_int_equal(linalg_svd(none, want, none, a, &err), 0);
        assert_int_equal(linalg_bidiagonal_svd(diagonal, super, n, &err), 0);
        assert_near_array(diagonal, want, (size_t)n, FACTOR_TOLERANCE);
        dmat_free(&a);
    }
    for (int i = 0; i < MOST; i++)
        diagonal[i] = super[i] = 1;
    assert_int_equal(linalg_bidiagonal_svd(diagonal, super, MOST, &err), 0);
    for (int k = 1; k <= MOST; k++)
        assert_near_relative(diagonal[k - 1],
                             2 * cos(k * M_PI / (2 * MOST + 1)),
                             FACTOR_TOLERANCE);
    assert_int_equal(linalg_bidiagonal_svd(NULL, NULL, 0, &err), 0);
    diagonal[2] = INFINITY;
    assert_int_equal(linalg_bidiagonal_svd(diagonal, super, 3, &err), -1);
    assert_non_null(strstr(err.text, "not a finite number"));
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_is_the_triple_loop),
        cmocka_unit_test(qr_rebuilds),
        cmocka_unit_test(svd_rebuilds),
        cmocka_unit_test(svd_of_known_spectra),
        cmocka_unit_test(svd_of_nothing),
        cmocka_unit_test(bidiagonal_has_the_values_of_the_dense),
        cmocka_unit_test(not_finite_is_a_sentence),
        cmocka_unit_test(solves_triangles),
        cmocka_unit_test(cholesky_of_a_gram_matrix),
        cmocka_unit_test(single_svd_is_the_double_one),
        cmocka_unit_test(describes_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
