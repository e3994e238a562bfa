/*
 * Exact singular values of hard factors: graded, nearly dependent, of less
 * rank than they have rows, tiny, huge.
 *
 * What defines them is checked, which bounds every value (Weyl): u and v are
 * orthonormal and u diag(sigma) vt is the product, to a share of sigma[0].
 */
#include "core/method/factor_svd.h"

#include <math.h>
#include <string.h>

#include "core/method/thin_factor.h"
#include "tests/unit/small.h"

/* A few eps times the sizes here; one Gram pass may lose THIN_ONE_PASS of
 * them, 3e-14. */
#define DOUBLE_ROUNDING 1e-13
/* Graded factors: what rounding their entries to float does to the smallest
 * value is 6e-8 of it; far less than that is ours. */
#define OWN_SHARE 1e-12

enum make {
    RANDOM,
    GRADED,     /* rows fall to 3e-11 of the first */
    AGAINST,    /* rows rise to 3e10 */
    LEANING,    /* all near the first row: condition about 1e2 */
    LEANING_4,  /* about 1e4 */
    LEANING_6,  /* about 1e6, more than Gram matrices bear */
    DUPLICATED, /* each row twice */
    ZEROED,     /* every third row is 0, the first too */
    TINY,       /* 1e-20 */
    HUGE_ROWS,  /* 1e20 */
    DENORMAL    /* 1e-42 */
};

static void edit_row(struct mat m, int k, enum make make)
{
    float *row = mat_row(m, k), *first = mat_row(m, 0);
    double share = m.rows > 1 ? (double)k / (m.rows - 1) : 0;
    const double size[] = {[RANDOM] = 1,
                           [GRADED] = pow(3e-11, share),
                           [AGAINST] = pow(3e-11, -share),
                           [LEANING] = 1e-2,
                           [LEANING_4] = 1e-4,
                           [LEANING_6] = 1e-6,
                           [DUPLICATED] = 1,
                           [ZEROED] = k % 3 ? 1 : 0,
                           [TINY] = 1e-20,
                           [HUGE_ROWS] = 1e20,
                           [DENORMAL] = 1e-42};
    bool leans = make >= LEANING && make <= LEANING_6 && k > 0;
    for (int j = 0; j < m.cols; j++) {
        if (k == 0 && make >= LEANING && make <= LEANING_6)
            continue;
        row[j] = (float)(size[make] * (double)row[j] +
                         (leans ? (double)first[j] : 0));
        if (make == DUPLICATED && k % 2)
            row[j] = mat_row(m, k - 1)[j];
    }
}

static struct mat make_factor(int r, int n, enum make make, uint64_t index)
{
    struct mat m = small_mat(r, n, 1, index);
    for (int k = 0; k < r; k++)
        edit_row(m, k, make);
    return m;
}

static struct dmat product(struct mat bt, struct mat a, double scale)
{
    struct dmat b = dmat_new(bt.rows, bt.cols), c = dmat_new(a.rows, a.cols);
    struct dmat w = dmat_new(bt.cols, a.cols);
    dmat_from(b, bt);
    dmat_from(c, a);
    linalg_dgemm(w, scale, b, TRANSPOSED, c, PLAIN, 0);
    dmat_free(&b);
    dmat_free(&c);
    return w;
}

/* a (q, n) b (n, q) is the unit matrix. */
static void assert_unit(struct dmat a, enum transpose ta, struct dmat b,
                        enum transpose tb, int q)
{
    struct dmat gram = dmat_new(q, q);
    linalg_dgemm(gram, 1, a, ta, b, tb, 0);
    for (int i = 0; i < q; i++)
        for (int j = 0; j < q; j++)
            assert_near(dmat_row(gram, i)[j], i == j, DOUBLE_ROUNDING);
    dmat_free(&gram);
}

