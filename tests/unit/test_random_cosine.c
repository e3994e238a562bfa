/*
 * The largest cosine by chance: closed forms in the plane and for one vector,
 * the law against the mean, both against random vectors, and the values of
 * FACTS 4.1.
 */
#include "analysis/random_cosine.h"

#include <math.h>

#include "core/base/rng.h"
#include "tests/near.h"

/* Newton's Legendre roots, and sums of 256 terms. */
#define ROUNDING 1e-12
/* The header's promises, for n = 3 and from n = 8. */
#define CUT_OFF   1e-2
#define INVERSION 1e-8
/* The middle of 100 strips of a curve that bends at its ends. */
#define STRIPS 3e-5
/* FACTS gives three digits of a Monte Carlo mean, and per cents. */
#define MEAN_AS_GIVEN  0.0016
#define SHARE_AS_GIVEN 0.006
/* Standard errors that a Monte Carlo mean may be off: one run in 16000. */
#define SIGMAS 4.0

static void known_values(void **state)
{
    (void)state;
    const struct {
        int n;
        double mean;
    } fact[] = {{16, .526},  {32, .418},  {64, .325},  {128, .251},
                {256, .190}, {768, .121}, {1024, .108}};
    for (size_t k = 0; k < sizeof fact / sizeof *fact; k++) {
        double mean, low, high;
        random_cosine(&mean, &low, &high, fact[k].n, fact[k].n);
        assert_near(mean, fact[k].mean, MEAN_AS_GIVEN);
        assert_true(low < mean && mean < high);
        assert_near(random_escapes(fact[k].n, fact[k].n, low), 0.975, 1e-4);
        assert_near(random_escapes(fact[k].n, fact[k].n, high), 0.025, 1e-4);
    }
    assert_near(random_escapes(16, 16, 0.5), 0.59, SHARE_AS_GIVEN);
    assert_near(random_escapes(32, 32, 0.5), 0.10, SHARE_AS_GIVEN);
    assert_near(random_escapes(64, 64, 0.5), 0.001, SHARE_AS_GIVEN / 10);
    assert_near(random_escapes(768, 768, 0.5), 0, ROUNDING);
}

static void closed_forms(void **state)
{
    (void)state;
    double mean, low, high;
    random_cosine(&mean, &low, &high, 1, 1);
    assert_near(mean, 1, ROUNDING);
    assert_near(low, 1, 1e-6);
    assert_near(random_escapes(1, 1, 1), 1, 0);
    random_cosine(&mean, &low, &high, 2, 2); /* an angle, folded */
    assert_near(mean, 2 * sqrt(2) / M_PI, ROUNDING);
    for (double e = 0.72; e < 1; e += 0.05)
        assert_near(random_escapes(2, 2, e), 4 / M_PI * acos(e), ROUNDING);
    assert_near(random_escapes(2, 2, 0.7), 1, 0);
    assert_near(random_escapes(5, 5, 0), 1, 0);
    assert_near(random_escapes(5, 5, 1), 0, 0);
    random_cosine(&mean, &low, &high, 3, 1); /* Archimedes: uniform */
    assert_near(mean, 0.5, ROUNDING);
    assert_near(low, 0.025, 1e-6);
    assert_near(high, 0.975, 1e-6);
}

/* From 1/sqrt 2 up no two cosines can be above it, and the law is a sum of
 * betas; below, an inversion: they must meet. */
static void halves_meet(void **state)
{
    (void)state;
    const int shape[][2] = {{3, 3},  {3, 2},   {5, 5},   {8, 8},    {16, 16},
                            {16, 3}, {33, 33}, {100, 9}, {768, 768}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        int n = shape[s][0], count = shape[s][1];
        double at = sqrt(0.5), aside = 1e-10;
        assert_near(random_escapes(n, count, at - aside),
                    random_escapes(n, count, at + aside),
                    n < 8 ? CUT_OFF : INVERSION);
    }
}

/* E max|cos| is the area over the law. */
static void law_has_the_mean(void **state)
{
    (void)state;
    const int shape[][2] = {{3, 3},  {4, 4},   {8, 8},     {8, 5},   {24, 24},
                            {24, 7}, {40, 39}, {100, 100}, {300, 40}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        enum { PARTS = 100 };
        int n = shape[s][0], count = shape[s][1];
        double area = 0, mean, low, high, before = 1;
        for (int k = 0; k < PARTS; k++) {
            double one = random_escapes(n, count, (k + 0.5) / PARTS);
            assert_true(one <= before + (n < 8 ? CUT_OFF : INVERSION));
            before = one;
            area += one / PARTS;
        }
        random_cosine(&mean, &low, &high, n, count);
        assert_near(area, mean, n < 8 ? CUT_OFF : STRIPS);
    }
}

static void random_vectors_agree(void **state)
{
    (void)state;
    const int shape[][2] = {{3, 3}, {5, 2}, {16, 16}, {24, 6}, {64, 64}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        enum { DRAWS = 4000 };
        int n = shape[s][0], count = shape[s][1], inside = 0, above = 0;
        double mean, low, high, sum = 0, squares = 0;
        random_cosine(&mean, &low, &high, n, count);
        struct rng rng = rng_make(1, STREAM_TEST, 100 + s);
        for (int d = 0; d < DRAWS; d++) {
            double length = 0, most = 0;
            for (int i = 0; i < n; i++) {
                double g = rng_normal(&rng);
                length += g * g;
                most = i < count ? fmax(most, fabs(g)) : most;
            }
            most /= sqrt(length);
            sum += most / DRAWS;
            squares += most * most / DRAWS;
            inside += most >= low && most <= high;
            above += most >= mean;
        }
        double share = random_escapes(n, count, mean);
        assert_near(sum, mean, SIGMAS * sqrt((squares - sum * sum) / DRAWS));
        assert_near((double)inside / DRAWS, 0.95,
                    SIGMAS * sqrt(0.95 * 0.05 / DRAWS));
        assert_near((double)above / DRAWS, share,
                    SIGMAS * sqrt(share * (1 - share) / DRAWS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(closed_forms),
        cmocka_unit_test(halves_meet),
        cmocka_unit_test(law_has_the_mean),
        cmocka_unit_test(random_vectors_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
