/*
 * The top of a spectrum by random projection against the dense SVD: a signal
 * on flat noise, the hardest case that an update by full fine-tuning poses.
 */
#include <math.h>
#include <string.h>

#include "analysis/spectrum.h"
#include "tests/unit/small.h"

/* Vectors go through float QRs. */
#define FLOAT_ROUNDING 2e-6

/* noise (out, in) of variance 1, whose largest value is near sqrt(out) +
 * sqrt(in), plus `rank` directions of several times that. */
static struct mat signal_on_noise(int out, int in, int rank)
{
    struct mat w = small_mat(out, in, 1, 1);
    struct mat bt = small_mat(rank, out, 1, 2), a = small_mat(rank, in, 1, 3);
    double edge = sqrt(out) + sqrt(in), unit = sqrt((double)out * in);
    for (int k = 0; k < rank; k++)
        for (int j = 0; j < out; j++)
            mat_row(bt, k)[j] *= (float)((2 + k) * edge / unit);
    linalg_gemm(w, 1, bt, TRANSPOSED, a, PLAIN, 1);
    mat_free(&bt);
    mat_free(&a);
    return w;
}

/* By how much squares of values may be too small, on average. */
static double bound(const struct spectrum *dense, int k)
{
    double c =
        1 + sqrt(k / 9.0) + exp(1) / 10 * sqrt((k + 10.0) * (dense->count - k));
    return pow(c, 0.4) * dense->sigma[k] * dense->sigma[k];
}

static void check_vectors(const struct spectrum *top)
{
    for (int i = 0; i < top->count; i++)
        for (int j = 0; j < top->count; j++) {
            double uu = 0, vv = 0;
            for (int k = 0; k < top->out; k++)
                uu += dmat_row(top->u, k)[i] * dmat_row(top->u, k)[j];
            for (int k = 0; k < top->in; k++)
                vv += dmat_row(top->vt, i)[k] * dmat_row(top->vt, j)[k];
            assert_near(uu, i == j, FLOAT_ROUNDING);
            assert_near(vv, i == j, FLOAT_ROUNDING);
        }
}

/* ||W^T u - sigma v|| is 0 but for rounding: u lies in the span of Q. */
static void check_direction(const struct spectrum *top, struct mat w, int k,
                            double most)
{
    double sum = 0;
    for (int j = 0; j < w.cols; j++) {
        double x = 0;
        for (int i = 0; i < w.rows; i++)
            x += dmat_row(top->u, i)[k] * (double)mat_row(w, i)[j];
        x -= top->sigma[k] * dmat_row(top->vt, k)[j];
        sum += x * x;
    }
    assert_near(sqrt(sum), 0, most);
}

static void stays_within_the_bound(void **state)
{
    (void)state;
    const int shape[][2] = {{200, 200}, {150, 260}, {260, 90}};
    for (int s = 0; s < 3; s++) {
        const int k = 5;
        struct mat w = signal_on_noise(shape[s][0], shape[s][1], k);
        struct spectrum top, dense;
        struct err err = {""};
        assert_int_equal(spectrum_top(&top, w, k, &err), 0);
        assert_int_equal(spectrum_of_matrix(&dense, w, VALUES_ONLY, &err), 0);
        assert_int_equal(top.count, k);
        double rounding = SPECTRUM_DENSE_SHARE * dense.sigma[0];
        for (int i = 0; i < k; i++) {
            double least = pow(dense.sigma[i], 2) - bound(&dense, k);
            assert_true(top.sigma[i] <= dense.sigma[i] + rounding);
            assert_true(pow(top.sigma[i], 2) >= least);
            /* What two iterations reach in practice; one has 4 %. */
            assert_near_relative(top.sigma[i], dense.sigma[i], 5e-3);
            check_direction(&top, w, i, rounding);
        }
        check_vectors(&top);
        spectrum_free(&top);
        spectrum_free(&dense);
        mat_free(&w);
    }
}

/* Less rank than asked for: the rest is zero, the vectors still a basis. */
static void a_short_rank_is_exact(void **state)
{
    (void)state;
    struct mat bt = small_mat(3, 120, 1, 4), a = small_mat(3, 100, 1, 5);
    struct mat w = mat_new(120, 100);
    struct spectrum top, thin;
    struct err err = {""};
    linalg_gemm(w, 1, bt, TRANSPOSED, a, PLAIN, 0);
    assert_int_equal(spectrum_top(&top, w, 8, &err), 0);
    assert_int_equal(spectrum_of_factors(&thin, bt, a, 1, VALUES_ONLY, &err),
                     0);
    for (int i = 0; i < 8; i++)
        assert_near(top.sigma[i], i < 3 ? thin.sigma[i] : 0,
                    SPECTRUM_DENSE_SHARE * thin.sigma[0]);
    check_vectors(&top);
    spectrum_free(&top);
    spectrum_free(&thin);
    mat_zero(w);
    assert_int_equal(spectrum_top(&top, w, 8, &err), 0);
    for (int i = 0; i < 8; i++)
        assert_near(top.sigma[i], 0, 0);
    spectrum_free(&top);
    mat_free(&bt);
    mat_free(&a);
    mat_free(&w);
}

/* Where nothing is saved it is the dense SVD; k beyond all is all. */
static void small_matrices_are_dense(void **state)
{
    (void)state;
    const int shape[][2] = {{1, 30}, {30, 1}, {12, 9}};
    for (int s = 0; s < 3; s++) {
        struct mat w = small_mat(shape[s][0], shape[s][1], 1, 6);
        struct spectrum top, dense;
        struct err err = {""};
        assert_int_equal(spectrum_top(&top, w, 40, &err), 0);
        assert_int_equal(spectrum_of_matrix(&dense, w, WITH_VECTORS, &err), 0);
        assert_int_equal(top.count, dense.count);
        assert_near_array(top.sigma, dense.sigma, (size_t)top.count, 0);
        check_vectors(&top);
        spectrum_free(&top);
        spectrum_free(&dense);
        mat_free(&w);
    }
}

static void the_same_bits_again(void **state)
{
    (void)state;
    struct mat w = signal_on_noise(80, 70, 4);
    struct spectrum one, two;
    struct err err = {""};
    assert_int_equal(spectrum_top(&one, w, 4, &err), 0);
    assert_int_equal(spectrum_top(&two, w, 4, &err), 0);
    assert_memory_equal(one.sigma, two.sigma, 4 * sizeof(double));
    assert_memory_equal(one.u.at, two.u.at, 4 * 80 * sizeof(double));
    spectrum_free(&one);
    spectrum_free(&two);
    w.at[100] = NAN;
    assert_int_equal(spectrum_top(&one, w, 4, &err), -1);
    assert_non_null(strstr(err.text, "NaN"));
    assert_null(one.sigma);
    mat_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_within_the_bound),
        cmocka_unit_test(a_short_rank_is_exact),
        cmocka_unit_test(small_matrices_are_dense),
        cmocka_unit_test(the_same_bits_again),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
