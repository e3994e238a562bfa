/*
 * A run: base + method + task + optimiser + seed, a deterministic machine
 * with step().  One step is S slices; gradients are summed in slice order.
 *
 * A run is owned by one thread (the session's trainer); between
 * run_post_step() and team_wait() it belongs to the team.
 */
#ifndef CORE_TRAIN_RUN_H
#define CORE_TRAIN_RUN_H

#include <stddef.h>

#include "core/io/safetensors.h"
#include "core/method/method.h"
#include "core/model/transformer.h"
#include "core/train/optimizer.h"
#include "core/train/team.h"

struct run_conf {
    struct method_conf method;
    struct optimizer_conf optimizer;
    uint64_t seed;
    long steps; /* the schedule's length */
    int slices; /* S, part of the recipe */
};

struct run;

struct run *run_new(const struct model *model, const struct run_conf *conf,
                    struct err *err);
void run_free(struct run *run);

/* Posts one step's jobs; the batch must stay until team_wait(). */
void run_post_step(struct run *run, struct team *team,
                   const struct batch *batch);

struct step_result {
    double loss;      /* per target, of the batch, before the update */
    double grad_norm; /* before clipping */
    double lr;
    bool diverged; /* loss or gradient not finite; the update was not made */
};
struct step_result run_result(const struct run *run);

/* Posts a forward pass over the batch in slices; the score is there after
 * team_wait(). */
void run_post_evaluate(struct run *run, struct team *team,
                       const struct batch *batch);
struct score run_score(const struct run *run);

/* pass_bytes() of a slice of this run. */
size_t run_pass_bytes(const struct run *run, int sequences, int length);

long run_step(const struct run *run); /* steps taken */
const struct run_conf *run_conf_of(const struct run *run);
const struct method *run_method(const struct run *run);
const struct weights *run_weights(struct run *run); /* brought up to date */
long run_trainable(const struct run *run);

/* Between steps.  lr: the peak of the schedule from now on. */
void run_set_lr(struct run *run, double lr);
void run_set_steps(struct run *run, long steps);
/* site -1: every site that has a rank; then all or none change.  changes
 * (site_count) receives *count entries, freed with rank_change_free(). */
int run_set_rank(struct run *run, int site, int rank, enum rank_policy policy,
                 struct rank_change *changes, int *count, struct err *err);

/* Before the first step, at a site with factors A and B of the rank of bt
 * (r, out) and a (r, in): they become these, with B divided so that the update
 * is scale bt^T a whatever the run's own scale. */
void run_set_factors(struct run *run, int site, struct mat bt, struct mat a,
                     double scale);

/* Share of the last step's gradient energy in each direction of a site:
 * ||dL/dA_k||^2 + ||dL/dB_k||^2 over their sum, or of B alone where A does not
 * train; returns how many (0: none). */
int run_gradient_share(const struct run *run, int site, double *share,
                       int room);

/* A complete state: with the same batches it continues with the same bits.
 * save adds tensors and metadata; load replaces everything or, on failure,
 * nothing. */
void run_save(const struct run *run, struct safetensors_out *out);
int run_load(struct run *run, const struct safetensors *from, struct err *err);
/* Of a saved state only what was learned: the method with its values, freed
 * by method_free(), and the step.  Ranks are the state's, whatever conf
 * says. */
struct method *run_load_method(long *step, const struct model *model,
                               const struct method_conf *conf,
                               const struct safetensors *from, struct err *err);

#endif
