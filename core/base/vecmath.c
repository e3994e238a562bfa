/*
 * Element-wise maths in plain loops; see vecmath.h.  To become vector code
 * this file, and only this one, is compiled with
 *
 *     -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast
 *
 * and must not be compiled with -fassociative-math or -ffinite-math-only:
 * the order of every sum is written out (independent lanes, then a fixed
 * tree), so a result depends on n alone, and -inf and NaN pass through.
 *
 * exp: x = k ln 2 + r, |r| <= ln 2 / 2, exp(x) = 2^k p(r).  Polynomials are
 * minimax fits (Remez in 50 digits).  Results below 2^-126 become 0.
 */
#include "core/base/vecmath.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) ||                 \
    defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "vecmath.c needs its sums in order, and its infinities"
#endif

/* Iterations are independent even where output and input are one buffer. */
#define EACH _Pragma("GCC ivdep")

enum { LANES = 16 }; /* two AVX2 registers of floats, four of doubles */

/* exp for |x| below about 87; anything beyond is the caller's to fix. */
static inline float exp_near(float x)
{
    const float log2e = 1.44269504f;
    /* ln 2 = high + low, where k * high is exact. */
    const float high = 0.693359375f, low = -2.12194440e-4f;
    float k = rintf(x * log2e);
    k = k == k ? k : 0.0f; /* NaN has no integer; r carries it on */
    float r = (x - k * high) - k * low;
    float p = 0.00138144733f;
    p = p * r + 0.00836877989f;
    p = p * r + 0.0416683941f;
    p = p * r + 0.166665201f;
    p = p * r + 0.499999934f;
    p = p * (r * r) + r + 1.0f;
    /* p is in [0.7, 1.42]; k goes into its exponent. */
    uint32_t bits;
    memcpy(&bits, &p, sizeof bits);
    bits += (uint32_t)(int32_t)k << 23;
    memcpy(&p, &bits, sizeof p);
    return p;
}

static inline float exp_all(float x)
{
    const float least = -87.336f, most = 88.722f; /* 2^-126, FLT_MAX */
    /* NaN becomes least here, and NaN again below. */
    float inside = x > least ? x : least;
    inside = inside < most ? inside : most;
    float y = exp_near(inside);
    y = x < least ? 0.0f : y;
    return x <= most ? y : x + INFINITY;
}

void vec_exp(float *y, const float *x, size_t n)
{
    EACH for (size_t i = 0; i < n; i++) y[i] = exp_all(x[i]);
}

/* 2u of GELU's 0.5 x (1 + tanh u) = x / (1 + exp(-2u)). */
static inline float tanh_argument(float x)
{
    const float c = 1.59576912f; /* 2 sqrt(2 / pi) */
    return x * (c + c * 0.044715f * (x * x));
}

void vec_gelu_tanh(float *y, const float *x, size_t n)
{
    EACH for (size_t i = 0; i < n; i++)
    {
        float e = exp_all(-tanh_argument(x[i]));
        y[i] = x[i] / (1.0f + e);
    }
}

