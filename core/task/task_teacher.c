/*
 * Task "teacher": a linear model W0 learns another one, y* = (W0 + dW*) x,
 * whose update is known exactly:
 *
 *   dW* = sigma sum over i <= k of u_i v_i^T,   sigma = sqrt(out / k)
 *
 * with orthonormal u_i and v_i: rank k, all singular values equal.  The inputs
 * are white: any n / in rounds of in examples have sum x x^T / n = I, so the
 * mean squared error of an update dW is ||dW* - dW||_F^2 / out, and the least
 * one of rank r is, by Eckart & Young 1936,
 *
 *   loss(r) / loss(0) = 1 - r / k for r <= k,  then 0,        loss(0) = 1.
 *
 * A round is the rows of sqrt(in) Q, Q orthogonal.  There is no noise, so what
 * is learned from one round holds for every other: the held-out examples are
 * one of their own.
 */
#include "core/task/task_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"

enum { USUAL = 8, WIDEST = 4096 };

/* Indices of STREAM_TASK: rounds are 1, 2, ...; the held-out one is 0. */
static const uint64_t LEFT = (uint64_t)1 << 40, RIGHT = (uint64_t)2 << 40;

struct teacher {
    int rank;
    struct mat w; /* (out, in) W0 + dW* */
    struct mat x; /* (in + examples, in) the held-out round, then training's */
};

/* a (rows, cols) becomes orthonormal rows, rows <= cols: those of a normal
 * matrix, so of no preferred direction. */
static int draw_orthonormal(struct dmat a, uint64_t seed, uint64_t index,
                            struct err *err)
{
    struct rng rng = rng_make(seed, STREAM_TASK, index);
    struct dmat r = dmat_new(a.rows, a.rows);
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            dmat_row(a, i)[j] = rng_normal(&rng);
    int status = linalg_qr_rows(a, r, err);
    dmat_free(&r);
    return status;
}

static int draw_rounds(struct teacher *t, uint64_t seed, struct err *err)
{
    int in = t->x.cols, status = 0;
    struct dmat q = dmat_new(in, in);
    double by = sqrt(in);
    for (int round = 0; round * in < t->x.rows && status == 0; round++) {
        status = draw_orthonormal(q, seed, (uint64_t)round, err);
        for (int i = 0; i < in; i++)
            for (int j = 0; j < in; j++)
                mat_row(t->x, round * in + i)[j] =
                    (float)(by * dmat_row(q, i)[j]);
    }
    dmat_free(&q);
    return status;
}

/* w (out, in) = W0 + dW* */
static int draw_weights(struct teacher *t, const struct task_conf *conf,
                        struct err *err)
{
    double sigma = sqrt((double)conf->out / t->rank);
    struct dmat u = dmat_new(t->rank, conf->out);
    struct dmat v = dmat_new(t->rank, conf->in);
    struct dmat w = dmat_new(conf->out, conf->in);
    dmat_from(w, conf->base);
    int status = draw_orthonormal(u, conf->seed, LEFT, err);
    if (status == 0)
        status = draw_orthonormal(v, conf->seed, RIGHT, err);
    if (status == 0)
        linalg_dgemm(w, sigma, u, TRANSPOSED, v, PLAIN, 1);
    mat_from(t->w, w);
    dmat_free(&u);
    dmat_free(&v);
    dmat_free(&w);
    return status;
}

static int check(struct task_conf *conf, struct err *err)
{
    int most = conf->in < conf->out ? conf->in : conf->out;
    if (conf->data)
        return err_set(err, "task teacher draws its examples; remove data");
    if (conf->in > WIDEST || conf->out > WIDEST)
        return err_set(err,
                       "task teacher: a base of %d inputs and %d outputs is "
                       "too wide; use at most %d",
                       conf->in, conf->out, WIDEST);
    if (conf->rank == 0)
        conf->rank = most < USUAL ? most : USUAL;
    if (conf->rank > most)
        return err_set(err,
                       "task teacher: an update of %d x %d numbers has no "
                       "rank %d; use 1..%d",
                       conf->out, conf->in, conf->rank, most);
    if (conf->examples == 0)
        conf->examples = conf->in;
    if (conf->examples % conf->in == 0)
        return 0;
    return err_set(err,
                   "task teacher: %d examples of %d inputs are not white; use "
                   "a multiple of %d",
                   conf->examples, conf->in, conf->in);
}

static void close_teacher(struct task *task)
{
    struct teacher *t = task->state;
    mem_free(t->w.at);
    mem_free(t->x.at);
    mem_free(t);
}

static int open_teacher(struct task *task, struct err *err)
{
    struct task_conf *conf = &task->conf;
    if (check(conf, err) < 0)
        return -1;
    struct teacher *t = xcalloc(1, sizeof *t);
    size_t in = (size_t)conf->in, rows = in + (size_t)conf->examples;
    task->state = t;
    t->rank = conf->rank;
    float *w = mem_try((size_t)conf->out * in, sizeof *w);
    float *x = mem_try(rows * in, sizeof *x);
    t->w = mat_of(w, conf->out, conf->in);
    t->x = mat_of(x, (int)rows, conf->in);
    int status = 0;
    if (!w || !x)
        status = err_set(err,
                         "task teacher: not enough memory for %d examples of "
                         "%d inputs; lower examples",
                         conf->examples, conf->in);
    if (status == 0)
        status = draw_weights(t, conf, err);
    if (status == 0)
        status = draw_rounds(t, conf->seed, err);
    if (status < 0)
        close_teacher(task);
    return status;
}

static void sample(const struct task *task, struct sample *to, enum split split,
                   uint64_t index)
{
    const struct teacher *t = task->state;
    uint64_t in = (uint64_t)task->conf.in;
    uint64_t number = split == SPLIT_VALIDATION
                          ? index % in
                          : in + index % (uint64_t)task->conf.examples;
    const float *x = mat_row(t->x, (int)number);
    memcpy(to->x, x, (size_t)in * sizeof *x);
    for (int i = 0; i < t->w.rows; i++) {
        const float *w = mat_row(t->w, i);
        double sum = 0;
        for (int j = 0; j < t->w.cols; j++)
            sum += (double)w[j] * (double)x[j];
        to->y[i] = (float)sum;
    }
}

static void report(const struct task *task, struct task_report *to)
{
    const struct teacher *t = task->state;
    to->examples[SPLIT_TRAIN] = task->conf.examples;
    to->examples[SPLIT_VALIDATION] = task->conf.in;
    (void)snprintf(to->said, sizeof to->said,
                   "a teacher of rank %d: the least loss of rank r is 1 - r/%d "
                   "over any %d held-out examples",
                   t->rank, t->rank, task->conf.in);
}

const struct task_ops task_teacher = {
    .name = "teacher",
    .kind = EXAMPLE_VALUES,
    .has_rank = true,
    .summary = "a linear model's update of exact rank k, known in closed form",
    .open = open_teacher,
    .close = close_teacher,
    .sample = sample,
    .report = report,
};
