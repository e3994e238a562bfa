/* Every function against libm in double, over all lengths at which the vector
 * loop and its remainder meet, and over the whole range of float. */
#include "core/base/vecmath.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "tests/near.h"

/* Polynomial 1e-8, rounding of the argument reduction and of the Horner
 * steps: about two units in the last place of a float. */
static const double EXP_SHARE = 2.5e-7;
/* exp, a division and three products. */
static const double GELU_SHARE = 6e-7;
static const double GELU_FLOOR = 3e-7; /* absolute, where x is of order 1 */
static const double SUM_SHARE = 1e-14;
static const double NORM_TOLERANCE = 2e-6; /* a few float roundings */

static const size_t lengths[] = {0,  1,  7,  8,  9,   15,  16,
                                 17, 31, 33, 64, 100, 1000};
enum { LENGTHS = sizeof lengths / sizeof lengths[0], MOST = 1000 };

static void draw(float *x, size_t n, double low, double high, uint64_t index)
{
    struct rng rng = rng_make(2, STREAM_TEST, index);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_between(&rng, low, high);
}

static double gelu_tanh(double x)
{
    return 0.5 * x *
           (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static double gelu_erf(double x)
{
    return 0.5 * x * erfc(-x / sqrt(2));
}

static double slope(double (*f)(double), double x)
{
    const double h = 1e-5; /* error h^2 and 1e-16 / h: both below 1e-10 */
    return (f(x + h) - f(x - h)) / (2 * h);
}

static void exp_is_libm(void **state)
{
    (void)state;
    float x, y;
    for (double at = -87.33; at < 88.72; at += 1.7e-3) {
        x = (float)at;
        vec_exp(&y, &x, 1);
        assert_near_relative(y, exp(x), EXP_SHARE);
    }
    for (int e = -149; e < -20; e++) { /* denormals and other small ones */
        float both[2] = {ldexpf(1, e), -ldexpf(1, e)}, got[2];
        vec_exp(got, both, 2);
        assert_near(got[0], exp(both[0]), EXP_SHARE);
        assert_near(got[1], exp(both[1]), EXP_SHARE);
    }
}

static void exp_at_the_ends(void **state)
{
    (void)state;
    float x[] = {-INFINITY, -FLT_MAX, -1000,   -104,     -88, 0,   -0.0f,
                 89,        1000,     FLT_MAX, INFINITY, NAN, -NAN};
    enum { N = sizeof x / sizeof x[0] };
    float y[N];
    vec_exp(y, x, N);
    for (int i = 0; i < 5; i++) /* below the smallest normal float: 0 */
        assert_near(y[i], 0, 0);
    assert_near(y[5], 1, 0);
    assert_near(y[6], 1, 0);
    for (int i = 7; i < 11; i++)
        assert_near(y[i], INFINITY, 0);
    assert_true(isnan(y[11]) && isnan(y[12]));
    vec_exp(y, x, 1); /* the same from the remainder loop */
    assert_near(y[0], 0, 0);
}

static void assert_gelu(float got, double want, double x)
{
    assert_near(got, want, GELU_SHARE * fabs(x) + GELU_FLOOR);
    if (x > -3) /* small results keep their digits */
        assert_near_relative(got, want, 10 * GELU_SHARE);
}

static void gelu_is_libm(void **state)
{
    (void)state;
    for (double at = -30; at < 30; at += 1.3e-3) {
        float x = (float)at, y;
        vec_gelu_tanh(&y, &x, 1);
        assert_gelu(y, gelu_tanh(x), x);
        vec_gelu_erf(&y, &x, 1);
        assert_gelu(y, gelu_erf(x), x);
    }
}

static void gelu_grad_is_the_slope(void **state)
{
    (void)state;
    for (double at = -30; at < 30; at += 1.3e-3) {
        float x = (float)at, dx, dy = -1.5f;
        vec_gelu_tanh_grad(&dx, &dy, &x, 1);
        assert_near(dx, dy * slope(gelu_tanh, x), 2e-6);
        vec_gelu_erf_grad(&dx, &dy, &x, 1);
        assert_near(dx, dy * slope(gelu_erf, x), 2e-6);
    }
}

static void gelu_far_out(void **state)
{
    (void)state;
    const float far[] = {50, 1e4f, 1e15f, 1e30f, FLT_MAX};
    void (*const forward[])(float *, const float *, size_t) = {vec_gelu_tanh,
                                                               vec_gelu_erf};
    void (*const backward[])(float *, const float *, const float *,
                             size_t) = {vec_gelu_tanh_grad, vec_gelu_erf_grad};
    for (int f = 0; f < 2; f++) {
        for (int i = 0; i < 5; i++) {
            float x[2] = {far[i], -far[i]}, y[2], one[2] = {1, 1};
            forward[f](y, x, 2);
            assert_near(y[0], x[0], 0);
            assert_near(y[1], 0, 0);
            backward[f](y, one, x, 2);
            assert_near(y[0], 1, 1e-6);
            assert_near(y[1], 0, 1e-6);
        }
        /* A diverged run must see its NaN. */
        float x = NAN, y = 0, one = 1;
        forward[f](&y, &x, 1);
        assert_true(isnan(y));
        y = 0;
        backward[f](&y, &one, &x, 1);
        assert_true(isnan(y));
    }
}

/* Entry i of a long array has the bits it has alone: the vector loop, its
 * remainder and the one-element call are the same arithmetic. */
static void place_does_not_matter(void **state)
{
    (void)state;
    void (*const functions[])(float *, const float *,
                              size_t) = {vec_exp, vec_gelu_tanh, vec_gelu_erf};
    static float x[MOST], y[MOST], z[MOST], dy[MOST], alone[MOST];
    draw(x, MOST, -8, 8, 1);
    draw(dy, MOST, -1, 1, 2);
    for (int f = 0; f < 3; f++) {
        functions[f](y, x, MOST);
        for (int i = 0; i < MOST; i++)
            functions[f](&alone[i], &x[i], 1);
        assert_memory_equal(y, alone, sizeof y);
        memcpy(z, x, sizeof x); /* in place */
        functions[f](z, z, MOST);
        assert_memory_equal(y, z, sizeof y);
        for (int n = 0; n < LENGTHS; n++) { /* nothing past the end */
            memset(z, 0x55, sizeof z);
            float guard = z[0];
            functions[f](z, x, lengths[n]);
            assert_memory_equal(z, y, lengths[n] * sizeof *z);
            if (lengths[n] < MOST)
                assert_memory_equal(&z[lengths[n]], &guard, sizeof guard);
        }
    }
    vec_gelu_tanh_grad(y, dy, x, MOST);
    for (int i = 0; i < MOST; i++)
        vec_gelu_tanh_grad(&alone[i], &dy[i], &x[i], 1);
    assert_memory_equal(y, alone, sizeof y);
    memcpy(z, dy, sizeof z);
    vec_gelu_tanh_grad(z, z, x, MOST);
    assert_memory_equal(y, z, sizeof y);
}

static void reductions(void **state)
{
    (void)state;
    static float x[MOST + 1], y[MOST + 1];
    draw(x, MOST + 1, -1, 1, 3);
    draw(y, MOST + 1, -1, 1, 4);
    for (int k = 0; k < LENGTHS; k++) {
        size_t n = lengths[k];
        double sum = 0, dot = 0;
        float most = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            sum += x[i];
            dot += (double)x[i] * y[i];
            most = fmaxf(most, x[i]);
        }
        assert_near(vec_sum(x, n), sum, SUM_SHARE * (double)(n + 1));
        assert_near(vec_dot(x, y, n), dot, SUM_SHARE * (double)(n + 1));
        assert_near(vec_max(x, n), most, 0);
        /* The order is fixed: where the array lies does not matter. */
        static float moved[MOST + 1];
        memcpy(moved + 1, x, n * sizeof *x);
        assert_true(vec_sum(moved + 1, n) == vec_sum(x, n));
        memcpy(moved + 1, y, n * sizeof *y);
        assert_true(vec_dot(x, moved + 1, n) == vec_dot(x, y, n));
    }
    for (size_t i = 0; i < 40; i++) { /* the largest at every place */
        float kept = x[i];
        x[i] = 3;
        assert_near(vec_max(x, 40), 3, 0);
        x[i] = kept;
    }
}

static void updates(void **state)
{
    (void)state;
    static float x[MOST], y[MOST], got[MOST], want[MOST];
    draw(x, MOST, -1, 1, 5);
    draw(y, MOST, -1, 1, 6);
    const double rounding = 1.2e-7; /* one float rounding of numbers < 2 */
    for (int k = 0; k < LENGTHS; k++) {
        size_t n = lengths[k];
        memcpy(got, y, sizeof got);
        memcpy(want, y, sizeof want);
        vec_add(got, x, n);
        for (size_t i = 0; i < n; i++)
            want[i] = y[i] + x[i];
        assert_near_array(got, want, MOST, rounding);
        vec_scale(got, 0.5f, n);
        for (size_t i = 0; i < n; i++)
            want[i] *= 0.5f;
        assert_near_array(got, want, MOST, rounding);
        vec_axpy(got, 0.25f, x, n);
        for (size_t i = 0; i < n; i++)
            want[i] += 0.25f * x[i];
        assert_near_array(got, want, MOST, rounding);
    }
}

static void softmax_is_libm(void **state)
{
    (void)state;
    static float x[MOST];
    for (int k = 1; k < LENGTHS; k++) {
        size_t n = lengths[k];
        for (int shift = -200; shift <= 200; shift += 100) {
            draw(x, n, shift - 12, shift + 12, 7);
            if (n > 2)
                x[n / 2] = x[n - 1] = -INFINITY;
            static double want[MOST];
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += want[i] = exp((double)x[i] - shift);
            for (size_t i = 0; i < n; i++)
                want[i] /= sum;
            float lse = vec_softmax(x, n);
            assert_near(lse, shift + log(sum), 1.6e-5); /* ulp of 200 */
            /* x - max rounds at 24: 24 * 2^-24 in the exponent. */
            assert_near_array_relative(x, want, n, 2e-6);
            if (n > 2)
                assert_near(x[n / 2] + x[n - 1], 0, 0);
        }
    }
}

static void softmax_of_masks_and_nan(void **state)
{
    (void)state;
    float x[20];
    for (int i = 0; i < 20; i++)
        x[i] = -INFINITY;
    assert_near(vec_softmax(x, 20), -INFINITY, 0);
    for (int i = 0; i < 20; i++)
        assert_near(x[i], 0, 0);
    assert_near(vec_softmax(x, 0), -INFINITY, 0);
    for (int i = 0; i < 20; i++)
        x[i] = i == 3 ? NAN : -INFINITY;
    assert_true(isnan(vec_softmax(x, 20)));
    assert_true(isnan(x[3]));
}

enum { WIDEST = 1000 };
static const float EPS = 1e-5f;

/* y (n) in double; returns sum w y, a scalar to differentiate. */
static double slow_norm(double *y, const double *x, const double *gain,
                        const double *bias, const float *w, size_t n)
{
    double mean = 0, variance = 0, loss = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (x[i] - mean) * (x[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++) {
        y[i] = gain[i] * (x[i] - mean) / sqrt(variance + EPS) + bias[i];
        loss += w[i] * y[i];
    }
    return loss;
}

static void norm_forward_and_back(void **state)
{
    (void)state;
    static float x[WIDEST], gain[WIDEST], bias[WIDEST], dy[WIDEST], y[WIDEST];
    static float dx[WIDEST], dgain[WIDEST], dbias[WIDEST];
    static double wide[3][WIDEST], want[WIDEST];
    static const size_t widths[] = {1, 2, 7, 8, 17, 64, 100};
    for (size_t k = 0; k < sizeof widths / sizeof widths[0]; k++) {
        size_t n = widths[k];
        draw(x, n, 2, 5, 8 + k); /* mean far from 0 */
        draw(gain, n, 0.5, 2, 30 + k);
        draw(bias, n, -1, 1, 50 + k);
        draw(dy, n, -1, 1, 70 + k);
        for (size_t i = 0; i < n; i++) {
            wide[0][i] = x[i];
            wide[1][i] = gain[i];
            wide[2][i] = bias[i];
            dgain[i] = dbias[i] = 10; /* added to, not overwritten */
        }
        float mean, rstd;
        vec_norm(y, &mean, &rstd, x, gain, bias, EPS, n);
        slow_norm(want, wide[0], wide[1], wide[2], dy, n);
        assert_near_array(y, want, n, NORM_TOLERANCE);
        vec_norm_grad(dx, dgain, dbias, dy, x, gain, mean, rstd, n);
        const double h = 1e-5;
        float *const got[3] = {dx, dgain, dbias};
        for (int which = 0; which < 3; which++)
            for (size_t i = 0; i < n; i++) {
                double kept = wide[which][i];
                wide[which][i] = kept + h;
                double up = slow_norm(want, wide[0], wide[1], wide[2], dy, n);
                wide[which][i] = kept - h;
                double down = slow_norm(want, wide[0], wide[1], wide[2], dy, n);
                wide[which][i] = kept;
                double numeric = (up - down) / (2 * h);
                /* dx is a small difference times rstd, up to 316 here. */
                double tolerance = 1e-5 + 2e-7 * rstd;
                assert_near(got[which][i] - (which ? 10 : 0), numeric,
                            tolerance);
            }
        /* In place, and without the gradients nobody wants. */
        static float again[WIDEST];
        memcpy(again, dy, n * sizeof *dy);
        vec_norm_grad(again, NULL, NULL, again, x, gain, mean, rstd, n);
        assert_memory_equal(again, dx, n * sizeof *dx);
    }
}

static void adamw_is_the_paper(void **state)
{
    (void)state;
    static float value[MOST], m[MOST], v[MOST], grad[MOST];
    static double wide[3][MOST];
    const double lr = 1e-3, b1 = 0.9, b2 = 0.999, eps = 1e-8, decay = 0.01;
    draw(value, MOST, -1, 1, 90);
    for (int i = 0; i < MOST; i++)
        wide[0][i] = value[i];
    for (int t = 1; t <= 20; t++) {
        draw(grad, MOST, -1, 1, 90 + (uint64_t)t);
        grad[5] = 0; /* a parameter nobody uses must only decay */
        double c1 = 1 - pow(b1, t), c2 = 1 - pow(b2, t);
        vec_adamw(value, m, v, grad, (float)lr, (float)b1, (float)b2,
                  (float)eps, (float)decay, c1, c2, MOST);
        for (int i = 0; i < MOST; i++) {
            double g = grad[i];
            wide[1][i] = b1 * wide[1][i] + (1 - b1) * g;
            wide[2][i] = b2 * wide[2][i] + (1 - b2) * g * g;
            double step = wide[1][i] / c1 / (sqrt(wide[2][i] / c2) + eps);
            wide[0][i] -= lr * (step + decay * wide[0][i]);
        }
    }
    assert_near_array(value, wide[0], MOST, 3e-6); /* 20 float roundings */
    assert_near_array(m, wide[1], MOST, 1e-6);
    assert_near_array_relative(v, wide[2], MOST, 1e-4); /* float(0.999) */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_libm),
        cmocka_unit_test(exp_at_the_ends),
        cmocka_unit_test(gelu_is_libm),
        cmocka_unit_test(gelu_grad_is_the_slope),
        cmocka_unit_test(gelu_far_out),
        cmocka_unit_test(place_does_not_matter),
        cmocka_unit_test(reductions),
        cmocka_unit_test(updates),
        cmocka_unit_test(softmax_is_libm),
        cmocka_unit_test(softmax_of_masks_and_nan),
        cmocka_unit_test(norm_forward_and_back),
        cmocka_unit_test(adamw_is_the_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
