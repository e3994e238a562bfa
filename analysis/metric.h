/*
 * Norms and rank measures of a list of singular values, one function each;
 * metric_table.h has their names, formulas and papers.
 *
 * sigma (count) descending, of an (out, in) matrix; count is min(out, in), or
 * r of an update of r directions.  All zero, or none: 0, but for rank_loss,
 * which is min(out, in) then.
 */
#ifndef ANALYSIS_METRIC_H
#define ANALYSIS_METRIC_H

typedef double metric_function(const double *sigma, int count, int out, int in);

/* Norms: twice the matrix, twice the value. */
metric_function metric_frobenius, metric_spectral, metric_nuclear,
    metric_schatten4, metric_rms;

/* Smooth notions of rank, in [1, q]. */
metric_function metric_stable_rank, metric_participation_ratio,
    metric_entropy_rank, metric_energy_entropy_rank, metric_nuclear_rank;

/* How many hold a share: of sum sigma^2, of its root, of sum sigma. */
metric_function metric_rank90, metric_rank95, metric_rank99,
    metric_amplitude_rank90, metric_nuclear_rank90, metric_nuclear_rank95,
    metric_nuclear_rank99;

/* How many stand above a level, or before the knee. */
metric_function metric_ratio_rank, metric_share05_rank, metric_knee,
    metric_numerical_rank, metric_rank_loss;

metric_function metric_matrix_entropy, metric_condition;

#endif
