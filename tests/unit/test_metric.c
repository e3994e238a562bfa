/*
 * Every rank metric on spectra whose answers are known.
 */
#include <string.h>

#include "analysis/metric_table.h"
#include "tests/near.h"

/* Known to the digits given. */
#define DIGITS   0.006
#define ROUNDING 1e-12

enum { Q = 64 };

static double value(const char *key, const double *sigma, int count)
{
    const struct metric *metric = metric_find(key);
    assert_non_null(metric);
    return metric->of(sigma, count, 128, 64);
}

/* sigma_i = 1/i, i = 1 .. 64; the ranks that hold a share were counted by a
 * separate program. */
static void harmonic(void **state)
{
    (void)state;
    double sigma[Q];
    for (int i = 0; i < Q; i++)
        sigma[i] = 1.0 / (i + 1);
    const struct {
        const char *key;
        double want, tolerance;
    } want[] = {{"entropy_rank", 29.1, 0.06},
                {"energy_entropy_rank", 4.67, DIGITS},
                {"stable_rank", 1.63, DIGITS},
                {"participation_ratio", 2.45, DIGITS},
                {"nuclear_rank", 13.8, 0.06},
                {"frobenius", 1.276491, 1e-5},
                {"spectral", 1, 0},
                {"nuclear", 4.74389, 1e-5},
                {"rms", 1.276491 / 90.50967, 1e-7},
                {"numerical_rank", 64, 0},
                {"condition", 64, 1e-12},
                {"rank90", 6, 0},
                {"rank95", 10, 0},
                {"rank99", 31, 0}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_near(value(want[i].key, sigma, Q), want[i].want,
                    want[i].tolerance);
}

static const char *const ranks[] = {
    "stable_rank",  "participation_ratio", "entropy_rank",
    "nuclear_rank", "energy_entropy_rank", "numerical_rank"};

/* r equal values: every notion of rank says r, whatever their size. */
static void equal_values(void **state)
{
    (void)state;
    const double size[] = {1, 1e-200, 1e200, 0.1};
    for (int s = 0; s < 4; s++)
        for (int r = 1; r <= 10; r++) {
            double sigma[Q] = {0};
            for (int i = 0; i < r; i++)
                sigma[i] = size[s];
            for (int i = 0; i < 6; i++)
                assert_near(value(ranks[i], sigma, Q), r, ROUNDING * r);
            assert_near(value("frobenius", sigma, Q), sqrt(r) * size[s],
                        ROUNDING * size[s]);
            assert_near(value("matrix_entropy", sigma, Q), r > 1, ROUNDING);
        }
}

/* Exactly nine of ten equal values hold 90 %: not eight, not ten. */
static void thresholds_are_not_off_by_one(void **state)
{
    (void)state;
    double sigma[10], one[1] = {3};
    for (int i = 0; i < 10; i++)
        sigma[i] = 0.3;
    assert_near(value("rank90", sigma, 10), 9, 0);
    assert_near(value("rank95", sigma, 10), 10, 0);
    assert_near(value("nuclear_rank90", sigma, 10), 9, 0);
    assert_near(value("rank99", one, 1), 1, 0);
    /* 33^2 is 90 % of 33^2 + 121; the sum in floating point says a bit less. */
    double spike[122] = {33};
    for (int i = 1; i < 122; i++)
        spike[i] = 1;
    assert_near(value("rank90", spike, 122), 1, 0);
}

/* Renyi's orders: infinity, 2, 1 of sigma^2, then 1 of sigma. */
static void ranks_are_ordered(void **state)
{
    (void)state;
    double sigma[Q];
    for (int i = 0; i < Q; i++)
        sigma[i] = exp(-0.2 * i);
    double stable = value("stable_rank", sigma, Q);
    double two = value("participation_ratio", sigma, Q);
    double energy = value("energy_entropy_rank", sigma, Q);
    double entropy = value("entropy_rank", sigma, Q);
    assert_true(1 < stable && stable < two && two < energy);
    assert_true(energy < entropy && entropy < Q);
}

static void all_zero_is_zero(void **state)
{
    (void)state;
    double sigma[Q] = {0};
    for (int i = 0; i < metric_count; i++) {
        assert_near(metric_table[i].of(sigma, Q, 128, 64), 0, 0);
        assert_near(metric_table[i].of(sigma, 0, 128, 64), 0, 0);
    }
}

/* max(out, in) eps sigma_1 = 1.5e-5 for 128 rows. */
static void numerical_rank_has_the_float_floor(void **state)
{
    (void)state;
    double sigma[3] = {1, 1.6e-5, 1.5e-5};
    assert_near(value("numerical_rank", sigma, 3), 2, 0);
    sigma[2] = 0;
    assert_true(isinf(value("condition", sigma, 3)));
}

static void the_table_is_complete(void **state)
{
    (void)state;
    for (int i = 0; i < metric_count; i++) {
        const struct metric *m = &metric_table[i];
        assert_ptr_equal(metric_find(m->key), m);
        assert_true(*m->name && *m->formula && *m->range);
        assert_non_null(m->others);
        assert_non_null(m->paper);
    }
    assert_null(metric_find("rank"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmonic),
        cmocka_unit_test(equal_values),
        cmocka_unit_test(thresholds_are_not_off_by_one),
        cmocka_unit_test(ranks_are_ordered),
        cmocka_unit_test(all_zero_is_zero),
        cmocka_unit_test(numerical_rank_has_the_float_floor),
        cmocka_unit_test(the_table_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
