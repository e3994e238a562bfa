/*
 * Forward and backward of one slice: here of GPT-2 with pre-norm (Radford et
 * al. 2019); other networks (network.h) answer to the same calls.  It sees plain dense W and knows nothing of how W came about; in
 * backward each site hands the pair (x, dy) to whoever wants a gradient.
 *
 *   h_0 = E[id] + P[position]
 *   a   = h + O(attention(q, k, v of norm1(h)));   h' = a +
 * D(gelu(U(norm2(a)))) logits = norm(h_L) W_head^T, loss = -log
 * softmax(logits)[target]
 *
 * Logits are taken only where a target is, in chunks, so (tokens, vocab)
 * never exists at once.
 */
#ifndef CORE_MODEL_TRANSFORMER_H
#define CORE_MODEL_TRANSFORMER_H

#include "core/base/mem.h"
#include "core/model/insert.h"
#include "core/model/model.h"
#include "core/task/task.h"

struct pass; /* activations of one slice; one thread at a time */

struct pass *pass_new(const struct model *model);
void pass_free(struct pass *pass);
/* What a pass over so many sequences of this length takes at most, with what
 * is inserted (NULL: nothing).  It is taken at the first forward, which has no
 * way to fail: ask before. */
size_t pass_bytes(const struct model *model, const struct insert_shape *shape,
                  int sequences, int length);
/* Rows of x (rows, in) that a site sees at once in a slice of so many: more
 * where a site works on the patches of an image, fewer where a slice is gone
 * through in parts. */
int pass_rows_at(const struct model *model, int site, int rows);

/* From now on with this beside W; all zero: nothing. */
void pass_insert(struct pass *pass, struct insert insert);

struct score {
    double loss; /* sum over the targets: -log p in nats, or squared errors */
    long targets;
    long exact;     /* sequences whose every target is the arg max: what
                       greedy decoding would have written; of numbers none */
    long sequences; /* with at least one target */
};

/* Forward only. */
struct score pass_score(struct pass *pass, const struct weights *weights,
                        const struct batch *slice);

/* Where gradients go.  site() gets x (tokens, in) and dy (tokens, out) of
 * every site with wants[i], both only lent; the head comes in several chunks
 * of tokens.  other[i] is added to where it is not NULL.  Nothing below the
 * lowest layer that anybody wants is back-propagated. */
struct sink {
    void *ctx;
    const bool *wants; /* (site_count) */
    void (*site)(void *ctx, int site, struct mat x, struct mat dy);
    float *const *other; /* (other_count) */
    /* Way back through what pass_insert() has put somewhere, or NULL: dy
     * (tokens, width) becomes the gradient of what forward was given. */
    void (*insert)(void *ctx, int layer, enum insert_place place, struct mat dy,
                   const struct batch *slice, const float *kept,
                   struct arena *scratch);
};

/* Forward, then backward of scale * (sum of the loss). */
struct score pass_learn(struct pass *pass, const struct weights *weights,
                        const struct batch *slice, float scale,
                        const struct sink *sink);

/* logits (tokens, vocab), or (rows, outputs), of every position, for generation and tests: row t
 * predicts token t + 1, whatever was inserted between the two. */
void pass_logits(struct pass *pass, const struct weights *weights,
                 const struct batch *slice, struct mat logits);

#endif
