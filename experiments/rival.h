/*
 * A run to be put beside those there are: what it would be called, learn at
 * and train, and whether it can be.  Pure: a snapshot in, a spec out.
 */
#ifndef EXPERIMENTS_RIVAL_H
#define EXPERIMENTS_RIVAL_H

#include "experiments/recipe.h"
#include "experiments/snapshot.h"

/* The peak rate that suits the method, and who says so.  like: what a run
 * added by hand begins as; its own rate holds for its own method, and for
 * optimisers that nothing was searched for. */
double rival_lr(const char *method, const struct run_spec *like);
const char *rival_lr_from(const char *method, const struct run_spec *like);

/* like, as a run of this method: its rate and a free name go with it. */
void rival_start(struct run_spec *to, const struct snapshot *snapshot,
                 const char *method, const struct run_spec *like);

/* Numbers it would train; -1: the snapshot does not know the model. */
long rival_count(const struct snapshot *snapshot, const struct run_spec *spec);
/* Refuses what does not fit the model, and a taken name too, in the words of
 * the core. */
int rival_fits(const struct snapshot *snapshot, const struct run_spec *spec,
               struct err *err);
int rival_check(const struct snapshot *snapshot, const struct run_spec *spec,
                struct err *err);

/* Of the chosen run (an id): the first method of a list, the LoRA paper's own
 * rivals in front, that no run has and that fits; with the chosen run's rank,
 * alpha, targets and seed, as far as it has them. */
int rival_next(struct run_spec *to, const struct snapshot *snapshot, int chosen,
               const struct run_spec *like, struct err *err);

#endif
