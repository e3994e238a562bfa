/*
 * The largest |cosine| of a uniformly random unit vector in R^n with count
 * orthonormal vectors, 1 <= count <= n: how near a vector that has nothing to
 * do with them comes by chance.  About sqrt(2 ln count / n).
 */
#ifndef ANALYSIS_RANDOM_COSINE_H
#define ANALYSIS_RANDOM_COSINE_H

/* Mean, and the 95 % band; about a millisecond. */
void random_cosine(double *mean, double *low, double *high, int n, int count);

/* The chance that it is epsilon or more: that a random direction, an intruder
 * if anything is one, is not taken for one.  To 1e-8 for n >= 8, 1e-2 for
 * n = 3.  At 0.5: n = 16 59 %, 32 10 %, 64 0.1 %. */
double random_escapes(int n, int count, double epsilon);

#endif
