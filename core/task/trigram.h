/*
 * A trigram model over token ids, interpolated Kneser-Ney (Kneser & Ney 1995;
 * Chen & Goodman 1999, eq. 25): the yardstick a pretrained base must beat on
 * held-out text.
 */
#ifndef CORE_TASK_TRIGRAM_H
#define CORE_TASK_TRIGRAM_H

#include <stdint.h>

struct trigram;

struct trigram *trigram_new(int vocabulary); /* at most 2^20 ids */
void trigram_free(struct trigram *trigram);

/* Counts one sequence; its first id has no context and is only context. */
void trigram_add(struct trigram *trigram, const int32_t *ids, int count);

/* P(id | two before); -1 for what is not there.  Sums to 1 over the
 * vocabulary.  trigram_add() must not come after it. */
double trigram_probability(struct trigram *trigram, int32_t before2,
                           int32_t before1, int32_t id);

/* The sum of -ln P over ids[1 .. count-1]. */
double trigram_nats(struct trigram *trigram, const int32_t *ids, int count);

#endif
