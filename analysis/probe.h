/*
 * An update looked at through random x: y = s B (A x), in double.  Two files
 * that hold the same update give the same y, whatever their factors are.
 */
#ifndef ANALYSIS_PROBE_H
#define ANALYSIS_PROBE_H

#include <stdint.h>

#include "core/base/mat.h"

/* x (n) normal numbers, the same for the same index. */
void probe_draw(double *x, int n, uint64_t index);

/* y (out) += scale bt^T (a x), bt (r, out), a (r, in), x (in). */
void probe_factors(double *y, struct mat bt, struct mat a, double scale,
                   const double *x);
/* y (out) += u_k diag(sigma) vt_k x of the first k directions, u (out, q),
 * vt (q, in). */
void probe_spectrum(double *y, struct dmat u, const double *sigma,
                    struct dmat vt, int k, const double *x);

/* ||got - want|| / norm, with norm = ||dW||_F, which is what ||dW x|| is on
 * average; 0 when all is zero.  Not by ||want||: an x that happens to be near
 * the null space would make any rounding look large. */
double probe_error(const double *got, const double *want, int n, double norm);

#endif
