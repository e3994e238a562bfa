/* Windows see the right entries, and nothing outside them is touched. */
#include "core/base/mat.h"

#include <math.h>

#include "tests/near.h"

enum { ROWS = 5, COLS = 7, LD = 10 };

/* A (ROWS, COLS) window in the middle of a larger block of -1. */
static struct mat window(float block[(ROWS + 2) * LD])
{
    for (int i = 0; i < (ROWS + 2) * LD; i++)
        block[i] = -1;
    return (struct mat){block + LD + 1, ROWS, COLS, LD};
}

static void fill(struct mat m)
{
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            mat_row(m, i)[j] = (float)(100 * i + j);
}

static int untouched(const float *block)
{
    int count = 0;
    for (int i = 0; i < (ROWS + 2) * LD; i++)
        count += block[i] == -1;
    return count;
}

static void windows(void **state)
{
    (void)state;
    float block[(ROWS + 2) * LD];
    struct mat m = window(block);
    fill(m);
    struct mat inner = mat_cols(mat_rows(m, 1, 3), 2, 4);
    assert_int_equal(inner.rows, 3);
    assert_int_equal(inner.cols, 4);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++)
            assert_near(mat_row(inner, i)[j], 100 * (i + 1) + j + 2, 0);
    struct mat none = mat_rows(m, ROWS, 0);
    assert_int_equal(none.rows, 0);
    assert_int_equal(mat_cols(m, COLS, 0).cols, 0);
}

static void double_windows(void **state)
{
    (void)state;
    struct dmat m = dmat_new(4, 6);
    for (int i = 0; i < 24; i++)
        m.at[i] = i;
    struct dmat inner = dmat_cols(dmat_rows(m, 1, 2), 3, 2);
    assert_near(dmat_row(inner, 1)[1], 2 * 6 + 4, 0);
    dmat_free(&m);
    assert_null(m.at);
}

static void new_is_zero(void **state)
{
    (void)state;
    struct mat m = mat_new(3, 4);
    for (int i = 0; i < 12; i++)
        assert_near(m.at[i], 0, 0);
    mat_free(&m);
    struct mat empty = mat_new(0, 4);
    assert_true(mat_finite(empty));
    assert_near(mat_norm_squared(empty), 0, 0);
    mat_free(&empty);
}

static void copies_stay_inside(void **state)
{
    (void)state;
    float block[(ROWS + 2) * LD], other[(ROWS + 2) * LD];
    struct mat from = window(block), to = window(other);
    fill(from);
    mat_copy(to, from);
    assert_near_array(other, block, (ROWS + 2) * LD, 0);
    assert_int_equal(untouched(other), (ROWS + 2) * LD - ROWS * COLS);
    mat_zero(to);
    assert_int_equal(untouched(other), (ROWS + 2) * LD - ROWS * COLS);
    assert_near(mat_norm_squared(to), 0, 0);
}

static void transposes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},   {1, 9},   {9, 1}, {16, 16},
                                   {17, 33}, {40, 15}, {0, 3}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct mat a = mat_new(sizes[s][0], sizes[s][1]);
        struct mat b = mat_new(sizes[s][1], sizes[s][0]);
        fill(a);
        mat_transpose(b, a);
        for (int i = 0; i < a.rows; i++)
            for (int j = 0; j < a.cols; j++)
                assert_near(mat_row(b, j)[i], 100 * i + j, 0);
        mat_free(&a);
        mat_free(&b);
    }
}

static void widen_and_round(void **state)
{
    (void)state;
    float block[(ROWS + 2) * LD];
    struct mat m = window(block);
    fill(m);
    struct dmat wide = dmat_new(ROWS, COLS);
    dmat_from(wide, m);
    assert_near(dmat_row(wide, 4)[6], 406, 0);
    dmat_row(wide, 0)[0] = 1.0 + 0x1p-30; /* rounds to 1 */
    mat_from(m, wide);
    assert_near(mat_row(m, 0)[0], 1, 0);
    assert_near(mat_row(m, 4)[6], 406, 0);
    assert_int_equal(untouched(block), (ROWS + 2) * LD - ROWS * COLS);
    dmat_free(&wide);
}

static void finite_and_norm(void **state)
{
    (void)state;
    float block[(ROWS + 2) * LD];
    struct mat m = window(block);
    block[0] = NAN; /* outside: must not count */
    fill(m);
    assert_true(mat_finite(m));
    double sum = 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++)
            sum += (100.0 * i + j) * (100.0 * i + j);
    assert_near(mat_norm_squared(m), sum, 0); /* integers: exact */
    mat_row(m, ROWS - 1)[COLS - 1] = INFINITY;
    assert_false(mat_finite(m));
    mat_row(m, ROWS - 1)[COLS - 1] = NAN;
    assert_false(mat_finite(m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows),         cmocka_unit_test(double_windows),
        cmocka_unit_test(new_is_zero),     cmocka_unit_test(copies_stay_inside),
        cmocka_unit_test(transposes),      cmocka_unit_test(widen_and_round),
        cmocka_unit_test(finite_and_norm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
