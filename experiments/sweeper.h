/*
 * A grid that is swept, or a search for the intrinsic dimension, on a thread of
 * its own while somebody looks: the same sweep_run() and intrinsic_run(), told
 * to a screen through snapshots that hold a board.
 *
 * Snapshots and a pipe cross between the threads; nothing else does.  What
 * other processes finish in the same folder is seen as well.
 */
#ifndef EXPERIMENTS_SWEEPER_H
#define EXPERIMENTS_SWEEPER_H

#include "experiments/board.h"
#include "experiments/intrinsic_run.h"
#include "experiments/sweep.h"

struct sweeper;

/* The grid outlives it, and so does every snapshot not.  options: stop, tell
 * and ctx are its own.  trains false: the folder is only looked at. */
struct sweeper *sweeper_new(const struct grid *grid,
                            const struct sweep_options *options, bool trains,
                            struct err *err);
struct sweeper *sweeper_new_search(const struct intrinsic_recipe *recipe,
                                   const struct sweep_options *options,
                                   bool trains, struct err *err);
int sweeper_start(struct sweeper *sweeper, struct err *err);
/* As session_look() and session_wake_fd(). */
const struct snapshot *sweeper_look(struct sweeper *sweeper);
int sweeper_wake_fd(const struct sweeper *sweeper);
/* Stops between two steps; the cell at work keeps its checkpoint.  Frees. */
void sweeper_close(struct sweeper *sweeper);

#endif
