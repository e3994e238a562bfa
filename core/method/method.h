/*
 * A method says how the weights may move.  The transformer sees only the
 * effective weight W = W0 + dW that a method writes once per step; backward
 * hands each adapted site's (x, dy) to the method, which takes the gradient
 * of what it trains.  Adding a method costs one file and one line in
 * method_table.c.
 */
#ifndef CORE_METHOD_METHOD_H
#define CORE_METHOD_METHOD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/method/projection.h"
#include "core/model/insert.h"
#include "core/model/model.h"

/* What happens to the scale s in W = W0 + s B A when the rank changes. */
enum rank_policy {
    RANK_KEEP_SCALE,  /* s stays: alpha' = s r' (or s sqrt r')            */
    RANK_ALPHA_R,     /* s' = alpha / r', B multiplied by s / s'          */
    RANK_ALPHA_SQRT_R /* s' = alpha / sqrt r', B multiplied by s / s'     */
};
const char *rank_policy_name(enum rank_policy policy); /* "keep s" ... */

enum scale_rule { SCALE_ALPHA_R, SCALE_ALPHA_SQRT_R };

/* What a method whose own part is small may train whole beside it. */
enum also_kind { ALSO_BIASES, ALSO_HEAD, ALSO_EMBED, ALSO_KINDS };
const char *also_name(int kind); /* "biases", "head", "embed"; else NULL */

/* DoRA: does the gradient go through the norm of the rows? */
enum norm_rule { NORM_EXACT, NORM_DETACHED };

/* AdaLoRA: when the number of triplets falls, and what keeps P and Q near
 * orthogonal. */
struct budget_conf {
    int rank;       /* of a target at the start; 0: 1.5 times the final one */
    double initial; /* share of the steps before it falls, t_i / T */
    double final;   /* share of the steps at the final rank, t_f / T */
    int every;      /* steps between two choices of triplets */
    double penalty; /* gamma of the orthogonality penalty */
};

/* A random subspace: how many dimensions, by which projection, of the values
 * of which method (NULL and "": full), and whether each layer has a factor. */
struct subspace_conf {
    int dims;
    enum projection_kind projection;
    const char *inside;
    bool layered;
};

struct method_conf {
    const char *name; /* in method_table */
    int rank;         /* of every target unless ranks says */
    double alpha;
    enum scale_rule scale;
    bool targets[SITE_KINDS];
    const int *ranks; /* (site_count), 0: rank; or NULL */
    uint64_t seed;
    bool also[ALSO_KINDS];
    double lr_ratio; /* LoRA+: lr of B over lr of A */
    enum norm_rule norm;
    struct budget_conf budget;
    int prefix, infix; /* trained tokens before and after */
    struct subspace_conf subspace;
    bool state_follows; /* a state will be loaded: first values
                           that cost time may be left out */
};

/* Which fields of a method_conf a method reads; a recipe that gives it
 * another one is refused. */
enum method_use {
    USES_RANK = 1 << 0,
    USES_RANKS = 1 << 1, /* ranks of single sites */
    USES_ALPHA = 1 << 2,
    USES_SCALE = 1 << 3,
    USES_TARGETS = 1 << 4,
    USES_ALSO = 1 << 5,
    USES_LR_RATIO = 1 << 6,
    USES_NORM = 1 << 7,
    USES_BUDGET = 1 << 8,
    USES_PREFIX = 1 << 9, /* prefix and infix */
    USES_SUBSPACE = 1 << 10,
    USES_ADAPTER = 1 << 11, /* may begin with the factors of one */
    USES_LORA = USES_RANK | USES_RANKS | USES_ALPHA | USES_SCALE |
                USES_TARGETS | USES_ALSO
};

/*
 * One trained tensor: rows of cols floats at an offset of the method's flat
 * value array.  A row of a LoRA factor is one direction: A is (r, in), and B
 * is kept transposed, (r, out), so that growing appends rows to both.
 */
enum param_kind {
    PARAM_W,
    PARAM_A,
    PARAM_BT,
    PARAM_OUT, /* (1, out) a number per row of W */
    PARAM_MID, /* (r, 1) a number per direction */
    PARAM_OTHER,
    PARAM_INSERT /* of what is inserted beside W; site and other are -1 */
};

