/*
 * A pool of worker threads that serves all runs of a session.  A job may post
 * further jobs, so a run is a chain (weights -> slices -> update) with no
 * barrier inside a step, and many small runs keep every core busy.
 *
 * What is computed never depends on the number of workers: slices are cut by
 * the recipe and summed in slice order.
 */
#ifndef CORE_TRAIN_TEAM_H
#define CORE_TRAIN_TEAM_H

#include "core/base/err.h"

struct team;

/* threads >= 1, the caller of team_wait included: 1 starts no thread.
 * Workers block all signals. */
struct team *team_new(int threads, struct err *err);
void team_free(struct team *team);
int team_threads(const struct team *team);

/* Which of the team's threads is running: 0 .. threads - 1. */
typedef void team_job(void *ctx, int index, int thread);

void team_post(struct team *team, team_job *job, void *ctx, int index);
/* Works too until every job, and every job they posted, is done. */
void team_wait(struct team *team);

#endif
