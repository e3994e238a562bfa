/*
 * Answers about a stored session: what the analyst is for a live one.  One
 * thread; base, task and the runs' updates are opened when first needed.
 */
#ifndef EXPERIMENTS_STORED_ANSWERS_H
#define EXPERIMENTS_STORED_ANSWERS_H

#include "experiments/snapshot.h"

struct stored_answers;

/* snapshot comes from snapshot_read(), and nobody else holds it: answers are
 * put into it.  Both stay until stored_answers_free(). */
struct stored_answers *stored_answers_new(const struct snapshot *snapshot,
                                          const char *assets);
void stored_answers_free(struct stored_answers *answers);

/* Puts the answer, chance and norms of the site into the snapshot. */
void stored_answers_ask(struct stored_answers *answers,
                        const struct question *question);

#endif
