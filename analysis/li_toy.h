/*
 * The toy of Li et al. 2018, section 2: theta (D) in ten groups of D / 10,
 * whose sums shall be 1 ... 10,
 *
 *   L(theta) = |S theta - t|^2,   S (10, D) of ones and zeros,             (1)
 *
 * along theta = theta0 + P v.  In v this is a problem of least squares: its
 * least loss is what is left of S theta0 - t beside the columns of S P (10, d),
 * a random subspace of R^10, so on average over draws of P
 *
 *   E min L / L(theta0) = 1 - d / 10 for d <= 10,   then 0.                (2)
 *
 * Not before d = 10 is any draw's minimum 0: the intrinsic dimension is 10.
 */
#ifndef ANALYSIS_LI_TOY_H
#define ANALYSIS_LI_TOY_H

#include <stdint.h>

#include "core/method/projection.h"

enum { LI_TOY_SIZE = 1000, LI_TOY_GROUPS = 10, LI_TOY_MOST = 12 };

/* least (cols + 1): the least loss over L(theta0) along the first k columns of
 * P (LI_TOY_SIZE, cols), k = 0 .. cols; start (LI_TOY_SIZE) is theta0. */
void li_toy_least(double *least, const float *start, struct projection *p,
                  int cols);

/* The loss over L(theta0) where gradient descent along P, with momentum, ends
 * after so many steps. */
double li_toy_train(const float *start, struct projection *p, int cols,
                    int steps);

struct li_toy_row { /* of one d */
    int d, draws;
    double mean, least, most; /* of the minima over L(theta0) */
    double expected;          /* (2) */
    double trained, own;      /* one draw: where it ended, its own minimum */
};

/* rows (LI_TOY_MOST + 1): d = 0 .. LI_TOY_MOST, over so many draws of a dense
 * P, of which d takes the first d columns; theta0 is 0. */
int li_toy_measure(struct li_toy_row *rows, int draws, uint64_t seed,
                   struct err *err);

#endif
