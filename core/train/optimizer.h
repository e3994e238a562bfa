/*
 * AdamW (Loshchilov & Hutter 2019) and SGD with momentum, over the flat
 * values of a method, with an age per row: a direction that the rank dial
 * adds has its own step count, or its first steps would be up to 6.6 times
 * too long (bias correction with an old t and fresh moments).
 */
#ifndef CORE_TRAIN_OPTIMIZER_H
#define CORE_TRAIN_OPTIMIZER_H

#include "core/method/method.h"

enum optimizer_kind { OPTIMIZER_ADAMW, OPTIMIZER_SGD };
enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_LINEAR, SCHEDULE_COSINE };

struct optimizer_conf {
    enum optimizer_kind kind;
    double lr;
    enum schedule_kind schedule;
    int warmup;          /* steps; linear from 0 */
    double weight_decay;
    double clip;         /* global norm; 0: none */
    double beta1, beta2, eps; /* adamw */
    double momentum;          /* sgd */
};

/* lr of step (0-based) of steps: rises over warmup, then constant, or down to
 * 0 at steps linearly or as a half cosine. */
double schedule_lr(const struct optimizer_conf *conf, long step, long steps);

struct optimizer {
    struct optimizer_conf conf;
    size_t size;    /* of the method's value */
    float *m, *v;   /* (size); v NULL for sgd */
    int rows;       /* of all params together */
    int *age;       /* (rows) steps this row has taken */
};

struct optimizer optimizer_new(const struct optimizer_conf *conf,
                               const struct method *method);
void optimizer_free(struct optimizer *optimizer);

/* One update of all values by grad (size), which is clipped in place.
 * Returns the gradient's norm before clipping; NaN or Inf: nothing moved. */
double optimizer_step(struct optimizer *optimizer, struct method *method,
                      float *grad, double lr);

/* Follows a change of rank: before is the param layout of the method before
 * the change (before_count entries), change says how directions map. */
void optimizer_remap(struct optimizer *optimizer, const struct method *method,
                     const struct param *before, int before_count,
                     const struct rank_change *change);

#endif
