/*
 * Rényi's ranks: see renyi.h.  Three formulas for one number, each where it
 * loses no digits: near order 1 the quotient 0 / 0 needs its series, and far
 * above it the sum of pi^b is nearly one term.
 */
#include "analysis/renyi.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Values above rounding. */
static int hard_rank(const double *sigma, int count)
{
    double floor = count > 0 ? count * (double)FLT_EPSILON * sigma[0] : 0;
    int rank = 0;
    while (rank < count && sigma[rank] > floor)
        rank++;
    return rank;
}

/* sum x^(2 b), x = sigma / sigma_1. */
static double power_sum(const double *sigma, int count, double order)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += pow(sigma[i] / sigma[0], 2 * order);
    return sum;
}

/* ln R_b near b = 1: sum pi^b = 1 + sum pi (pi^(b - 1) - 1); at 1 itself the
 * limit, -sum pi ln pi. */
static double log_rank_near_one(const double *sigma, int count, double order,
                                double energy)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        double x = sigma[i] / sigma[0], pi = x * x / energy;
        sum += pi * (order == 1 ? -log(pi) : expm1((order - 1) * log(pi)));
    }
    return order == 1 ? sum : log1p(sum) / (1 - order);
}

double renyi_rank(const double *sigma, int count, double order)
{
    const double near = 0.5; /* of order 1; both formulas are good there */
    assert(order >= 0);
    count = hard_rank(sigma, count);
    if (count == 0)
        return 0;
    double energy = power_sum(sigma, count, 1);
    if (isinf(order)) /* 1 / pi_1 */
        return energy;
    if (fabs(order - 1) < near)
        return exp(log_rank_near_one(sigma, count, order, energy));
    /* pi = x^2 / energy, so sum pi^b = sum x^(2 b) / energy^b. */
    return exp(order / (order - 1) * log(energy) -
               log(power_sum(sigma, count, order)) / (order - 1));
}
