/*
 * The beta law: what a squared cosine between random directions follows.
 */
#ifndef ANALYSIS_BETA_H
#define ANALYSIS_BETA_H

/* Regularised incomplete beta I_x(a, b) and its inverse, a, b > 0; x and p
 * outside [0, 1] are taken to its ends.  Relative error near 1e-13, 1e-11
 * where a + b is above 1e6. */
double beta_cdf(double x, double a, double b);
double beta_quantile(double p, double a, double b);

/* a, b > 0 of this mean and variance: mean in (0, 1), variance in
 * (0, mean (1 - mean)). */
void beta_match(double *a, double *b, double mean, double variance);

/* ln Gamma(x + 1) - [x ln x - x + ln(2 pi x) / 2], x > 0: the rest of
 * Stirling's formula, 1/(12 x) and smaller, which is what is left of ratios of
 * Gamma functions when the large terms have cancelled.  Unlike lgamma() it may
 * be called from any thread. */
double beta_stirling(double x);

#endif
