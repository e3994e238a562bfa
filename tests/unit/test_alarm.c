/*
 * Alarms on updates made for them, none on healthy, zero and unknown ones;
 * and the rank correlation on lists whose answers are known.
 */
#include <string.h>

#include "analysis/alarm.h"
#include "analysis/metric_table.h"
#include "analysis/rank_order.h"
#include "tests/near.h"

enum { RANK = 8, SIDE = 64 };
#define ROUNDING 1e-12

static const double flat[RANK] = {1.4, 1.3, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7};
static const double tower[RANK] = {9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
static const double share[RANK] = {.2, .2, .2, .1, .1, .1, .099, .001};
static const double norm[RANK] = {1, 1, 1, 1, 1, 1, 0.02, 0.002};

static struct alarm_input input_of(const double *sigma)
{
    return (struct alarm_input){
        .sigma = sigma, .count = RANK, .out = SIDE, .in = SIDE, .rank = RANK};
}

static const char *text_of(const struct alarms *alarms, enum alarm_kind kind)
{
    for (int i = 0; i < alarms->count; i++)
        if (alarms->alarm[i].kind == kind)
            return alarms->alarm[i].text;
    return NULL;
}

static void healthy_zero_and_unknown_are_quiet(void **state)
{
    (void)state;
    struct chance chance = {.rank = RANK};
    chance.metric[metric_index("entropy_rank")].mean = 7;
    struct alarm_input input = input_of(flat);
    input.chance = &chance;
    struct alarms alarms = alarms_of(&input);
    assert_int_equal(alarms.count, 0);
    assert_int_equal(alarms.uses, 8);
    assert_int_equal(alarms.of, RANK);

    static const double zero[RANK];
    input.sigma = zero;
    alarms = alarms_of(&input);
    assert_int_equal(alarms.count, 0);
    assert_int_equal(alarms.of, 0);

    input.count = 0;
    input.sigma = NULL;
    alarms = alarms_of(&input);
    assert_int_equal(alarms.count + alarms.uses + alarms.of, 0);
}

static void a_tower_is_spike_and_collapse(void **state)
{
    (void)state;
    struct chance chance = {.rank = RANK};
    chance.metric[metric_index("entropy_rank")].mean = 7;
    struct alarm_input input = input_of(tower);
    struct alarms alarms = alarms_of(&input);
    assert_null(text_of(&alarms, ALARM_COLLAPSE)); /* chance is not known */
    assert_non_null(strstr(text_of(&alarms, ALARM_SPIKE), "10 times sigma_2"));
    assert_int_equal(alarms.uses, 2); /* 0.9^2 is just 1 % of 9^2 */

    input.chance = &chance;
    alarms = alarms_of(&input);
    assert_int_equal(alarms.count, 2);
    assert_non_null(strstr(text_of(&alarms, ALARM_COLLAPSE), "rank 1.01"));
    assert_non_null(strstr(text_of(&alarms, ALARM_COLLAPSE), "chance 7.0"));

    chance.metric[metric_index("entropy_rank")].mean = 3; /* as random ones */
    alarms = alarms_of(&input);
    assert_null(text_of(&alarms, ALARM_COLLAPSE));
}

static void one_value_alone_raises_nothing(void **state)
{
    (void)state;
    struct alarm_input input = input_of(flat);
    input.count = input.rank = 1;
    struct alarms alarms = alarms_of(&input);
    assert_int_equal(alarms.count, 0);
    assert_int_equal(alarms.uses, 1);
    assert_int_equal(alarms.of, 1);
}

static void dead_needs_both(void **state)
{
    (void)state;
    struct alarm_input input = input_of(flat);
    input.direction_count = RANK;
    input.gradient_share = share;
    struct alarms alarms = alarms_of(&input);
    assert_int_equal(alarms.dead, 0); /* norms are not known */
    input.direction_norm = norm;
    alarms = alarms_of(&input);
    assert_int_equal(alarms.dead, 1);
    assert_non_null(strstr(text_of(&alarms, ALARM_DEAD), "1 of 8"));

    double even[RANK]; /* small, but learning: a direction just added */
    for (int k = 0; k < RANK; k++)
        even[k] = 1.0 / RANK;
    input.gradient_share = even;
    alarms = alarms_of(&input);
    assert_int_equal(alarms.dead, 0);
}

static void a_full_update_counts_the_smaller_side(void **state)
{
    (void)state;
    struct alarm_input input = input_of(flat);
    input.rank = 0;
    struct alarms alarms = alarms_of(&input);
    assert_int_equal(alarms.of, SIDE);
    assert_int_equal(alarms.uses, 8);
}

static void order_is_correlated(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3, 4, 5}, down[] = {9, 7, 5, 3, 1};
    static const double swapped[] = {2, 1, 3, 4, 5}, ties[] = {1, 1, 2, 2, 3};
    static const double same[] = {4, 4, 4, 4, 4};
    assert_near(rank_order_correlation(x, x, 5), 1, ROUNDING);
    assert_near(rank_order_correlation(x, down, 5), -1, ROUNDING);
    /* 1 - 6 sum d^2 / (n (n^2 - 1)), sum d^2 = 2 */
    assert_near(rank_order_correlation(x, swapped, 5), 0.9, ROUNDING);
    /* ranks 1.5 1.5 3.5 3.5 5 */
    assert_near(rank_order_correlation(x, ties, 5), 9 / sqrt(90), ROUNDING);
    assert_true(isnan(rank_order_correlation(x, same, 5)));
    assert_true(isnan(rank_order_correlation(x, x, 1)));
    const double gap[] = {1, NAN, 3};
    assert_true(isnan(rank_order_correlation(x, gap, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_zero_and_unknown_are_quiet),
        cmocka_unit_test(a_tower_is_spike_and_collapse),
        cmocka_unit_test(one_value_alone_raises_nothing),
        cmocka_unit_test(dead_needs_both),
        cmocka_unit_test(a_full_update_counts_the_smaller_side),
        cmocka_unit_test(order_is_correlated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
