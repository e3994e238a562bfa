/*
 * Overlap of subspaces: see subspace.h.  Everything comes from the cosines
 * U1^T U2, except small angles, which cosines cannot see: cos 1e-9 is 1.
 */
#include "analysis/subspace.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "analysis/beta.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Variance of tr(P1 P2) of independent projections of ranks i and j in R^n:
 * 2 i j (n-i)(n-j) / (n^2 (n-1)(n+2)), FACTS 5. */
static double trace_variance(double n, double i, double j)
{
    if (i == n || j == n) /* n = 1 too, where it would be 0/0 */
        return 0;
    return 2 * i * j * (n - i) * (n - j) / (n * n * (n - 1) * (n + 2));
}

struct phi_chance phi_chance(int n, int i, int j)
{
    assert(i >= 1 && j >= 1 && i <= n && j <= n);
    double most = least(i, j), mean = (double)i * j / n;
    double variance = trace_variance(n, i, j);
    struct phi_chance to = {.mean = mean / most,
                            .deviation = sqrt(variance) / most,
                            .low = 1,
                            .high = 1};
    if (!(variance > 0))
        return to;
    /* tr(P1 P2) = i + j - n + tr((1 - P1)(1 - P2)): when the two must meet,
     * what varies is the overlap of their complements. */
    double sure = i > n - j ? i - (n - j) : 0, span = most - sure, a, b;
    beta_match(&a, &b, (mean - sure) / span, variance / (span * span));
    to.low = (sure + span * beta_quantile(0.025, a, b)) / most;
    to.high = (sure + span * beta_quantile(0.975, a, b)) / most;
    return to;
}

double phi_z(double phi, int n, int i, int j)
{
    assert(i >= 1 && j >= 1 && i <= n && j <= n);
    int most = least(i, j);
    double variance = trace_variance(n, i, j);
    if (!(variance > 0))
        return NAN;
    return (phi * most - (double)i * j / n) / sqrt(variance);
}

void overlap_phi(struct dmat phi, struct dmat u1, struct dmat u2)
{
    assert(u1.rows == u2.rows);
    assert(phi.rows == u1.cols && phi.cols == u2.cols);
    linalg_dgemm(phi, 1, u1, TRANSPOSED, u2, PLAIN, 0);
    for (int i = 0; i < phi.rows; i++) { /* sums of squares above and left */
        double *row = dmat_row(phi, i), left = 0;
        for (int j = 0; j < phi.cols; j++) {
            left += row[j] * row[j];
            row[j] = left + (i > 0 ? dmat_row(phi, i - 1)[j] : 0);
        }
    }
    for (int i = 0; i < phi.rows; i++)
        for (int j = 0; j < phi.cols; j++)
            dmat_row(phi, i)[j] /= least(i, j) + 1;
}

/* sine (u.cols) descending: singular values of u - onto onto^T u, where
 * inner (onto.cols, u.cols) = onto^T u. */
static int find_sines(double *sine, struct dmat onto, struct dmat u,
                      struct dmat inner, struct err *err)
{
    const struct dmat none = {0};
    struct dmat rest = dmat_new(u.rows, u.cols);
    for (int i = 0; i < u.rows && u.cols > 0; i++)
        memcpy(dmat_row(rest, i), dmat_row(u, i),
               (size_t)u.cols * sizeof *rest.at);
    linalg_dgemm(rest, -1, onto, PLAIN, inner, PLAIN, 1);
    int status = linalg_svd(none, sine, none, rest, err);
    dmat_free(&rest);
    return status;
}

int principal_angles(double *theta, struct dmat u1, struct dmat u2,
                     struct err *err)
{
    assert(u1.rows == u2.rows && u1.cols <= u1.rows && u2.cols <= u2.rows);
    /* What of the smaller basis lies outside the larger: as many sines as
     * angles.  The other way round there would be sines of 1 too many. */
    struct dmat large = u1.cols >= u2.cols ? u1 : u2;
    struct dmat small = u1.cols >= u2.cols ? u2 : u1;
    const struct dmat none = {0};
    int count = small.cols, status = -1;
    struct dmat inner = dmat_new(large.cols, count);
    double *cosine = xcalloc((size_t)count, sizeof *cosine);
    double *sine = xcalloc((size_t)count, sizeof *sine);
    linalg_dgemm(inner, 1, large, TRANSPOSED, small, PLAIN, 0);
    if (linalg_svd(none, cosine, none, inner, err) ||
        find_sines(sine, large, small, inner, err))
        goto out;
    for (int k = 0; k < count; k++) /* both from the smallest angle up */
        theta[k] = atan2(sine[count - 1 - k], cosine[k]);
    status = 0;
out:
    dmat_free(&inner);
    mem_free(cosine);
    mem_free(sine);
    return status;
}

/* ln cos theta without losing a small theta, or the last bits near pi/2. */
static double log_cosine(double theta)
{
    double s = sin(theta);
    return theta < 0.75 ? log1p(-s * s) / 2 : log(fabs(cos(theta)));
}

struct distances subspace_distances(const double *theta, int count)
{
    assert(count >= 1);
    struct distances to = {0};
    double logs = 0; /* ln prod cos */
    for (int k = 0; k < count; k++) {
        double s = sin(theta[k]), c = cos(theta[k]);
        to.projection += s * s;
        to.geodesic += theta[k] * theta[k];
        to.phi += c * c / count;
        to.asimov = fmax(to.asimov, theta[k]);
        logs += log_cosine(theta[k]);
    }
    to.projection = sqrt(to.projection);
    to.geodesic = sqrt(to.geodesic);
    to.binet_cauchy = sqrt(-expm1(2 * logs));
    to.fubini_study = atan2(to.binet_cauchy, exp(logs));
    return to;
}

int subspace_random(struct dmat u, uint64_t seed, uint64_t index,
                    struct err *err)
{
    assert(u.cols <= u.rows);
    struct rng rng = rng_make(seed, STREAM_CONTROL, index);
    for (int i = 0; i < u.rows; i++)
        for (int j = 0; j < u.cols; j++)
            dmat_row(u, i)[j] = rng_normal(&rng);
    struct dmat r = dmat_new(u.cols, u.cols);
    int status = linalg_qr(u, r, err);
    /* Householder chooses the signs of R from the data; with a positive
     * diagonal Q is uniform (Mezzadri 2007), not only its span. */
    for (int j = 0; !status && j < u.cols; j++)
        if (dmat_row(r, j)[j] < 0)
            for (int i = 0; i < u.rows; i++)
                dmat_row(u, i)[j] = -dmat_row(u, i)[j];
    dmat_free(&r);
    return status;
}
