/*
 * Doing a search for the intrinsic dimension: cell after cell, each a session
 * without a screen, until nothing comes next.  It can be stopped at any moment
 * and called again.
 *
 *   DIR/counts.json       what stands on the axis (intrinsic_counts.h)
 *   DIR/cells/NAME.json   results (cell.h)
 *   DIR/cells/NAME.work/  the run folder of a cell while it runs
 *   DIR/search.lock       who searches here
 */
#ifndef EXPERIMENTS_INTRINSIC_RUN_H
#define EXPERIMENTS_INTRINSIC_RUN_H

#include "experiments/intrinsic_search.h"

/* counts: by intrinsic_counts_make(), which finds mistakes before anything is
 * written.  Of options no shards and no next; news has total 0: nobody knows
 * it.  done: cells of this call.  SWEEP_OTHERS: another process searches here,
 * err says which. */
enum sweep_end intrinsic_run(const struct intrinsic_recipe *recipe,
                             const struct intrinsic_counts *counts,
                             const struct sweep_options *options, int *done,
                             struct err *err);

#endif
