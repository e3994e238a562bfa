/*
 * What stands on the axis of d beside the search: how many numbers a model
 * has in all, and how many LoRA trains at each rank, and BitFit.  By formula
 * (method_count), and kept with the results in DIR/counts.json, so that they
 * can be looked at without the model.
 */
#ifndef EXPERIMENTS_INTRINSIC_COUNTS_H
#define EXPERIMENTS_INTRINSIC_COUNTS_H

#include "experiments/intrinsic_recipe.h"
#include "experiments/sweep.h"

enum { COUNTS_LORA = 7 }; /* ranks 1, 2, 4 ... 64 */

struct intrinsic_counts {
    long baseline;          /* what the first row trains */
    long bitfit;            /* -1: the model has no biases */
    long lora[COUNTS_LORA]; /* of rank 2^i, on a recipe's usual targets */
    int loras;              /* those that fit, below the baseline */
    /* Of each subspace: D of what it moves, and the least d there is. */
    long parameters[INTRINSIC_CURVES];
    int least[INTRINSIC_CURVES];
};

/* Opens every row once, so that a mistake is found now and not after hours. */
int intrinsic_counts_make(struct intrinsic_counts *to,
                          const struct intrinsic_recipe *recipe,
                          const struct sweep_options *options, struct err *err);
int intrinsic_counts_write(const struct intrinsic_counts *counts,
                           const struct intrinsic_recipe *recipe,
                           const char *folder, struct err *err);
int intrinsic_counts_read(struct intrinsic_counts *to,
                          const struct intrinsic_recipe *recipe,
                          const char *folder, struct err *err);

#endif
