/*
 * Beam search against greedy writing, and against every text there is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "tests/unit/decode_fixture.h"

static void width_one_is_greedy(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 6; i++) {
        struct model *model =
            random_model((struct shape){17, 32, GELU_TANH, 1}, 80 + i);
        struct piece greedy, beam;
        int32_t prompt[4];
        random_ids(prompt, 4, 17, i);
        struct decode_conf conf = {.tokens = 25, .end = 3};
        begin(&greedy, prompt, 4, 25);
        write_alone(model, &greedy, &conf);
        begin(&beam, prompt, 4, 25);
        conf.beam = 1;
        conf.length_penalty = 0.9;
        write_alone(model, &beam, &conf);
        assert_int_equal(beam.text.count, greedy.text.count);
        assert_memory_equal(beam.ids, greedy.ids,
                            (size_t)greedy.text.count * sizeof(int32_t));
        model_free(model);
    }
}

static double score_of(const struct piece *p, double penalty)
{
    return decode_score(p->text.nats, p->text.count - p->text.prompt, penalty);
}

/* Never worse than greedy, by its own measure, and often better. */
static void beams_beat_greedy(void **state)
{
    (void)state;
    int better = 0, trials = 0;
    for (uint64_t i = 0; i < 30; i++) {
        struct model *model =
            random_model((struct shape){11, 32, GELU_TANH, i % 2}, 100 + i);
        struct pass *pass = pass_new(model);
        int32_t prompt[4];
        random_ids(prompt, 4, 11, i);
        for (int width = 2; width <= 6; width += 2) {
            struct decode_conf conf = {.tokens = 20,
                                       .end = (int)(i % 11),
                                       .length_penalty = 0.3 * (double)(i % 4),
                                       .no_repeat = i % 3 ? 0 : 3};
            double penalty = conf.length_penalty;
            struct piece greedy, beam;
            begin(&greedy, prompt, 4, 20);
            write_alone(model, &greedy, &conf);
            conf.beam = width;
            begin(&beam, prompt, 4, 20);
            write_alone(model, &beam, &conf);
            double gain = score_of(&beam, penalty) - score_of(&greedy, penalty);
            assert_true(gain > -nats_tolerance(20));
            better += gain > 1e-3;
            trials++;
            assert_near(beam.text.nats,
                        forced_nats(pass, model, beam.ids, 4, beam.text.count),
                        nats_tolerance(20));
        }
        pass_free(pass);
        model_free(model);
    }
    assert_true(better > trials / 4);
}

enum { FEW = 4, SHORT = 4, ALL = 256 }; /* FEW^SHORT texts */

/* The best text of at most SHORT tokens by enumeration: -1 stands behind. */
static double best_of_all(const struct model *model, const int32_t *prompt,
                          int end, double penalty, int32_t *best)
{
    double top = -INFINITY;
    struct pass *pass = pass_new(model);
    for (int n = 1; n <= SHORT; n++)
        for (int code = 0; code < ALL; code++) {
            int32_t ids[2 + SHORT] = {prompt[0], prompt[1]};
            int rest = code, ends = 0;
            for (int i = 0; i < n; i++, rest /= FEW) {
                ids[2 + i] = rest % FEW;
                ends += i < n - 1 && ids[2 + i] == end;
            }
            bool complete = ids[1 + n] == end || n == SHORT;
            if (rest > 0 || ends > 0 || !complete)
                continue;
            double score = decode_score(forced_nats(pass, model, ids, 2, 2 + n),
                                        n, penalty);
            if (score <= top)
                continue;
            top = score;
            for (int i = 0; i < SHORT; i++)
                best[i] = i < n ? ids[2 + i] : -1;
        }
    pass_free(pass);
    return top;
}

/* As wide as there are texts, a beam finds the best of all. */
static void full_width_finds_the_best(void **state)
{
    (void)state;
    int lengths[SHORT + 1] = {0};
    for (uint64_t i = 0; i < 24; i++) {
        struct model *model =
            random_model((struct shape){FEW, 8, GELU_TANH, i % 2}, 200 + i);
        /* As strong as to let long texts win over short ones found first. */
        double penalty = (double)(i % 4) * 1.5;
        int end = (int)(i % FEW);
        int32_t prompt[2], best[SHORT];
        random_ids(prompt, 2, FEW, i);
        double want = best_of_all(model, prompt, end, penalty, best);
        struct decode_conf conf = {.tokens = SHORT,
                                   .end = end,
                                   .beam = ALL,
                                   .length_penalty = penalty};
        struct piece p;
        begin(&p, prompt, 2, SHORT);
        write_alone(model, &p, &conf);
        int n = p.text.count - 2;
        assert_near(score_of(&p, penalty), want, nats_tolerance(SHORT));
        for (int k = 0; k < SHORT; k++)
            assert_int_equal(k < n ? p.ids[2 + k] : -1, best[k]);
        lengths[n]++;
        model_free(model);
    }
    /* Neither all short nor all cut off: the length penalty is exercised. */
    assert_true(lengths[SHORT] > 0 && lengths[SHORT] < 24);
}

static void penalty_is_wu_et_al(void **state)
{
    (void)state;
    assert_near(decode_score(12, 7, 0), -12, 0);
    assert_near(decode_score(12, 7, 1), -6, 1e-12);
    assert_near(decode_score(8, 19, 0.5), -4, 1e-12);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_one_is_greedy),
        cmocka_unit_test(beams_beat_greedy),
        cmocka_unit_test(full_width_finds_the_best),
        cmocka_unit_test(penalty_is_wu_et_al),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