/* Also values alone. */
static void check(struct mat bt, struct mat a, double scale)
{
    int q = factor_svd_count(bt, a);
    struct err err = {""};
    struct dmat u = dmat_new(bt.cols, q), vt = dmat_new(q, a.cols);
    struct dmat none = {0}, want = product(bt, a, scale);
    struct dmat sigma = dmat_new(2, q);
    double *value = sigma.at, *alone = sigma.at + q;
    assert_int_equal(factor_svd(u, value, vt, bt, a, scale, &err), 0);
    assert_int_equal(factor_svd(none, alone, none, bt, a, scale, &err), 0);
    assert_near_array(alone, value, (size_t)q, DOUBLE_ROUNDING * value[0]);
    assert_unit(u, TRANSPOSED, u, PLAIN, q);
    assert_unit(vt, PLAIN, vt, TRANSPOSED, q);
    for (int k = 1; k < q; k++)
        assert_true(value[k - 1] >= value[k] && value[k] >= 0);
    for (int i = 0; i < u.rows; i++)
        for (int k = 0; k < q; k++)
            dmat_row(u, i)[k] *= value[k];
    linalg_dgemm(want, 1, u, PLAIN, vt, PLAIN, -1);
    for (int i = 0; i < want.rows * want.cols; i++)
        assert_near(want.at[i], 0, DOUBLE_ROUNDING * value[0]);
    dmat_free(&u);
    dmat_free(&vt);
    dmat_free(&want);
    dmat_free(&sigma);
}

/* Every pair of kinds, ranks on both sides of what Jacobi and blocks take,
 * one row and one direction among them. */
static void hard_factors(void **state)
{
    (void)state;
    const struct {
        int out, in, rank;
    } shape[] = {{1, 9, 1},    {1, 9, 6}, {40, 33, 1},  {40, 33, 8},
                 {9, 8, 8},    {8, 9, 9}, {17, 18, 16}, {40, 600, 17},
                 {70, 66, 64}, {5, 4, 12}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (enum make b = RANDOM; b <= DENORMAL; b++)
            for (enum make c = RANDOM; c <= DENORMAL; c++) {
                struct mat bt = make_factor(shape[i].rank, shape[i].out, b, 1);
                struct mat a = make_factor(shape[i].rank, shape[i].in, c, 2);
                check(bt, a, i % 2 ? -0.5 : 3);
                mat_free(&bt);
                mat_free(&a);
            }
}

/* Each way of factorising is taken by something, and only where meant. */
static void the_way_follows_the_condition(void **state)
{
    (void)state;
    const struct {
        int n;
        enum make make;
        enum thin_way way;
    } row[] = {{4, RANDOM, THIN_IDENTITY},
               {8, RANDOM, THIN_IDENTITY},
               {40, RANDOM, THIN_GRAM},
               {40, GRADED, THIN_GRAM},
               {40, TINY, THIN_GRAM},
               {40, LEANING, THIN_GRAM_TWICE},
               {40, LEANING_4, THIN_GRAM_TWICE},
               {40, LEANING_6, THIN_HOUSEHOLDER},
               {40, DUPLICATED, THIN_HOUSEHOLDER},
               {40, ZEROED, THIN_HOUSEHOLDER}};
    const int order[] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct mat f = make_factor(8, row[i].n, row[i].make, 1);
        struct thin thin;
        struct err err = {""};
        assert_true(thin_start(&thin, f));
        assert_int_equal(thin_factorise(&thin, order, &err), 0);
        assert_int_equal(thin.way, row[i].way);
        thin_free(&thin);
        mat_free(&f);
    }
}

/* Two directions, 11 decades apart and not at right angles: sigma_1 sigma_2
 * = sqrt(det B^T B det A A^T), sums of squares of 2 x 2 minors (Cauchy and
 * Binet), here in integers. */
static void small_values_keep_their_digits(void **state)
{
    (void)state;
    const int b[2][3] = {{1, 2, -1}, {3, 1, 1}},
              c[2][3] = {{1, 1, 0}, {2, 1, 5}};
    const double small = 0x1p-36; /* 1.5e-11 */
    struct mat bt = mat_new(2, 3), a = mat_new(2, 3);
    double sigma[2], minors[2] = {0};
    struct dmat none = {0};
    struct err err = {""};
    for (int j = 0; j < 3; j++) {
        int next = (j + 1) % 3;
        double m = b[0][j] * b[1][next] - b[0][next] * b[1][j];
        double n = c[0][j] * c[1][next] - c[0][next] * c[1][j];
        minors[0] += m * m;
        minors[1] += n * n;
        for (int k = 0; k < 2; k++) {
            mat_row(bt, k)[j] = (float)(b[k][j] * (k ? small : 1));
            mat_row(a, k)[j] = (float)c[k][j];
        }
    }
    assert_int_equal(factor_svd(none, sigma, none, bt, a, 1, &err), 0);
    assert_near_relative(sigma[0] * sigma[1],
                         small * sqrt(minors[0] * minors[1]), OWN_SHARE);
    mat_free(&bt);
    mat_free(&a);
}

