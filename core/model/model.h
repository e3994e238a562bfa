/*
 * A transformer described by a config: its sites, its other parameters, and
 * the base weights behind them, read-only and shared by all runs.
 *
 * A site is one adaptable matrix W0 (out, in), used as y = x W0^T + b.  Files
 * may fuse or transpose (GPT-2's c_attn is (in, 3 out)); here q, k and v are
 * sites of their own, whatever the file does.  Everything else that has
 * values (gains, biases, positions, the embedding) is an "other".
 */
#ifndef CORE_MODEL_MODEL_H
#define CORE_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/mat.h"

enum site_kind {
    SITE_Q,
    SITE_K,
    SITE_V,
    SITE_O,
    SITE_UP,
    SITE_DOWN,
    SITE_HEAD,
    SITE_KINDS
};

/* "q", "k", "v", "o", "up", "down", "head": as recipes name targets. */
const char *site_kind_name(enum site_kind kind);
int site_kind_find(const char *name); /* -1: none */

enum activation { GELU_TANH, GELU_ERF };

struct model_conf {
    const char *family; /* "gpt2" */
    int layers, width, heads, inner, vocab, context;
    enum activation activation;
    float norm_eps;
    bool tied; /* the head is the embedding */
};

struct site {
    char name[32]; /* h.3.attn.q, h.3.attn.o, h.3.mlp.up, head */
    enum site_kind kind;
    int layer;     /* 0-based; layers for the head */
    int out, in;
};

enum other_kind {
    OTHER_EMBED,    /* (vocab, width)  */
    OTHER_POSITION, /* (context, width) */
    OTHER_GAIN,
    OTHER_BIAS
};

/* Where the others stand: the two tables, ten a layer, the final norm. */
enum { OTHER_AT_EMBED, OTHER_AT_POSITION, OTHER_AT_LAYERS };
enum layer_other {
    NORM1_GAIN,
    NORM1_BIAS,
    Q_BIAS,
    K_BIAS,
    V_BIAS,
    O_BIAS,
    NORM2_GAIN,
    NORM2_BIAS,
    UP_BIAS,
    DOWN_BIAS,
    LAYER_OTHERS
};

struct other {
    char name[40];  /* h.3.attn.q.bias, h.3.norm1.gain, embed */
    enum other_kind kind;
    int layer;      /* -1: embed and position; layers: the final norm */
    int rows, cols;
};

/*
 * The values a forward pass uses.  site[i].at (out, in) and other[i] point
 * wherever the values live: in the base, or in a run.  When q, k and v of a
 * layer lie one after another in memory they are multiplied at once.
 */
struct weights {
    struct mat *site;    /* (site_count) */
    const float **other; /* (other_count) */
};

struct model {
    struct model_conf conf;
    int site_count, other_count;
    struct site *site;   /* layer by layer q k v o up down, then head */
    struct other *other; /* embed, position, then layer by layer, final norm */
    struct weights base;
    void *owned;         /* what model_free releases */
};

/* Sites and others of a config, in the order promised above. */
struct model *model_new(const struct model_conf *conf, struct err *err);
/* GPT-2's initial law: N(0, 0.02), output projections N(0, 0.02/sqrt(2L)),
 * gains 1, biases 0.  For pretraining and tests.  0, or -1: the machine has no
 * memory for so many weights. */
int model_init(struct model *model, uint64_t seed);
/* A Hugging Face folder: config.json and model.safetensors. */
struct model *model_open(const char *folder, struct err *err);
void model_free(struct model *model);

/* Writes config.json and model.safetensors (GPT-2 names, Conv1D
 * orientation, c_attn fused) with these weights into an existing folder. */
int model_save(const struct model *model, const struct weights *weights,
               const char *folder, struct err *err);

int model_site_find(const struct model *model, const char *name); /* or -1 */
int model_site_of(const struct model *model, enum site_kind kind, int layer);
int model_other_find(const struct model *model, const char *name);
int model_other_of(enum layer_other which, int layer);
/* The final norm's gain; its bias follows. */
int model_last_norm(const struct model *model);
long model_parameters(const struct model *model); /* tied counted once */

/* Own copies of the pointer tables, initially the base's. */
struct weights weights_new(const struct model *model);
void weights_free(struct weights *weights);

#endif
