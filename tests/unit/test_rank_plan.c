/*
 * Plans: the budget against every plan there is, the rules against closed
 * forms, and other tools' ranks against the numbers they were seen to give.
 */
#include "analysis/rank_plan.h"

#include <string.h>

#include "analysis/tool_rank.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "tests/near.h"

/* Two sums of the same squares in another order. */
#define SUMMING 1e-12

enum { SITES = 4, MOST = 6 };

struct case_of {
    double sigma[SITES][MOST];
    struct plan_site site[SITES];
    int sites;
};

static void draw(struct case_of *to, uint64_t index)
{
    struct rng rng = rng_make(1, STREAM_TEST, index);
    to->sites = 1 + (int)rng_below(&rng, SITES);
    for (int i = 0; i < to->sites; i++) {
        struct plan_site *site = &to->site[i];
        site->sigma = to->sigma[i];
        site->count = 1 + (int)rng_below(&rng, MOST);
        /* Few costs or many, with a divisor or without. */
        site->out = 3 + (int)rng_below(&rng, index % 2 ? 3 : 40);
        site->in = index % 3 ? 3 : site->out;
        double at = 4 * rng_uniform(&rng);
        for (int k = 0; k < site->count; k++) {
            to->sigma[i][k] = at;
            at *= rng_below(&rng, 4) ? rng_uniform(&rng) : 1;
        }
    }
}

static double worth(const int *rank, const struct case_of *of)
{
    double sum = 0;
    for (int i = 0; i < of->sites; i++)
        for (int k = 0; k < rank[i]; k++)
            sum += of->sigma[i][k] * of->sigma[i][k];
    return sum;
}

/* Every rank of every site, odometer-wise. */
static double brute_force(const struct case_of *of, long long parameters)
{
    int rank[SITES] = {0}, i;
    double best = 0;
    do {
        if (plan_parameters(rank, of->site, of->sites) <= parameters &&
            worth(rank, of) > best)
            best = worth(rank, of);
        for (i = 0; i < of->sites && ++rank[i] > of->site[i].count; i++)
            rank[i] = 0;
    } while (i < of->sites);
    return best;
}

static void budget_is_the_best_of_all_plans(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < 400; index++) {
        struct case_of of;
        struct err err = {""};
        struct plan_outcome outcome;
        int rank[SITES];
        draw(&of, index);
        struct rng rng = rng_make(2, STREAM_TEST, index);
        long long parameters = 6 + rng_below(&rng, 300);
        double want = brute_force(&of, parameters);
        if (plan_by_parameters(rank, &outcome, of.site, of.sites, parameters,
                               &err) != 0) {
            assert_true(want <= 0);
            continue;
        }
        assert_true(plan_parameters(rank, of.site, of.sites) <= parameters);
        assert_near_relative(worth(rank, &of), want, SUMMING);
        assert_near_relative(outcome.kept, want, SUMMING);
        assert_true(outcome.is_best);
        assert_true(outcome.at_most >= outcome.kept);
    }
}

/* Cheap and dense first would leave no room for what is worth most. */
static void budget_is_not_greedy(void **state)
{
    (void)state;
    const double cheap[] = {3}, dear[] = {8};
    const struct plan_site site[] = {{cheap, 1, 1, 0}, {dear, 1, 9, 1}};
    struct plan_outcome outcome;
    struct err err = {""};
    int rank[2];
    assert_int_equal(plan_by_parameters(rank, &outcome, site, 2, 10, &err), 0);
    assert_int_equal(rank[0], 0);
    assert_int_equal(rank[1], 1);
    assert_near(outcome.kept, 64, SUMMING);
}

/* 224 sites of r = 64 as a 7B model has them: fast, full, never over. */
static void budget_of_a_large_model(void **state)
{
    (void)state;
    enum { LAYERS = 32, KINDS = 7, R = 64, COUNT = LAYERS * KINDS };
    static const int shape[KINDS][2] = {
        {4096, 4096},  {4096, 1024},  {4096, 1024}, {4096, 4096},
        {4096, 14336}, {4096, 14336}, {14336, 4096}};
    double *sigma = xcalloc(COUNT * R, sizeof *sigma);
    struct plan_site *site = xcalloc(COUNT, sizeof *site);
    int *rank = xcalloc(COUNT, sizeof *rank);
    struct rng rng = rng_make(3, STREAM_TEST, 0);
    for (int i = 0; i < COUNT; i++) {
        double at = 1 + rng_uniform(&rng);
        for (int k = 0; k < R; k++, at *= .9 + .1 * rng_uniform(&rng))
            sigma[i * R + k] = at;
        site[i] = (struct plan_site){&sigma[i * R], R, shape[i % KINDS][0],
                                     shape[i % KINDS][1]};
    }
    struct plan_outcome outcome;
    struct err err = {""};
    assert_int_equal(
        plan_by_parameters(rank, &outcome, site, COUNT, 50000000, &err), 0);
    assert_true(outcome.is_best);
    long long used = plan_parameters(rank, site, COUNT);
    assert_true(used <= 50000000 && used > 50000000 - 5120);
    mem_free(sigma);
    mem_free(site);
    mem_free(rank);
}

static void a_budget_too_small_is_refused(void **state)
{
    (void)state;
    const double sigma[] = {1}, zero[] = {0};
    struct plan_site site = {sigma, 1, 3, 4};
    struct plan_outcome outcome;
    struct err err = {""};
    int rank[1];
    assert_int_equal(plan_by_parameters(rank, &outcome, &site, 1, 6, &err), -1);
    assert_non_null(strstr(err.text, "the smallest has 7"));
    site.sigma = zero;
    assert_int_equal(plan_by_parameters(rank, &outcome, &site, 1, 99, &err),
                     -1);
    assert_non_null(strstr(err.text, "zero"));
}