struct param {
    char name[56];
    enum param_kind kind;
    int site;  /* or -1 */
    int other; /* or -1 */
    int rows, cols;
    size_t offset;  /* floats */
    bool decays;    /* weight decay applies (matrices, not gains or biases) */
    float lr_scale; /* times the run's lr; 0 when added means 1 */
};

/* A tensor that a state must hold although it does not train. */
struct kept {
    char name[56];
    struct mat at; /* packed */
};

struct method;

struct rank_change { /* what a change of rank did to one site */
    int site, before, after;
    double scale_before, scale_after;
    double dropped; /* predicted ||dropped||_F of s B A */
    /* How the old directions map to the new ones, for the optimiser:
     * first moments of A: ma' = map_a (after, before) ma, of Bt likewise by
     * map_b; restart[k]: direction k begins with fresh moments and age 0.
     * No change (before == after): no maps, restart NULL. */
    struct dmat map_a, map_b;
    bool *restart; /* (after) */
};
void rank_change_free(struct rank_change *change);

struct site_state {
    int rank;  /* 0: not adapted */
    int grows; /* how often fresh rows were drawn since attach */
    double alpha, scale;
    enum scale_rule rule; /* how scale comes from alpha and rank */
};

/* A site as a PEFT adapter holds it: s B A, and with magnitudes the row norms
 * of W itself. */
struct written {
    struct mat bt, a; /* (r, out), (r, in) */
    double scale;
    bool root;              /* say that scale is alpha / sqrt r */
    const float *magnitude; /* (out), or NULL */
};

struct method_ops {
    const char *name, *summary, *paper;
    const char *formula; /* in a few words, ASCII: "W = W0 + s B A" */
    unsigned uses;       /* of enum method_use */
    double lr;           /* AdamW's peak rate that did best on the bundled base:
                            experiments/recipes/method_rates.yaml */
    /* Refuses a conf that does not fit, with a sentence, before there are
     * weights: of the model only its config, sites and others are read.  NULL:
     * every conf fits. */
    int (*check)(const struct model *model, const struct method_conf *conf,
                 struct err *err);
    /* Lays out params and their first values, of a conf that fits. */
    int (*attach)(struct method *method, const struct method_conf *conf,
                  struct err *err);
    void (*detach)(struct method *method);
    /* How many values would train, by formula: of the model only its config,
     * sites and others are read, so it needs no weights.  What check refuses
     * gets any number. */
    long (*count)(const struct model *model, const struct method_conf *conf);
    bool (*adapts)(const struct method *method, int site);
    /* w (out, in) = W0 + dW; only called for adapted sites. */
    void (*effective)(const struct method *method, int site, struct mat w);
    /* grad has the layout of value; adds this slice's share.  x (tokens, in),
     * dy (tokens, out).  effective() has seen the values as they are. */
    void (*gradient)(const struct method *method, float *grad, int site,
                     struct mat x, struct mat dy, struct arena *scratch);
    /* Optional below: NULL when the method has no such thing. */
    /* Floats of scratch that gradient takes at a site for so many tokens. */
    size_t (*scratch)(const struct method *method, int site, int tokens);
    /* Where W (out, in) lies in value, packed: no effective() is needed; NULL:
     * not at this site.  If q, k and v of a layer all lie there, then one
     * after another. */
    const float *(*direct)(const struct method *method, int site);
    /* Changes a site's rank between steps; params move, so offsets change.
     * Refuses rank < 1 or > min(out, in) with a sentence, then nothing has
     * changed. */
    int (*set_rank)(struct method *method, int site, int rank,
                    enum rank_policy policy, struct rank_change *change,
                    struct err *err);
    const char *fixed_rank; /* why a method with a rank has no set_rank */
    int (*rank)(const struct method *method, int site); /* 0: none */
    /* Windows on the factors: dW = scale * bt^T a. */
    bool (*factors)(const struct method *method, int site, struct mat *bt,
                    struct mat *a, double *scale);
    /* For files, where that is not what factors() gives. */
    bool (*written)(const struct method *method, int site, struct written *to);
    /* For checkpoints: what changes of rank have made of a site; restore lays
     * the params out for states (site_count), values zero, or changes
     * nothing. */
    void (*state_of)(const struct method *method, int site,
                     struct site_state *to);
    int (*restore)(struct method *method, const struct site_state *states,
                   struct err *err);
    /* Of a method that moves another one (inner below): once values have
     * changed, what inner's are now. */
    void (*follow)(struct method *method);
    /* Methods that change themselves as they train.  Before an update, with
     * the gradient of the whole step: adds what a penalty asks for and takes
     * note.  After update number step (0-based) of steps: true when some
     * directions shall go, which drop then takes from one site after another,
     * so that the optimiser can follow; W keeps its bits. */
    void (*before_update)(struct method *method, float *grad);
    bool (*after_update)(struct method *method, long step, long steps);
    int (*drop)(struct method *method, int site, struct rank_change *change,
                struct err *err);
    /* The i-th tensor of a state beside the params; false: no more. */
    bool (*kept)(const struct method *method, int i, struct kept *to);
    /* What is put beside W (insert.h), all three or none; a method may have
     * nothing else and adapt no site.  forward changes y (tokens, width) and
     * leaves kept; backward turns dy into the gradient of the y forward was
     * given, and adds to grad, which has the layout of value. */
    void (*insert_shape)(const struct method *method,
                         struct insert_shape *shape);
    void (*insert_forward)(const struct method *method, int layer,
                           enum insert_place place, struct mat y,
                           const struct batch *slice, float *kept);
    void (*insert_backward)(const struct method *method, float *grad, int layer,
                            enum insert_place place, struct mat dy,
                            const struct batch *slice, const float *kept,
                            struct arena *scratch);
    /* One sentence for who asks for merged weights; NULL: W holds it all. */
    const char *why_not_merged;
};

