/*
 * Every rank metric on spectra whose answers are known, and the family of
 * Rényi's ranks.
 */
#include <float.h>
#include <string.h>

#include "analysis/chance.h"
#include "analysis/metric_table.h"
#include "analysis/renyi.h"
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
                {"rank_loss", 0, 0},
                {"schatten4", 1.019974, 1e-6},
                {"rank90", 6, 0},
                {"rank95", 10, 0},
                {"rank99", 31, 0}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_near(value(want[i].key, sigma, Q), want[i].want,
                    want[i].tolerance);
}

/* 0.9 and a tenth in the tools, on the same spectrum: each count is ours, give
 * or take what the row says of that tool. */
static void other_tools_follow_from_ours(void **state)
{
    (void)state;
    double sigma[Q];
    for (int i = 0; i < Q; i++)
        sigma[i] = 1.0 / (i + 1);
    double sum90 = value("nuclear_rank90", sigma, Q);
    double norm90 = value("amplitude_rank90", sigma, Q);
    double tenth = value("ratio_rank", sigma, Q);
    assert_near(sum90 + 1, 41, 0);     /* kohya sv_cumulative: adds one */
    assert_near(sum90 - 1, 39, 0);     /* LyCORIS quantile: one short */
    assert_near(norm90 + 1, 4, 0);     /* kohya sv_fro: adds one */
    assert_near(tenth - 1, 9, 0);      /* LyCORIS ratio: above, not at least */
    assert_near(tenth - 1 + 1, 10, 0); /* kohya sv_ratio: above, adds one */
    assert_near(value("rank90", sigma, Q), 6, 0); /* PEFT */
    assert_near(value("share05_rank", sigma, Q), 20, 0);
    /* x / 63 - 1 / (1 + x) is greatest at x = sqrt(63) - 1, about 7. */
    assert_near(value("knee", sigma, Q), 7, 0);
}

static const char *const ranks[] = {
    "stable_rank",  "participation_ratio", "entropy_rank",
    "nuclear_rank", "energy_entropy_rank", "numerical_rank",
    "ratio_rank",   "share05_rank",        "knee"};
enum { RANKS = sizeof ranks / sizeof *ranks };

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
            for (int i = 0; i < RANKS; i++)
                assert_near(value(ranks[i], sigma, Q), r, ROUNDING * r);
            for (double order = 0; order < 9; order += 0.5)
                assert_near(renyi_rank(sigma, Q, order), r, ROUNDING * r);
            assert_near(renyi_rank(sigma, Q, INFINITY), r, ROUNDING * r);
            assert_near(value("rank_loss", sigma, Q), Q - r, 0);
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
    assert_near(value("nuclear_rank95", sigma, 10), 10, 0);
    assert_near(value("amplitude_rank90", sigma, 10), 9, 0); /* 81 % */
    assert_near(value("rank99", one, 1), 1, 0);
    /* 33^2 is 90 % of 33^2 + 121; the sum in floating point says a bit less. */
    double spike[122] = {33};
    for (int i = 1; i < 122; i++)
        spike[i] = 1;
    assert_near(value("rank90", spike, 122), 1, 0);
    /* A tenth of 3 in floating point may fall on either side of 0.3. */
    double tenth[3] = {3, 0.3, 0.3 * (1 - 1e-9)};
    assert_near(value("ratio_rank", tenth, 3), 2, 0);
    assert_near(value("share05_rank", tenth, 3), 3, 0);
}

