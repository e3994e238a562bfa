/*
 * One update of the flat values: clip by the global norm, then AdamW
 * (Loshchilov & Hutter 2019, arXiv 1711.05101) or SGD with momentum.
 *
 * Decay is decoupled in both (their algorithms 1 and 2): value -= lr * decay *
 * value, beside the step.  Adam's bias correction uses the age of each row.
 */
#include "core/train/optimizer.h"

#include <math.h>

#include "core/base/vecmath.h"

struct optimizer optimizer_new(const struct optimizer_conf *conf,
                               const struct method *method)
{
    struct optimizer made = {.conf = *conf, .size = method->size};
    for (int i = 0; i < method->param_count; i++)
        made.rows += method->param[i].rows;
    made.age = xcalloc((size_t)made.rows, sizeof *made.age);
    made.m = xcalloc(made.size, sizeof *made.m);
    if (conf->kind == OPTIMIZER_ADAMW)
        made.v = xcalloc(made.size, sizeof *made.v);
    return made;
}

void optimizer_free(struct optimizer *optimizer)
{
    mem_free(optimizer->m);
    mem_free(optimizer->v);
    mem_free(optimizer->age);
    optimizer->m = optimizer->v = NULL;
    optimizer->age = NULL;
}

/* Sum of squares in double, in an order of its own: eight running sums, which
 * one alone would make wait for each addition. */
static double sum_of_squares(const float *x, size_t n)
{
    enum { SUMS = 8 };
    double sum[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (int j = 0; j < SUMS; j++)
            sum[j] += (double)x[i + (size_t)j] * (double)x[i + (size_t)j];
    double total = 0;
    for (; i < n; i++)
        total += (double)x[i] * (double)x[i];
    for (int j = 0; j < SUMS; j++)
        total += sum[j];
    return total;
}

/* n values of one age, at an offset. */
static void update(struct optimizer *optimizer, struct method *method,
                   const float *grad, size_t at, size_t n, int age, float lr,
                   float decay)
{
    const struct optimizer_conf *conf = &optimizer->conf;
    float *value = method->value + at, *m = optimizer->m + at;
    switch (conf->kind) {
    case OPTIMIZER_ADAMW:
        vec_adamw(value, m, optimizer->v + at, grad + at, lr,
                  (float)conf->beta1, (float)conf->beta2, (float)conf->eps,
                  decay, 1 - pow(conf->beta1, age), 1 - pow(conf->beta2, age),
                  n);
        return;
    case OPTIMIZER_SGD:
        for (size_t i = 0; i < n; i++) {
            m[i] = (float)conf->momentum * m[i] + grad[at + i];
            value[i] -= lr * decay * value[i] + lr * m[i];
        }
        return;
    }
}

/* One param, its rows in stretches of the same age. */
static void update_param(struct optimizer *optimizer, struct method *method,
                         const struct param *param, int *age, const float *grad,
                         float lr)
{
    float decay = param->decays ? (float)optimizer->conf.weight_decay : 0;
    lr *= param->lr_scale; /* times 1 changes no bit */
    for (int row = 0; row < param->rows;) {
        int end = row;
        while (end < param->rows && age[end] == age[row])
            end++;
        size_t cols = (size_t)param->cols;
        update(optimizer, method, grad, param->offset + (size_t)row * cols,
               (size_t)(end - row) * cols, age[row] + 1, lr, decay);
        for (; row < end; row++)
            age[row]++;
    }
}

double optimizer_step(struct optimizer *optimizer, struct method *method,
                      float *grad, double lr)
{
    double norm = sqrt(sum_of_squares(grad, optimizer->size));
    double clip = optimizer->conf.clip;
    if (!isfinite(norm))
        return norm;
    if (clip > 0 && norm > clip)
        vec_scale(grad, (float)(clip / norm), optimizer->size);
    int *age = optimizer->age;
    for (int i = 0; i < method->param_count; i++) {
        const struct param *param = &method->param[i];
        update_param(optimizer, method, param, age, grad, (float)lr);
        age += param->rows;
    }
    return norm;
}
