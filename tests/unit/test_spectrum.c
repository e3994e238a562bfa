/*
 * Singular values from factors against the dense SVD, and what is left of
 * small ones.
 */
#include <math.h>
#include <string.h>

#include "analysis/spectrum.h"
#include "tests/unit/small.h"

/* The dense side sees the product rounded to float. */
#define FLOAT_PRODUCT   1e-6
#define DOUBLE_ROUNDING 1e-13
/* Dense vectors come from a float SVD: some ten units of 2^-24. */
#define FLOAT_ROUNDING 2e-6

/* scale * bt^T a, rounded. */
static struct mat product(struct mat bt, struct mat a, double scale)
{
    struct mat w = mat_new(bt.cols, a.cols);
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++) {
            double sum = 0;
            for (int k = 0; k < a.rows; k++)
                sum += (double)mat_row(bt, k)[i] * (double)mat_row(a, k)[j];
            mat_row(w, i)[j] = (float)(scale * sum);
        }
    return w;
}

/* u diag(sigma) vt is w, and u, vt are orthonormal to rounding. */
static void check_vectors(const struct spectrum *s, struct mat w,
                          double rounding)
{
    for (int i = 0; i < s->count; i++)
        for (int j = 0; j < s->count; j++) {
            double uu = 0, vv = 0;
            for (int k = 0; k < s->out; k++)
                uu += dmat_row(s->u, k)[i] * dmat_row(s->u, k)[j];
            for (int k = 0; k < s->in; k++)
                vv += dmat_row(s->vt, i)[k] * dmat_row(s->vt, j)[k];
            assert_near(uu, i == j, rounding);
            assert_near(vv, i == j, rounding);
        }
    for (int i = 0; i < s->out; i++)
        for (int j = 0; j < s->in; j++) {
            double sum = 0;
            for (int k = 0; k < s->count; k++)
                sum +=
                    dmat_row(s->u, i)[k] * s->sigma[k] * dmat_row(s->vt, k)[j];
            assert_near(sum, mat_row(w, i)[j], FLOAT_PRODUCT * s->sigma[0]);
        }
}

/* By factors, values alone, and densely. */
static void check_pair(struct mat bt, struct mat a, double scale)
{
    struct err err = {""};
    struct mat w = product(bt, a, scale);
    struct spectrum thin, values, dense;
    assert_int_equal(
        spectrum_of_factors(&thin, bt, a, scale, WITH_VECTORS, &err), 0);
    assert_int_equal(
        spectrum_of_factors(&values, bt, a, scale, VALUES_ONLY, &err), 0);
    assert_int_equal(spectrum_of_matrix(&dense, w, WITH_VECTORS, &err), 0);
    assert_int_equal(dense.count, w.rows < w.cols ? w.rows : w.cols);
    assert_true(thin.count <= dense.count);
    assert_near_array(thin.sigma, dense.sigma, (size_t)thin.count,
                      FLOAT_PRODUCT * dense.sigma[0]);
    assert_near_array(values.sigma, thin.sigma, (size_t)thin.count,
                      DOUBLE_ROUNDING * dense.sigma[0]);
    for (int k = thin.count; k < dense.count; k++)
        assert_near(dense.sigma[k], 0, FLOAT_PRODUCT * dense.sigma[0]);
    check_vectors(&thin, w, DOUBLE_ROUNDING);
    check_vectors(&dense, w, FLOAT_ROUNDING);
    assert_null(values.u.at);
    spectrum_free(&thin);
    spectrum_free(&values);
    spectrum_free(&dense);
    mat_free(&w);
}

/* Also with more directions than the matrix has rows or columns. */
static void factors_match_the_dense_svd(void **state)
{
    (void)state;
    const struct {
        int out, in, rank;
        double scale;
    } shape[] = {{20, 12, 4, 1.5}, {12, 20, 12, 2}, {9, 30, 15, 0.5},
                 {30, 9, 15, 1},   {7, 8, 20, 1},   {1, 5, 1, 3},
                 {16, 16, 1, 1},   {10, 10, 6, -2}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        struct mat bt = small_mat(shape[i].rank, shape[i].out, 1, 2 * i);
        struct mat a = small_mat(shape[i].rank, shape[i].in, 1, 2 * i + 1);
        for (int k = 0; k < bt.rows; k++) /* graded, over four decades */
            for (int j = 0; j < bt.cols; j++)
                mat_row(bt, k)[j] *= (float)pow(10, -4.0 * k / bt.rows);
        check_pair(bt, a, shape[i].scale);
        mat_free(&bt);
        mat_free(&a);
    }
}

/* Directions along the axes: sigma is known, down to 1e-11 of the largest,
 * which a Gram matrix would have lost below 1e-8. */