/* Keeps NaN: a comparison with it is false. */
static inline float clamp(float x, float low, float high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

void vec_gelu_tanh_grad(float *dx, const float *dy, const float *x, size_t n)
{
    /* s = sigmoid(2u): gelu' = s + x s (1 - s) (2u)'.  Beyond 9 it is 0 or 1
     * in float, and the clamp keeps 0 * inf away. */
    const float c = 1.59576912f;
    EACH for (size_t i = 0; i < n; i++)
    {
        float t = clamp(x[i], -9.0f, 9.0f);
        float e = exp_near(-tanh_argument(t));
        float s = 1.0f / (1.0f + e);
        float slope = c + 3.0f * c * 0.044715f * (t * t);
        dx[i] = dy[i] * (s + t * (s * (e * s)) * slope);
    }
}

/* Phi(-a) = exp(-a^2 / 2) t P(t), t = 1 / (1 + p a), a >= 0: the form of
 * Abramowitz & Stegun 26.2.17 with three more terms, fitted for relative
 * error below 1.3e-7 on [0, 14].  gauss is exp(-a^2 / 2). */
static inline float normal_tail(float a, float gauss)
{
    float t = 1.0f / (1.0f + 0.2316419f * a);
    float p = -0.0704241723f;
    p = p * t + 0.247686766f;
    p = p * t - 0.201660496f;
    p = p * t + 0.225253394f;
    p = p * t + 0.0135518272f;
    p = p * t + 0.102650411f;
    p = p * t + 0.0904200845f;
    p = p * t + 0.0925222493f;
    return gauss * (p * t);
}

/* Phi(x), with exp(-x^2 / 2) left in *gauss for the derivative. */
static inline float normal_cdf(float *gauss, float x)
{
    /* Beyond 13 the tail is below the smallest float. */
    float a = clamp(fabsf(x), 0.0f, 13.0f);
    *gauss = exp_near(-0.5f * a * a);
    float tail = normal_tail(a, *gauss);
    return x > 0.0f ? 1.0f - tail : tail;
}

void vec_gelu_erf(float *y, const float *x, size_t n)
{
    EACH for (size_t i = 0; i < n; i++)
    {
        float gauss;
        float phi = normal_cdf(&gauss, x[i]);
        y[i] = x[i] * (x[i] < -13.0f ? 0.0f : phi);
    }
}

void vec_gelu_erf_grad(float *dx, const float *dy, const float *x, size_t n)
{
    const float root = 0.398942280f; /* 1 / sqrt(2 pi) */
    EACH for (size_t i = 0; i < n; i++)
    {
        float t = clamp(x[i], -13.0f, 13.0f);
        float gauss;
        float phi = normal_cdf(&gauss, t);
        dx[i] = dy[i] * (phi + t * root * gauss);
    }
}

void vec_silu(float *y, const float *x, size_t n)
{
    EACH for (size_t i = 0; i < n; i++) y[i] = x[i] / (1.0f + exp_all(-x[i]));
}

void vec_silu_grad(float *dx, const float *dy, const float *x, size_t n)
{
    /* s = sigmoid(x): silu' = s (1 + x (1 - s)), 1 - s = exp(-x) s.  Beyond 60
     * it is 0 or 1 in float, and the clamp keeps inf * 0 away. */
    EACH for (size_t i = 0; i < n; i++)
    {
        float t = clamp(x[i], -60.0f, 60.0f);
        float e = exp_near(-t);
        float s = 1.0f / (1.0f + e);
        dx[i] = dy[i] * (s + t * (s * (e * s)));
    }
}

void vec_multiply(float *y, const float *x, size_t n)
{
    EACH for (size_t i = 0; i < n; i++) y[i] *= x[i];
}

void vec_gate_grad(float *dy, float *act, const float *up, size_t n)
{
    EACH for (size_t i = 0; i < n; i++)
    {
        float d = dy[i];
        dy[i] = d * act[i];
        act[i] = d * up[i];
    }
}

/* The bits of a float as an integer of the same order; its own inverse.
 * Maxima of floats do not vectorise (NaN), those of integers do. */
static inline int32_t ordered(int32_t bits)
{
    return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}

float vec_max(const float *x, size_t n)
{
    const float least = -INFINITY;
    int32_t most, bits;
    memcpy(&most, &least, sizeof most);
    most = ordered(most);
    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, x + i, sizeof bits);
        bits = ordered(bits);
        most = bits > most ? bits : most;
    }
    most = ordered(most);
    float result;
    memcpy(&result, &most, sizeof result);
    return result;
}

static double fold(double lane[LANES])
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            lane[j] += lane[j + half];
    return lane[0];
}

double vec_sum(const float *x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += x[i + j];
    for (int j = 0; i < n; i++, j++)
        lane[j] += x[i];
    return fold(lane);
}

double vec_dot(const float *x, const float *y, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += (double)x[i + j] * y[i + j];
    for (int j = 0; i < n; i++, j++)
        lane[j] += (double)x[i] * y[i];
    return fold(lane);
}

void vec_scale(float *x, float a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= a;
}

void vec_add(float *y, const float *x, size_t n)
{
    EACH for (size_t i = 0; i < n; i++) y[i] += x[i];
}

