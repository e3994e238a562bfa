/*
 * What attention remembers of a text: the keys and values of every layer, so
 * that one more token costs one more row and not the whole text again
 * (Shazeer 2019, section 2.4.1).
 *
 * A cache has lanes; each holds one text.  A lane that is gathered from
 * another shares nothing with it afterwards.  One thread at a time.
 */
#ifndef CORE_MODEL_CACHE_H
#define CORE_MODEL_CACHE_H

#include "core/model/transformer.h"

struct cache;

/* lanes texts of at most positions tokens each, 1 .. the model's context.
 * NULL: the machine has no memory for it. */
struct cache *cache_try(const struct model *model, int lanes, int positions);
void cache_free(struct cache *cache);
size_t cache_bytes(const struct model *model, int lanes, int positions);
/* The same with room for so many inserted rows (insert.h) in each lane; they
 * count nowhere else. */
struct cache *cache_try_inserted(const struct model *model, int lanes,
                                 int positions, int inserted);

int cache_length(const struct cache *cache, int lane); /* tokens held */
/* Forgets what stands behind the first length tokens: all, or none of the
 * prompt where rows were inserted. */
void cache_cut(struct cache *cache, int lane, int length);
/* Lane i becomes what lane from[i] was, for i < count; the others are empty.
 * Copies only where a lane is wanted twice. */
void cache_gather(struct cache *cache, const int *from, int count);

/*
 * Goes on with lanes first, first + 1, ...: sequence s of the slice stands
 * behind what lane first + s holds, and is held afterwards.  logits (targets,
 * vocab) are those of the positions whose target is not -1, in order: what
 * pass_logits() would give for the whole texts, to rounding.
 */
void pass_extend(struct pass *pass, const struct weights *weights,
                 struct cache *cache, int first, const struct batch *slice,
                 struct mat logits);

/* Inside a pass (transformer.c) ------------------------------------------ */

/* Floats of scratch that cache_attention() takes for this slice. */
size_t cache_floats(const struct cache *cache, const struct batch *slice);
/* Where the slice's sequence s begins in its text. */
int cache_position(const struct cache *cache, int s);
/* Holds the k and v of qkv (tokens, q + 2 kv) of a layer, then attention over
 * all that is held: out (tokens, q). */
void cache_attention(struct cache *cache, int layer, struct mat out,
                     float *scratch, struct mat qkv, const struct batch *slice);

#endif
