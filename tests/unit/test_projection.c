/*
 * Random projections: against their matrix, written out column by column; and
 * the Walsh-Hadamard transform against its definition.
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/walsh.h"
#include "core/method/projection.h"
#include "tests/near.h"

/* Products of float sums over some thousand numbers, in other orders. */
#define OTHER_ORDER 1e-5

static const size_t plenty = (size_t)1 << 30;

static struct projection *open_it(int kind, size_t rows, int cols,
                                  uint64_t seed, size_t limit)
{
    struct err err = {""};
    struct projection *made = projection_new((enum projection_kind)kind, rows,
                                             cols, seed, limit, &err);
    assert_string_equal(err.text, "");
    return made;
}

static void fill(float *x, size_t n, uint64_t index)
{
    struct rng rng = rng_make(8, STREAM_TEST, index);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(&rng);
}

static double dot(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * y[i];
    return sum;
}

/* H_ij is -1 to the number of bits i and j have in common. */
static void walsh_is_its_matrix(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 512; n *= 2) {
        float x[512], y[512];
        fill(x, n, n);
        memcpy(y, x, sizeof y);
        walsh_transform(y, n);
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (size_t j = 0; j < n; j++)
                sum += __builtin_parityl(i & j) ? -x[j] : x[j];
            assert_near(y[i], sum, 1e-4);
        }
    }
}

/* H H = n I, also where pieces and levels above them meet. */
static void walsh_twice_is_n(void **state)
{
    (void)state;
    for (size_t n = 1024; n <= 65536; n *= 2) {
        float *x = xcalloc(2 * n, sizeof *x), *y = x + n;
        fill(x, n, n);
        memcpy(y, x, n * sizeof *y);
        walsh_transform(y, n);
        walsh_transform(y, n);
        for (size_t i = 0; i < n; i++)
            assert_near(y[i] / (float)n, x[i], OTHER_ORDER);
        mem_free(x);
    }
}

/* <P v, w> = <v, P^T w> */
static void the_adjoint_is_the_adjoint(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},     {5, 3},     {64, 64},
                                   {700, 100}, {1000, 10}, {4096, 64},
                                   {5000, 777}};
    for (int kind = 0; kind < PROJECTIONS; kind++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            size_t rows = (size_t)sizes[s][0], cols = (size_t)sizes[s][1];
            struct projection *p = open_it(kind, rows, (int)cols, 3, plenty);
            float *v = xcalloc(2 * (rows + cols), sizeof *v);
            float *back = v + cols, *y = back + cols, *w = y + rows;
            fill(v, cols, 1);
            fill(w, rows, 2);
            projection_apply(p, y, v);
            projection_adjoint(p, back, w);
            assert_near(dot(y, w, rows), dot(v, back, cols),
                        OTHER_ORDER * sqrt(dot(v, v, cols) * dot(w, w, rows)));
            mem_free(v);
            projection_free(p);
        }
}

struct columns {
    double shortest, longest, mean; /* lengths squared */
    double cosine;                  /* mean |cos| of neighbours */
};

static struct columns look(int kind, size_t rows, int cols)
{
    struct projection *p = open_it(kind, rows, cols, 5, plenty);
    float *v = xcalloc((size_t)cols, sizeof *v);
    float *y = xcalloc(2 * rows, sizeof *y);
    struct columns to = {.shortest = INFINITY};
    for (int j = 0; j < cols; j++) {
        float *here = y + (size_t)(j % 2) * rows;
        const float *before = y + (size_t)(1 - j % 2) * rows;
        v[j] = 1;
        projection_apply(p, here, v);
        v[j] = 0;
        double square = dot(here, here, rows);
        to.shortest = fmin(to.shortest, square);
        to.longest = fmax(to.longest, square);
        to.mean += square / cols;
        if (j > 0)
            to.cosine += fabs(dot(here, before, rows)) /
                         sqrt(square * dot(before, before, rows)) / (cols - 1);
    }
    mem_free(v);
    mem_free(y);
    projection_free(p);
    return to;
}

/* Exactly 1 where nothing is cut off; else near it. |cos| of independent
 * Gaussian columns is sqrt(2 / (pi D)) on average: .030 for 700. */