static void small_values_are_not_lost(void **state)
{
    (void)state;
    struct mat bt = mat_new(12, 30), a = mat_new(12, 25);
    struct spectrum s;
    struct err err = {""};
    for (int k = 0; k < 12; k++) {
        mat_row(bt, k)[k + 3] = (float)pow(2, -3 * k);
        mat_row(a, k)[k + 1] = 2;
    }
    assert_int_equal(spectrum_of_factors(&s, bt, a, 0.25, VALUES_ONLY, &err),
                     0);
    for (int k = 0; k < 12; k++)
        assert_near_relative(s.sigma[k], 0.5 * pow(2, -3 * k), 1e-10);
    spectrum_free(&s);
    mat_free(&bt);
    mat_free(&a);
}

static void zero_factors_give_zeros(void **state)
{
    (void)state;
    struct mat bt = mat_new(4, 10), a = small_mat(4, 8, 1, 3);
    struct spectrum s;
    struct err err = {""};
    assert_int_equal(spectrum_of_factors(&s, bt, a, 2, WITH_VECTORS, &err), 0);
    assert_int_equal(s.count, 4);
    for (int k = 0; k < 4; k++)
        assert_near(s.sigma[k], 0, 0);
    assert_true(isfinite(s.u.at[0]));
    assert_int_equal(spectrum_rank(&s), 0);
    spectrum_free(&s);
    for (int k = 1; k < 3; k++) /* two of four directions have learned */
        mat_row(bt, k)[k] = (float)pow(10, -4 * k);
    assert_int_equal(spectrum_of_factors(&s, bt, a, 2, WITH_VECTORS, &err), 0);
    assert_int_equal(s.count, 4);
    assert_int_equal(spectrum_rank(&s), 2);
    spectrum_free(&s);
    mat_free(&bt);
    mat_free(&a);
}

/* Rank exact in float: the factors are small integers. */
static void dense_rank_is_counted(void **state)
{
    (void)state;
    struct err err = {""};
    for (int rank = 0; rank <= 9; rank += 3) {
        struct mat b = mat_new(rank, 60), c = mat_new(rank, 45);
        struct mat w = mat_new(60, 45);
        struct spectrum s;
        struct rng rng = rng_make(3, STREAM_TEST, (uint64_t)rank);
        for (int i = 0; i < rank * 60; i++)
            b.at[i] = (float)rng_below(&rng, 7) - 3;
        for (int i = 0; i < rank * 45; i++)
            c.at[i] = (float)rng_below(&rng, 7) - 3;
        linalg_gemm(w, 1, b, TRANSPOSED, c, PLAIN, 0);
        assert_int_equal(spectrum_of_matrix(&s, w, VALUES_ONLY, &err), 0);
        assert_int_equal(s.count, 45);
        int count = 0;
        for (int k = 0; k < s.count; k++)
            count += s.sigma[k] > SPECTRUM_DENSE_SHARE * s.sigma[0];
        assert_int_equal(count, rank);
        spectrum_free(&s);
        mat_free(&b);
        mat_free(&c);
        mat_free(&w);
    }
}

/* The float SVD against the double one, on a matrix of middling size with
 * values over seven decades: within the share the header names. */
static void dense_is_good_to_its_share(void **state)
{
    (void)state;
    enum { OUT = 200, IN = 160 };
    struct err err = {""};
    struct mat w = small_mat(OUT, IN, 1, 9);
    struct dmat wide = dmat_new(OUT, IN), none = {0};
    double want[IN];
    struct spectrum s;
    for (int i = 0; i < OUT; i++)
        for (int j = 0; j < IN; j++)
            mat_row(w, i)[j] *= (float)pow(10, -7.0 * i / OUT);
    dmat_from(wide, w);
    assert_int_equal(linalg_svd(none, want, none, wide, &err), 0);
    assert_int_equal(spectrum_of_matrix(&s, w, VALUES_ONLY, &err), 0);
    assert_near_array(s.sigma, want, IN, SPECTRUM_DENSE_SHARE * want[0]);
    spectrum_free(&s);
    assert_int_equal(spectrum_of_matrix(&s, w, WITH_VECTORS, &err), 0);
    assert_near_array(s.sigma, want, IN, SPECTRUM_DENSE_SHARE * want[0]);
    spectrum_free(&s);
    mat_free(&w);
    dmat_free(&wide);
}

static void nan_is_refused(void **state)
{
    (void)state;
    struct mat bt = small_mat(2, 5, 1, 1), a = small_mat(2, 4, 1, 2);
    struct spectrum s;
    struct err err = {""};
    a.at[3] = NAN;
    assert_int_equal(spectrum_of_factors(&s, bt, a, 1, WITH_VECTORS, &err), -1);
    assert_non_null(strstr(err.text, "NaN"));
    assert_null(s.sigma);
    err.text[0] = 0;
    assert_int_equal(spectrum_of_matrix(&s, a, VALUES_ONLY, &err), -1);
    assert_non_null(strstr(err.text, "NaN"));
    spectrum_free(&s);
    mat_free(&bt);
    mat_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_match_the_dense_svd),
        cmocka_unit_test(small_values_are_not_lost),
        cmocka_unit_test(zero_factors_give_zeros),
        cmocka_unit_test(dense_rank_is_counted),
        cmocka_unit_test(dense_is_good_to_its_share),
        cmocka_unit_test(nan_is_refused),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
