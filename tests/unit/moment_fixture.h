/*
 * Moments made by hand, on a model wide enough for overlaps to mean something
 * (two layers, width 32) and uneven enough for losses to move.
 */
#ifndef TESTS_UNIT_MOMENT_FIXTURE_H
#define TESTS_UNIT_MOMENT_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "analysis/subspace.h"
#include "core/base/mem.h"
#include "experiments/study.h"
#include "tests/unit/small.h"

enum { MADE_WIDTH = 32, MADE_VOCAB = 30, MADE_SEQUENCES = 11 };

static inline struct model *made_model(void)
{
    struct err err = {""};
    struct model_conf conf = {.family = "gpt2",
                              .layers = 2,
                              .width = MADE_WIDTH,
                              .heads = 2,
                              .inner = 40,
                              .vocab = MADE_VOCAB,
                              .context = 8,
                              .norm_eps = 1e-5f};
    linalg_thread_init();
    struct model *model = model_new(&conf, &err);
    assert_string_equal(err.text, "");
    model_init(model, 7);
    for (int i = 0; i < model->site_count; i++)
        small_random(model->base.site[i].at,
                     (size_t)model->site[i].out * (size_t)model->site[i].in,
                     0.2, 500 + (uint64_t)i);
    return model;
}

/* More sequences than fit a slice, each of six ids. */
static inline struct batch made_batch(uint64_t index)
{
    struct batch batch = {0};
    struct rng rng = rng_make(2, STREAM_TEST, index);
    for (int s = 0; s < MADE_SEQUENCES; s++) {
        int32_t ids[6];
        for (int t = 0; t < 6; t++)
            ids[t] = (int32_t)rng_below(&rng, MADE_VOCAB);
        struct example example = {.ids = ids, .count = 6, .answer = 3};
        batch_add(&batch, &example);
    }
    return batch;
}

/* Nothing adapted yet. */
static inline struct moment *made_moment(const struct model *model,
                                         const char *name, int run, long step)
{
    struct moment *moment = xcalloc(1, sizeof *moment);
    atomic_init(&moment->holders, 1);
    moment->run = run;
    moment->step = step;
    snprintf(moment->name, sizeof moment->name, "%s", name);
    moment->site_count = model->site_count;
    moment->site = xcalloc((size_t)moment->site_count, sizeof *moment->site);
    return moment;
}

/* Takes bt (r, out) and a (r, in) over. */
static inline void made_factors(struct moment *moment, int site, struct mat bt,
                                struct mat a, double scale)
{
    moment->site[site] =
        (struct specimen){.adapted = true,
                          .rank = a.rows,
                          .update = update_of_factors(bt, a, scale)};
}

static inline void made_dense(struct moment *moment, int site, struct mat dw)
{
    moment->site[site] =
        (struct specimen){.adapted = true, .update = update_of_matrix(dw)};
}

static inline void made_random_factors(struct moment *moment,
                                       const struct model *model, int site,
                                       int rank, double size, uint64_t index)
{
    made_factors(moment, site,
                 small_mat(rank, model->site[site].out, size, 2 * index),
                 small_mat(rank, model->site[site].in, size, 2 * index + 1), 1);
}

/* Every site and every other, moved at random: a full run. */
static inline struct moment *made_full(const struct model *model,
                                       const char *name, int run, long step,
                                       double size, uint64_t index)
{
    struct moment *moment = made_moment(model, name, run, step);
    size_t total = 0, at = 0;
    for (int i = 0; i < model->site_count; i++)
        made_dense(moment, i,
                   small_mat(model->site[i].out, model->site[i].in, size,
                             index + (uint64_t)i));
    for (int i = 0; i < model->other_count; i++)
        total += (size_t)model->other[i].rows * (size_t)model->other[i].cols;
    moment->others = xcalloc(total, sizeof *moment->others);
    for (int i = 0; i < model->other_count; i++) {
        size_t count =
            (size_t)model->other[i].rows * (size_t)model->other[i].cols;
        small_random(moment->others + at, count, size, index + 100);
        for (size_t k = 0; k < count; k++, at++)
            moment->others[at] += model->base.other[i][k];
    }
    return moment;
}

/* to (count, n): row k is weight[k] times column from + k of u. */
static inline struct mat made_rows(struct dmat u, int from, int count,
                                   const double *weight)
{
    struct mat to = mat_new(count, u.rows);
    for (int k = 0; k < count; k++)
        for (int i = 0; i < u.rows; i++)
            mat_row(to, k)[i] = (float)(weight[k] * dmat_row(u, i)[from + k]);
    return to;
}

/* count orthonormal columns, the same for the same index. */
static inline struct dmat made_basis(int n, int count, uint64_t index)
{
    struct err err = {""};
    struct dmat u = dmat_new(n, count);
    assert_int_equal(subspace_random(u, 77, index, &err), 0);
    return u;
}

/* The loss by one pass over the whole batch, without ground. */
static inline double made_loss(const struct model *model,
                               const struct weights *weights,
                               const struct batch *batch)
{
    struct pass *pass = pass_new(model);
    struct score score = pass_score(pass, weights, batch);
    pass_free(pass);
    return score.loss / (double)score.targets;
}

/* Summing sequences in slices instead of at once. */
#define SLICED 1e-6
/* W rounded to float after each direction instead of once. */
#define BY_DIRECTION 1e-5

#endif
