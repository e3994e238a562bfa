/*
 * The bundled world: a generator of simple English about people, animals,
 * things, places, times and numbers, drawn from word lists and a grammar that
 * a lecturer can edit (assets/world/).
 *
 * Deterministic: document i of a seed is always the same text, whatever was
 * drawn before it.
 */
#ifndef CORE_TASK_WORLD_H
#define CORE_TASK_WORLD_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/rng.h"

struct world;

/* folder holds the word lists and the grammar (assets/world). */
struct world *world_open(const char *folder, struct err *err);
void world_close(struct world *world);

/* Document number index of the corpus of this seed; freed by mem_free(). */
char *world_document(const struct world *world, uint64_t seed, uint64_t index);

/* Fails when the grammar has no such symbol, or it cannot stand alone. */
int world_need(const struct world *world, const char *symbol, struct err *err);

/* Expands one symbol of the grammar, e.g. "<sentence>", which must exist
 * (world_need); freed by mem_free(). */
char *world_expand(const struct world *world, const char *symbol,
                   struct rng *rng);

#endif
