/*
 * Updates against their base: see against_base.h.  All of it through inner
 * products of singular vectors: U^T W0 V = (U^T U0) Sigma0 (V0^T V), in
 * double, whatever the size of W0.
 */
#include "analysis/against_base.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include "analysis/beta.h"
#include "core/base/linalg.h"

const char *side_name(enum side side)
{
    return side == SIDE_INPUT ? "input" : "output";
}

int side_length(const struct spectrum *of, enum side side)
{
    return side == SIDE_INPUT ? of->in : of->out;
}

static void check(const struct spectrum *dw, const struct spectrum *base)
{
    assert(dw->out == base->out && dw->in == base->in);
    assert(dw->u.at && dw->vt.at && base->u.at && base->vt.at);
    assert(base->count == (base->out < base->in ? base->out : base->in));
    (void)dw;
    (void)base;
}

/* sqrt of the sum of the first count sigma^2; sigma_1 first, so that squares
 * of 1e-200 are not lost. */
static double norm_of(const double *sigma, int count)
{
    double sum = 0;
    if (count < 1 || !(sigma[0] > 0))
        return 0;
    for (int k = 0; k < count; k++)
        sum += sigma[k] / sigma[0] * (sigma[k] / sigma[0]);
    return sigma[0] * sqrt(sum);
}

/* to (base->count, r): singular vectors of W0 on the first r of dW. */
static struct dmat inner(const struct spectrum *base, const struct spectrum *dw,
                         int r, enum side side)
{
    struct dmat to = dmat_new(base->count, r);
    if (side == SIDE_OUTPUT)
        linalg_dgemm(to, 1, base->u, TRANSPOSED, dmat_cols(dw->u, 0, r), PLAIN,
                     0);
    else
        linalg_dgemm(to, 1, base->vt, PLAIN, dmat_rows(dw->vt, 0, r),
                     TRANSPOSED, 0);
    return to;
}

/* ||U^T W0 V||_F for the first r vectors of dW. */
static double through(const struct spectrum *dw, const struct spectrum *base,
                      int r)
{
    struct dmat left = inner(base, dw, r, SIDE_OUTPUT);
    struct dmat right = inner(base, dw, r, SIDE_INPUT);
    struct dmat seen = dmat_new(r, r);
    double sum = 0;
    for (int l = 0; l < base->count; l++)
        for (int j = 0; j < r; j++)
            dmat_row(right, l)[j] *= base->sigma[l];
    linalg_dgemm(seen, 1, left, TRANSPOSED, right, PLAIN, 0);
    for (int k = 0; k < r * r; k++)
        sum += seen.at[k] * seen.at[k];
    dmat_free(&left);
    dmat_free(&right);
    dmat_free(&seen);
    return sqrt(sum);
}

/* Second moments of a uniformly random projection P of rank r in R^n:
 * E P_ab P_cd = apart d_ab d_cd + across (d_ac d_bd + d_ad d_bc), from
 * E tr(P)^2 = r^2 and E tr(P P) = r. */
struct moments {
    double apart, across;
};

static struct moments moments_of(double n, double r)
{
    double all = (n - 1) * n * (n + 2);
    if (n == 1) /* P is 1; it would be 0/0 */
        return (struct moments){.apart = 1};
    return (struct moments){.apart = r * ((n + 1) * r - 2) / all,
                            .across = r * (n - r) / all};
}

double amplification_by_chance(double base_norm, int out, int in, int r)
{
    return r * base_norm / sqrt((double)out * in);
}

/* by_random and its band.  With P = U U^T and Q = V V^T random and S = W0^T W0,
 * T = ||U^T W0 V||^2 = tr(P W0 Q W0^T) has E T = r^2 tr S / (out in) and
 *   E T^2 = E_Q[p (tr Q S)^2 + 2 p' tr(Q S Q S)],
 *   E (tr Q S)^2 = q (tr S)^2 + 2 q' tr S^2,
 *   E tr(Q S Q S) = q tr S^2 + q' (tr S^2 + (tr S)^2),
 * p, q apart and p', q' across, of P and Q.  In units of (tr S)^2. */
static void by_chance(struct amplification *to, const struct spectrum *base)
{
    double norm = to->base_norm, fourth = 0, r = to->r;
    to->by_random = amplification_by_chance(norm, base->out, base->in, to->r);
    to->random_low = to->random_high = to->by_random;
    if (!(norm > 0))
        return;
    for (int l = 0; l < base->count; l++)
        fourth += pow(base->sigma[l] / norm, 4);
    struct moments p = moments_of(base->out, r), q = moments_of(base->in, r);
    double mean = r * r / ((double)base->out * base->in);
    double variance =
        p.apart * (q.apart + 2 * q.across * fourth) +
        2 * p.across * (q.apart * fourth + q.across * (fourth + 1)) -
        mean * mean;
    double most = pow(to->by_base / norm, 2), a, b;
    if (!(variance > mean * mean * 1e-12)) /* r = out = in: always ||W0|| */
        return;
    beta_match(&a, &b, mean / most, variance / (most * most));
    to->random_low = to->by_base * sqrt(beta_quantile(0.025, a, b));
    to->random_high = to->by_base * sqrt(beta_quantile(0.975, a, b));
}

struct amplification amplification_of(const struct spectrum *dw,
                                      const struct spectrum *base, int r)
{
    check(dw, base);
    assert(r >= 1);
    int rank = spectrum_rank(dw);
    struct amplification to = {.r = r < rank ? r : rank,
                               .base_norm = norm_of(base->sigma, base->count),
                               .update_norm = norm_of(dw->sigma, dw->count),
                               .by_update = NAN,
                               .by_base = NAN,
                               .by_random = NAN,
                               .random_low = NAN,
                               .random_high = NAN,
                               .factor = NAN,
                               .random_factor = NAN,
                               .rho = NAN};
    if (to.r == 0)
        return to;
    to.by_update = through(dw, base, to.r);
    to.by_base = norm_of(base->sigma, to.r);
    by_chance(&to, base);
    to.factor = to.update_norm / to.by_update;
    to.random_factor = to.update_norm / to.by_random;
    to.rho = to.by_update / to.by_random;
    return to;
}

void alignment_curve(double *share, const struct spectrum *dw,
                     const struct spectrum *base, enum side side)
{
    check(dw, base);
    double norm = norm_of(dw->sigma, dw->count), sum = 0;
    struct dmat along = inner(base, dw, dw->count, side);
    for (int k = 0; k < base->count; k++) {
        for (int j = 0; j < dw->count; j++)
            sum += pow(dw->sigma[j] / norm * dmat_row(along, k)[j], 2);
        share[k] = sum; /* 0/0 of a zero update: NaN */
    }
    dmat_free(&along);
}

int alignment_rank(const double *share, int count, double p)
{
    /* All of it must not need one more because of rounding. */
    double enough = p * (1 - count * DBL_EPSILON);
    for (int k = 0; k < count; k++)
        if (share[k] >= enough)
            return k + 1;
    return count + 1;
}
