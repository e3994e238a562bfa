/*
 * The mean: a Gaussian vector g has a length independent of its direction, so
 * E max|cos| = E max|g_i| / E||g||, E max|g_i| = int 1 - erf(t/sqrt 2)^count.
 *
 * The law: P(all |u_i| < epsilon) on the unit sphere is the density at s = 1
 * of s = |y|^2, y in the box |y_i| < epsilon, over the same without the box.
 * Its Laplace transform is a product, A(z)^count (pi/z)^((n-count)/2) with
 * A(z) = int_-epsilon^epsilon exp(-z y^2) dy, and is inverted on the line
 * Re z = n/2, where the whole sphere has its saddle point.  Equal steps in
 * Im z are exact there up to the mass at s = 1 + k period, which is none
 * (Abate and Whitt 1992, "The Fourier-series method for inverting transforms
 * of probability distributions").
 */
#include "analysis/random_cosine.h"

#include <assert.h>
#include <math.h>

#include "analysis/beta.h"

static const double pi = 3.141592653589793;

enum { NODES = 128 };

struct rule { /* Gauss and Legendre on [0, 1] */
    double at[NODES], weight[NODES];
};

static void find_rule(struct rule *rule)
{
    for (int k = 0; k < NODES / 2; k++) {
        double x = cos(pi * (k + 0.75) / (NODES + 0.5)), slope = 1;
        for (int step = 0; step < 4; step++) { /* Newton: 3 are enough */
            double p = 1, before = 0;
            for (int j = 0; j < NODES; j++) {
                double next = ((2 * j + 1) * x * p - j * before) / (j + 1);
                before = p;
                p = next;
            }
            slope = NODES * (x * p - before) / (x * x - 1);
            x -= p / slope;
        }
        rule->at[k] = (1 + x) / 2;
        rule->at[NODES - 1 - k] = (1 - x) / 2;
        rule->weight[k] = rule->weight[NODES - 1 - k] =
            1 / ((1 - x * x) * slope * slope);
    }
}

/* A(lambda + i k step) / sqrt(pi/lambda) for k = 0, 1, ...: node by node a
 * phase that turns by the same angle each time. */
struct transform {
    double re[NODES], im[NODES]; /* of the integrand now */
    double turn_re[NODES], turn_im[NODES];
    double reach; /* y is integrated over [0, reach] */
};

static void transform_begin(struct transform *to, const struct rule *rule,
                            double lambda, double step, double epsilon)
{
    /* Beyond 6.5/sqrt(lambda) the integrand is below 1e-18. */
    to->reach = fmin(epsilon, 6.5 / sqrt(lambda));
    for (int q = 0; q < NODES; q++) {
        double y = to->reach * rule->at[q];
        to->re[q] = 2 * sqrt(lambda / pi) * to->reach * rule->weight[q] *
                    exp(-lambda * y * y);
        to->im[q] = 0;
        to->turn_re[q] = cos(step * y * y);
        to->turn_im[q] = -sin(step * y * y);
    }
}

static void transform_take(double *re, double *im, struct transform *from)
{
    *re = *im = 0;
    for (int q = 0; q < NODES; q++) {
        double x = from->re[q], y = from->im[q];
        *re += x;
        *im += y;
        from->re[q] = x * from->turn_re[q] - y * from->turn_im[q];
        from->im[q] = x * from->turn_im[q] + y * from->turn_re[q];
    }
}

/* The inversion, 1/sqrt(n) < epsilon < 1. */
static double inverted(const struct rule *rule, int n, int count,
                       double epsilon)
{
    double lambda = n / 2.0, rest = (n - count) / 2.0;
    /* s is at most count epsilon^2 when all are in the box, and else rarely
     * far above 1. */
    double period = 1 + 16 * sqrt(2.0 / n);
    if (count == n)
        period = fmin(period, n * epsilon * epsilon);
    double step = 2 * pi / period, sum = 0;
    struct transform a;
    transform_begin(&a, rule, lambda, step, epsilon);
    /* Where the nodes no longer see the oscillation; what is left there, for
     * small n, is faded out over the second half. */
    double end = fmin(100 / (a.reach * a.reach), 4000 * step);
    for (int k = 0, quiet = 0; quiet < 8; k++) {
        double t = k * step, re, im;
        transform_take(&re, &im, &a);
        double size = count * log(hypot(re, im)) -
                      rest * log1p(t * t / (lambda * lambda)) / 2;
        double phase = count * atan2(im, re) - rest * atan2(t, lambda) + t;
        double far = t / end;
        double fade = far < 0.5 ? 1 : far < 1 ? pow(sin(pi * far), 2) : 0;
        sum += (k ? 2 : 1) * fade * exp(size) * cos(phase);
        quiet = size < -40 || far >= 1 ? quiet + 1 : 0;
    }
    /* exp(lambda) lambda^-lambda Gamma(lambda) / period */
    return sqrt(4 * pi / n) * exp(beta_stirling(lambda)) * sum / period;
}

/* P(max|cos| < epsilon). */
static double below(const struct rule *rule, int n, int count, double epsilon)
{
    double square = epsilon * epsilon;
    if (n == 1) /* the one vector there is */
        return epsilon > 1;
    if (epsilon >= 1)
        return 1;
    if (!(epsilon > 0) || (count == n && n * square <= 1))
        return 0;
    if (count == 1 || square >= 0.5) /* no two can be above it */
        return fmax(0, 1 - count * beta_cdf(1 - square, (n - 1) / 2.0, 0.5));
    return fmin(1, fmax(0, inverted(rule, n, count, epsilon)));
}

double random_escapes(int n, int count, double epsilon)
{
    assert(count >= 1 && count <= n);
    struct rule rule;
    find_rule(&rule);
    return 1 - below(&rule, n, count, epsilon);
}

static double quantile(const struct rule *rule, int n, int count, double p)
{
    double low = 0, high = 1;
    for (int k = 0; k < 24; k++) {
        double middle = (low + high) / 2;
        *(below(rule, n, count, middle) < p ? &low : &high) = middle;
    }
    return high;
}

/* E max of count |g|, independent standard normal. */
static double mean_largest(const struct rule *rule, int count)
{
    double end = sqrt(2 * log(count)) + 9, sum = 0; /* beyond: below 1e-18 */
    for (int q = 0; q < NODES; q++) {
        double t = end * rule->at[q];
        sum -=
            end * rule->weight[q] * expm1(count * log1p(-erfc(t / sqrt(2.0))));
    }
    return sum;
}

void random_cosine(double *mean, double *low, double *high, int n, int count)
{
    assert(count >= 1 && count <= n);
    struct rule rule;
    find_rule(&rule);
    double length = sqrt(2 / pi); /* E||g||: of n + 1 it is n / that of n */
    for (int k = 1; k < n; k++)
        length = k / length;
    *mean = mean_largest(&rule, count) / length;
    *low = quantile(&rule, n, count, 0.025);
    *high = quantile(&rule, n, count, 0.975);
}
