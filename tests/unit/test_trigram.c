/*
 * Kneser-Ney by hand.  Corpus: the sequences 0 1 2 and 0 1 2 3 over the ids
 * 0..4.
 *
 *   trigrams: 012 twice, 123 once          D3 = 1 / (1 + 2*1) = 1/3
 *   bigrams:  01 is counted at the start of both sequences: 2; 12 and 23 as
 *             continuations: 1 each        D2 = 2 / (2 + 2*1) = 1/2
 *   words:    1, 2, 3 have one kind of left neighbour each: 1, 1, 1
 *                                          D1 = 3 / (3 + 0)   = 1
 */
#include "core/task/trigram.h"

#include <math.h>

#include "core/base/rng.h"
#include "tests/near.h"

/* Sums and quotients of a handful of doubles. */
#define ROUNDING 1e-12

static struct trigram *tiny(void)
{
    const int32_t a[] = {0, 1, 2}, b[] = {0, 1, 2, 3};
    struct trigram *trigram = trigram_new(5);
    trigram_add(trigram, a, 3);
    trigram_add(trigram, b, 4);
    return trigram;
}

static void test_by_hand(void **state)
{
    (void)state;
    struct trigram *t = tiny();
    /* P1(w) = max(c - 1, 0)/3 + 1 * 3/3 * 1/5 = 1/5 for every word */
    double p1 = 1.0 / 5;
    assert_near(trigram_probability(t, -1, -1, 2), p1, ROUNDING);
    assert_near(trigram_probability(t, -1, -1, 4), p1, ROUNDING);
    /* P2(2|1) = (1 - 1/2)/1 + 1/2 * 1/1 * P1 */
    double p2 = 0.5 + 0.5 * p1;
    assert_near(trigram_probability(t, -1, 1, 2), p2, ROUNDING);
    /* P2(1|0) = (2 - 1/2)/2 + 1/2 * 1/2 * P1 */
    assert_near(trigram_probability(t, -1, 0, 1), 0.75 + 0.25 * p1, ROUNDING);
    /* P3(2|0,1) = (2 - 1/3)/2 + 1/3 * 1/2 * P2(2|1) */
    double p3 = 5.0 / 6 + p2 / 6;
    assert_near(trigram_probability(t, 0, 1, 2), p3, ROUNDING);
    /* an unknown pair before it: the bigram alone */
    assert_near(trigram_probability(t, 4, 1, 2), p2, ROUNDING);
    const int32_t text[] = {0, 1, 2};
    assert_near(trigram_nats(t, text, 3), -log(0.75 + 0.25 * p1) - log(p3),
                ROUNDING);
    trigram_free(t);
}

static void test_sums_to_one(void **state)
{
    (void)state;
    enum { VOCABULARY = 50, LENGTH = 4000 };
    int32_t ids[LENGTH];
    struct rng rng = rng_make(3, STREAM_TEST, 0);
    for (int i = 0; i < LENGTH; i++)
        ids[i] = (int32_t)(rng_below(&rng, VOCABULARY) *
                           rng_uniform(&rng)); /* uneven on purpose */
    struct trigram *t = trigram_new(VOCABULARY);
    trigram_add(t, ids, LENGTH);
    for (int k = 0; k < 200; k++) {
        double sum = 0;
        int32_t a = (int32_t)rng_below(&rng, VOCABULARY + 1) - 1;
        int32_t b = (int32_t)rng_below(&rng, VOCABULARY);
        for (int32_t w = 0; w < VOCABULARY; w++)
            sum += trigram_probability(t, a, b, w);
        assert_near(sum, 1, 1e-10); /* 50 terms of double */
    }
    trigram_free(t);
}

/* Held-out text of a known source costs about the source's entropy. */
static void test_finds_a_cycle(void **state)
{
    (void)state;
    int32_t ids[300];
    for (int i = 0; i < 300; i++)
        ids[i] = i % 3;
    struct trigram *t = trigram_new(1000);
    trigram_add(t, ids, 300);
    double each = trigram_nats(t, ids, 300) / 299;
    assert_true(each < 0.05); /* ln 1000 = 6.9 without learning */
    trigram_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_sums_to_one),
        cmocka_unit_test(test_finds_a_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