struct method {
    const struct method_ops *ops;
    const struct model *model;
    struct method_conf conf; /* as it was made; ranks NULL */
    struct param *param;
    int param_count;
    size_t size;  /* floats in value */
    float *value; /* all params, one after another */
    void *state;
    /* Another method, owned, whose values follow from ours (subspace.c); NULL
     * for most.  A gradient then has inner's behind ours, gradient() adds to
     * that, and before_update() draws ours from it. */
    struct method *inner;
};

extern const struct method_ops *const method_table[]; /* ends with NULL */
const struct method_ops *method_find(const char *name);

/* Unknown names are refused with the nearest one. */
struct method *method_new(const struct model *model,
                          const struct method_conf *conf, struct err *err);
void method_free(struct method *method);
/* The same with values of its own.  Only of what is put beside W (insert.h):
 * its layout never changes. */
struct method *method_copy_beside(const struct method *method);
/* What method_new() would refuse for what it is, in the same words. */
int method_check(const struct model *model, const struct method_conf *conf,
                 struct err *err);
/* No site of the model is a target: says which kinds it has; returns -1. */
int method_refuse_targets(const struct model *model, const char *name,
                          struct err *err);
/* ops->count of the method conf names; -1: unknown name. */
long method_count(const struct model *model, const struct method_conf *conf);

/* For pass_insert(): what the method puts beside W, nothing for most.  Holds
 * the method, not a copy. */
struct insert method_insert(const struct method *method);

/* Floats of a gradient: size, and what inner adds. */
size_t method_gradient_size(const struct method *method);
/* Where an other's trained values and, in a gradient, its share begin; NULL:
 * it stays as in the base. */
const float *method_other(const struct method *method, int other,
                          size_t *offset);

/* adapts() of methods that leave every W as it is. */
bool method_adapts_none(const struct method *method, int site);

/* dw (out, in) = W - W0 for any method and site; zero if not adapted. */
void method_delta(const struct method *method, int site, struct mat dw);
/* What an adapter's file holds of a site; false: nothing. */
bool method_written(const struct method *method, int site, struct written *to);
/* Is all that was learned in those?  If not, the whole model is the file. */
bool method_is_adapter(const struct method *method);
/* Index of the param of this kind at the site, or -1. */
int method_param(const struct method *method, enum param_kind kind, int site);

#endif
