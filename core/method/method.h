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
#include "core/model/model.h"

/* What happens to the scale s in W = W0 + s B A when the rank changes. */
enum rank_policy {
    RANK_KEEP_SCALE,  /* s stays: alpha' = s r' (or s sqrt r')            */
    RANK_ALPHA_R,     /* s' = alpha / r', B multiplied by s / s'          */
    RANK_ALPHA_SQRT_R /* s' = alpha / sqrt r', B multiplied by s / s'     */
};
const char *rank_policy_name(enum rank_policy policy); /* "keep s" ... */

enum scale_rule { SCALE_ALPHA_R, SCALE_ALPHA_SQRT_R };

struct method_conf {
    const char *name;               /* in method_table */
    int rank;                       /* of every target unless ranks says */
    double alpha;
    enum scale_rule scale;
    bool targets[SITE_KINDS];
    const int *ranks;               /* (site_count), 0: rank; or NULL */
    uint64_t seed;
};

/*
 * One trained tensor: rows of cols floats at an offset of the method's flat
 * value array.  A row of a LoRA factor is one direction: A is (r, in), and B
 * is kept transposed, (r, out), so that growing appends rows to both.
 */
enum param_kind { PARAM_W, PARAM_A, PARAM_BT, PARAM_OTHER };

struct param {
    char name[56];
    enum param_kind kind;
    int site;      /* or -1 */
    int other;     /* or -1 */
    int rows, cols;
    size_t offset; /* floats */
    bool decays;   /* weight decay applies (matrices, not gains or biases) */
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

struct method_ops {
    const char *name, *summary, *paper;
    /* Lays out params and their first values. */
    int (*attach)(struct method *method, const struct method_conf *conf,
                  struct err *err);
    void (*detach)(struct method *method);
    bool (*adapts)(const struct method *method, int site);
    /* w (out, in) = W0 + dW; only called for adapted sites. */
    void (*effective)(const struct method *method, int site, struct mat w);
    /* grad has the layout of value; adds this slice's share.  x (tokens, in),
     * dy (tokens, out). */
    void (*gradient)(const struct method *method, float *grad, int site,
                     struct mat x, struct mat dy, struct arena *scratch);
    /* Optional below: NULL when the method has no such thing. */
    /* Where W (out, in) lies in value, packed: no effective() is needed.  q,
     * k and v of a layer lie one after another. */
    const float *(*direct)(const struct method *method, int site);
    /* Changes a site's rank between steps; params move, so offsets change.
     * Refuses rank < 1 or > min(out, in) with a sentence, then nothing has
     * changed. */
    int (*set_rank)(struct method *method, int site, int rank,
                    enum rank_policy policy, struct rank_change *change,
                    struct err *err);
    int (*rank)(const struct method *method, int site); /* 0: none */
    /* Windows on the factors: dW = scale * bt^T a. */
    bool (*factors)(const struct method *method, int site, struct mat *bt,
                    struct mat *a, double *scale);
    /* For checkpoints: what changes of rank have made of a site; restore lays
     * the params out for states (site_count), values zero, or changes
     * nothing. */
    void (*state_of)(const struct method *method, int site,
                     struct site_state *to);
    int (*restore)(struct method *method, const struct site_state *states,
                   struct err *err);
};

struct method {
    const struct method_ops *ops;
    const struct model *model;
    struct param *param;
    int param_count;
    size_t size;  /* floats in value */
    float *value; /* all params, one after another */
    void *state;
};

extern const struct method_ops *const method_table[]; /* ends with NULL */
const struct method_ops *method_find(const char *name);

/* Unknown names are refused with the nearest one. */
struct method *method_new(const struct model *model,
                          const struct method_conf *conf, struct err *err);
void method_free(struct method *method);

/* dw (out, in) = W - W0 for any method and site; zero if not adapted. */
void method_delta(const struct method *method, int site, struct mat dw);
/* Index of the param of this kind at the site, or -1. */
int method_param(const struct method *method, enum param_kind kind, int site);

#endif
