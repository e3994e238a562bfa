/*
 * Whether two lists agree in their order: Spearman's rank correlation, Pearson
 * of the ranks, equal values sharing the mean of theirs (Spearman 1904).
 */
#ifndef ANALYSIS_RANK_ORDER_H
#define ANALYSIS_RANK_ORDER_H

/* x, y (count), in [-1, 1].  NaN for fewer than 2, when one of the lists is
 * all equal, or has a NaN. */
double rank_order_correlation(const double *x, const double *y, int count);

#endif
