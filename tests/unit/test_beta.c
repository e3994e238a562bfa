/*
 * The beta law against laws with a closed form, a sum over binomials, a
 * quadrature, and its own inverse.
 */
#include <math.h>

#include "analysis/beta.h"
#include "tests/near.h"

/* A few hundred roundings: the continued fraction and the factor before it. */
#define ROUNDING 1e-13
/* A sum of up to 100 terms of which lgamma gives the logarithms, near 70. */
#define BINOMIAL_SUM 1e-12
/* a and b in the thousands: their deviances, up to 50, are differences. */
#define LARGE 1e-11
/* Two doubles to either side. */
#define NEIGHBOURS 4.5e-16
/* Simpson's rule with 20000 panels over a smooth peak. */
#define SIMPSON 1e-10

/* I_x(1, b) = 1 - (1-x)^b, I_x(a, 1) = x^a, and the arcsine law. */
static void closed_forms(void **state)
{
    (void)state;
    for (int k = 0; k <= 40; k++) {
        double x = k / 40.0;
        for (double a = 0.25; a < 300; a *= 3) {
            assert_near(beta_cdf(x, 1, a), -expm1(a * log1p(-x)), ROUNDING);
            assert_near(beta_cdf(x, a, 1), pow(x, a), ROUNDING);
            assert_near(beta_cdf(x, a, 7) + beta_cdf(1 - x, 7, a), 1, ROUNDING);
        }
        assert_near(beta_cdf(x, 0.5, 0.5), 2 / M_PI * asin(sqrt(x)), ROUNDING);
    }
    assert_near(beta_cdf(-1, 2, 3), 0, 0);
    assert_near(beta_cdf(2, 2, 3), 1, 0);
    /* Far in the tail it is relative: I_x(2, 3) = 6 x^2 - 8 x^3 + 3 x^4. */
    assert_near_relative(beta_cdf(1e-8, 2, 3), 6e-16 - 8e-24, ROUNDING);
}

/* I_x(a, b) = P(at least a of a + b - 1 coins of bias x). */
static void sum_of_binomials(void **state)
{
    (void)state;
    for (int a = 1; a < 50; a += 6)
        for (int b = 1; b < 50; b += 7)
            for (double x = 0.05; x < 1; x += 0.1) {
                double sum = 0;
                int n = a + b - 1;
                for (int k = a; k <= n; k++)
                    sum +=
                        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) +
                            k * log(x) + (n - k) * log1p(-x));
                assert_near(beta_cdf(x, a, b), sum, BINOMIAL_SUM);
            }
}

/* A peak as narrow as that of phi at GPT-3's size. */
static void large_arguments(void **state)
{
    (void)state;
    const double a = 300.5, b = 57000.25, top = 0.0065;
    enum { PANELS = 20000 };
    double step = top / PANELS, sum = 0;
    double front = lgamma(a + b) - lgamma(a) - lgamma(b);
    for (int k = 1; k <= PANELS; k++) {
        double x = k * step, weight = k == PANELS ? 1 : k % 2 ? 4 : 2;
        sum += weight * exp(front + (a - 1) * log(x) + (b - 1) * log1p(-x));
    }
    /* front is a difference of numbers near 6e5. */
    assert_near(beta_cdf(top, a, b), sum * step / 3, SIMPSON);
    /* Symmetric: the half is at a half whatever the size. */
    for (double size = 1; size < 1e8; size *= 10)
        assert_near(beta_cdf(0.5, size, size), 0.5, LARGE);
}

static void quantile_inverts(void **state)
{
    (void)state;
    const double shape[][2] = {
        {0.5, 0.5}, {0.5, 31.5},  {0.5, 6143.5}, {31.5, 0.5},       {2, 3},
        {4, 28},    {0.05, 0.05}, {1, 1},        {300.5, 57000.25}, {1e6, 1e6}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (double p = 0.025; p < 1; p += 0.05) {
            double a = shape[s][0], b = shape[s][1];
            double x = beta_quantile(p, a, b);
            /* Near 1 neighbouring doubles are further apart than p can tell:
             * then it is one of the nearest. */
            double up = beta_cdf(x * (1 + NEIGHBOURS), a, b);
            double down = beta_cdf(x * (1 - NEIGHBOURS), a, b);
            assert_true(down - LARGE <= p && p <= up + LARGE);
        }
    assert_near(beta_quantile(0, 2, 3), 0, 0);
    assert_near(beta_quantile(1, 2, 3), 1, 0);
    assert_near(beta_quantile(0.3, 1, 1), 0.3, ROUNDING);
}

static void match_has_the_moments(void **state)
{
    (void)state;
    double a, b;
    beta_match(&a, &b, 0.125, 0.003);
    assert_near(a / (a + b), 0.125, ROUNDING);
    assert_near(a * b / ((a + b) * (a + b) * (a + b + 1)), 0.003, ROUNDING);
}

static void stirling_is_the_rest(void **state)
{
    (void)state;
    for (double x = 0.25; x < 100; x *= 1.3)
        assert_near(beta_stirling(x),
                    lgamma(x + 1) - (x * log(x) - x + log(2 * M_PI * x) / 2),
                    ROUNDING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_forms),
        cmocka_unit_test(sum_of_binomials),
        cmocka_unit_test(large_arguments),
        cmocka_unit_test(quantile_inverts),
        cmocka_unit_test(match_has_the_moments),
        cmocka_unit_test(stirling_is_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
