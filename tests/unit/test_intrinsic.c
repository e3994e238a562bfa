/*
 * The intrinsic dimension of curves that are known: the monotone fit against
 * brute force, the crossing, its interval, and the search's way there.
 */
#include <math.h>
#include <string.h>

#include "analysis/intrinsic.h"
#include "analysis/isotonic.h"
#include "core/base/rng.h"
#include "tests/near.h"

/* --- the fit --------------------------------------------------------------
 */

static double cost(const double *fit, const double *y, const double *w, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += w[i] * pow(fit[i] - y[i], 2);
    return sum;
}

/* The min-max formula of Robertson, Wright & Dykstra (1988, theorem 1.4.4):
 * fit_i = max over a <= i of min over b >= i of the weighted mean of a..b. */
static double min_max(const double *y, const double *w, int n, int i)
{
    double largest = -INFINITY;
    for (int a = 0; a <= i; a++) {
        double smallest = INFINITY;
        for (int b = i; b < n; b++) {
            double sum = 0, weight = 0;
            for (int k = a; k <= b; k++) {
                sum += w[k] * y[k];
                weight += w[k];
            }
            smallest = fmin(smallest, sum / weight);
        }
        largest = fmax(largest, smallest);
    }
    return largest;
}

static void the_fit_is_the_nearest_rising_one(void **state)
{
    (void)state;
    enum { N = 9 };
    for (uint64_t t = 0; t < 50; t++) {
        struct rng rng = rng_make(3, STREAM_TEST, t);
        double y[N], w[N], fit[N];
        for (int i = 0; i < N; i++) {
            y[i] = 0.2 * i + rng_normal(&rng);
            w[i] = 1 + rng_below(&rng, 4);
        }
        isotonic_fit(fit, y, w, N);
        for (int i = 0; i < N; i++) {
            assert_near(fit[i], min_max(y, w, N, i), 1e-12);
            assert_true(i == 0 || fit[i] >= fit[i - 1]);
        }
        assert_true(cost(fit, y, w, N) >= 0);
    }
}

/* --- curves that are known ------------------------------------------------
 */

/* score(d) = d / (d + half): half of the end at d = half. */
static double curve(double d, double half)
{
    return d / (d + half);
}

static void thresholds_follow_their_rule(void **state)
{
    (void)state;
    struct intrinsic_goal goal = {INTRINSIC_SCORE, 0.9, 0.5, 0.8, 0.1};
    assert_near(intrinsic_threshold(&goal), 0.72, 1e-12);
    goal.rule = INTRINSIC_GAIN;
    assert_near(intrinsic_threshold(&goal), 0.73, 1e-12);
    goal.rule = INTRINSIC_GIVEN;
    assert_near(intrinsic_threshold(&goal), 0.5, 1e-12);
}

static void points_gather_runs(void **state)
{
    (void)state;
    const struct intrinsic_run runs[] = {
        {20, 0, 0.5}, {10, 0, 0.6}, {20, 1, 0.7}, {40, 0, NAN}, {80, 0, 0.9}};
    struct intrinsic_point points[5];
    assert_int_equal(intrinsic_points(points, runs, 5), 4);
    assert_int_equal(points[0].d, 10);
    assert_int_equal(points[1].runs, 2);
    assert_near(points[1].mean, 0.6, 1e-12);
    assert_near(points[1].deviation, sqrt(0.02), 1e-12);
    assert_int_equal(points[2].diverged, 1);
    assert_true(isnan(points[2].mean) && isnan(points[2].fit));
    assert_near(points[3].fit, 0.9, 1e-12);
}

struct search {
    struct intrinsic_run run[64];
    int count;
    enum intrinsic_end end;
    struct intrinsic_answer answer;
};

static void search(struct search *to, const struct intrinsic_plan *plan,
                   double half, double noise, double threshold, int diverges)
{
    int d, seed;
    *to = (struct search){.count = 0};
    while ((to->end = intrinsic_next(&d, &seed, plan, to->run, to->count,
                                     threshold)) == INTRINSIC_GOES_ON) {
        assert_true(to->count < 64 && d >= 1 && d <= plan->most);
        for (int i = 0; i < to->count; i++) /* nothing is trained twice */
            assert_false(to->run[i].d == d &&
                         to->run[i].seed == (uint64_t)seed);
        struct rng rng =
            rng_make(9, STREAM_TEST, (uint64_t)d * 100 + (uint64_t)seed);
        double score = curve(d, half) + noise * rng_normal(&rng);
        to->run[to->count++] = (struct intrinsic_run){
            d, (uint64_t)seed, d == diverges ? NAN : score};
    }
    to->answer = intrinsic_answer(to->run, to->count, threshold, 5);
}

