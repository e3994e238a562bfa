/*
 * A model described by a config: its sites, its other parameters, and the
 * base weights behind them, read-only and shared by all runs.  Most are
 * transformers; linear.c, mlp.c and lenet.c are not.
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
#include "core/task/example.h"

enum site_kind {
    SITE_Q,
    SITE_K,
    SITE_V,
    SITE_O,
    SITE_GATE, /* beside up, where the config is gated */
    SITE_UP,
    SITE_DOWN,
    SITE_HEAD,
    SITE_FC, /* a layer of a model that is no transformer: dense, or of patches
              */
    SITE_KINDS
};

/* "q", "k", "v", "o", "gate", "up", "down", "head", "fc": as recipes name them.
 */
const char *site_kind_name(enum site_kind kind);
int site_kind_find(const char *name); /* -1: none */

enum activation { GELU_TANH, GELU_ERF, SILU };

/* What the head says: the next token; the one behind a mask, through a dense
 * layer with the activation and a norm; or which class the text has, through
 * a dense layer with tanh, at its first token. */
enum head_kind { HEAD_NEXT, HEAD_MASKED, HEAD_CLASSES };

/* Rotary positions (Su et al. 2021, section 3.2): feature i of a head turns
 * by position * theta^(-2i / size), slowed down as the file says. */
enum slowing { SLOW_NONE, SLOW_ALL, SLOW_LOW };
struct rotary {
    double theta; /* 0: no rotary positions, but learned ones */
    enum slowing slowing;
    double factor;           /* of SLOW_ALL, and of the low frequencies */
    double low, high, first; /* SLOW_LOW: turns in the first context below
                                which all, above which none is slowed */
};

enum { MODEL_SIZES = 9 };

/* All that is zero is as in GPT-2. */
struct model_conf {
    const char *family; /* "gpt2", "llama", ... */
    enum example_kind reads;
    int layers, width, heads, inner, vocab, context;
    enum activation activation;
    float norm_eps;
    bool tied; /* the head is the embedding */

    int groups;     /* heads of k and v (Ainslie et al. 2023); 0: as q's */
    int head_width; /* 0: width / heads */
    struct rotary rotary;
    bool rms;       /* root mean square norms, which have no bias */
    bool gated;     /* D(f(G x) * U x) (Shazeer 2020) */
    bool head_norm; /* of q and k, each head alone */
    bool plain_qkv, plain_o, plain_mlp; /* without biases */
    bool both_ways;                     /* attention sees what follows */
    bool post_norm; /* norms behind the sums (Vaswani et al. 2017) */
    int types;      /* of token, in a table of their own */
    int skip;       /* rows of the position table before the first */
    enum head_kind head;
    int classes; /* of HEAD_CLASSES */
    /* No transformers alone: numbers entering the first layer, leaving it, and
     * so on to the last (channels of a convolution); then 0.  Layers, width and
     * context follow from it. */
    int size[MODEL_SIZES];
};

struct site {
    char name[96]; /* h.3.attn.q, h.3.attn.o, h.3.mlp.up, head */
    enum site_kind kind;
    int layer; /* 0-based; layers for the head */
    int out, in;
};

enum other_kind {
    OTHER_EMBED,    /* (vocab, width)  */
    OTHER_POSITION, /* (skip + context, width) */
    OTHER_TYPE,     /* (types, width) */
    OTHER_DENSE,    /* (width, width) before the head */
    OTHER_GAIN,
    OTHER_BIAS
};

/* Where the first ones stand, if they are there at all. */
enum { OTHER_AT_EMBED, OTHER_AT_POSITION };

/* Others of a layer, and others outside of all.  A config has some of them,
 * in this order. */
enum layer_other {
    NORM1_GAIN,
    NORM1_BIAS,
    Q_BIAS,
    K_BIAS,
    V_BIAS,
    O_BIAS,
    Q_NORM_GAIN,
    K_NORM_GAIN,
    NORM2_GAIN,
    NORM2_BIAS,
    GATE_BIAS,
    UP_BIAS,
    DOWN_BIAS,
    LAYER_OTHERS
};
enum outer_other {
    EMBED,
    POSITION,
    TYPE,
    EMBED_GAIN,
    EMBED_BIAS,
    OUTER_LOW, /* those from here on stand behind the layers */
    LAST_GAIN = OUTER_LOW,
    LAST_BIAS,
    DENSE,
    DENSE_BIAS,
    DENSE_GAIN, /* of the norm behind it */
    DENSE_NORM_BIAS,
    HEAD_BIAS,
    OUTER_OTHERS
};

struct other {
    char name[40]; /* h.3.attn.q.bias, h.3.norm1.gain, embed */
    enum other_kind kind;
    int layer; /* -1: below the layers; layers: behind them */
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

/* Where a site's values came from. */
struct site_origin {
    char tensor[96];   /* of the file; "": none */
    char type_name[8]; /* "F32", "BF16", ... */
};
struct network;

struct model {
    struct model_conf conf;
    const struct network *network; /* what computes it */
    int site_count, other_count;
    struct site *site;   /* layer by layer q k v o [gate] up down, then head */
    struct other *other; /* as enumerated above, layer by layer between */
    struct site_origin *origin; /* (site_count) */
    struct weights base;
    void *owned; /* what model_free releases */
};

/* Sites and others of a config, in the order promised above. */
struct model *model_new(const struct model_conf *conf, struct err *err);
/* GPT-2's initial law: N(0, 0.02), output projections N(0, 0.02/sqrt(2L)),
 * gains 1, biases 0.  Dense layers: variance 2 / in before a ReLU (He et al.
 * 2015, eq. 10), else 1 / in.  For pretraining and tests.  0, or -1: the
 * machine has no memory for so many weights. */
int model_init(struct model *model, uint64_t seed);
/* A Hugging Face folder: config.json, and model.safetensors or
 * pytorch_model.bin or the pieces of either. */
struct model *model_open(const char *folder, struct err *err);
/* The same for looking alone: of a family or head that we do not know every
 * matrix is a site by its tensor's name, and there are no others. */
struct model *model_look(const char *folder, struct err *err);
void model_free(struct model *model);

/* Of a model of dense layers; 0: it reads text. */
int model_inputs(const struct model *model);
int model_outputs(const struct model *model); /* numbers, or classes */

/* Writes config.json and model.safetensors with these weights into an
 * existing folder, in the family's own names and orientations. */
int model_save(const struct model *model, const struct weights *weights,
               const char *folder, struct err *err);

int model_site_find(const struct model *model, const char *name); /* or -1 */
/* -1: such a layer has none of this kind. */
int model_site_of(const struct model *model, enum site_kind kind, int layer);
int model_other_find(const struct model *model, const char *name);
/* -1: this config has none. */
int model_other_of(const struct model *model, enum layer_other which,
                   int layer);
int model_outer(const struct model *model, enum outer_other which);
long model_parameters(const struct model *model); /* tied counted once */

/* Refuses what cannot go on with a text, with a sentence. */
int model_check_writes(const struct model *model, struct err *err);

/* Own copies of the pointer tables, initially the base's. */
struct weights weights_new(const struct model *model);
void weights_free(struct weights *weights);

#endif
