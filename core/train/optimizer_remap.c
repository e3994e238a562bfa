/*
 * The optimiser's memory after a change of rank (FACTS 4.5 in the project's
 * notes): with B' = B T and A' = S A,
 *
 *   m_B' = (s'/s) m_B S^T,   m_A' = (s'/s) T^T m_A           exactly,
 *   v_B' = (s'/s)^2 v_B (S o S)^T, v_A' likewise             about,
 *
 * the second without the covariances between directions.  The maps of struct
 * rank_change hold (s'/s) T^T and (s'/s) S.  Moments are mapped free of their
 * start-up bias, since directions may differ in age; a new direction takes
 * the age of the youngest it is made of that has taken a step.
 */
#include "core/train/optimizer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A param's share of the optimiser's memory. */
struct memory {
    float *m, *v;
    int *age;
    int rows, cols;
};

static struct memory memory_of(const struct optimizer *optimizer,
                               const struct param *params, int index)
{
    int row = 0;
    for (int i = 0; i < index; i++)
        row += params[i].rows;
    const struct param *param = &params[index];
    return (struct memory){.m = optimizer->m + param->offset,
                           .v = optimizer->v ? optimizer->v + param->offset
                                             : NULL,
                           .age = optimizer->age + row,
                           .rows = param->rows,
                           .cols = param->cols};
}

static void keep(struct memory to, struct memory from)
{
    size_t bytes = sizeof(float) * (size_t)to.rows * (size_t)to.cols;
    assert(to.rows == from.rows && to.cols == from.cols);
    memcpy(to.m, from.m, bytes);
    if (to.v)
        memcpy(to.v, from.v, bytes);
    memcpy(to.age, from.age, sizeof(int) * (size_t)to.rows);
}

static int youngest(const double *map, struct memory from)
{
    int age = 0;
    for (int k = 0; k < from.rows; k++)
        if (map[k] != 0 && from.age[k] > 0 && (!age || from.age[k] < age))
            age = from.age[k];
    return age;
}

/* What a moment of age from must be multiplied by to look like one of age to;
 * 1 exactly when they are equal. */
static double rebias(double beta, int to, int from)
{
    if (to == from)
        return 1;
    return (1 - pow(beta, to)) / (1 - pow(beta, from));
}

/* to[j] = sum over k of weight[k] from[k][j]; terms without weight are left
 * out, so that a direction mapped to itself keeps its bits. */
static void combine(float *to, const double *weight, const float *from,
                    int rows, int cols)
{
    for (int j = 0; j < cols; j++) {
        double sum = -0.0; /* so that -0.0 stays what it is */
        for (int k = 0; k < rows; k++)
            if (weight[k] != 0)
                sum += weight[k] *
                       (double)from[(size_t)k * (size_t)cols + (size_t)j];
        to[j] = (float)sum;
    }
}

/* map (to.rows, from.rows) */
static void follow(struct memory to, struct memory from, struct dmat map,
                   const bool *restart, const struct optimizer_conf *conf)
{
    double *weight = xcalloc(2 * (size_t)from.rows, sizeof *weight);
    double *square = weight + from.rows;
    bool adam = conf->kind == OPTIMIZER_ADAMW;
    for (int i = 0; i < to.rows; i++) {
        size_t at = (size_t)i * (size_t)to.cols;
        const double *row = dmat_row(map, i);
        if (restart[i])
            continue; /* zero moments, age 0 */
        to.age[i] = youngest(row, from);
        for (int k = 0; k < from.rows; k++) {
            weight[k] = from.age[k] ? row[k] : 0;
            square[k] = weight[k] * weight[k];
            if (adam && from.age[k]) {
                weight[k] *= rebias(conf->beta1, to.age[i], from.age[k]);
                square[k] *= rebias(conf->beta2, to.age[i], from.age[k]);
            }
        }
        combine(to.m + at, weight, from.m, from.rows, to.cols);
        if (to.v)
            combine(to.v + at, square, from.v, from.rows, to.cols);
    }
    mem_free(weight);
}

static int find(const struct param *params, int count, const struct param *like)
{
    for (int i = 0; i < count; i++)
        if (params[i].kind == like->kind && params[i].site == like->site &&
            params[i].other == like->other)
            return i;
    return -1;
}

void optimizer_remap(struct optimizer *optimizer, const struct method *method,
                     const struct param *before, int before_count,
                     const struct rank_change *change)
{
    if (change->before == change->after)
        return;
    struct optimizer next = optimizer_new(&optimizer->conf, method);
    for (int i = 0; i < method->param_count; i++) {
        const struct param *param = &method->param[i];
        int old = find(before, before_count, param);
        assert(old >= 0);
        struct memory to = memory_of(&next, method->param, i);
        struct memory from = memory_of(optimizer, before, old);
        bool turned = param->site == change->site;
        if (turned && param->kind == PARAM_A)
            follow(to, from, change->map_a, change->restart, &next.conf);
        else if (turned &&
                 (param->kind == PARAM_BT || param->kind == PARAM_MID))
            follow(to, from, change->map_b, change->restart, &next.conf);
        else
            keep(to, from);
    }
    optimizer_free(optimizer);
    *optimizer = next;
}
