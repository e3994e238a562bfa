/*
 * Taking a moment: the one place where a run's memory is copied for others.
 */
#ifndef EXPERIMENTS_MOMENT_TAKE_H
#define EXPERIMENTS_MOMENT_TAKE_H

#include "core/train/run.h"
#include "experiments/moment.h"

/* All sites of a run between steps, by the thread that owns it; held once for
 * the caller.  The caller fills id, name, version and branch in. */
struct moment *moment_take(struct run *run);

#endif
