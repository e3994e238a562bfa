/*
 * An update dW against the matrix W0 it changes: amplification (Hu et al.
 * 2021, Table 7) beside its value by chance, and how much of dW lies in the
 * leading singular directions of W0.
 *
 * Both need the full spectrum of W0 with vectors, which costs seconds where
 * these cost milliseconds; W0 itself is not needed beside it.
 */
#ifndef ANALYSIS_AGAINST_BASE_H
#define ANALYSIS_AGAINST_BASE_H

#include "analysis/spectrum.h"

/* One column of Table 7: ||U^T W0 V||_F with U, V the top r left and right
 * singular vectors of dW, of W0 itself, and of a random matrix. */
struct amplification {
    int r; /* directions used: as asked, at most what dW has */
    double base_norm, update_norm;  /* ||W0||_F, ||dW||_F (all of dW) */
    double by_update, by_base;      /* ||U^T W0 V||_F */
    double by_random;               /* root of the mean square */
    double random_low, random_high; /* 95 % band of it */
    double factor;                  /* update_norm / by_update */
    double random_factor;           /* update_norm / by_random */
    double rho; /* by_update / by_random: 1 by chance; GPT-3: 15.9, 5.9 */
};

/* r >= 1 leading directions of dw (with vectors), against base, the full
 * spectrum of W0 with vectors, of one shape.  Of a zero update r is 0, and
 * all that depends on directions is NaN.
 *
 * The band is closed, without a draw: mean and variance of the square are
 * exact, its law is taken as beta on [0, by_base^2], which is exact for r = 1
 * and orthogonal W0.  A few thousand draws fall inside 94 to 98 % of the time;
 * the excess is at the lower end, for r below 4 and a W0 with one or two
 * sigmas far above the others. */
struct amplification amplification_of(const struct spectrum *dw,
                                      const struct spectrum *base, int r);

/* r ||W0||_F / sqrt(out in): the Random column of Table 7, exactly. */
double amplification_by_chance(double base_norm, int out, int in, int r);

/* Input: right singular vectors, directions a matrix reads.  Output: left
 * ones, directions it writes. */
enum side { SIDE_INPUT, SIDE_OUTPUT };
const char *side_name(enum side side); /* "input", "output" */
int side_length(const struct spectrum *of, enum side side); /* in, out */

/* share[k-1] = ||dW V_k||_F^2 / ||dW||_F^2 for k = 1 .. base->count, V_k the
 * first k right (left) singular vectors of W0; PRIOR_ART 4.7.  Chance is k/n,
 * n = side_length().  On the longer side of W0 there are only
 * min(out, in) < n vectors: the curve need not end at 1, and the rest is in
 * directions W0 does not have.  NaN for a zero update. */
void alignment_curve(double *share /* (base->count) */,
                     const struct spectrum *dw, const struct spectrum *base,
                     enum side side);
/* Least k with share[k-1] >= p: k_p^base; count + 1: never, or NaN. */
int alignment_rank(const double *share, int count, double p);

#endif
