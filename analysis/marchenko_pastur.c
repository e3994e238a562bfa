/*
 * Singular values of a large matrix of noise (Marchenko & Pastur 1967), and
 * where to cut them off (Gavish & Donoho 2014, arXiv 1305.5870); contracts in
 * noise.h.
 *
 * x = sigma^2 / (s^2 N), N the larger side, lies between
 * (1 -+ sqrt beta)^2 with density
 *
 *     f(x) = sqrt((x+ - x)(x - x-)) / (2 pi beta x)                   (1)
 *
 * With x = 1 + beta + 2 sqrt(beta) cos t, which has no root at the edges and
 * no pole at 0 when beta = 1, the share above x(t) is elementary:
 *
 *     T(t) = [(1 + beta) t / 2 - sqrt(beta) sin t
 *             - (1 - beta) atan(c tan(t / 2))] / (pi beta),           (2)
 *     c = (1 - sqrt beta) / (1 + sqrt beta).
 */
#include <assert.h>
#include <math.h>

#include "analysis/noise.h"

static const double PI = 3.141592653589793;

double marchenko_pastur_density(double x, double beta)
{
    double root = sqrt(beta);
    double above = (1 + root) * (1 + root) - x;
    double below = x - (1 - root) * (1 - root);
    assert(beta > 0 && beta <= 1);
    if (!(above > 0 && below > 0))
        return 0;
    return sqrt(above * below) / (2 * PI * beta * x);
}

/* (2), for t in [0, pi]. */
static double share_above(double t, double beta)
{
    double root = sqrt(beta), c = (1 - root) / (1 + root);
    /* Not tan(t / 2), which is infinite at pi. */
    double angle = atan2(c * sin(t / 2), cos(t / 2));
    return ((1 + beta) * t / 2 - root * sin(t) - (1 - beta) * angle) /
           (PI * beta);
}

/* sqrt x(t), without the cancellation of 1 + beta - 2 sqrt(beta). */
static double sigma_at(double t, double beta)
{
    double root = sqrt(beta), cosine = cos(t / 2);
    return sqrt((1 - root) * (1 - root) + 4 * root * cosine * cosine);
}

double marchenko_pastur_sigma(double p, double beta)
{
    double low = 0, high = PI;
    assert(p >= 0 && p <= 1 && beta > 0 && beta <= 1);
    if (p == 0 || p == 1) /* the edges, to the last digit */
        return p > 0 ? 1 + sqrt(beta) : 1 - sqrt(beta);
    for (int i = 0; i < 60; i++) { /* halves pi below a double's last bit */
        double t = (low + high) / 2;
        if (share_above(t, beta) < 1 - p)
            low = t;
        else
            high = t;
    }
    return sigma_at((low + high) / 2, beta);
}

double marchenko_pastur_median(double beta)
{
    double sigma = marchenko_pastur_sigma(0.5, beta);
    return sigma * sigma;
}

/* Their lambda_*(beta). */
double gavish_donoho_lambda(double beta)
{
    assert(beta > 0 && beta <= 1);
    double b = beta + 1;
    return sqrt(2 * b + 8 * beta / (b + sqrt(beta * beta + 14 * beta + 1)));
}

double gavish_donoho_omega(double beta)
{
    return gavish_donoho_lambda(beta) / sqrt(marchenko_pastur_median(beta));
}
