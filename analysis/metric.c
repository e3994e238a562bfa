/*
 * Norms and rank measures of a list of singular values: see metric.h.
 *
 * Notation of the formulas: sigma_1 >= ... >= sigma_q, p = sigma / sum sigma,
 * pi = sigma^2 / sum sigma^2.  Sigmas are divided by the largest first, so
 * that neither 1e-200 nor 1e200 is lost in a square.
 */
#include "analysis/metric.h"

#include <float.h>
#include <math.h>

/* (sigma / sigma_1)^power; pow() is twenty times slower, and a chance value
 * asks for millions. */
static double term(const double *sigma, int i, int power)
{
    double x = sigma[i] / sigma[0], product = x;
    for (int k = 1; k < power; k++)
        product *= x;
    return product;
}

/* Sum of the terms; 0 when all are zero. */
static double moment(const double *sigma, int count, int power)
{
    double sum = 0;
    if (count < 1 || !(sigma[0] > 0))
        return 0;
    for (int i = 0; i < count; i++)
        sum += term(sigma, i, power);
    return sum;
}

/* exp of the entropy of sigma^power over its sum. */
static double entropy(const double *sigma, int count, int power)
{
    double sum = moment(sigma, count, power), h = 0;
    if (!(sum > 0))
        return 0;
    for (int i = 0; i < count; i++) {
        double p = term(sigma, i, power) / sum;
        if (p > 0)
            h -= p * log(p);
    }
    return exp(h);
}

/* The least k whose first k hold this share of sum sigma^power. */
static double least(const double *sigma, int count, int power, double share)
{
    double sum = moment(sigma, count, power), part = 0;
    if (!(sum > 0))
        return 0;
    for (int i = 0; i < count; i++) {
        part += term(sigma, i, power);
        /* Equal sigmas that hold the share exactly must not need one more
         * because of rounding. */
        if (part >= share * sum * (1 - count * DBL_EPSILON))
            return i + 1;
    }
    return count;
}

/* How many are at least this share of the largest. */
static double at_least(const double *sigma, int count, double share)
{
    int k = 0;
    if (count < 1 || !(sigma[0] > 0))
        return 0;
    /* 0.3 is a tenth of 3, whatever rounding says. */
    while (k < count && term(sigma, k, 1) >= share * (1 - 4 * DBL_EPSILON))
        k++;
    return k;
}

double metric_frobenius(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return count > 0 ? sigma[0] * sqrt(moment(sigma, count, 2)) : 0;
}

double metric_spectral(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return count > 0 ? sigma[0] : 0;
}

double metric_nuclear(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return count > 0 ? sigma[0] * moment(sigma, count, 1) : 0;
}

double metric_schatten4(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return count > 0 ? sigma[0] * sqrt(sqrt(moment(sigma, count, 4))) : 0;
}

double metric_rms(const double *sigma, int count, int out, int in)
{
    return metric_frobenius(sigma, count, out, in) /
           sqrt((double)out * (double)in);
}

double metric_stable_rank(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return moment(sigma, count, 2);
}

double metric_participation_ratio(const double *sigma, int count, int out,
                                  int in)
{
    (void)out, (void)in;
    double two = moment(sigma, count, 2), four = moment(sigma, count, 4);
    return four > 0 ? two * two / four : 0;
}

double metric_entropy_rank(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return entropy(sigma, count, 1);
}

double metric_energy_entropy_rank(const double *sigma, int count, int out,
                                  int in)
{
    (void)out, (void)in;
    return entropy(sigma, count, 2);
}

double metric_nuclear_rank(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    double one = moment(sigma, count, 1), two = moment(sigma, count, 2);
    return two > 0 ? one * one / two : 0;
}

double metric_rank90(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return least(sigma, count, 2, 0.90);
}

double metric_rank95(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return least(sigma, count, 2, 0.95);
}

double metric_rank99(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return least(sigma, count, 2, 0.99);
}

double metric_amplitude_rank90(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return least(sigma, count, 2, 0.81);
}

double metric_nuclear_rank90(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return least(sigma, count, 1, 0.90);
}

double metric_nuclear_rank95(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return least(sigma, count, 1, 0.95);
}

double metric_nuclear_rank99(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return least(sigma, count, 1, 0.99);
}

double metric_ratio_rank(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return at_least(sigma, count, 0.10);
}

double metric_share05_rank(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    return at_least(sigma, count, 0.05);
}

/* Satopaa et al. 2011: both axes to [0, 1]; the knee is the value farthest
 * below the chord from the first to the last.  Those before it count, so
 * that k equal values and zeros give k.  A curve that never goes below its
 * chord has its knee at the end: what exceeds the last value, or all. */
double metric_knee(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    if (count < 1 || !(sigma[0] > 0))
        return 0;
    double high = 1, low = sigma[count - 1] / sigma[0], far = 0;
    if (low >= high)
        return count;
    int knee = 0;
    for (int i = 1; i < count - 1; i++) {
        double y = (term(sigma, i, 1) - low) / (high - low);
        double below = 1 - (double)i / (count - 1) - y;
        if (below > far + 4 * DBL_EPSILON) {
            far = below;
            knee = i;
        }
    }
    if (knee == 0)
        while (term(sigma, knee, 1) > low)
            knee++;
    return knee;
}

/* float32's epsilon: the factors and weights behind sigma are float. */
double metric_numerical_rank(const double *sigma, int count, int out, int in)
{
    double floor = count > 0 ? sigma[0] * (double)FLT_EPSILON : 0;
    floor *= out > in ? out : in;
    int rank = 0;
    while (rank < count && sigma[rank] > floor)
        rank++;
    return rank;
}

double metric_rank_loss(const double *sigma, int count, int out, int in)
{
    int most = out < in ? out : in;
    return most - metric_numerical_rank(sigma, count, out, in);
}

double metric_matrix_entropy(const double *sigma, int count, int out, int in)
{
    double rank = metric_numerical_rank(sigma, count, out, in);
    return rank > 1 ? log(entropy(sigma, count, 2)) / log(rank) : 0;
}

double metric_condition(const double *sigma, int count, int out, int in)
{
    (void)out, (void)in;
    if (count < 1 || !(sigma[0] > 0))
        return 0;
    return sigma[count - 1] > 0 ? sigma[0] / sigma[count - 1] : INFINITY;
}
