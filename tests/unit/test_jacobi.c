/* Jacobi's SVD of small matrices: what defines it, against LAPACK's, and the
 * small values that only it keeps. */
#include "core/base/jacobi.h"

#include <math.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "tests/near.h"

/* Rotations of at most 16 rows, entries near 1: some hundred units in the
 * last place. */
#define ROUNDING 1e-14

static struct dmat random_square(int k, uint64_t index)
{
    struct rng rng = rng_make(1, STREAM_TEST, index);
    struct dmat a = dmat_new(k, k);
    for (int i = 0; i < k * k; i++)
        a.at[i] = rng_normal(&rng);
    return a;
}

static void assert_orthonormal_rows(struct dmat q)
{
    for (int i = 0; i < q.rows; i++)
        for (int j = 0; j < q.rows; j++) {
            double sum = 0;
            for (int k = 0; k < q.cols; k++)
                sum += dmat_row(q, i)[k] * dmat_row(q, j)[k];
            assert_near(sum, i == j, ROUNDING);
        }
}

/* Row i of a is rebuilt to a share of its own size, however small. */
static void check(struct dmat a, const double *sigma, struct dmat ut,
                  struct dmat vt)
{
    assert_orthonormal_rows(ut);
    assert_orthonormal_rows(vt);
    for (int i = 1; i < a.rows; i++)
        assert_true(sigma[i - 1] >= sigma[i]);
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.rows; j++) {
            double sum = 0, most = 0;
            for (int k = 0; k < a.rows; k++) {
                sum += dmat_row(ut, k)[i] * sigma[k] * dmat_row(vt, k)[j];
                most = fmax(most, fabs(dmat_row(a, i)[k]));
            }
            assert_near(sum, dmat_row(a, i)[j], ROUNDING * most);
        }
}

static void agrees_with_lapack(void **state)
{
    (void)state;
    struct err err = {""};
    struct dmat none = {0};
    for (int k = 0; k <= JACOBI_MOST; k++) {
        double sigma[JACOBI_MOST], alone[JACOBI_MOST], want[JACOBI_MOST];
        struct dmat a = random_square(k, (uint64_t)k);
        struct dmat ut = dmat_new(k, k), vt = dmat_new(k, k);
        assert_true(jacobi_svd(ut, sigma, vt, a));
        assert_true(jacobi_svd(none, alone, none, a));
        assert_int_equal(linalg_svd(none, want, none, a, &err), 0);
        assert_near_array(sigma, want, (size_t)k, ROUNDING * 10);
        assert_near_array(alone, sigma, (size_t)k, 0);
        check(a, sigma, ut, vt);
        dmat_free(&a);
        dmat_free(&ut);
        dmat_free(&vt);
    }
}

/* Rows 40 decades apart: sigma_1 is the first row's length, sigma_2 what the
 * second has at right angles to it.  LAPACK would give noise near 1e-16. */
static void small_values_keep_their_digits(void **state)
{
    (void)state;
    double sigma[2];
    struct dmat ut = dmat_new(2, 2), vt = dmat_new(2, 2), a = dmat_new(2, 2);
    a.at[0] = 1;
    a.at[1] = 1;
    a.at[2] = 1e-40;
    a.at[3] = 3e-40; /* sigma_1 sigma_2 = |det a| = 2e-40 */
    assert_true(jacobi_svd(ut, sigma, vt, a));
    assert_near_relative(sigma[0], sqrt(2), ROUNDING);
    assert_near_relative(sigma[1], sqrt(2) * 1e-40, ROUNDING);
    check(a, sigma, ut, vt);
    dmat_free(&a);
    dmat_free(&ut);
    dmat_free(&vt);
}

static void zero_has_values_and_no_vectors(void **state)
{
    (void)state;
    double sigma[3];
    struct dmat none = {0}, zero = dmat_new(3, 3);
    struct dmat ut = dmat_new(3, 3), vt = dmat_new(3, 3);
    assert_true(jacobi_svd(none, sigma, none, zero));
    assert_near(sigma[0], 0, 0);
    assert_false(jacobi_svd(ut, sigma, vt, zero));
    dmat_free(&zero);
    dmat_free(&ut);
    dmat_free(&vt);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_lapack),
        cmocka_unit_test(small_values_keep_their_digits),
        cmocka_unit_test(zero_has_values_and_no_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
