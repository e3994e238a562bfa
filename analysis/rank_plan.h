/*
 * Which rank each site of an adapter keeps: by rank, energy or ratio, site by
 * site, or by a budget of parameters over all sites at once.
 *
 * Kept is always a prefix of the singular values, which is the nearest matrix
 * of its rank (Eckart & Young): what is lost is known before anything is
 * written.  No rule keeps more than the numerical rank, and none but the
 * budgets keeps less than 1: a module that is adapted stays adapted.
 */
#ifndef ANALYSIS_RANK_PLAN_H
#define ANALYSIS_RANK_PLAN_H

#include <stdbool.h>

#include "core/base/err.h"

/* What is below this share of sigma[0] is rounding of the factors: eight
 * units of 2^-24, the most that rounding A and B to float was seen to leave
 * of an update of rank 1 in factors of r = 8. */
#define PLAN_ROUNDING 0x1p-21

struct plan_site {
    const double *sigma; /* (count) descending, of s B A */
    int count;           /* min(r, out, in) */
    int out, in;
};

/* How many sigma are above that rounding; 0 of a zero update. */
int plan_numerical_rank(const struct plan_site *site);

int plan_by_rank(const struct plan_site *site, int rank);
/* The least k with sum_{i <= k} sigma_i^2 >= energy sum sigma^2. */
int plan_by_energy(const struct plan_site *site, double energy);
/* #{sigma_i >= sigma_1 / ratio} */
int plan_by_ratio(const struct plan_site *site, double ratio);

struct plan_outcome {
    double kept;    /* sum of the sigma^2 that are kept */
    double at_most; /* no plan of this budget keeps more than that */
    bool is_best;   /* kept is the most there is */
};

/* rank (count), each from 0: the largest sum of sigma^2 with sum rank (out +
 * in) <= parameters.  The best plan there is, unless the sizes have so small
 * a common divisor that looking for it would take seconds: then the greedy
 * one, and at_most says how far it may be off.  Refuses a budget that holds
 * no direction of any site. */
int plan_by_parameters(int *rank, struct plan_outcome *outcome,
                       const struct plan_site *site, int count,
                       long long parameters, struct err *err);

/* sum rank (out + in) */
long long plan_parameters(const int *rank, const struct plan_site *site,
                          int count);
/* ||dW||_F, and what is lost when rank of the directions stay: the Frobenius
 * norm and the largest singular value of the difference. */
double plan_norm(const struct plan_site *site);
double plan_frobenius_error(const struct plan_site *site, int rank);
double plan_spectral_error(const struct plan_site *site, int rank);

#endif
