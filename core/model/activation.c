/*
 * Between up and down: act = f(up), or with a gate act = f(gate) * up
 * (Shazeer 2020, eq. 6).  Private to core/model.
 */
#include "core/base/vecmath.h"
#include "core/model/pass.h"

static void apply(float *y, const float *x, size_t n, enum activation f)
{
    switch (f) {
    case GELU_TANH:
        vec_gelu_tanh(y, x, n);
        return;
    case GELU_ERF:
        vec_gelu_erf(y, x, n);
        return;
    case SILU:
        vec_silu(y, x, n);
        return;
    }
}

/* dx = dy * f'(x) */
static void apply_back(float *dx, const float *dy, const float *x, size_t n,
                       enum activation f)
{
    switch (f) {
    case GELU_TANH:
        vec_gelu_tanh_grad(dx, dy, x, n);
        return;
    case GELU_ERF:
        vec_gelu_erf_grad(dx, dy, x, n);
        return;
    case SILU:
        vec_silu_grad(dx, dy, x, n);
        return;
    }
}

static size_t count_of(struct mat m)
{
    return (size_t)m.rows * (size_t)m.cols;
}

void activate(struct layer_memory *m, const struct model_conf *conf)
{
    size_t n = count_of(m->up);
    apply(m->act.at, conf->gated ? m->gate.at : m->up.at, n, conf->activation);
    if (conf->gated)
        vec_multiply(m->act.at, m->up.at, n);
}

void activate_back(struct mat dup, struct mat dgate,
                   const struct layer_memory *m, const struct model_conf *conf)
{
    size_t n = count_of(dup);
    if (!conf->gated) {
        apply_back(dup.at, dup.at, m->up.at, n, conf->activation);
        return;
    }
    apply(dgate.at, m->gate.at, n, conf->activation);
    vec_gate_grad(dup.at, dgate.at, m->up.at, n);
    apply_back(dgate.at, dgate.at, m->gate.at, n, conf->activation);
}

void activate_rows(struct mat y, struct mat x, enum activation f)
{
    apply(y.at, x.at, count_of(x), f);
}

void activate_rows_back(struct mat dx, struct mat x, enum activation f)
{
    apply_back(dx.at, dx.at, x.at, count_of(x), f);
}
