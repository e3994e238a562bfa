/*
 * Between the stream and the head: the final norm, or after layers with norms
 * behind them a dense layer of the head's own:
 *
 *   next    top = norm(h)
 *   masked  top = norm(f(W h + b))          (Devlin et al. 2019, MLM)
 *   classes top = tanh(W h + b)             (the pooler; RoBERTa's too)
 *
 * Private to core/model.
 */
#include <assert.h>
#include <math.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/pass.h"

static void gather(struct mat to, const struct pass *pass)
{
    for (int i = 0; i < to.rows; i++)
        mat_copy(mat_rows(to, i, 1), mat_rows(pass->out, pass->row[i], 1));
}

static void dense_forward(struct pass *pass, const struct weights *w)
{
    const struct model *model = pass->model;
    const struct model_conf *c = &model->conf;
    struct top_memory *top = &pass->top;
    int d = c->width;
    struct mat weight = mat_of((float *)pass_outer(model, w, DENSE), d, d);
    top->dense = pass_take(pass, pass->rows, d);
    top->act = pass_take(pass, pass->rows, d);
    linear_forward(top->dense, top->x, weight,
                   pass_outer(model, w, DENSE_BIAS));
    if (c->head == HEAD_MASKED) {
        activate_rows(top->act, top->dense, c->activation);
        norm_rows(top->out, top->mean, top->rstd, top->act,
                  pass_outer(model, w, DENSE_GAIN),
                  pass_outer(model, w, DENSE_NORM_BIAS), c);
        return;
    }
    size_t n = (size_t)pass->rows * (size_t)d;
    for (size_t i = 0; i < n; i++)
        top->act.at[i] = tanhf(top->dense.at[i]);
    mat_copy(top->out, top->act);
}

void top_forward(struct pass *pass, const struct weights *w)
{
    const struct model *model = pass->model;
    const struct model_conf *c = &model->conf;
    struct top_memory *top = &pass->top;
    size_t rows = (size_t)pass->rows;
    *top = (struct top_memory){.out = pass_take(pass, pass->rows, c->width)};
    top->mean = arena_take(&pass->arena, rows);
    top->rstd = arena_take(&pass->arena, rows);
    if (c->head != HEAD_NEXT) {
        top->x = pass_take(pass, pass->rows, c->width);
        gather(top->x, pass);
        dense_forward(pass, w);
        return;
    }
    assert(!c->post_norm);
    const float *gain = pass_outer(model, w, LAST_GAIN);
    const float *bias = pass_outer(model, w, LAST_BIAS);
    for (int i = 0; i < pass->rows; i++)
        norm_rows(mat_rows(top->out, i, 1), &top->mean[i], &top->rstd[i],
                  mat_rows(pass->out, pass->row[i], 1), gain, bias, c);
}

static float *gradient_of(const struct pass *pass, const struct sink *sink,
                          enum outer_other which)
{
    int index = model_outer(pass->model, which);
    return index < 0 ? NULL : sink->other[index];
}

/* dtop becomes the gradient of what the dense layer gave. */
static void dense_norm_back(struct pass *pass, const struct weights *w,
                            const struct sink *sink)
{
    const struct model_conf *c = &pass->model->conf;
    const struct top_memory *top = &pass->top;
    if (c->head == HEAD_CLASSES) {
        size_t n = (size_t)pass->rows * (size_t)c->width;
        for (size_t i = 0; i < n; i++)
            pass->dtop.at[i] *= 1 - top->act.at[i] * top->act.at[i];
        return;
    }
    const float *gain = pass_outer(pass->model, w, DENSE_GAIN);
    for (int i = 0; i < pass->rows; i++) {
        float *row = mat_row(pass->dtop, i);
        norm_row_back(row, gradient_of(pass, sink, DENSE_GAIN),
                      gradient_of(pass, sink, DENSE_NORM_BIAS), row,
                      mat_row(top->act, i), gain, top->mean[i], top->rstd[i],
                      c);
    }
    activate_rows_back(pass->dtop, top->dense, c->activation);
}

static void dense_back(struct pass *pass, const struct weights *w,
                       struct mat dh, const struct sink *sink)
{
    int d = pass->model->conf.width;
    struct mat weight =
        mat_of((float *)pass_outer(pass->model, w, DENSE), d, d);
    float *gradient = gradient_of(pass, sink, DENSE);
    dense_norm_back(pass, w, sink);
    if (gradient)
        linalg_gemm(mat_of(gradient, d, d), 1, pass->dtop, TRANSPOSED,
                    pass->top.x, PLAIN, 1);
    linear_bias_gradient(gradient_of(pass, sink, DENSE_BIAS), pass->dtop);
    /* x has done its part and takes its own gradient. */
    linalg_gemm(pass->top.x, 1, pass->dtop, PLAIN, weight, PLAIN, 0);
    for (int i = 0; i < pass->rows; i++)
        mat_copy(mat_rows(dh, pass->row[i], 1), mat_rows(pass->top.x, i, 1));
}

void top_backward(struct pass *pass, const struct weights *w, struct mat dh,
                  const struct sink *sink)
{
    const struct top_memory *top = &pass->top;
    mat_zero(dh);
    if (pass->model->conf.head != HEAD_NEXT) {
        dense_back(pass, w, dh, sink);
        return;
    }
    const float *gain = pass_outer(pass->model, w, LAST_GAIN);
    for (int i = 0; i < pass->rows; i++)
        norm_row_back(mat_row(dh, pass->row[i]),
                      gradient_of(pass, sink, LAST_GAIN),
                      gradient_of(pass, sink, LAST_BIAS),
                      mat_row(pass->dtop, i), mat_row(pass->out, pass->row[i]),
                      gain, top->mean[i], top->rstd[i], &pass->model->conf);
}
