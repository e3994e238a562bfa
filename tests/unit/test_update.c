/*
 * An update as factors and as the matrix they make: both forms must say the
 * same.
 */
#include "analysis/update.h"

#include <math.h>
#include <string.h>

#include "tests/unit/small.h"

/* The matrix is the product rounded to float: 2^-24 of sizes near 10. */
#define FLOAT_PRODUCT 3e-6

static const struct {
    int out, in, rank;
    double scale;
} shapes[] = {{20, 12, 4, 1.5}, {12, 20, 1, -2}, {1, 9, 1, 2},    {1, 9, 3, 2},
              {9, 1, 4, 0.5},   {5, 7, 16, 1},   {64, 70, 64, 1}, {1, 1, 1, 3}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* One update in both forms. */
struct both {
    struct mat bt, a, dw;
    struct update thin, dense;
};

static struct both both_new(size_t shape, uint64_t index)
{
    int r = shapes[shape].rank;
    struct both b = {.bt = small_mat(r, shapes[shape].out, 1, index),
                     .a = small_mat(r, shapes[shape].in, 1, index + 1)};
    b.dw = mat_new(shapes[shape].out, shapes[shape].in);
    b.thin = update_of_factors(b.bt, b.a, shapes[shape].scale);
    update_write(&b.thin, b.dw);
    b.dense = update_of_matrix(b.dw);
    return b;
}

static void both_free(struct both *b)
{
    mat_free(&b->bt);
    mat_free(&b->a);
    mat_free(&b->dw);
}

static void writes_the_product(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++) {
        struct both b = both_new(s, 1);
        struct mat copy = mat_new(b.dw.rows, b.dw.cols);
        assert_true(update_has_factors(&b.thin));
        assert_false(update_has_factors(&b.dense));
        assert_int_equal(b.thin.out, b.dense.out);
        assert_int_equal(b.thin.in, b.dense.in);
        for (int i = 0; i < b.dw.rows; i++)
            for (int j = 0; j < b.dw.cols; j++) {
                double sum = 0;
                for (int k = 0; k < b.a.rows; k++)
                    sum += (double)mat_row(b.bt, k)[i] *
                           (double)mat_row(b.a, k)[j];
                assert_near(mat_row(b.dw, i)[j], shapes[s].scale * sum,
                            FLOAT_PRODUCT * shapes[s].rank);
            }
        update_write(&b.dense, copy);
        assert_memory_equal(copy.at, b.dw.at,
                            (size_t)(copy.rows * copy.cols) * sizeof(float));
        mat_free(&copy);
        both_free(&b);
    }
}

static void spectra_of_both_forms_agree(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++) {
        struct both b = both_new(s, 3);
        struct spectrum thin, dense;
        struct err err = {""};
        for (int v = VALUES_ONLY; v <= WITH_VECTORS; v++) {
            enum vectors vectors = (enum vectors)v;
            assert_int_equal(update_spectrum(&thin, &b.thin, vectors, &err), 0);
            assert_int_equal(update_spectrum(&dense, &b.dense, vectors, &err),
                             0);
            assert_true(thin.count <= dense.count);
            assert_int_equal(thin.u.at != NULL, v == WITH_VECTORS);
            for (int k = 0; k < dense.count; k++)
                assert_near(k < thin.count ? thin.sigma[k] : 0, dense.sigma[k],
                            SPECTRUM_DENSE_SHARE * dense.sigma[0]);
            spectrum_free(&thin);
            spectrum_free(&dense);
        }
        both_free(&b);
    }
}

/* Of the four pairs of forms, against the sum over entries. */
static void inner_products_agree(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++) {
        struct both x = both_new(s, 5), y = both_new(s, 7);
        double want = 0, size = 0;
        for (int i = 0; i < x.dw.rows; i++)
            for (int j = 0; j < x.dw.cols; j++)
                want +=
                    (double)mat_row(x.dw, i)[j] * (double)mat_row(y.dw, i)[j];
        size = sqrt(mat_norm_squared(x.dw) * mat_norm_squared(y.dw));
        assert_near(update_inner(&x.dense, &y.dense), want, 1e-13 * size);
        assert_near(update_inner(&x.thin, &y.dense), want,
                    FLOAT_PRODUCT * size);
        assert_near(update_inner(&x.dense, &y.thin), want,
                    FLOAT_PRODUCT * size);
        assert_near(update_inner(&x.thin, &y.thin), want, FLOAT_PRODUCT * size);
        assert_near_relative(update_inner(&x.thin, &x.thin),
                             mat_norm_squared(x.dw), FLOAT_PRODUCT);
        both_free(&x);
        both_free(&y);
    }
}

/* Updates of different ranks have an inner product, too. */
static void ranks_may_differ(void **state)
{
    (void)state;
    struct mat bt = small_mat(6, 20, 1, 11), a = small_mat(6, 15, 1, 12);
    struct update six = update_of_factors(bt, a, 2);
    struct update two =
        update_of_factors(mat_rows(bt, 0, 2), mat_rows(a, 0, 2), 2);
    struct update rest =
        update_of_factors(mat_rows(bt, 2, 4), mat_rows(a, 2, 4), 2);
    double all = update_inner(&six, &two);
    double parts = update_inner(&two, &two) + update_inner(&rest, &two);
    assert_near_relative(all, parts, 1e-13);
    mat_free(&bt);
    mat_free(&a);
}

static void zero_is_seen(void **state)
{
    (void)state;
    struct both b = both_new(0, 9);
    struct update still = b.thin;
    assert_false(update_is_zero(&b.thin));
    assert_false(update_is_zero(&b.dense));
    still.scale = 0;
    assert_true(update_is_zero(&still));
    for (int k = 0; k < b.a.rows; k++) /* each direction dies on one side */
        memset(mat_row(k % 2 ? b.a : b.bt, k), 0,
               (size_t)(k % 2 ? b.a : b.bt).cols * sizeof(float));
    assert_true(update_is_zero(&b.thin));
    assert_near(update_inner(&b.thin, &b.dense), 0, 0);
    mat_zero(b.dw);
    assert_true(update_is_zero(&b.dense));
    b.dw.at[b.dw.rows * b.dw.cols - 1] = 1e-40F;
    assert_false(update_is_zero(&b.dense));
    both_free(&b);
}

static void nan_is_refused(void **state)
{
    (void)state;
    struct both b = both_new(0, 13);
    struct spectrum s;
    struct err err = {""};
    b.bt.at[5] = INFINITY;
    b.dw.at[5] = NAN;
    assert_int_equal(update_spectrum(&s, &b.thin, VALUES_ONLY, &err), -1);
    assert_non_null(strstr(err.text, "factor B"));
    assert_int_equal(update_spectrum(&s, &b.dense, VALUES_ONLY, &err), -1);
    assert_non_null(strstr(err.text, "NaN"));
    both_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_product),
        cmocka_unit_test(spectra_of_both_forms_agree),
        cmocka_unit_test(inner_products_agree),
        cmocka_unit_test(ranks_may_differ),
        cmocka_unit_test(zero_is_seen),
        cmocka_unit_test(nan_is_refused),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
