/*
 * What singular values and rank measures are by chance: of a matrix of
 * independent Gaussians (the null of a full update), and of a product of two
 * Gaussian factors (the null of a LoRA update).
 *
 * Both are drawn exactly without the matrix.  Gaussian (m, n): the bidiagonal
 * of chi variables that Householder's reflections leave of it (Silverstein
 * 1985; Edelman 1989).  Product B (m, r) A (r, n): such a bidiagonal of one
 * factor times Bartlett's triangle of the other, r x r.  Draws have a stream
 * of their own (STREAM_CONTROL), so the same shape always has the same null.
 */
#ifndef ANALYSIS_CHANCE_H
#define ANALYSIS_CHANCE_H

enum { CHANCE_METRICS = 32 }; /* at least metric_count */

struct band {
    double mean, low, high; /* low, high: 2.5 % and 97.5 % quantiles */
    double error;           /* standard error of mean: Monte Carlo's own */
};

struct chance {
    int out, in, rank; /* rank 0: Gaussian, not a product */
    int count;         /* of sigma: min(out, in), or min(rank, out, in) */
    int draws; /* 40 to 400: fewer of large shapes, which scatter less */
    /* Every draw is scaled to Frobenius norm 1: multiply by the update's. */
    struct band *sigma; /* (count) */
    /* By index in metric_table; a metric that scales with the matrix is that
     * of a matrix of Frobenius norm 1.  The condition number of a square
     * Gaussian has no mean: of that, only low and high mean something. */
    struct band metric[CHANCE_METRICS];
};

/* Owned; rank 0 for the Gaussian null.  Never fails: sizes are a model's,
 * 1 .. 2^21 - 1.  Takes at most 60 ms up to a count of 256, 0.4 s at 768. */
struct chance *chance_new(int out, int in, int rank);
void chance_free(struct chance *chance);

#endif