/* The threshold .75 of d / (d + 100) is at d = 300. */
static void the_search_finds_a_known_dimension(void **state)
{
    (void)state;
    const struct intrinsic_plan plan = {10, 1, 100000, 1.1, 3};
    struct search s;
    search(&s, &plan, 100, 0, 0.75, 0);
    assert_int_equal(s.end, INTRINSIC_FOUND);
    assert_near(s.answer.d90, 300, 3);
    assert_true(s.answer.low <= 300 && s.answer.high >= 300);
    assert_true(s.answer.above <= 1.1 * s.answer.below);
    assert_true(s.count < 20);
}

/* With noise of .02 in the score, d90 varies by some 10 %: |dd/dscore| is 1600
 * at d = 300, 32 a deviation.  The interval holds it. */
static void noise_widens_the_interval(void **state)
{
    (void)state;
    const struct intrinsic_plan plan = {10, 1, 100000, 1.1, 5};
    struct search s;
    search(&s, &plan, 100, 0.02, 0.75, 0);
    assert_int_equal(s.end, INTRINSIC_FOUND);
    assert_near(s.answer.d90, 300, 64);
    assert_true(s.answer.low < s.answer.d90 && s.answer.high > s.answer.d90);
}

static void ends_that_are_not_answers(void **state)
{
    (void)state;
    const struct intrinsic_plan plan = {10, 1, 1000, 1.1, 3};
    struct search s;
    search(&s, &plan, 100, 0, 0.95, 0); /* d = 1900 */
    assert_int_equal(s.end, INTRINSIC_OUT_OF_REACH);
    assert_true(isnan(s.answer.d90));
    search(&s, &plan, 0.001, 0, 0.9, 0);
    assert_int_equal(s.end, INTRINSIC_ALL_ABOVE);
    const struct intrinsic_plan layered = {10, 7, 1000, 1.1, 3};
    search(&s, &layered, 0.001, 0, 0.9, 0);
    assert_int_equal(s.end, INTRINSIC_ALL_ABOVE);
    assert_int_equal(s.run[s.count - 1].d, 7);
    search(&s, &plan, 10, 0, 0.9, 0); /* d = 90, below the first upwards */
    assert_int_equal(s.end, INTRINSIC_FOUND);
    assert_near(s.answer.d90, 90, 1);
}

/* A d at which every seed diverges is passed by, on the way up, on the way
 * down and in the middle, and the search still ends where it should. */
static void divergence_does_not_hold_it(void **state)
{
    (void)state;
    const struct intrinsic_plan plan = {10, 1, 100000, 1.1, 3};
    const int diverging[] = {10, 80, 320, 453, 640};
    struct search s;
    for (size_t i = 0; i < sizeof diverging / sizeof *diverging; i++) {
        search(&s, &plan, 100, 0, 0.75, diverging[i]);
        assert_int_equal(s.end, INTRINSIC_FOUND);
        assert_near(s.answer.d90, 300, 3);
        assert_true(s.answer.above <= 1.1 * s.answer.below);
    }
    search(&s, &plan, 10, 0, 0.4, 5); /* d = 6.7; 10 is above already */
    assert_int_equal(s.end, INTRINSIC_FOUND);
    const struct intrinsic_plan single = {10, 1, 10, 1.1, 3};
    search(&s, &single, 100, 0, 0.75, 10);
    assert_int_equal(s.end, INTRINSIC_OUT_OF_REACH);
    assert_int_equal(s.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fit_is_the_nearest_rising_one),
        cmocka_unit_test(thresholds_follow_their_rule),
        cmocka_unit_test(points_gather_runs),
        cmocka_unit_test(the_search_finds_a_known_dimension),
        cmocka_unit_test(noise_widens_the_interval),
        cmocka_unit_test(ends_that_are_not_answers),
        cmocka_unit_test(divergence_does_not_hold_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
