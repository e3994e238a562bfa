/* See li_toy.h. */
#include "analysis/li_toy.h"

#include <math.h>
#include <stdbool.h>

#include "core/base/mem.h"

enum {
    SIZE = LI_TOY_SIZE,
    GROUPS = LI_TOY_GROUPS,
    A_GROUP = SIZE / GROUPS,
    STEPS = 4000, /* of the draw that is trained */
};

/* What is kept of P at most: all of it. */
static const size_t all = (size_t)1 << 30;
/* A column is in the span of those before when less than this is left of it:
 * float32 columns carry 6e-8 each way. */
static const double nothing = 1e-6;

/* to (GROUPS) = S x */
static void sum_groups(double *to, const float *x)
{
    for (int k = 0; k < GROUPS; k++) {
        to[k] = 0;
        for (int i = 0; i < A_GROUP; i++)
            to[k] += (double)x[k * A_GROUP + i];
    }
}

static double dot(const double *a, const double *b)
{
    double sum = 0;
    for (int k = 0; k < GROUPS; k++)
        sum += a[k] * b[k];
    return sum;
}

/* a -= (a.q) q */
static void take_out(double *a, const double *q)
{
    double along = dot(a, q);
    for (int k = 0; k < GROUPS; k++)
        a[k] -= along * q[k];
}

/* to (GROUPS) = S x - t */
static void residual_of(double *to, const float *x)
{
    sum_groups(to, x);
    for (int k = 0; k < GROUPS; k++)
        to[k] -= k + 1;
}

/* q (GROUPS): column of S P made orthonormal to those before it, twice, which
 * is enough (Kahan); false: it adds no direction. */
static bool new_direction(double (*q)[GROUPS], int count)
{
    double *at = q[count], before = sqrt(dot(at, at));
    for (int again = 0; again < 2; again++)
        for (int i = 0; i < count; i++)
            take_out(at, q[i]);
    double left = sqrt(dot(at, at));
    if (left <= nothing * before)
        return false;
    for (int k = 0; k < GROUPS; k++)
        at[k] /= left;
    return true;
}

void li_toy_least(double *least, const float *start, struct projection *p,
                  int cols)
{
    double q[GROUPS + 1][GROUPS], residual[GROUPS];
    float *unit = xcalloc((size_t)cols, sizeof *unit);
    float *column = xcalloc(SIZE, sizeof *column);
    int count = 0;
    residual_of(residual, start);
    double first = dot(residual, residual);
    least[0] = 1;
    for (int d = 1; d <= cols; d++) {
        unit[d - 1] = 1;
        projection_apply(p, column, unit);
        unit[d - 1] = 0;
        sum_groups(q[count], column);
        if (count < GROUPS && new_direction(q, count))
            take_out(residual, q[count++]);
        least[d] = dot(residual, residual) / first;
    }
    mem_free(unit);
    mem_free(column);
}

/* --- by descent -----------------------------------------------------------
 */

struct descent {
    struct projection *p;
    int cols;
    const float *start;
    float *theta;       /* (SIZE) */
    float *v;           /* (cols) */
    float *grad, *pace; /* (cols) of L in v; the last step */
};

/* L(start + P v), and what of it is in residual (GROUPS). */
static double loss_of(struct descent *at, double *residual)
{
    projection_apply(at->p, at->theta, at->v);
    for (int i = 0; i < SIZE; i++)
        at->theta[i] += at->start[i];
    residual_of(residual, at->theta);
    return dot(residual, residual);
}

/* grad = P^T S^T 2 residual, by (1). */
static void gradient_of(struct descent *at, const double *residual)
{
    for (int i = 0; i < SIZE; i++)
        at->theta[i] = (float)(2 * residual[i / A_GROUP]);
    projection_adjoint(at->p, at->grad, at->theta);
}

/* 1 / |2 (S P)^T S P|_F: no step of this size overshoots, for the trace is
 * above the largest eigenvalue. */
static double rate_of(struct descent *at)
{
    double trace = 0, sums[GROUPS];
    for (int j = 0; j < at->cols; j++) {
        at->v[j] = 1;
        projection_apply(at->p, at->theta, at->v);
        at->v[j] = 0;
        sum_groups(sums, at->theta);
        trace += 2 * dot(sums, sums);
    }
    return 1 / trace;
}

double li_toy_train(const float *start, struct projection *p, int cols,
                    int steps)
{
    const double momentum = 0.99;
    struct descent at = {.p = p, .cols = cols, .start = start};
    size_t count = (size_t)cols;
    double residual[GROUPS];
    at.theta = xcalloc(SIZE, sizeof *at.theta);
    at.v = xcalloc(3 * count, sizeof *at.v);
    at.grad = at.v + count;
    at.pace = at.grad + count;
    double rate = rate_of(&at), first = loss_of(&at, residual);
    for (int step = 0; step < steps; step++) {
        gradient_of(&at, residual);
        for (int j = 0; j < cols; j++) {
            at.pace[j] = (float)(momentum * (double)at.pace[j] -
                                 rate * (double)at.grad[j]);
            at.v[j] += at.pace[j];
        }
        (void)loss_of(&at, residual);
    }
    double last = dot(residual, residual);
    mem_free(at.theta);
    mem_free(at.v);
    return last / first;
}

/* --- many draws -----------------------------------------------------------
 */

static double expected_at(int d)
{
    return d < GROUPS ? 1 - (double)d / GROUPS : 0;
}

static void begin_rows(struct li_toy_row *rows, int draws)
{
    for (int d = 0; d <= LI_TOY_MOST; d++)
        rows[d] = (struct li_toy_row){.d = d,
                                      .draws = draws,
                                      .least = INFINITY,
                                      .most = -INFINITY,
                                      .expected = expected_at(d),
                                      .trained = NAN,
                                      .own = NAN};
}

static void add_draw(struct li_toy_row *rows, const double *least)
{
    for (int d = 0; d <= LI_TOY_MOST; d++) {
        struct li_toy_row *row = &rows[d];
        row->mean += least[d] / row->draws;
        row->least = fmin(row->least, least[d]);
        row->most = fmax(row->most, least[d]);
    }
}

/* One draw for each d, its own: as a run of d dimensions would have it. */
static int train_each(struct li_toy_row *rows, const float *start,
                      uint64_t seed, struct err *err)
{
    for (int d = 1; d <= LI_TOY_MOST; d++) {
        double least[LI_TOY_MOST + 1];
        struct projection *p =
            projection_new(PROJECT_DENSE, SIZE, d, seed, all, err);
        if (!p)
            return -1;
        li_toy_least(least, start, p, d);
        rows[d].own = least[d];
        rows[d].trained = li_toy_train(start, p, d, STEPS);
        projection_free(p);
    }
    return 0;
}

int li_toy_measure(struct li_toy_row *rows, int draws, uint64_t seed,
                   struct err *err)
{
    static const float start[SIZE] = {0};
    double least[LI_TOY_MOST + 1];
    begin_rows(rows, draws);
    for (int i = 0; i < draws; i++) {
        struct projection *p = projection_new(PROJECT_DENSE, SIZE, LI_TOY_MOST,
                                              seed + (uint64_t)i, all, err);
        if (!p)
            return -1;
        li_toy_least(least, start, p, LI_TOY_MOST);
        projection_free(p);
        add_draw(rows, least);
    }
    return train_each(rows, start, seed, err);
}
