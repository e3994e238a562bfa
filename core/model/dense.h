/*
 * Dense layers one after another: x_{l+1} = relu(x_l W_l^T + b_l), the last
 * one without the relu, and the loss on what it says:
 *
 *   numbers   sum over the outputs of (y - y*)^2
 *   classes   -log softmax(y)[class]
 *
 * What linear.c and mlp.c have in common, and lenet.c in part: sizes, files, forward and backward.
 * Biases are there when the model has others.
 */
#ifndef CORE_MODEL_DENSE_H
#define CORE_MODEL_DENSE_H

#include "core/model/network.h"

enum { DENSE_WIDEST = 1 << 16 };

/* Refuses sizes outside 1..DENSE_WIDEST, or fewer than two of them. */
int dense_check(struct model_conf *conf, struct err *err);
/* Sites fc.1, fc.2, ..., each with fc.1.bias and so on if biases. */
void dense_describe(struct model *model, bool biases);

/* config.json {"model_type": ..., "sizes": [...]}, and model.safetensors with
 * fc.1.weight (out, in), fc.1.bias (out), ... */
struct model *dense_open(const struct network *network,
                         const struct json *config, const char *folder,
                         struct err *err);
int dense_save(const struct model *model, const struct weights *weights,
               const char *folder, struct err *err);

/* What other networks have dense layers for. */
void dense_relu(struct mat y);
/* dx = 0 where x, what a relu left, is 0 */
void dense_relu_back(struct mat dx, struct mat x);
/* y (rows, outputs), what the last layer says, becomes its gradient. */
struct score dense_loss(struct mat y, const struct batch *slice);
/* The lowest layer that anybody wants; layers: none. */
int dense_lowest(const struct model *model, const struct sink *sink);

void dense_begin(struct pass *pass);
size_t dense_bytes(const struct model *model, const struct insert_shape *shape,
                   int sequences, int length);
struct score dense_score(struct pass *pass, const struct weights *weights,
                         const struct batch *slice);
struct score dense_learn(struct pass *pass, const struct weights *weights,
                         const struct batch *slice, float scale,
                         const struct sink *sink);
void dense_logits(struct pass *pass, const struct weights *weights,
                  const struct batch *slice, struct mat logits);

#endif
