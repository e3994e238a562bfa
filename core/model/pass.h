/*
 * Inside a pass: what forward leaves for backward.  Private to core/model.
 */
#ifndef CORE_MODEL_PASS_H
#define CORE_MODEL_PASS_H

#include "core/base/mem.h"
#include "core/model/transformer.h"

/* T tokens, d width, n inner, q and kv columns of q and of k or v.  With the
 * norms in front (pre) or behind the sums (post), some windows are others. */
struct layer_memory {
    struct mat in;    /* (T, d) the residual stream entering the layer */
    struct mat norm1; /* (T, d) x of q, k, v; post: in */
    struct mat raw;   /* (T, q + kv) q and k before the norm of each head */
    struct mat qkv;   /* (T, q + 2 kv) as attention sees them */
    struct mat mixed; /* (T, q) attention's output, x of o */
    struct mat sum1;  /* (T, d) in + attention; pre: mid */
    struct mat mid;   /* (T, d) the stream after attention */
    struct mat norm2; /* (T, d) x of up; post: mid */
    struct mat gate;  /* (T, n) before the activation, where there is one */
    struct mat up;    /* (T, n) before the activation, or beside the gate */
    struct mat act;   /* (T, n) x of down */
    struct mat sum2;  /* (T, d) mid + the rest; pre: the next layer's in */
    struct mat out;   /* (T, d) the next layer's in */
    float *probability;
    float *mean1, *rstd1, *mean2, *rstd2; /* (T) */
    float *rheads;                        /* (T, heads + groups) of raw */
    float *kept[INSERT_PLACES];           /* an inserting method's own */
};

/* What lies between the stream and the head, of R rows. */
struct top_memory {
    struct mat x;       /* (R, d) the stream's rows, x of the dense layer */
    struct mat dense;   /* (R, d) before its activation */
    struct mat act;     /* (R, d) after it */
    struct mat out;     /* (R, d) x of the head */
    float *mean, *rstd; /* (R) */
};

struct longer { /* a slice with rows of the method's own in it */
    struct batch batch;
    int32_t *type; /* (tokens) of batch */
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
    struct top_memory top;
    struct mat dtop;         /* (R, d) gradient of top.out; backward only */
    struct mat cosine, sine; /* (T, head width / 2) where positions turn */
    struct mat embedded;     /* (T, d) before the norm, and that norm's own */
    float *mean, *rstd;      /* (T) */
    struct insert insert;    /* all zero: nothing beside W */
    struct longer longer;
    struct cache *cache; /* attention goes on from there, or NULL */
    struct mat *dense;   /* (layers + 1) of dense layers: what enters each, and
                            what leaves the last */
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
/* Gathers the rows with a target and makes pass->top of them. */
void pass_gather(struct pass *pass, const struct weights *weights,
                 const struct batch *slice);

/* Room in pass->row. */
void pass_reserve_rows(struct pass *pass, int rows);
/* What is added to the head's product: its bias, and what is beside W. */
void head_finish(const struct pass *pass, const struct weights *weights,
                 struct mat x, struct mat logits);

/* Logits and cross-entropy of the rows, chunk by chunk.  sink
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

/* Is target what greedy decoding writes: the first of the largest logits? */
bool pass_is_first_largest(const float *logits, int count, int target);

/* Others of a layer or outside, by enum layer_other or outer_other; NULL
 * where the config has none.  of: the table of weights or of a sink. */
struct layer_others {
    const float *at[LAYER_OTHERS];
};
struct layer_others pass_others(const struct model *model,
                                const struct weights *weights, int layer);
const float *pass_outer(const struct model *model,
                        const struct weights *weights, enum outer_other which);

/* norm.c: y (rows, d) from x, and what the way back needs. */
void norm_rows(struct mat y, float *mean, float *rstd, struct mat x,
               const float *gain, const float *bias,
               const struct model_conf *conf);
/* One row; dx may be dy. */
void norm_row_back(float *dx, float *dgain, float *dbias, const float *dy,
                   const float *x, const float *gain, float mean, float rstd,
                   const struct model_conf *conf);

/* turn.c: q and k between their products and attention. */
void turn_prepare(struct pass *pass, const struct batch *slice);
void turn_forward(struct pass *pass, struct layer_memory *m,
                  const struct layer_others *other);
/* dqkv becomes the gradient of what the sites gave. */
void turn_backward(const struct pass *pass, struct mat dqkv,
                   const struct layer_memory *m,
                   const struct layer_others *other, float *dq_gain,
                   float *dk_gain);

/* activation.c: act from up, and gate where there is one. */
void activate(struct layer_memory *m, const struct model_conf *conf);
/* dup, the gradient of act, becomes that of up; dgate (T, n) is written. */
void activate_back(struct mat dup, struct mat dgate,
                   const struct layer_memory *m, const struct model_conf *conf);

/* The same function of rows by themselves. */
void activate_rows(struct mat y, struct mat x, enum activation f);
void activate_rows_back(struct mat dx, struct mat x, enum activation f);

/* top.c: pass->top of rows of the stream, and back: dh is zero but for
 * those rows. */
void top_forward(struct pass *pass, const struct weights *weights);
void top_backward(struct pass *pass, const struct weights *weights,
                  struct mat dh, const struct sink *sink);

/* y (tokens, out) = x W^T + bias (out), or without one. */
void linear_forward(struct mat y, struct mat x, struct mat w,
                    const float *bias);
/* bias_gradient (cols) += the sum of dy's rows; NULL: nothing. */
void linear_bias_gradient(float *gradient, struct mat dy);

/* The columns of qkv that are q, k or v: part 0, 1, 2. */
struct mat qkv_part(struct mat qkv, const struct model_conf *conf, int part);
/* q, k and v as one (q + 2 kv, width) matrix when they lie one after another,
 * else at is NULL. */
struct mat qkv_joined(const struct weights *weights, int q_site);

#endif