void vec_axpy(float *y, float a, const float *x, size_t n)
{
    EACH for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

float vec_softmax(float *x, size_t n)
{
    float most = vec_max(x, n);
    /* All masked: exp(-inf - 0) = 0 everywhere, and no NaN is made. */
    float shift = most == -INFINITY ? 0.0f : most;
    EACH for (size_t i = 0; i < n; i++) x[i] = exp_all(x[i] - shift);
    double sum = vec_sum(x, n);
    if (sum == 0)
        return -INFINITY;
    vec_scale(x, (float)(1.0 / sum), n);
    return (float)(shift + log(sum));
}

static double sum_of_squares_about(const float *x, double mean, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += (x[i + j] - mean) * (x[i + j] - mean);
    for (int j = 0; i < n; i++, j++)
        lane[j] += (x[i] - mean) * (x[i] - mean);
    return fold(lane);
}

void vec_norm(float *y, float *mean, float *rstd, const float *x,
              const float *gain, const float *bias, float eps, size_t n)
{
    double middle = vec_sum(x, n) / (double)n;
    double variance = sum_of_squares_about(x, middle, n) / (double)n;
    float m = (float)middle, r = (float)(1.0 / sqrt(variance + eps));
    EACH for (size_t i = 0; i < n; i++) y[i] =
        gain[i] * ((x[i] - m) * r) + bias[i];
    *mean = m;
    *rstd = r;
}

/* With h = (x - mean) rstd and g = gain * dy:
 * dx = rstd (g - average(g) - h average(g h)). */
void vec_norm_grad(float *dx, float *dgain, float *dbias, const float *dy,
                   const float *x, const float *gain, float mean, float rstd,
                   size_t n)
{
    if (dgain)
        EACH for (size_t i = 0; i < n; i++) dgain[i] +=
            dy[i] * ((x[i] - mean) * rstd);
    if (dbias)
        vec_add(dbias, dy, n);

    double g_lane[LANES] = {0}, gh_lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            float g = gain[i + j] * dy[i + j];
            float h = (x[i + j] - mean) * rstd;
            g_lane[j] += g;
            gh_lane[j] += (double)g * h;
        }
    for (int j = 0; i < n; i++, j++) {
        float g = gain[i] * dy[i], h = (x[i] - mean) * rstd;
        g_lane[j] += g;
        gh_lane[j] += (double)g * h;
    }
    float g_mean = (float)(fold(g_lane) / (double)n);
    float gh_mean = (float)(fold(gh_lane) / (double)n);
    EACH for (size_t k = 0; k < n; k++)
    {
        float h = (x[k] - mean) * rstd;
        dx[k] = rstd * (gain[k] * dy[k] - g_mean - h * gh_mean);
    }
}

void vec_rms(float *y, float *rrms, const float *x, const float *gain,
             float eps, size_t n)
{
    float r = (float)(1.0 / sqrt(vec_dot(x, x, n) / (double)n + (double)eps));
    EACH for (size_t i = 0; i < n; i++) y[i] = gain[i] * (x[i] * r);
    *rrms = r;
}

/* With h = x rrms and g = gain * dy: dx = rrms (g - h average(g h)). */
void vec_rms_grad(float *dx, float *dgain, const float *dy, const float *x,
                  const float *gain, float rrms, size_t n)
{
    if (dgain)
        EACH for (size_t i = 0; i < n; i++) dgain[i] += dy[i] * (x[i] * rrms);
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += (double)(gain[i + j] * dy[i + j]) * (x[i + j] * rrms);
    for (int j = 0; i < n; i++, j++)
        lane[j] += (double)(gain[i] * dy[i]) * (x[i] * rrms);
    float mean = (float)(fold(lane) / (double)n);
    EACH for (size_t k = 0; k < n; k++) dx[k] =
        rrms * (gain[k] * dy[k] - (x[k] * rrms) * mean);
}

void vec_adamw(float *value, float *m, float *v, const float *grad, float lr,
               float beta1, float beta2, float eps, float decay,
               double correct1, double correct2, size_t n)
{
    const float shrink = lr * decay; /* 1 - shrink would round it away */
    const float step = (float)(lr / correct1);
    const float scale = (float)(1.0 / sqrt(correct2));
    const float fresh1 = (float)(1.0 - (double)beta1);
    const float fresh2 = (float)(1.0 - (double)beta2);
    EACH for (size_t i = 0; i < n; i++)
    {
        float g = grad[i];
        float m1 = beta1 * m[i] + fresh1 * g;
        float v1 = beta2 * v[i] + fresh2 * (g * g);
        m[i] = m1;
        v[i] = v1;
        float move = step * m1 / (sqrtf(v1) * scale + eps);
        value[i] -= shrink * value[i] + move;
    }
}
