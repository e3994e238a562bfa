/* See latency.h: what is timed, and how. */
#include "experiments/latency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/model/cache.h"
#include "experiments/base.h"

/* A block of calls is at least this long, or the clock's grain is seen. */
static const double block_ms = 2;
enum { CALLS_MOST = 200 };

struct subject {           /* one row, at the shape at hand */
    struct method *method; /* NULL: the base */
    struct pass *pass;
    struct cache *cache;
    struct mat hidden; /* (tokens, rank) of the unmerged product */
};

struct stage {
    const struct latency_grid *grid;
    struct model *model;
    struct subject subject[LATENCY_ROWS];
    struct batch all;  /* the shape's batch, one target a sequence */
    struct batch next; /* one more token for each of them */
    struct mat logits; /* (batch, vocab) */
    int *empty;        /* (batch) */
};

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* always there */
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double latency_quantile(double *value, int count, double share)
{
    qsort(value, (size_t)count, sizeof *value, ascending);
    double at = share * (count - 1);
    int below = (int)at;
    int above = below + 1 < count ? below + 1 : below;
    return value[below] + (at - below) * (value[above] - value[below]);
}

/* --- unmerged ---------------------------------------------------------------
 */

/* y += s (x A^T) B^T, as two small products beside W's. */
static void add_beside(void *ctx, int site, struct mat x, struct mat y)
{
    struct subject *subject = ctx;
    const struct method *method = subject->method;
    struct mat bt, a;
    double scale;
    if (!method->ops->adapts(method, site) ||
        !method->ops->factors(method, site, &bt, &a, &scale))
        return;
    struct mat hidden = mat_of(subject->hidden.at, x.rows, a.rows);
    linalg_gemm(hidden, 1, x, PLAIN, a, TRANSPOSED, 0);
    linalg_gemm(y, (float)scale, hidden, PLAIN, bt, PLAIN, 1);
}

static struct insert insert_of(struct subject *subject)
{
    if (!subject->method)
        return (struct insert){0};
    if (subject->method->ops->factors)
        return (struct insert){.ctx = subject, .after = add_beside};
    return method_insert(subject->method);
}

/* --- subjects ---------------------------------------------------------------
 */

static int open_method(struct subject *to, const struct model *model,
                       const struct latency_row *row, uint64_t seed,
                       struct err *err)
{
    struct method_conf conf = recipe_method(&row->run);
    struct rng rng = rng_make(seed, STREAM_TEST, 0);
    to->method = method_new(model, &conf, err);
    if (!to->method)
        return err_prefix(err, "row %s", row->run.name);
    struct insert insert = method_insert(to->method);
    if (!to->method->ops->factors && !insert.forward && !insert.after)
        return err_set(err,
                       "row %s: %s puts nothing beside W; say merged: true",
                       row->run.name, row->run.method);
    /* As after training: nothing is zero. */
    for (size_t i = 0; i < to->method->size; i++)
        to->method->value[i] = 0.02F * (float)rng_normal(&rng);
    return 0;
}

static void close_shape(struct stage *stage)
{
    for (int i = 0; i < stage->grid->row_count; i++) {
        struct subject *subject = &stage->subject[i];
        pass_free(subject->pass);
        cache_free(subject->cache);
        mat_free(&subject->hidden);
        subject->pass = NULL;
        subject->cache = NULL;
    }
    batch_free(&stage->all);
    batch_free(&stage->next);
    mat_free(&stage->logits);
    mem_free(stage->empty);
    stage->empty = NULL;
}

/* Random ids; only the last position of each is asked. */
static void make_batches(struct stage *stage, struct latency_shape shape)
{
    int32_t *ids = xcalloc((size_t)shape.sequence + 1, sizeof *ids);
    int vocab = stage->model->conf.vocab;
    for (int s = 0; s < shape.batch; s++) {
        struct rng rng =
            rng_make(stage->grid->session.seed, STREAM_TEST, (uint64_t)s + 1);
        for (int t = 0; t <= shape.sequence; t++)
            ids[t] = (int32_t)rng_below(&rng, (uint32_t)vocab);
        batch_add(&stage->all,
                  &(struct example){ids, shape.sequence + 1, shape.sequence});
        batch_add(&stage->next, &(struct example){ids, 2, 1});
    }
    mem_free(ids);
}

static int open_shape(struct stage *stage, struct latency_shape shape,
                      struct err *err)
{
    make_batches(stage, shape);
    stage->logits = mat_new(shape.batch, stage->model->conf.vocab);
    stage->empty = xcalloc((size_t)shape.batch, sizeof *stage->empty);
    for (int i = 0; i < stage->grid->row_count; i++) {
        struct subject *subject = &stage->subject[i];
        struct insert insert = insert_of(subject);
        int rows = insert.shape.prefix + insert.shape.infix;
        subject->pass = pass_new(stage->model);
        pass_insert(subject->pass, insert);
        subject->cache = cache_try_inserted(stage->model, shape.batch,
                                            shape.sequence + 1, rows);
        if (!subject->cache)
            return err_set(err,
                           "%d texts of %d tokens: more memory than this "
                           "machine has; use a smaller shape",
                           shape.batch, shape.sequence);
        subject->hidden = mat_new(shape.batch * (shape.sequence + rows),
                                  stage->grid->row[i].run.rank + 1);
        pass_extend(subject->pass, &stage->model->base, subject->cache, 0,
                    &stage->all, stage->logits);
    }
    return 0;
}

/* --- timing -----------------------------------------------------------------
 */

