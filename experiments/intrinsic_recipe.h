/*
 * A search for the intrinsic dimension: the ordinary fields of a recipe, and
 * under intrinsic: what is reached for, and how.  A value, complete once read.
 *
 *   intrinsic:
 *     goal: {rule: score, share: 0.9}   # or gain, or given
 *     first: 64                         # d, doubled from here on
 *     most: 100000                      # no d above it; 0: D
 *     ratio: 1.1                        # done when d is known so well
 *     lr_dims: 256                      # lr of the rows holds at this d, and
 *     lr_power: 0.5                     #   lr (lr_dims / d)^lr_power at d
 *     seeds: [1, 2, 3]
 *     rows:
 *       - {name: full, method: full, lr: [1.0e-3, 2.0e-3]}
 *       - {name: did, method: subspace, lr: [0.1, 0.3]}
 *     search: {seed: 1, examples: 128}
 *     report: {examples: 256}
 *     quick: {seeds: [1], steps: 100, rates: 1, ratio: 1.5}
 *
 * Seeds, rows, search, report and quick are a grid's (grid.h): the first row is
 * the baseline, every other one a subspace whose dims the search chooses.
 *
 * With columns of unit length Adam moves theta by about lr sqrt(d) a step:
 * power 0.5 keeps the length of a step at every d, power 0 the rate.
 */
#ifndef EXPERIMENTS_INTRINSIC_RECIPE_H
#define EXPERIMENTS_INTRINSIC_RECIPE_H

#include "analysis/intrinsic.h"
#include "experiments/grid.h"

enum { INTRINSIC_CURVES = 6, INTRINSIC_ROW_NAME = 12 };

struct intrinsic_recipe {
    struct grid grid;           /* row 0: the baseline */
    struct intrinsic_goal goal; /* its baseline and start are measured */
    struct intrinsic_plan plan; /* most 0: D */
    double rate_power;
    int rate_dims;
};

/* Strict like recipe_read().  Freed by mem_free(). */
struct intrinsic_recipe *intrinsic_recipe_read(const char *path,
                                               const char *const *sets,
                                               int set_count, bool quick,
                                               struct err *err);
struct intrinsic_recipe *intrinsic_recipe_parse(const char *text, size_t size,
                                                const char *name,
                                                const char *const *sets,
                                                int set_count, bool quick,
                                                struct err *err);
/* Is it a recipe of a search?  false as well when it cannot be read. */
bool intrinsic_recipe_is(const char *path);

/* Makes a grid of one row, so that a training is an ordinary cell of it: row
 * of the recipe with d dimensions (0: as it is, the baseline), its rates after
 * so many halvings; named "full", "did-d512", "did-d512-half". */
void intrinsic_row(struct grid *to, const struct intrinsic_recipe *recipe,
                   int row, int d, int halvings);
/* The same for what nothing has been trained of: one step of rate 0, "start".
 */
void intrinsic_row_start(struct grid *to,
                         const struct intrinsic_recipe *recipe);

#endif
