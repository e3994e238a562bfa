/*
 * Small models with uneven weights, the logits of a whole text, and texts that
 * are written alone: for tests of the cache, of writing and of beams.
 */
#ifndef TESTS_UNIT_DECODE_FIXTURE_H
#define TESTS_UNIT_DECODE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/vecmath.h"
#include "core/model/decode.h"
#include "tests/near.h"

/* A sum of -log p: each is a float32 of order 1 to 20, rounded a few times. */
static inline double nats_tolerance(int tokens)
{
    return 2e-5 * tokens;
}

struct shape {
    int vocab, context;
    enum activation activation;
    bool tied;
};

/* Uneven weights of order 0.4: what it writes is neither constant nor nearly
 * uniform. */
static inline struct model *random_model(struct shape shape, uint64_t seed)
{
    struct model_conf conf = {.family = "gpt2",
                              .layers = 2,
                              .width = 12,
                              .heads = 3,
                              .inner = 20,
                              .vocab = shape.vocab,
                              .context = shape.context,
                              .activation = shape.activation,
                              .norm_eps = 1e-5F,
                              .tied = shape.tied};
    struct err err;
    struct model *model = model_new(&conf, &err);
    assert_non_null(model);
    model_init(model, seed);
    struct rng rng = rng_make(seed, STREAM_TEST, 0);
    for (int i = 0; i < model->other_count; i++)
        for (int j = 0; j < model->other[i].rows * model->other[i].cols; j++)
            ((float *)model->base.other[i])[j] +=
                (float)rng_between(&rng, -0.4, 0.4);
    for (int i = 0; i < model->site_count; i++)
        for (int j = 0; j < model->site[i].out * model->site[i].in; j++)
            model->base.site[i].at[j] += (float)rng_between(&rng, -0.4, 0.4);
    return model;
}

static inline struct model *open_bundled(void)
{
    struct err err = {""};
    struct model *model = model_open("assets/base", &err);
    assert_string_equal(err.text, "");
    assert_non_null(model);
    return model;
}

static inline void random_ids(int32_t *ids, int count, int vocab,
                              uint64_t index)
{
    struct rng rng = rng_make(11, STREAM_TEST, index);
    for (int i = 0; i < count; i++)
        ids[i] = (int32_t)rng_below(&rng, (uint32_t)vocab);
}

/* (count, vocab) of one sequence; freed by mat_free. */
static inline struct mat full_logits(struct pass *pass,
                                     const struct model *model, int32_t *ids,
                                     int count)
{
    int32_t target[512];
    int start[] = {0, count};
    for (int t = 0; t < count; t++)
        target[t] = -1;
    struct batch batch = {.sequences = 1,
                          .tokens = count,
                          .start = start,
                          .id = ids,
                          .target = target};
    struct mat logits = mat_new(count, model->conf.vocab);
    pass_logits(pass, &model->base, &batch, logits);
    return logits;
}

static inline int first_largest(const float *logits, int vocab)
{
    int best = 0;
    for (int i = 1; i < vocab; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

static inline int draw(float *logits, int vocab, double temperature,
                       struct rng rng)
{
    vec_scale(logits, (float)(1.0 / temperature), (size_t)vocab);
    (void)vec_softmax(logits, (size_t)vocab);
    double left = rng_uniform(&rng);
    for (int i = 0; i < vocab; i++)
        if ((left -= (double)logits[i]) < 0)
            return i;
    return first_largest(logits, vocab);
}

/* Greedy or sampled writing as it was before there was a cache. */
static inline int write_plainly(const struct model *model, int32_t *ids,
                                int count, const struct decode_conf *conf)
{
    int context = model->conf.context, vocab = model->conf.vocab;
    struct pass *pass = pass_new(model);
    for (int i = 0; i < conf->tokens; i++) {
        int used = count < context ? count : context;
        struct mat logits = full_logits(pass, model, ids + count - used, used);
        float *last = mat_row(logits, used - 1);
        int next = conf->temperature > 0
                       ? draw(last, vocab, conf->temperature,
                              rng_make(conf->seed, STREAM_SAMPLE, (uint64_t)i))
                       : first_largest(last, vocab);
        mat_free(&logits);
        ids[count++] = next;
        if (next == conf->end)
            break;
    }
    pass_free(pass);
    return count;
}

/* nats of ids[prompt .. count-1], by one forward; pass is of this model */
static inline double forced_nats(struct pass *pass, const struct model *model,
                                 int32_t *ids, int prompt, int count)
{
    struct batch batch = {0};
    struct example example = {ids, count, prompt};
    batch_add(&batch, &example);
    double nats = pass_score(pass, &model->base, &batch).loss;
    batch_free(&batch);
    return nats;
}

enum { ROOM = 512 };

struct piece {
    struct decode_text text;
    int32_t ids[ROOM];
};

static inline void begin(struct piece *p, const int32_t *prompt, int count,
                         int tokens)
{
    memcpy(p->ids, prompt, (size_t)count * sizeof *prompt);
    p->text = (struct decode_text){
        .ids = p->ids, .count = count, .room = count + tokens};
}

static inline void write_alone(const struct model *model, struct piece *p,
                               const struct decode_conf *conf)
{
    struct err err = {""};
    struct decoder *decoder =
        decoder_new(model, &model->base, decode_lanes(conf, 1),
                    p->text.count + conf->tokens, &err);
    assert_non_null(decoder);
    decode(decoder, &p->text, 1, 0, conf);
    decoder_free(decoder);
}

#endif