static void call(struct stage *stage, int row, enum latency_kind kind)
{
    struct subject *subject = &stage->subject[row];
    if (kind == LATENCY_FORWARD) {
        (void)pass_score(subject->pass, &stage->model->base, &stage->all);
        return;
    }
    int held = cache_length(subject->cache, 0);
    pass_extend(subject->pass, &stage->model->base, subject->cache, 0,
                &stage->next, stage->logits);
    for (int lane = 0; lane < stage->next.sequences; lane++)
        cache_cut(subject->cache, lane, held);
}

static double time_block(struct stage *stage, int row, enum latency_kind kind,
                         int calls)
{
    double began = now_ms();
    for (int i = 0; i < calls; i++)
        call(stage, row, kind);
    return (now_ms() - began) / calls;
}

static int calls_of(struct stage *stage, enum latency_kind kind)
{
    call(stage, 0, kind); /* the first takes memory */
    double once = time_block(stage, 0, kind, 1);
    double calls = once > 0 ? ceil(block_ms / once) : CALLS_MOST;
    return calls < 1 ? 1 : calls > CALLS_MOST ? CALLS_MOST : (int)calls;
}

/* times (rows, repetitions); 1: stopped. */
static int repeat(struct stage *stage, double *times, enum latency_kind kind,
                  const struct latency_watch *watch)
{
    const struct latency_grid *grid = stage->grid;
    int rows = grid->row_count, repetitions = grid->repetitions;
    int calls = calls_of(stage, kind);
    for (int i = 1; i < rows; i++)
        call(stage, i, kind);
    for (int k = 0; k < repetitions; k++) {
        if (watch->stop && watch->stop(watch->ctx))
            return 1;
        for (int i = 0; i < rows; i++) {
            int row = (i + k) % rows;
            times[row * repetitions + k] = time_block(stage, row, kind, calls);
        }
    }
    return 0;
}

static void summarise(struct latency_table *to, double *times,
                      enum latency_kind kind, int shape)
{
    int rows = to->grid->row_count, count = to->grid->repetitions;
    double *over = xcalloc((size_t)count, sizeof *over);
    for (int row = rows - 1; row >= 0; row--) { /* the first one is sorted
                                                   last: it is the measure */
        struct latency_time *time = &to->time[kind][row][shape];
        for (int k = 0; k < count; k++)
            over[k] = 100 * (times[row * count + k] / times[k] - 1);
        time->percent = latency_quantile(over, count, 0.5);
        time->low = latency_quantile(over, count, 0.25);
        time->high = latency_quantile(over, count, 0.75);
        time->ms = latency_quantile(times + row * count, count, 0.5);
    }
    mem_free(over);
}

static int measure_shape(struct latency_table *to, struct stage *stage,
                         int shape, const struct latency_watch *watch,
                         struct err *err)
{
    const struct latency_grid *grid = stage->grid;
    char text[80];
    double *times = xcalloc((size_t)grid->row_count * (size_t)grid->repetitions,
                            sizeof *times);
    snprintf(text, sizeof text, "shape %d of %d: batch %d, sequence %d",
             shape + 1, grid->shape_count, grid->shape[shape].batch,
             grid->shape[shape].sequence);
    if (watch->say)
        watch->say(watch->ctx, text);
    int status = open_shape(stage, grid->shape[shape], err);
    for (int kind = 0; kind < LATENCY_KINDS && status == 0; kind++) {
        status = repeat(stage, times, (enum latency_kind)kind, watch);
        if (status == 0)
            summarise(to, times, (enum latency_kind)kind, shape);
    }
    close_shape(stage);
    mem_free(times);
    return status;
}

static struct model *open_model(const struct latency_grid *grid,
                                const char *assets, struct err *err)
{
    char folder[1024];
    if (grid->session.is_fresh)
        return base_fresh(&grid->session, err);
    return model_open(
        base_folder(folder, sizeof folder, grid->session.base, assets), err);
}

static int check_context(const struct latency_grid *grid,
                         const struct model *model, struct err *err)
{
    for (int i = 0; i < grid->shape_count; i++)
        if (grid->shape[i].sequence >= model->conf.context)
            return err_set(err,
                           "a sequence of %d and one token more are longer "
                           "than the base's context of %d; use at most %d",
                           grid->shape[i].sequence, model->conf.context,
                           model->conf.context - 1);
    return 0;
}

int latency_measure(struct latency_table *to, const struct latency_grid *grid,
                    const char *assets, const struct latency_watch *watch,
                    struct err *err)
{
    struct stage *stage = xcalloc(1, sizeof *stage);
    linalg_thread_init();
    *to = (struct latency_table){.grid = grid};
    stage->grid = grid;
    stage->model = open_model(grid, assets, err);
    int status = stage->model ? check_context(grid, stage->model, err) : -1;
    for (int i = 0; i < grid->row_count && status == 0; i++) {
        const struct latency_row *row = &grid->row[i];
        struct method_conf conf = recipe_method(&row->run);
        to->trainable[i] = method_count(stage->model, &conf);
        if (!row->is_merged)
            status = open_method(&stage->subject[i], stage->model, row,
                                 grid->session.seed, err);
    }
    if (status == 0)
        to->parameters = model_parameters(stage->model);
    for (int i = 0; i < grid->shape_count && status == 0; i++)
        status = measure_shape(to, stage, i, watch, err);
    for (int i = 0; i < grid->row_count; i++)
        method_free(stage->subject[i].method);
    model_free(stage->model);
    mem_free(stage);
    return status;
}
