/*
 * Inserting methods on a small model whose weights are large enough that
 * everything matters, and passes with them.
 */
#ifndef TESTS_UNIT_INSERT_FIXTURE_H
#define TESTS_UNIT_INSERT_FIXTURE_H

#include "core/model/pass.h"
#include "tests/unit/small.h"

static const char *const inserting[] = {"adapter_h", "adapter_l",
                                        "prefix_embed", "prefix_layer"};
enum { INSERTING = 4, ADAPTERS = 2 };

static inline struct method_conf conf_of(int which)
{
    return (struct method_conf){.name = inserting[which],
                                .rank = 3,
                                .seed = 3,
                                .prefix = 3,
                                .infix = 2};
}

/* small_model, with weights large enough that everything matters. */
static inline struct model *loud_model(void)
{
    struct model *model = small_model(true);
    for (int i = 0; i < model->site_count; i++)
        for (int j = 0; j < model->site[i].out * model->site[i].in; j++)
            model->base.site[i].at[j] *= 12;
    float *position = (float *)model->base.other[OTHER_AT_POSITION];
    for (int j = 0; j < model->conf.context * model->conf.width; j++)
        position[j] *= 12;
    return model;
}

/* Sequences of all kinds of prompt; they may fill the model's context. */
static inline struct batch batch_of(const struct model *model, int sequences,
                                    uint64_t index)
{
    struct batch batch = {0};
    struct rng rng = rng_make(8, STREAM_TEST, index);
    for (int s = 0; s < sequences; s++) {
        int32_t ids[9];
        int count = s == 0 ? 9 : 4 + (int)rng_below(&rng, 6);
        for (int t = 0; t < count; t++)
            ids[t] = (int32_t)rng_below(&rng, (uint32_t)model->conf.vocab / 3);
        struct example example = {ids, count, 1 + s % (count - 1)};
        batch_add(&batch, &example);
    }
    return batch;
}

static inline double nats(struct pass *pass, const struct method *method,
                          const struct batch *batch)
{
    pass_insert(pass, method_insert(method));
    return pass_score(pass, &method->model->base, batch).loss;
}

struct collecting {
    const struct method *method;
    float *grad;
};

static inline void collect(void *ctx, int layer, enum insert_place place,
                           struct mat dy, const struct batch *slice,
                           const float *kept, struct arena *scratch)
{
    struct collecting *c = ctx;
    c->method->ops->insert_backward(c->method, c->grad, layer, place, dy, slice,
                                    kept, scratch);
}

static inline struct score learn(struct pass *pass, const struct method *method,
                                 float *grad, const struct batch *batch,
                                 float *const *other)
{
    bool wants[16] = {false};
    struct collecting c = {method, grad};
    struct sink sink = {
        .ctx = &c, .wants = wants, .other = other, .insert = collect};
    pass_insert(pass, method_insert(method));
    return pass_learn(pass, &method->model->base, batch, 1, &sink);
}

#endif