/* Small integers, so that dependent rows are dependent to the last bit. */
static struct mat of_rank(int rank, int rows, int n, uint64_t index)
{
    struct rng rng = rng_make(2, STREAM_TEST, index);
    struct mat mix = mat_new(rows, rank), base = mat_new(rank, n);
    struct mat m = mat_new(rows, n);
    for (int i = 0; i < rows * rank; i++)
        mix.at[i] = (float)rng_below(&rng, 7) - 3;
    for (int i = 0; i < rank * n; i++)
        base.at[i] = (float)rng_below(&rng, 7) - 3;
    linalg_gemm(m, 1, mix, PLAIN, base, PLAIN, 0);
    mat_free(&mix);
    mat_free(&base);
    return m;
}

static void rank_is_counted(void **state)
{
    (void)state;
    const int rows[] = {8, 16, 40}, ranks[] = {1, 3, 7};
    for (int i = 0; i < 9; i++) {
        int rank = ranks[i % 3], count = 0;
        double sigma[40];
        struct dmat none = {0};
        struct err err = {""};
        struct mat bt = of_rank(rank, rows[i / 3], 60, 1);
        struct mat a = small_mat(rows[i / 3], 50, 1, 3);
        assert_int_equal(factor_svd(none, sigma, none, bt, a, 2, &err), 0);
        for (int k = 0; k < rows[i / 3]; k++)
            count += sigma[k] > DOUBLE_ROUNDING * sigma[0];
        assert_int_equal(count, rank);
        check(bt, a, 2);
        mat_free(&bt);
        mat_free(&a);
    }
}

/* A zero factor, a zero scale, or no direction at all. */
static void zero_is_zero(void **state)
{
    (void)state;
    struct err err = {""};
    for (int i = 0; i < 4; i++) {
        int r = i < 3 ? 5 : 0;
        struct mat bt = i == 0 ? mat_new(r, 20) : small_mat(r, 20, 1, 1);
        struct mat a = i == 1 ? mat_new(r, 16) : small_mat(r, 16, 1, 2);
        double sigma[5];
        struct dmat u = dmat_new(20, r), vt = dmat_new(r, 16);
        assert_int_equal(factor_svd(u, sigma, vt, bt, a, i == 2 ? 0 : 3, &err),
                         0);
        for (int k = 0; k < r; k++)
            assert_near(sigma[k], 0, 0);
        assert_unit(u, TRANSPOSED, u, PLAIN, r);
        assert_unit(vt, PLAIN, vt, TRANSPOSED, r);
        mat_free(&bt);
        mat_free(&a);
        dmat_free(&u);
        dmat_free(&vt);
    }
}

static void refuses_what_is_no_number(void **state)
{
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 12; i++) {
        struct err err = {""};
        int n = i < 6 ? 9 : 2; /* with and without a Gram matrix */
        struct mat bt = small_mat(3, n, 1, 1), a = small_mat(3, n, 1, 2);
        struct dmat none = {0};
        double sigma[3];
        (i % 2 ? a : bt).at[n + 1] = bad[i % 3];
        assert_int_equal(factor_svd(none, sigma, none, bt, a, 1, &err), -1);
        assert_non_null(strstr(err.text, i % 2 ? "factor A" : "factor B"));
        assert_non_null(strstr(err.text, "NaN"));
        (i % 2 ? a : bt).at[n + 1] = 1;
        assert_int_equal(factor_svd(none, sigma, none, bt, a, NAN, &err), -1);
        assert_non_null(strstr(err.text, "scale"));
        mat_free(&bt);
        mat_free(&a);
    }
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hard_factors),
        cmocka_unit_test(the_way_follows_the_condition),
        cmocka_unit_test(small_values_keep_their_digits),
        cmocka_unit_test(rank_is_counted),
        cmocka_unit_test(zero_is_zero),
        cmocka_unit_test(refuses_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
