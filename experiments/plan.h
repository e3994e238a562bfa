/*
 * Which runs a study needs: those of a session that will do, and those that
 * must be trained first.  Pure: a snapshot in, names out; the screen or a
 * subcommand sends the commands.
 */
#ifndef EXPERIMENTS_PLAN_H
#define EXPERIMENTS_PLAN_H

#include "experiments/recipe.h"
#include "experiments/snapshot.h"

enum { PLAN_RUNS = 3 };
enum section7_role { SECTION7_LOW, SECTION7_HIGH, SECTION7_SEED };
enum twins_role { TWINS_LORA, TWINS_FULL };

struct plan {
    int count;                         /* runs it needs */
    int run[PLAN_RUNS];                /* ids, or -1: missing */
    int missing;                       /* how many are */
    struct run_spec wanted[PLAN_RUNS]; /* of those that are missing */
    char refusal[160];                 /* it cannot be had; "" it can */
};

/* That name, or the first of name-2, name-3, ... that was never taken. */
void plan_name(struct run_spec *spec, const struct snapshot *snapshot,
               const char *name);

/* Hu et al. 2021, section 7: r = 8, r = 64 (or the largest the model allows,
 * and the low one an eighth of it), and the latter once more from another
 * seed.  like: what a run added by hand begins as; its targets gain q and v. */
void plan_section7(struct plan *plan, const struct snapshot *snapshot,
                   const struct run_spec *like);

/* The chosen run and its twin of the other kind: LoRA or full, same batches,
 * same seed, no weight decay, each at a learning rate of its own kind. */
void plan_twins(struct plan *plan, const struct snapshot *snapshot, int chosen,
                const struct run_spec *like);

#endif
