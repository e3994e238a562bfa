/*
 * Inside a pass: what forward leaves for backward.  Private to core/model.
 */
#ifndef CORE_MODEL_PASS_H
#define CORE_MODEL_PASS_H

#include "core/base/mem.h"
#include "core/model/transformer.h"

struct layer_memory { /* T tokens, d width, n inner */
    struct mat in;    /* (T, d) the residual stream entering the layer */
    struct mat norm1; /* (T, d) x of q, k, v */
    struct mat qkv;   /* (T, 3d) */
    struct mat mixed; /* (T, d) attention's output, x of o */
    struct mat mid;   /* (T, d) the stream after attention */
    struct mat norm2; /* (T, d) x of up */
    struct mat up;    /* (T, n) before the activation */
    struct mat act;   /* (T, n) after it, x of down */
    float *probability;
    float *mean1, *rstd1, *mean2, *rstd2; /* (T) */
    float *kept[INSERT_PLACES];           /* an inserting method's own */
};

struct longer { /* a slice with rows of the method's own in it */
    struct batch batch;
    int *from; /* (the slice's tokens) the row that predicts what follows it */
    int from_room;
};

struct pass {
    const struct model *model;
    struct arena arena;
    struct layer_memory *layer; /* (layers) */
    struct mat out;             /* (T, d) the stream after the last layer */
    /* The rows that have a target, R of them. */
    int rows;
    int *row; /* (R) their tokens */
    int row_room;
    struct mat top;       /* (R, d) final norm of those rows, x of the head */
    float *mean, *rstd;   /* (R) */
    struct mat dtop;      /* (R, d) gradient of top; backward only */
    struct insert insert; /* all zero: nothing beside W */
    struct longer longer;
    struct cache *cache; /* attention goes on from there, or NULL */
};

/* Lays out the arena for this slice and runs the layers up to pass->out.
 * Returns the slice that really ran, which is all that the rest may use: the
 * given one, or pass->longer. */
const struct batch *pass_layers(struct pass *pass,
                                const struct weights *weights,
                                const struct batch *slice);

/* memory.c: the arena's windows for this slice. */
void pass_lay_out(struct pass *pass, const struct batch *slice);
/* (rows, cols) of the arena. */
struct mat pass_take(struct pass *pass, int rows, int cols);

/* lengthen.c: the slice with the inserted rows; itself when there are none. */
const struct batch *pass_lengthen(struct pass *pass, const struct batch *slice);
void pass_longer_free(struct longer *longer);
/* Gathers the rows with a target and normalises them into pass->top. */
void pass_gather(struct pass *pass, const struct weights *weights,
                 const struct batch *slice);

/* Final norm, logits and cross-entropy of the rows, chunk by chunk.  sink
 * NULL: score only; else dtop = scale * dL/dtop, and the head's gradient goes
 * to the sink chunk by chunk. */
struct score pass_head(struct pass *pass, const struct weights *weights,
                       const struct batch *slice, float scale,
                       const struct sink *sink);

/* Lets what is inserted beside W add to y. */
void pass_after(const struct pass *pass, int site, struct mat x, struct mat y);
/* Lets what is inserted at this place change y. */
void pass_branch(const struct pass *pass, int layer, enum insert_place place,
                 struct mat y, const struct batch *slice);

/* y (tokens, out) = x W^T + bias (out). */
void linear_forward(struct mat y, struct mat x, struct mat w,
                    const float *bias);
/* bias_gradient (cols) += the sum of dy's rows; NULL: nothing. */
void linear_bias_gradient(float *gradient, struct mat dy);

/* q, k and v as one (3 width, width) matrix when they lie one after another,
 * else at is NULL. */
struct mat qkv_joined(const struct weights *weights, int q_site);

#endif
