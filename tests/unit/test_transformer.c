/*
 * The transformer against stored values of a real checkpoint, and every
 * gradient against central differences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/model/transformer.h"
#include "tests/near.h"

static const char *const microlm = "../shared/data/models/microlm";

static struct model *tiny(enum activation activation, bool tied)
{
    struct model_conf conf = {.family = "gpt2",
                              .layers = 2,
                              .width = 8,
                              .heads = 2,
                              .inner = 20,
                              .vocab = 11,
                              .context = 12,
                              .activation = activation,
                              .norm_eps = 1e-5F,
                              .tied = tied};
    struct err err;
    struct model *model = model_new(&conf, &err);
    assert_non_null(model);
    model_init(model, 3);
    /* Larger, uneven values: gains off 1, biases off 0, so that a wrong
     * gradient cannot hide behind a symmetric start. */
    struct rng rng = rng_make(5, STREAM_TEST, 0);
    for (int i = 0; i < model->other_count; i++) {
        const struct other *o = &model->other[i];
        for (int j = 0; j < o->rows * o->cols; j++)
            ((float *)model->base.other[i])[j] +=
                (float)rng_between(&rng, -0.3, 0.3);
    }
    for (int i = 0; i < model->site_count; i++)
        for (int j = 0; j < model->site[i].out * model->site[i].in; j++)
            model->base.site[i].at[j] += (float)rng_between(&rng, -0.4, 0.4);
    return model;
}

/* Three sequences, one of them without any target. */
static struct batch mixed_batch(int vocab)
{
    static const int lengths[] = {5, 9, 4};
    struct batch batch = {0};
    struct rng rng = rng_make(9, STREAM_TEST, 1);
    for (int s = 0; s < 3; s++) {
        int32_t ids[10];
        for (int t = 0; t <= lengths[s]; t++)
            ids[t] = (int32_t)rng_below(&rng, (uint32_t)vocab);
        struct example example = {ids, lengths[s] + 1, s == 1 ? 4 : 1};
        batch_add(&batch, &example);
    }
    for (int t = batch.start[2]; t < batch.start[3]; t++, batch.targets--)
        batch.target[t] = -1;
    return batch;
}

struct gathered { /* dense gradients of everything */
    const struct model *model;
    struct mat *site;
};

static void gather(void *ctx, int site, struct mat x, struct mat dy)
{
    struct gathered *all = ctx;
    linalg_gemm(all->site[site], 1, dy, TRANSPOSED, x, PLAIN, 1);
}

/* float32 forward, step 1e-2 on values of order 0.3: truncation h^2/6 f''' and
 * rounding eps |f| / h are both below 1e-3 of a gradient of order 1. */
static const double difference_tolerance = 4e-3;

static double nats(struct pass *pass, const struct model *model,
                   const struct batch *batch)
{
    return pass_score(pass, &model->base, batch).loss;
}

static void check_entry(struct pass *pass, const struct model *model,
                        const struct batch *batch, float *value, double got)
{
    const float h = 1e-2F;
    float kept = *value;
    *value = kept + h;
    double above = nats(pass, model, batch);
    *value = kept - h;
    double below = nats(pass, model, batch);
    *value = kept;
    double want = (above - below) / (2.0 * (double)h);
    assert_near(got, want, difference_tolerance * (1 + fabs(want)));
}

static void check_gradients(enum activation activation, bool tied)
{
    struct model *model = tiny(activation, tied);
    struct batch batch = mixed_batch(model->conf.vocab);
    struct pass *pass = pass_new(model);
    struct mat site[16];
    float *other[32];
    bool wants[16];
    struct gathered all = {model, site};
    for (int i = 0; i < model->site_count; i++) {
        site[i] = mat_new(model->site[i].out, model->site[i].in);
        wants[i] = true;
    }
    for (int i = 0; i < model->other_count; i++)
        other[i] =
            xcalloc((size_t)model->other[i].rows * (size_t)model->other[i].cols,
                    sizeof(float));
    struct sink sink = {&all, wants, gather, other, NULL};
    struct score score = pass_learn(pass, &model->base, &batch, 1.0F, &sink);
    assert_int_equal(score.targets, batch.targets);
    assert_int_equal(score.sequences, 2);
    int head = model->site_count - 1;
    for (int i = 0; i < model->other_count; i++) {
        int count = model->other[i].rows * model->other[i].cols;
        for (int j = 0; j < count; j += 1 + count / 16) {
            double got = (double)other[i][j];
            if (i == 0 && tied) /* two uses of one tensor */
                got += (double)site[head].at[j];
            check_entry(pass, model, &batch, (float *)model->base.other[i] + j,
                        got);
        }
    }
    for (int i = 0; i < model->site_count; i++) {
        int count = model->site[i].out * model->site[i].in;
        for (int j = 0; j < count && !(i == head && tied); j += 1 + count / 16)
            check_entry(pass, model, &batch, model->base.site[i].at + j,
                        (double)site[i].at[j]);
        mat_free(&site[i]);
    }
    for (int i = 0; i < model->other_count; i++)
        mem_free(other[i]);
    batch_free(&batch);
    pass_free(pass);
    model_free(model);
}

