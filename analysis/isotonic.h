/*
 * Isotonic regression: the rising sequence nearest to given numbers, by
 * pooling adjacent violators (Ayer et al. 1955), O(n).
 */
#ifndef ANALYSIS_ISOTONIC_H
#define ANALYSIS_ISOTONIC_H

/* fit (n) minimises sum weight_i (fit_i - y_i)^2 with fit_1 <= fit_2 <= ...;
 * weights above 0.  fit may be y. */
void isotonic_fit(double *fit, const double *y, const double *weight, int n);

#endif
