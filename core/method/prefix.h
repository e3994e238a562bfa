/*
 * What the two prefix methods share: trained rows instead of tokens, before
 * the prompt (prefix) and behind it (infix), in a table for each level of the
 * network: level 0 is the embedding, level l + 1 the stream leaving layer l.
 *
 * Rows take no position and have no position's embedding.  They cannot start
 * as nothing, for attention has to share itself with them: level 0 starts as
 * the embeddings of tokens drawn from STREAM_PREFIX.
 */
#ifndef CORE_METHOD_PREFIX_H
#define CORE_METHOD_PREFIX_H

#include "core/method/method.h"

/* Of both methods. */
int prefix_check(const struct model *model, const struct method_conf *conf,
                 struct err *err);
/* Tables of so many levels; attach of both. */
int prefix_attach(struct method *method, const struct method_conf *conf,
                  int levels, struct err *err);
void prefix_detach(struct method *method);
struct insert_shape prefix_rows(const struct method *method);

/* The table (prefix + infix, width) of a level, in value or a gradient. */
struct mat prefix_table(const struct method *method, float *flat, int level);

/* Hooks of both: rows with an id below 0 are replaced by their table's, and
 * their gradient goes there, no further. */
void prefix_forward(const struct method *method, int layer,
                    enum insert_place place, struct mat y,
                    const struct batch *slice, float *kept);
void prefix_backward(const struct method *method, float *grad, int layer,
                     enum insert_place place, struct mat dy,
                     const struct batch *slice, const float *kept,
                     struct arena *scratch);

#endif