static void gradients_tanh_tied(void **state)
{
    (void)state;
    check_gradients(GELU_TANH, true);
}

static void gradients_erf_untied(void **state)
{
    (void)state;
    check_gradients(GELU_ERF, false);
}

struct counted {
    int calls[16];
};

static void count_call(void *ctx, int site, struct mat x, struct mat dy)
{
    struct counted *counted = ctx;
    assert_int_equal(x.rows, dy.rows);
    counted->calls[site]++;
}

/* A site wanted alone gets the gradient it gets among all others. */
static void alone_as_among_all(void **state)
{
    (void)state;
    struct model *model = tiny(GELU_TANH, true);
    struct batch batch = mixed_batch(model->conf.vocab);
    struct pass *pass = pass_new(model);
    float *other[32] = {NULL};
    struct mat full[16], lone[16];
    bool wants[16];
    for (int i = 0; i < model->site_count; i++) {
        full[i] = mat_new(model->site[i].out, model->site[i].in);
        lone[i] = mat_new(model->site[i].out, model->site[i].in);
        wants[i] = true;
    }
    struct gathered all = {model, full}, one = {model, lone};
    struct sink sink = {&all, wants, gather, other, NULL};
    (void)pass_learn(pass, &model->base, &batch, 0.5F, &sink);
    for (int i = 0; i < model->site_count; i++) {
        memset(wants, 0, sizeof wants);
        wants[i] = true;
        sink.ctx = &one;
        (void)pass_learn(pass, &model->base, &batch, 0.5F, &sink);
        assert_true(mat_norm_squared(lone[i]) > 0);
        assert_memory_equal(lone[i].at, full[i].at,
                            sizeof(float) * (size_t)full[i].rows *
                                (size_t)full[i].cols);
    }
    struct counted counted = {{0}};
    struct sink counting = {&counted, wants, count_call, other, NULL};
    (void)pass_learn(pass, &model->base, &batch, 0.5F, &counting);
    for (int i = 0; i < model->site_count; i++) {
        assert_int_equal(counted.calls[i] > 0, wants[i]);
        mat_free(&full[i]);
        mat_free(&lone[i]);
    }
    batch_free(&batch);
    pass_free(pass);
    model_free(model);
}

/* Packing sequences changes nothing about any of them. */
static void sequences_do_not_see_each_other(void **state)
{
    (void)state;
    struct model *model = tiny(GELU_TANH, true);
    struct batch batch = mixed_batch(model->conf.vocab);
    struct pass *pass = pass_new(model);
    double together = nats(pass, model, &batch), apart = 0;
    for (int i = 0; i < 2; i++) {
        int starts[4];
        struct batch slice = batch_slice(&batch, i, 3, starts);
        apart += nats(pass, model, &slice);
    }
    assert_near(together, apart, 1e-5 * fabs(apart)); /* float32 rounding */
    batch_free(&batch);
    pass_free(pass);
    model_free(model);
}

/* The published values were computed in float64. */
static const double golden_logit_tolerance = 1e-4;

static void reproduces_microlm(void **state)
{
    (void)state;
    if (!file_exists(microlm)) {
        print_message("%s is not here\n", microlm);
        skip();
    }
    struct err err = {""};
    char path[256];
    struct model *model = model_open(microlm, &err);
    assert_string_equal(err.text, "");
    assert_non_null(model);
    struct json *golden =
        json_read(file_join(path, sizeof path, microlm, "golden.json"), &err);
    assert_non_null(golden);
    const struct json *ids = json_get(golden, "ids");
    const struct json *want = json_get(golden, "last_logits");
    int count = json_length(ids), vocab = model->conf.vocab;
    int32_t id[256];
    for (int i = 0; i < count; i++)
        id[i] = (int32_t)json_int(json_at(ids, i), -1);
    struct batch batch = {0};
    struct example example = {id, count, 1};
    batch_add(&batch, &example);
    struct pass *pass = pass_new(model);
    struct score score = pass_score(pass, &model->base, &batch);
    assert_near(score.loss / (double)score.targets,
                json_number(json_get(golden, "mean_nll_nats"), NAN), 1e-5);
    /* The stored logits are those that predict the last id. */
    struct mat logits = mat_new(batch.tokens, vocab);
    pass_logits(pass, &model->base, &batch, logits);
    assert_true(json_length(want) >= 10);
    for (int i = 0; i < json_length(want); i++)
        assert_near((double)mat_row(logits, batch.tokens - 1)[i],
                    json_number(json_at(want, i), NAN), golden_logit_tolerance);
    mat_free(&logits);
    batch_free(&batch);
    pass_free(pass);
    json_free(golden);
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_tanh_tied),
        cmocka_unit_test(gradients_erf_untied),
        cmocka_unit_test(alone_as_among_all),
        cmocka_unit_test(sequences_do_not_see_each_other),
        cmocka_unit_test(reproduces_microlm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
