/*
 * Multi-head attention of one packed slice (Vaswani et al. 2017, eq. 1): per
 * sequence and head, softmax(q k^T / sqrt(head)) v, causal unless the config
 * looks both ways.  Attention never crosses the boundary between two
 * sequences.  With fewer heads of k and v than of q, neighbours among q's
 * share one (Ainslie et al. 2023).
 */
#ifndef CORE_MODEL_ATTENTION_H
#define CORE_MODEL_ATTENTION_H

#include <stddef.h>

#include "core/base/mat.h"
#include "core/model/model.h"
#include "core/task/task.h"

/* Floats that attention keeps of a slice for its backward pass. */
size_t attention_floats(const struct batch *slice, int heads);

/* out (tokens, q) from qkv (tokens, q + 2 kv): q, k, v side by side.
 * probability receives attention_floats(). */
void attention_forward(struct mat out, float *probability, struct mat qkv,
                       const struct batch *slice,
                       const struct model_conf *conf);

/* dqkv (tokens, q + 2 kv) is overwritten.  scratch: the longest sequence's
 * length squared. */
void attention_backward(struct mat dqkv, struct mat dout, struct mat qkv,
                        const float *probability, const struct batch *slice,
                        const struct model_conf *conf, float *scratch);

#endif
