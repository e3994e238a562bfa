/* See probe.h. */
#include "analysis/probe.h"

#include <math.h>

#include "core/base/rng.h"

void probe_draw(double *x, int n, uint64_t index)
{
    struct rng rng = rng_make(1, STREAM_CONTROL, rng_hash("probe", 5) + index);
    for (int i = 0; i < n; i++)
        x[i] = rng_normal(&rng);
}

void probe_factors(double *y, struct mat bt, struct mat a, double scale,
                   const double *x)
{
    for (int k = 0; k < a.rows; k++) {
        double along = 0;
        for (int j = 0; j < a.cols; j++)
            along += (double)mat_row(a, k)[j] * x[j];
        for (int i = 0; i < bt.cols; i++)
            y[i] += scale * along * (double)mat_row(bt, k)[i];
    }
}

void probe_spectrum(double *y, struct dmat u, const double *sigma,
                    struct dmat vt, int k, const double *x)
{
    for (int d = 0; d < k; d++) {
        double along = 0;
        for (int j = 0; j < vt.cols; j++)
            along += dmat_row(vt, d)[j] * x[j];
        for (int i = 0; i < u.rows; i++)
            y[i] += sigma[d] * along * dmat_row(u, i)[d];
    }
}

double probe_error(const double *got, const double *want, int n, double norm)
{
    double off = 0;
    for (int i = 0; i < n; i++)
        off += (got[i] - want[i]) * (got[i] - want[i]);
    if (norm > 0)
        return sqrt(off) / norm;
    return off > 0 ? INFINITY : 0;
}