static void columns_have_unit_length(void **state)
{
    (void)state;
    for (int kind = 0; kind < PROJECTIONS; kind++) {
        struct columns whole = look(kind, 1024, 64);
        assert_near(whole.shortest, 1, OTHER_ORDER);
        assert_near(whole.longest, 1, OTHER_ORDER);
        struct columns cut = look(kind, 700, 100);
        bool is_exact = kind == PROJECT_DENSE || kind == PROJECT_SPARSE;
        /* Blocks of 128: six of them, 68 rows cut; one of 1024: 324. */
        assert_near(cut.mean, 1, is_exact ? OTHER_ORDER : 0.02);
        assert_near(cut.shortest, 1, is_exact ? OTHER_ORDER : 0.12);
        assert_near(cut.longest, 1, is_exact ? OTHER_ORDER : 0.12);
        assert_true(cut.cosine > 0.02 && cut.cosine < 0.045);
    }
}

/* Kept or drawn again: the same bits. */
static void memory_changes_nothing(void **state)
{
    (void)state;
    enum { ROWS = 1000, COLS = 33 };
    struct projection *kept = open_it(PROJECT_DENSE, ROWS, COLS, 3, plenty);
    struct projection *drawn = open_it(PROJECT_DENSE, ROWS, COLS, 3, 1000);
    float v[COLS], one[ROWS], other[ROWS], back[2][COLS];
    fill(v, COLS, 4);
    projection_apply(kept, one, v);
    projection_apply(drawn, other, v);
    assert_memory_equal(one, other, sizeof one);
    projection_adjoint(kept, back[0], one);
    projection_adjoint(drawn, back[1], one);
    assert_memory_equal(back[0], back[1], sizeof back[0]);
    assert_true(projection_bytes(drawn) < projection_bytes(kept));
    projection_free(kept);
    projection_free(drawn);
}

/* About sqrt(D) entries a column. */
static void sparse_is_sparse(void **state)
{
    (void)state;
    enum { ROWS = 10000, COLS = 200 };
    struct projection *p = open_it(PROJECT_SPARSE, ROWS, COLS, 3, plenty);
    float *y = xcalloc(ROWS, sizeof *y), v[COLS] = {0};
    long count = 0;
    for (int j = 0; j < COLS; j++) {
        v[j] = 1;
        projection_apply(p, y, v);
        v[j] = 0;
        for (int i = 0; i < ROWS; i++)
            count += y[i] != 0;
    }
    /* 20,000 expected; a deviation is 140. */
    assert_near((double)count, 20000, 700);
    mem_free(y);
    projection_free(p);
}

static void seeds_differ(void **state)
{
    (void)state;
    for (int kind = 0; kind < PROJECTIONS; kind++) {
        float v[8], y[3][100];
        fill(v, 8, 1);
        for (int i = 0; i < 3; i++) {
            struct projection *p =
                open_it(kind, 100, 8, i == 2 ? 1 : 5, plenty);
            projection_apply(p, y[i], v);
            projection_free(p);
        }
        assert_memory_equal(y[0], y[1], sizeof y[0]);
        assert_true(memcmp(y[0], y[2], sizeof y[0]) != 0);
    }
}

/* At most 3 D floats, whatever d. */
static void fastfood_is_small(void **state)
{
    (void)state;
    for (int cols = 10; cols < 40000; cols = 3 * cols + 7) {
        size_t rows = (size_t)1 << 20;
        struct projection *p = open_it(PROJECT_FASTFOOD, rows, cols, 3, plenty);
        assert_true(projection_bytes(p) <= 3 * rows * sizeof(float));
        projection_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walsh_is_its_matrix),
        cmocka_unit_test(walsh_twice_is_n),
        cmocka_unit_test(the_adjoint_is_the_adjoint),
        cmocka_unit_test(columns_have_unit_length),
        cmocka_unit_test(memory_changes_nothing),
        cmocka_unit_test(sparse_is_sparse),
        cmocka_unit_test(seeds_differ),
        cmocka_unit_test(fastfood_is_small),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
