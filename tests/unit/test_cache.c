/*
 * Going on behind cached keys and values against reading the whole text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/model/cache.h"
#include "tests/unit/decode_fixture.h"

/* The same float32 sums, cut differently by BLAS: a product of width 128 is
 * off by some 128 * 2^-24 = 8e-6 of its largest term at worst, and by far
 * less in the mean.  A share of the largest logit. */
static const double cached_tolerance = 1e-5;
static void assert_rows_near(struct mat got, struct mat want)
{
    float most = 0;
    for (int i = 0; i < want.rows; i++)
        for (int j = 0; j < want.cols; j++)
            most = fmaxf(most, fabsf(mat_row(want, i)[j]));
    for (int i = 0; i < want.rows; i++)
        assert_near_array(mat_row(got, i), mat_row(want, i), (size_t)want.cols,
                          cached_tolerance * (double)most);
}

/* Lane lane goes on with n ids; logits of all of them. */
static void extend(struct pass *pass, struct cache *cache,
                   const struct model *model, int lane, int32_t *ids, int n,
                   struct mat logits)
{
    int32_t target[512] = {0};
    int start[] = {0, n};
    struct batch batch = {.sequences = 1,
                          .tokens = n,
                          .targets = n,
                          .start = start,
                          .id = ids,
                          .target = target};
    pass_extend(pass, &model->base, cache, lane, &batch, logits);
}

/* A text in parts of random lengths. */
static void check_parts(const struct model *model, struct insert insert,
                        int count, uint64_t index)
{
    int32_t ids[512];
    int vocab = model->conf.vocab;
    random_ids(ids, count, vocab, index);
    struct mat got = mat_new(count, vocab);
    struct cache *cache = cache_try(model, 3, model->conf.context);
    struct pass *pass = pass_new(model);
    pass_insert(pass, insert);
    struct mat want = full_logits(pass, model, ids, count);
    struct rng rng = rng_make(index, STREAM_TEST, 1);
    for (int at = 0; at < count;) {
        int n = 1 + (int)rng_below(&rng, index % 2 ? 3 : 40);
        n = n < count - at ? n : count - at;
        extend(pass, cache, model, 1, ids + at, n, mat_rows(got, at, n));
        at += n;
        assert_int_equal(cache_length(cache, 1), at);
    }
    assert_rows_near(got, want);
    /* Cut back to the middle, the same again. */
    int half = count / 2;
    cache_cut(cache, 1, half);
    mat_zero(got);
    extend(pass, cache, model, 1, ids + half, count - half,
           mat_rows(got, half, count - half));
    assert_rows_near(mat_rows(got, half, count - half),
                     mat_rows(want, half, count - half));
    pass_free(pass);
    cache_free(cache);
    mat_free(&got);
    mat_free(&want);
}

static void cached_is_full_forward(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 12; i++) {
        struct shape shape = {17, 48, i % 2 ? GELU_ERF : GELU_TANH, i % 3 == 0};
        struct model *model = random_model(shape, i);
        check_parts(model, (struct insert){0}, 48 - (int)i, i);
        model_free(model);
    }
    struct model *model = open_bundled();
    for (uint64_t i = 0; i < 4; i++)
        check_parts(model, (struct insert){0}, model->conf.context, i);
    model_free(model);
}

/* Something beside every site's product: y[0] += 0.3 x[1], y[1] -= 0.2. */
static void beside(void *ctx, int site, struct mat x, struct mat y)
{
    int *calls = ctx;
    calls[site]++;
    for (int t = 0; t < x.rows; t++) {
        mat_row(y, t)[0] += 0.3F * mat_row(x, t)[1];
        mat_row(y, t)[1] -= 0.2F;
    }
}

static void inserts_work_in_the_cache(void **state)
{
    (void)state;
    int calls[32] = {0};
    struct model *model = random_model((struct shape){17, 40, GELU_TANH, 1}, 3);
    check_parts(model, (struct insert){.ctx = calls, .after = beside}, 40, 0);
    check_parts(model, (struct insert){.ctx = calls, .after = beside}, 33, 1);
    for (int i = 0; i < model->site_count; i++)
        assert_true(calls[i] > 0);
    model_free(model);
}

/* Lanes change places, double and vanish; each goes on as its text does. */
static void lanes_are_gathered(void **state)
{
    (void)state;
    enum { LANES = 5, STEPS = 14, VOCAB = 13 };
    struct model *model =
        random_model((struct shape){VOCAB, 32, GELU_TANH, 0}, 4);
    struct cache *cache = cache_try(model, LANES, 32);
    struct pass *pass = pass_new(model);
    struct rng rng = rng_make(5, STREAM_TEST, 2);
    int32_t text[LANES][32], before[LANES][32];
    int count[LANES] = {0};
    struct mat row = mat_new(1, VOCAB);
    for (int step = 0; step < STEPS; step++) {
        int from[LANES], kept[LANES];
        memcpy(before, text, sizeof text);
        memcpy(kept, count, sizeof count);
        for (int i = 0; i < LANES; i++)
            from[i] = (int)rng_below(&rng, LANES);
        int some = 2 + (int)rng_below(&rng, LANES - 1);
        cache_gather(cache, from, some);
        for (int i = 0; i < LANES; i++) {
            count[i] = i < some ? kept[from[i]] : 0;
            memcpy(text[i], before[from[i]], sizeof text[i]);
            assert_int_equal(cache_length(cache, i), count[i]);
            text[i][count[i]] = (int32_t)rng_below(&rng, VOCAB);
            extend(pass, cache, model, i, &text[i][count[i]], 1, row);
            count[i]++;
            struct mat want = full_logits(pass, model, text[i], count[i]);
            assert_rows_near(row, mat_rows(want, count[i] - 1, 1));
            mat_free(&want);
        }
    }
    mat_free(&row);
    pass_free(pass);
    cache_free(cache);
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cached_is_full_forward),
        cmocka_unit_test(inserts_work_in_the_cache),
        cmocka_unit_test(lanes_are_gathered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