static void rules_keep_what_they_say(void **state)
{
    (void)state;
    const double sigma[] = {4, 2, 2, 1, 0}; /* squares 16 4 4 1 of 25 */
    const struct plan_site site = {sigma, 5, 9, 9};
    assert_int_equal(plan_numerical_rank(&site), 4);
    assert_int_equal(plan_by_rank(&site, 3), 3);
    assert_int_equal(plan_by_rank(&site, 100), 4);
    assert_int_equal(plan_by_energy(&site, .64), 1);
    assert_int_equal(plan_by_energy(&site, .641), 2);
    assert_int_equal(plan_by_energy(&site, .8), 2);
    assert_int_equal(plan_by_energy(&site, 1), 4);
    assert_int_equal(plan_by_ratio(&site, 1), 1);
    assert_int_equal(plan_by_ratio(&site, 2), 3);
    assert_int_equal(plan_by_ratio(&site, 1e9), 4);
    assert_near(plan_norm(&site), 5, SUMMING);
    assert_near(plan_frobenius_error(&site, 1), 3, SUMMING);
    assert_near(plan_frobenius_error(&site, 5), 0, 0);
    assert_near(plan_spectral_error(&site, 2), 2, 0);
    assert_near(plan_spectral_error(&site, 5), 0, 0);
}

/* Whatever rounding the factors left beside it. */
static void rank_one_stays_rank_one(void **state)
{
    (void)state;
    const double sigma[] = {2, 2e-7, 1e-16, 0};
    const struct plan_site site = {sigma, 4, 30, 20};
    struct plan_outcome outcome;
    struct err err = {""};
    int rank[1];
    assert_int_equal(plan_by_rank(&site, 4), 1);
    assert_int_equal(plan_by_energy(&site, 1), 1);
    assert_int_equal(plan_by_ratio(&site, 1e30), 1);
    assert_int_equal(plan_by_parameters(rank, &outcome, &site, 1, 100000, &err),
                     0);
    assert_int_equal(rank[0], 1);
}

static int tool(const char *name, const struct plan_site *site, double value)
{
    for (int i = 0; i < tool_rule_count; i++)
        if (strcmp(tool_rules[i].name, name) == 0)
            return tool_rank(&tool_rules[i], site, 1, value);
    fail_msg("no rule %s", name);
    return 0;
}

/* sigma_i = 1/i of 64, as measured (PRIOR_ART, finding 3). */
static void tools_disagree_as_published(void **state)
{
    (void)state;
    double sigma[64];
    const struct plan_site site = {sigma, 64, 100, 100};
    for (int i = 0; i < 64; i++)
        sigma[i] = 1. / (i + 1);
    assert_int_equal(tool("kohya sv_cumulative", &site, .9), 41);
    assert_int_equal(tool("LyCORIS quantile", &site, .9), 39);
    assert_int_equal(tool("kohya sv_ratio", &site, 10), 10);
    assert_int_equal(tool("LyCORIS ratio", &site, 10), 9);
    assert_int_equal(tool("PEFT convert_to_lora", &site, .9), 6);
    assert_int_equal(tool("kohya sv_fro", &site, .9), 4);
    assert_int_equal(tool("LyCORIS fixed", &site, 5), 5);
    assert_int_equal(tool("mergekit sv-epsilon", &site, .1), 9);
    assert_int_equal(plan_by_energy(&site, .9), 6);
}

/* A matrix of rank 1 becomes 2 with kohya's three (PRIOR_ART 6.12). */
static void kohya_is_off_by_one(void **state)
{
    (void)state;
    const double sigma[] = {1, 0, 0, 0};
    const struct plan_site site = {sigma, 4, 9, 9};
    assert_int_equal(tool("kohya sv_ratio", &site, 10), 2);
    assert_int_equal(tool("kohya sv_cumulative", &site, .9), 2);
    assert_int_equal(tool("kohya sv_fro", &site, .9), 2);
    assert_int_equal(tool("PEFT convert_to_lora", &site, .9), 1);
    assert_int_equal(tool("LyCORIS ratio", &site, 10), 1);
}

/* Threshold rules of LyCORIS see B A, mergekit's sees s B A. */
static void thresholds_know_the_scale(void **state)
{
    (void)state;
    const double sigma[] = {4, 2, 1};
    const struct plan_site site = {sigma, 3, 9, 9};
    for (int i = 0; i < tool_rule_count; i++) {
        int rank = tool_rank(&tool_rules[i], &site, 2, 1.5);
        if (strcmp(tool_rules[i].name, "LyCORIS threshold") == 0)
            assert_int_equal(rank, 1); /* 2, 1, .5 */
        if (strcmp(tool_rules[i].name, "mergekit sv-epsilon") == 0)
            assert_int_equal(rank, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget_is_the_best_of_all_plans),
        cmocka_unit_test(budget_is_not_greedy),
        cmocka_unit_test(budget_of_a_large_model),
        cmocka_unit_test(a_budget_too_small_is_refused),
        cmocka_unit_test(rules_keep_what_they_say),
        cmocka_unit_test(rank_one_stays_rank_one),
        cmocka_unit_test(tools_disagree_as_published),
        cmocka_unit_test(kohya_is_off_by_one),
        cmocka_unit_test(thresholds_know_the_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
