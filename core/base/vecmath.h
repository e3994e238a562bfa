/*
 * Element-wise mathematics over contiguous floats, in loops the compiler
 * turns into vector instructions.  The only file built with relaxed maths
 * (never finite-math-only: masks are -inf).  tests/unit/test_vecmath.c holds
 * it against libm.
 *
 * n is a number of floats.  Outputs may be their own inputs; otherwise
 * buffers do not overlap.
 */
#ifndef CORE_BASE_VECMATH_H
#define CORE_BASE_VECMATH_H

#include <stddef.h>

void vec_exp(float *y, const float *x, size_t n); /* exp(-inf) = 0 */

/* GELU, Hendrycks & Gimpel 2016.  tanh: 0.5x(1+tanh(sqrt(2/pi)(x+0.044715x^3)))
 * as GPT-2 has it; erf: x * Phi(x), exact. */
void vec_gelu_tanh(float *y, const float *x, size_t n);
void vec_gelu_erf(float *y, const float *x, size_t n);

/* dx = dy * gelu'(x) */
void vec_gelu_tanh_grad(float *dx, const float *dy, const float *x, size_t n);
void vec_gelu_erf_grad(float *dx, const float *dy, const float *x, size_t n);

/* SiLU, x / (1 + exp(-x)) (Elfwing et al. 2018), and dx = dy silu'(x). */
void vec_silu(float *y, const float *x, size_t n);
void vec_silu_grad(float *dx, const float *dy, const float *x, size_t n);

void vec_multiply(float *y, const float *x, size_t n); /* y *= x */
/* Back through y = up * act, where act = f(gate): dy becomes dup = dy * act,
 * and act becomes dact = dy * up. */
void vec_gate_grad(float *dy, float *act, const float *up, size_t n);

float vec_max(const float *x, size_t n);  /* -inf for n = 0 */
double vec_sum(const float *x, size_t n); /* in a fixed order */
double vec_dot(const float *x, const float *y, size_t n);
void vec_scale(float *x, float a, size_t n);                /* x *= a       */
void vec_add(float *y, const float *x, size_t n);           /* y += x       */
void vec_axpy(float *y, float a, const float *x, size_t n); /* y += a x  */

/* x becomes softmax(x) over n entries; returns log sum exp of what it was. */
float vec_softmax(float *x, size_t n);

/* Layer norm of one row of n: y = gain * (x - mean) * rstd + bias.
 * Leaves mean and 1/sqrt(var + eps) for the backward pass. */
void vec_norm(float *y, float *mean, float *rstd, const float *x,
              const float *gain, const float *bias, float eps, size_t n);

/* Its gradient: dx is overwritten; dgain, dbias (n) are added to, or NULL. */
void vec_norm_grad(float *dx, float *dgain, float *dbias, const float *dy,
                   const float *x, const float *gain, float mean, float rstd,
                   size_t n);

/* Root mean square norm of one row (Zhang & Sennrich 2019, eq. 4): y = gain x
 * rrms, and 1/sqrt(mean x^2 + eps) is left for the way back.  x may be y. */
void vec_rms(float *y, float *rrms, const float *x, const float *gain,
             float eps, size_t n);
/* Its gradient: dx is overwritten; dgain (n) is added to, or NULL. */
void vec_rms_grad(float *dx, float *dgain, const float *dy, const float *x,
                  const float *gain, float rrms, size_t n);

/* One AdamW step over n entries (Loshchilov & Hutter 2019, eq. 12 with the
 * decay decoupled): correct1 = 1 - beta1^t, correct2 = 1 - beta2^t. */
void vec_adamw(float *value, float *m, float *v, const float *grad, float lr,
               float beta1, float beta2, float eps, float decay,
               double correct1, double correct2, size_t n);

#endif
