/*
 * The incomplete beta function by its continued fraction (Lentz's algorithm;
 * DLMF 8.17.22) and its inverse by Newton steps inside a bracket.
 *
 * The factor in front, x^a (1-x)^b / B(a, b), is written with deviances
 * (Loader 2000, "Fast and accurate computation of binomial probabilities"):
 * with a and b in the thousands a difference of logarithms of Gamma would
 * lose as many digits as they have before the point.
 */
#include "analysis/beta.h"

#include <assert.h>
#include <float.h>
#include <math.h>

double beta_stirling(double x)
{
    assert(x > 0);
    double shift = 0;
    for (; x < 16; x++) /* the series is asymptotic: go where it is good */
        shift += (x + 0.5) * log1p(1 / x) - 1;
    double y = 1 / (x * x);
    return shift + (1. / 12 - (1. / 360 - (1. / 1260 - y / 1680) * y) * y) / x;
}

/* a ln(a / m) + m - a: how far a is from its mean m. */
static double deviance(double a, double m)
{
    double t = (m - a) / a;
    return a * (t - (fabs(t) < 0.5 ? log1p(t) : log(m / a)));
}

/* x^a (1-x)^b / B(a, b), 0 < x < 1. */
static double front(double x, double a, double b)
{
    const double two_pi = 6.283185307179586;
    double n = a + b;
    double stirling = beta_stirling(n) - beta_stirling(a) - beta_stirling(b);
    double away = deviance(a, n * x) + deviance(b, n * (1 - x));
    return sqrt(a * b / (two_pi * n)) * exp(stirling - away);
}

/* The continued fraction of I_x(a, b) a / front, for x below the mean; it
 * takes a few times sqrt(max(a, b)) terms. */
static double fraction(double x, double a, double b)
{
    enum { MOST = 100000 };
    const double tiny = 1e-300; /* in place of 0: Lentz divides by it */
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int k = 1; k < MOST; k++) {
        double last = 1;
        for (int odd = 0; odd < 2; odd++) {
            double term =
                odd ? -(a + k) * (a + b + k) * x /
                          ((a + 2 * k) * (a + 2 * k + 1))
                    : k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            last = c * d;
            value *= last;
        }
        if (fabs(last - 1) < DBL_EPSILON)
            break;
    }
    return value;
}

double beta_cdf(double x, double a, double b)
{
    assert(a > 0 && b > 0);
    if (!(x > 0))
        return 0;
    if (x >= 1)
        return 1;
    double value = x < (a + 1) / (a + b + 2)
                       ? front(x, a, b) * fraction(x, a, b) / a
                       : 1 - front(x, a, b) * fraction(1 - x, b, a) / b;
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

double beta_quantile(double p, double a, double b)
{
    assert(a > 0 && b > 0);
    enum { MOST = 200 };
    double low = 0, high = 1, x = a / (a + b);
    if (!(p > 0))
        return 0;
    if (p >= 1)
        return 1;
    for (int k = 0; k < MOST; k++) {
        double over = beta_cdf(x, a, b) - p;
        *(over > 0 ? &high : &low) = x;
        double density = front(x, a, b) / (x * (1 - x));
        double next = x - over / density;
        if (!(next > low && next < high)) /* or density 0: NaN */
            next = low + (high - low) / 2;
        if (fabs(next - x) <= 2 * DBL_EPSILON * x)
            return next;
        x = next;
    }
    return x;
}

void beta_match(double *a, double *b, double mean, double variance)
{
    assert(mean > 0 && mean < 1 && variance > 0);
    double sum = mean * (1 - mean) / variance - 1;
    assert(sum > 0);
    *a = mean * sum;
    *b = (1 - mean) * sum;
}
