/*
 * Subspaces and what two of them share (FACTS 5, PRIOR_ART 4.7).  Orthonormal
 * bases are the columns of (n, k) matrices; chance is two independent
 * subspaces drawn uniformly (Haar).
 *
 * Directions whose sigma is zero are not directions: callers pass no more
 * columns than spectrum_rank() of what they come from.
 */
#ifndef ANALYSIS_SUBSPACE_H
#define ANALYSIS_SUBSPACE_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/mat.h"

/* phi(i, j) of chance in R^n, 1 <= i, j <= n.  Mean max(i, j)/n and variance
 * are exact; the 95 % band is that of the beta law with this mean and variance
 * on the values phi can have, from max(0, i + j - n)/min(i, j) to 1: exact for
 * min(i, j) = 1 and for max(i, j) >= n - 1. */
struct phi_chance {
    double mean, deviation, low, high;
};
struct phi_chance phi_chance(int n, int i, int j);
/* (phi - mean) / deviation; NaN where chance has no spread (i or j = n). */
double phi_z(double phi, int n, int i, int j);

/* All phi(i, j) = ||U1_i^T U2_j||_F^2 / min(i, j), Hu et al. 2021 eq. 4, at
 * phi.at[i-1][j-1], from u1 (n, k1) and u2 (n, k2): one product, summed. */
void overlap_phi(struct dmat phi /* (k1, k2) */, struct dmat u1,
                 struct dmat u2);

/* theta (min(k1, k2)) ascending, radians in [0, pi/2], each to about 1e-15:
 * cosines tell large angles apart, sines small ones (Bjorck & Golub 1973;
 * Knyazev & Argentati 2002), so 1e-9 comes out as 1e-9.  Fails when LAPACK
 * does: NaN in a basis, no memory. */
int principal_angles(double *theta, struct dmat u1, struct dmat u2,
                     struct err *err);

/* Of count >= 1 angles; each is exact to rounding for small angles too. */
struct distances {
    double projection;   /* sqrt(sum sin^2): App. G of Hu et al. */
    double geodesic;     /* sqrt(sum theta^2) */
    double fubini_study; /* arccos prod cos */
    double binet_cauchy; /* sqrt(1 - prod cos^2) */
    double asimov;       /* the largest angle */
    double phi;          /* sum cos^2 / count = 1 - projection^2 / count */
};
struct distances subspace_distances(const double *theta, int count);

/* u (n, k), k <= n, orthonormal and uniformly distributed: a random control.
 * Its stream is STREAM_CONTROL, its own whatever seed runs have. */
int subspace_random(struct dmat u, uint64_t seed, uint64_t index,
                    struct err *err);

#endif
