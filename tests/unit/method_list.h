/*
 * Every method that moves weights, with what it may train beside its own, and
 * a run of it on a small model.
 */
#ifndef TESTS_UNIT_METHOD_LIST_H
#define TESTS_UNIT_METHOD_LIST_H

#include <string.h>

#include "core/train/run.h"
#include "tests/unit/small.h"

enum { LISTED = 22 };

/* Rank 4 and alpha 6 on q, v, up and down, and on the head where nothing is
 * trained beside. */
static inline struct method_conf listed(int i)
{
    static const struct {
        const char *name;
        bool also;
        struct subspace_conf subspace;
    } of[LISTED] = {
        {.name = "full"},
        {.name = "full_top2"},
        {.name = "full_sites"},
        {"full_sites", true, {0}},
        {.name = "bitfit"},
        {.name = "lora"},
        {"lora", true, {0}},
        {.name = "rslora"},
        {.name = "lora_plus"},
        {.name = "lora_fa"},
        {"lora_fa", true, {0}},
        {.name = "dora"},
        {"dora", true, {0}},
        {.name = "pissa"},
        {"pissa", true, {0}},
        {.name = "vera"},
        {.name = "adalora"},
        {"subspace", false, {300, PROJECT_FASTFOOD, "full", false}},
        {"subspace", false, {300, PROJECT_FASTFOOD_LI, "full", true}},
        {"subspace", true, {200, PROJECT_SPARSE, "full_sites", true}},
        {"subspace", false, {100, PROJECT_DENSE, "lora", true}},
        {"subspace", false, {1 << 20, PROJECT_DENSE, "", true}}};
    struct method_conf conf = small_lora();
    conf.name = of[i].name;
    conf.lr_ratio = 16;
    conf.subspace = of[i].subspace;
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
    /* VeRA's two vectors a site, AdaLoRA's small P and Q, and one number for
     * many need longer steps than matrices. */
    static const char *const slowly[] = {"vera", "adalora", "subspace"};
    const char *name = listed(i).name;
    bool slow = false;
    for (int k = 0; k < 3; k++)
        slow = slow || strcmp(name, slowly[k]) == 0;
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

/* Of the first in the list that has this name. */
static inline struct run_conf listed_named(const char *name)
{
    int i = 0;
    while (strcmp(listed(i).name, name) != 0)
        i++;
    return listed_run(i);
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
