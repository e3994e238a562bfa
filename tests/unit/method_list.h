/*
 * Every method that moves weights, with what it may train beside its own, and
 * a run of it on a small model.
 */
#ifndef TESTS_UNIT_METHOD_LIST_H
#define TESTS_UNIT_METHOD_LIST_H

#include <string.h>

#include "core/train/run.h"
#include "tests/unit/small.h"

enum { LISTED = 15 };

/* Rank 4 and alpha 6 on q, v, up and down, and on the head where nothing is
 * trained beside. */
static inline struct method_conf listed(int i)
{
    static const struct {
        const char *name;
        bool also;
    } of[LISTED] = {
        {"full", false},      {"full_top2", false}, {"bitfit", false},
        {"lora", false},      {"lora", true},       {"rslora", false},
        {"lora_plus", false}, {"lora_fa", false},   {"lora_fa", true},
        {"dora", false},      {"dora", true},       {"pissa", false},
        {"pissa", true},      {"vera", false},      {"adalora", false}};
    struct method_conf conf = small_lora();
    conf.name = of[i].name;
    conf.lr_ratio = 16;
    conf.budget = (struct budget_conf){
        .rank = 6, .initial = 0.2, .final = 0.4, .every = 2, .penalty = 0.1};
    for (int k = 0; k < ALSO_KINDS; k++)
        conf.also[k] = of[i].also;
    conf.targets[SITE_HEAD] = !of[i].also;
    return conf;
}

/* Weights large enough that six steps change something. */
static inline struct model *listed_model(bool tied)
{
    struct model *model = small_model(tied);
    for (int i = 0; i < model->site_count - 1; i++)
        for (int j = 0; j < model->site[i].out * model->site[i].in; j++)
            model->base.site[i].at[j] *= 8.0F;
    return model;
}

static inline struct run_conf listed_run(int i)
{
    /* VeRA's two vectors a site and AdaLoRA's small P and Q need longer steps
     * than matrices. */
    const char *name = listed(i).name;
    bool slow = strcmp(name, "vera") == 0 || strcmp(name, "adalora") == 0;
    return (struct run_conf){.method = listed(i),
                             .optimizer = {.kind = OPTIMIZER_ADAMW,
                                           .lr = slow ? 4e-2 : 4e-3,
                                           .clip = 1,
                                           .beta1 = 0.9,
                                           .beta2 = 0.999,
                                           .eps = 1e-8,
                                           .schedule = SCHEDULE_CONSTANT},
                             .seed = 7,
                             .steps = 20,
                             .slices = 3};
}

/* The same every time: six of thirty ids in seven sequences. */
static inline struct batch listed_batch(long index)
{
    struct batch batch = {0};
    for (int s = 0; s < 7; s++) {
        struct rng rng = rng_make(4, STREAM_TEST, (uint64_t)(index * 100 + s));
        int32_t ids[8];
        int count = 5 + (int)rng_below(&rng, 4);
        for (int t = 0; t < count; t++)
            ids[t] = (int32_t)rng_below(&rng, 6);
        struct example example = {ids, count, 1 + s % 3};
        batch_add(&batch, &example);
    }
    return batch;
}

/* One step on a batch; the loss before it. */
static inline double listed_step(struct run *run, struct team *team, long index)
{
    struct batch batch = listed_batch(index);
    run_post_step(run, team, &batch);
    team_wait(team);
    batch_free(&batch);
    assert_false(run_result(run).diverged);
    return run_result(run).loss;
}

static inline void listed_train(struct run *run, struct team *team, long to)
{
    while (run_step(run) < to)
        (void)listed_step(run, team, run_step(run));
}

#endif