/* Curves on which the chord decides little or nothing. */
static void knee_at_the_ends(void **state)
{
    (void)state;
    const double one[] = {2}, equal[] = {2, 2, 2}, last[] = {2, 2, 0};
    const double line[] = {3, 2, 1}, arch[] = {4, 3.9, 3, 1};
    assert_near(value("knee", one, 1), 1, 0);
    assert_near(value("knee", equal, 3), 3, 0);
    assert_near(value("knee", last, 3), 2, 0);
    assert_near(value("knee", line, 3), 2, 0);
    assert_near(value("knee", arch, 4), 3, 0);
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

/* R_b falls from the count to the stable rank, without a step where one
 * formula hands over to the next, and passes the named ranks on its way. */
static void renyi_falls_and_passes_the_named(void **state)
{
    (void)state;
    const double hand_over[] = {0.5, 1, 1.5};
    const double near = 1e-9; /* in order; R moves by less than 100 times it */
    double sigma[Q], before = Q;
    for (int i = 0; i < Q; i++)
        sigma[i] = exp(-0.15 * i);
    assert_near(renyi_rank(sigma, Q, 0), Q, ROUNDING * Q);
    for (double order = 0.01; order < 300; order *= 1.07) {
        double now = renyi_rank(sigma, Q, order);
        assert_true(now < before);
        before = now;
    }
    assert_true(renyi_rank(sigma, Q, INFINITY) < before);
    for (int i = 0; i < 3; i++) {
        double at = renyi_rank(sigma, Q, hand_over[i]);
        assert_near(renyi_rank(sigma, Q, hand_over[i] - near), at, 100 * near);
        assert_near(renyi_rank(sigma, Q, hand_over[i] + near), at, 100 * near);
    }
    assert_near(renyi_rank(sigma, Q, 1), value("energy_entropy_rank", sigma, Q),
                ROUNDING * Q);
    assert_near(renyi_rank(sigma, Q, 2), value("participation_ratio", sigma, Q),
                ROUNDING * Q);
    assert_near(renyi_rank(sigma, Q, INFINITY), value("stable_rank", sigma, Q),
                ROUNDING * Q);
    assert_near(renyi_rank(sigma, Q, DBL_MAX), value("stable_rank", sigma, Q),
                ROUNDING * Q);
}

/* What a dense SVD leaves beyond an exact rank is no direction, however small
 * the order. */
static void renyi_sees_no_rounding(void **state)
{
    (void)state;
    double sigma[Q] = {2, 2, 2};
    for (int i = 3; i < Q; i++)
        sigma[i] = 1e-16;
    for (double order = 0; order < 1; order += 0.05)
        assert_near(renyi_rank(sigma, Q, order), 3, ROUNDING * 3);
    assert_near(renyi_rank(sigma, 0, 1), 0, 0);
    sigma[0] = 0;
    assert_near(renyi_rank(sigma, 1, 1), 0, 0);
}

static void all_zero_is_zero(void **state)
{
    (void)state;
    double sigma[Q] = {0};
    for (int i = 0; i < metric_count; i++) {
        double want = metric_table[i].of == metric_rank_loss ? 64 : 0;
        assert_near(metric_value(i, sigma, Q, 128, 64), want, 0);
        assert_near(metric_value(i, sigma, 0, 128, 64), want, 0);
    }
}

/* Norms and only norms double with the matrix. */
static void what_scales_says_so(void **state)
{
    (void)state;
    double sigma[Q], twice[Q];
    for (int i = 0; i < Q; i++) {
        sigma[i] = exp(-0.1 * i);
        twice[i] = 2 * sigma[i];
    }
    for (int i = 0; i < metric_count; i++) {
        double once = metric_value(i, sigma, Q, 128, 64);
        assert_near(metric_value(i, twice, Q, 128, 64),
                    metric_table[i].scales ? 2 * once : once, ROUNDING * once);
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
        assert_int_equal(metric_index(m->key), i);
        assert_true(*m->name && *m->formula && *m->range && *m->chance);
        assert_non_null(m->others);
        assert_non_null(m->paper);
    }
    assert_null(metric_find("rank"));
    assert_int_equal(metric_index("rank"), -1);
    assert_true(metric_count <= CHANCE_METRICS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmonic),
        cmocka_unit_test(other_tools_follow_from_ours),
        cmocka_unit_test(equal_values),
        cmocka_unit_test(thresholds_are_not_off_by_one),
        cmocka_unit_test(knee_at_the_ends),
        cmocka_unit_test(ranks_are_ordered),
        cmocka_unit_test(renyi_falls_and_passes_the_named),
        cmocka_unit_test(renyi_sees_no_rounding),
        cmocka_unit_test(all_zero_is_zero),
        cmocka_unit_test(what_scales_says_so),
        cmocka_unit_test(numerical_rank_has_the_float_floor),
        cmocka_unit_test(the_table_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
