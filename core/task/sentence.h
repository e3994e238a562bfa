/*
 * Short pieces of the world's text as tokens, for tasks that are made of
 * nothing else (cipher, memorise).
 */
#ifndef CORE_TASK_SENTENCE_H
#define CORE_TASK_SENTENCE_H

#include "core/base/rng.h"
#include "core/task/task.h"
#include "core/task/world.h"

enum { SENTENCE_MOST = 24 }; /* tokens */

/* The first sentence of a document, cut off at most tokens; ids has room for
 * them.  Returns how many there are, >= 0. */
int sentence_draw(int32_t *ids, int most, const struct world *world,
                  const struct tokenizer *tokenizer, struct rng *rng);

/* The same ids, the same number. */
uint64_t sentence_hash(const int32_t *ids, int count);

#endif
