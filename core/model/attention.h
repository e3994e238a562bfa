/*
 * Causal multi-head attention of one packed slice (Vaswani et al. 2017,
 * eq. 1): per sequence and head, softmax(q k^T / sqrt(head)) v.  Attention
 * never crosses the boundary between two sequences.
 */
#ifndef CORE_MODEL_ATTENTION_H
#define CORE_MODEL_ATTENTION_H

#include <stddef.h>

#include "core/base/mat.h"
#include "core/task/task.h"

/* Floats that attention keeps of a slice for its backward pass. */
size_t attention_floats(const struct batch *slice, int heads);

/* out (tokens, width) from qkv (tokens, 3 width): q, k, v side by side.
 * probability receives attention_floats(). */
void attention_forward(struct mat out, float *probability, struct mat qkv,
                       const struct batch *slice, int heads);

/* dqkv (tokens, 3 width) is overwritten.  scratch: the longest sequence's
 * length squared. */
void attention_backward(struct mat dqkv, struct mat dout, struct mat qkv,
                        const float *probability, const struct batch *slice,
                        int heads, float *scratch);

#endif
