/*
 * One family behind the ranks: Rényi's entropies of the energy.
 *
 *     R_b = (sum pi^b)^(1 / (1 - b)),  pi = sigma^2 / sum sigma^2
 *
 * (Rényi 1961; Hill 1973 counts species so.)  R_0 is the count of sigma, R_1
 * the energy entropy rank, R_2 the participation ratio, R_infinity the stable
 * rank; R falls as the order grows, and only for equal sigmas it stays.
 */
#ifndef ANALYSIS_RENYI_H
#define ANALYSIS_RENYI_H

/* sigma (count) descending, order in [0, INFINITY].  Values at or below
 * count * 1.19e-7 * sigma_1 are rounding and count as zeros in every order:
 * those below 1 would make directions of them.  All zero: 0. */
double renyi_rank(const double *sigma, int count, double order);

#endif
