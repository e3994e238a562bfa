/*
 * Intruder dimensions (Shuttleworth et al. 2025, Algorithm 1): singular
 * vectors y_j of W0 + dW, never of dW, that no singular vector x_i of W0 is
 * near: max_i |cos(y_j, x_i)| < epsilon.
 *
 * Near-equal singular values of W0 let vectors turn among themselves, so a
 * vector is also measured by its projection on neighbours: max over the runs C
 * of x_i whose sigmas differ by at most gap, relative to the largest of the
 * run, of ||P_C y_j||.  An intruder is one by both.  Every such run counts,
 * not a partition into clusters: a chain of close neighbours would make one
 * cluster of a whole dense spectrum, and then nothing is an intruder.
 *
 * In R^n with n near 16 a random vector is near some x_i by chance: see
 * random_cosine.h for which epsilon can tell.
 */
#ifndef ANALYSIS_INTRUDER_H
#define ANALYSIS_INTRUDER_H

#include "analysis/against_base.h"
#include "analysis/random_cosine.h"

struct intruders {
    enum side side;  /* the paper looks at SIDE_OUTPUT, the left vectors */
    int n;           /* length of a vector */
    int count;       /* vectors looked at: all min(out, in) of W0 + dW */
    double *sigma;   /* (count) of W0 + dW, descending */
    double *cosine;  /* (count) max_i |cos(y_j, x_i)| */
    double *cluster; /* (count) max_C ||P_C y_j||, >= cosine */
    double random_mean, random_low, random_high; /* random_cosine() of them */
};

/* tuned: the spectrum of W0 + dW with vectors; both full and of one shape.
 * gap in [0, 1), 0.01 is a sensible one; 0: every vector alone, cluster is
 * cosine.  On the longer side of a matrix W0 has min(out, in) vectors, which
 * do not span: what W0 never wrote (read) is an intruder too. */
void intruders_find(struct intruders *to, const struct spectrum *base,
                    const struct spectrum *tuned, enum side side, double gap);
void intruders_free(struct intruders *intruders);

/* How many of the first k are intruders at epsilon; by_cosine counts as the
 * paper does, without the clusters.  A k above count is count. */
int intruders_count(const struct intruders *intruders, double epsilon, int k,
                    bool by_cosine);
bool intruders_is(const struct intruders *intruders, int j, double epsilon);

/* w (out, in) = W0 + dW + (lambda - 1) sum over the intruders among the first
 * k of sigma_j y_j z_j^T; w holds W0 + dW on entry, tuned is its spectrum.
 * lambda 1 changes nothing, 0 removes them (PEFT's docstring has it the other
 * way round, its code has not). */
void intruders_scale(struct mat w, const struct spectrum *tuned,
                     const struct intruders *intruders, double epsilon, int k,
                     double lambda);

#endif
