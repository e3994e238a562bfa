/*
 * rankscope bench: how fast one run steps, on a fresh model of any shape and
 * random tokens.  The bound is the time of the step's dense matrix products
 * alone, on the same threads.
 */
#define _GNU_SOURCE /* getrusage's ru_maxrss */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/train/run.h"
#include "experiments/recipe_field.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/subcommand.h"

struct bench {
    int layers, width, heads, vocab, length, batch, rank, prefix, infix,
        threads, steps, slices;
    const char *method, *targets;
    bool json;
};

struct timing { /* milliseconds, medians */
    double step, forward, optimizer, bound;
};

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, by_value);
    return value[count / 2];
}

static int parse_targets(bool to[SITE_KINDS], const char *text, struct err *err)
{
    char copy[128], *rest = copy, *word;
    (void)snprintf(copy, sizeof copy, "%s",
                   strcmp(text, "all") == 0 ? "q,k,v,o,up,down" : text);
    while ((word = strtok_r(rest, ",", &rest))) {
        int kind = site_kind_find(word);
        if (kind < 0)
            return err_set(err,
                           "--targets %s: %s is not a site; use q, k, v, "
                           "o, gate, up, down, head or all",
                           text, word);
        to[kind] = true;
    }
    return 0;
}

static struct batch random_batch(const struct bench *b)
{
    struct batch batch = {0};
    int32_t *ids = xcalloc((size_t)b->length + 1, sizeof *ids);
    for (int s = 0; s < b->batch; s++) {
        struct rng rng = rng_make(1, STREAM_TEST, (uint64_t)s);
        for (int t = 0; t <= b->length; t++)
            ids[t] = (int32_t)rng_below(&rng, (uint32_t)b->vocab);
        struct example example = {ids, b->length + 1, 1};
        batch_add(&batch, &example);
    }
    mem_free(ids);
    return batch;
}

/* One slice's share of the products that any method needs: forward and input
 * gradients, and weight gradients too under full fine-tuning. */
struct bound {
    const struct model *model;
    bool weight_gradients;
    int rows;
    struct mat x[64], y[64]; /* by thread */
    struct mat *gradient;    /* by thread, the largest W */
};

static void bound_job(void *ctx, int index, int thread)
{
    struct bound *b = ctx;
    (void)index;
    for (int i = 0; i < b->model->site_count; i++) {
        struct mat w = b->model->base.site[i];
        int most = (int)((1 << 20) / w.rows) + 1;
        int chunk = b->model->site[i].kind == SITE_HEAD && most < b->rows
                        ? most
                        : b->rows;
        for (int from = 0; from < b->rows; from += chunk) {
            struct mat x = mat_of(b->x[thread].at, chunk, w.cols);
            struct mat y = mat_of(b->y[thread].at, chunk, w.rows);
            linalg_gemm(y, 1, x, PLAIN, w, TRANSPOSED, 0);
            linalg_gemm(x, 1, y, PLAIN, w, PLAIN, 0);
            if (b->weight_gradients)
                linalg_gemm(mat_of(b->gradient[thread].at, w.rows, w.cols), 1,
                            y, TRANSPOSED, x, PLAIN, 0);
        }
    }
}

static double measure_bound(const struct bench *b, const struct model *model,
                            struct team *team, double *value)
{
    int slices = b->slices, threads = team_threads(team);
    struct mat *gradient = xcalloc((size_t)threads, sizeof *gradient);
    struct bound bound = {.model = model,
                          .gradient = gradient,
                          .weight_gradients = strcmp(b->method, "full") == 0,
                          .rows = b->batch * b->length / slices};
    int wide = model->conf.inner > b->vocab ? model->conf.inner : b->vocab;
    for (int t = 0; t < threads; t++) {
        int most = (1 << 20) / b->vocab + 1 > bound.rows
                       ? bound.rows
                       : (1 << 20) / b->vocab + 1;
        size_t inner = (size_t)bound.rows * (size_t)model->conf.inner;
        size_t head = (size_t)most * (size_t)b->vocab;
        bound.x[t] = mat_new(1, (int)(inner > head ? inner : head));
        bound.y[t] = mat_new(1, (int)(inner > head ? inner : head));
        gradient[t] = mat_new(wide, model->conf.width);
    }
    for (int i = 0; i < b->steps; i++) {
        double from = now_ms();
        for (int s = 0; s < slices; s++)
            team_post(team, bound_job, &bound, s);
        team_wait(team);
        value[i] = now_ms() - from;
    }
    for (int t = 0; t < threads; t++) {
        mat_free(&bound.x[t]);
        mat_free(&bound.y[t]);
        mat_free(&gradient[t]);
    }
    mem_free(gradient);
    return median(value, b->steps);
}

static struct timing measure(const struct bench *b, struct run *run,
                             const struct model *model, struct team *team)
{
    struct timing timing;
    struct batch batch = random_batch(b);
    double *value = xcalloc((size_t)b->steps, sizeof *value);
    for (int i = -2; i < b->steps; i++) {
        double from = now_ms();
        run_post_step(run, team, &batch);
        team_wait(team);
        if (i >= 0)
            value[i] = now_ms() - from;
    }
    timing.step = median(value, b->steps);
    for (int i = 0; i < b->steps; i++) {
        double from = now_ms();
        run_post_evaluate(run, team, &batch);
        team_wait(team);
        value[i] = now_ms() - from;
    }
    timing.forward = median(value, b->steps);
    struct method *method = (struct method *)run_method(run);
    struct optimizer optimizer =
        optimizer_new(&run_conf_of(run)->optimizer, method);
    float *grad = xcalloc(method->size, sizeof *grad);
    for (int i = 0; i < b->steps; i++) {
        double from = now_ms();
        (void)optimizer_step(&optimizer, method, grad, 0.0);
        value[i] = now_ms() - from;
    }
    timing.optimizer = median(value, b->steps);
    timing.bound = measure_bound(b, model, team, value);
    mem_free(grad);
    optimizer_free(&optimizer);
    mem_free(value);
    batch_free(&batch);
    return timing;
}

static void report(const struct bench *b, const struct timing *t)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    double rate = 1e3 * b->batch * b->length / t->step;
    double backward = t->step - t->forward - t->optimizer;
    double rss = (double)usage.ru_maxrss / 1024;
    if (b->json)
        printf("{\"step_ms\": %.3f, \"tokens_per_s\": %.0f, \"forward_ms\": "
               "%.3f, \"backward_ms\": %.3f, \"optimizer_ms\": %.3f, "
               "\"gemm_bound_ms\": %.3f, \"peak_rss_mib\": %.1f}\n",
               t->step, rate, t->forward, backward, t->optimizer, t->bound,
               rss);
    else
        printf("step %.2f ms (median), %.0f tokens/s\n"
               "  forward %.2f, backward %.2f, optimizer %.2f ms\n"
               "  its dense matrix products alone %.2f ms\n"
               "  peak memory %.0f MiB; %s\n",
               t->step, rate, t->forward, backward, t->optimizer, t->bound, rss,
               linalg_describe());
}

static int bench(const struct bench *b, struct err *err)
{
    struct model_conf conf = {.family = "gpt2",
                              .layers = b->layers,
                              .width = b->width,
                              .heads = b->heads,
                              .inner = 4 * b->width,
                              .vocab = b->vocab,
                              .context = b->length,
                              .norm_eps = 1e-5F,
                              .tied = true};
    struct run_spec spec; /* what a recipe that says no more would give */
    run_defaults(&spec, NULL);
    (void)snprintf(spec.method, sizeof spec.method, "%s", b->method);
    spec.rank = b->rank;
    spec.prefix = b->prefix;
    spec.infix = b->infix;
    struct run_conf run_conf = {.method = recipe_method(&spec),
                                .optimizer = {.kind = OPTIMIZER_ADAMW,
                                              .lr = 1e-4,
                                              .beta1 = 0.9,
                                              .beta2 = 0.999,
                                              .eps = 1e-8,
                                              .clip = 1},
                                .seed = 1,
                                .steps = b->steps + 2,
                                .slices = b->slices};
    if (parse_targets(run_conf.method.targets, b->targets, err) != 0)
        return -1;
    struct model *model = model_new(&conf, err);
    if (!model)
        return -1;
    struct run *run = NULL;
    int slice = (b->batch - 1) / b->slices + 1;
    if (pass_bytes(model, NULL, slice, b->length) > mem_machine() ||
        model_init(model, 1) != 0)
        err_set(err,
                "this model, or its slice of %d sequences, does not fit "
                "into memory; make it smaller",
                slice);
    else
        run = run_new(model, &run_conf, err);
    if (run && run_pass_bytes(run, slice, b->length) > mem_machine()) {
        err_set(err,
                "what %s keeps of %d sequences does not fit into memory; "
                "make it smaller",
                b->method, slice);
        run_free(run);
        run = NULL;
    }
    struct team *team = run ? team_new(b->threads, err) : NULL;
    if (team) {
        struct timing timing = measure(b, run, model, team);
        report(b, &timing);
    }
    int status = team ? 0 : -1;
    team_free(team);
    run_free(run);
    model_free(model);
    return status;
}

int command_bench(int argc, char **argv)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    struct bench b = {.layers = 4,
                      .width = 128,
                      .heads = 4,
                      .vocab = 512,
                      .length = 64,
                      .batch = 16,
                      .rank = 8,
                      .prefix = 8,
                      .threads = cores,
                      .steps = 30,
                      .method = "lora",
                      .targets = "q,v"};
    const struct option_row table[] = {
        {"layers", OPTION_INT, &b.layers, "L", "layers (4)", 1, 200},
        {"width", OPTION_INT, &b.width, "D", "width (128)", 1, 16384},
        {"heads", OPTION_INT, &b.heads, "H", "heads (4)", 1, 256},
        {"vocab", OPTION_INT, &b.vocab, "V", "vocabulary (512)", 2, 300000},
        {"seq", OPTION_INT, &b.length, "T", "tokens a sequence (64)", 1, 8192},
        {"batch", OPTION_INT, &b.batch, "B", "sequences a step (16)", 1, 1024},
        {"method", OPTION_TEXT, &b.method, "M", "as in a recipe (lora)", 0, 0},
        {"rank", OPTION_INT, &b.rank, "R",
         "of LoRA, or an adapter's bottleneck (8)", 1, 16384},
        {"prefix", OPTION_INT, &b.prefix, "N", "rows of a prefix method (8)", 0,
         INSERT_ROWS_MOST},
        {"infix", OPTION_INT, &b.infix, "N",
         "and its rows behind the prompt (0)", 0, INSERT_ROWS_MOST},
        {"targets", OPTION_TEXT, &b.targets, "LIST", "sites, or all (q,v)", 0,
         0},
        {"threads", OPTION_INT, &b.threads, "N", "threads (all cores)", 1, 48},
        {"slices", OPTION_INT, &b.slices, "S",
         "slices of a step (as many as threads)", 1, 64},
        {"steps", OPTION_INT, &b.steps, "K", "steps measured (30)", 1, 100000},
        {"json", OPTION_FLAG, &b.json, NULL, "one JSON line", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments none;
    int status;
    if (!options_parse(&status, &none, argc, argv, "bench [options]",
                       "Measures one run's step on random tokens.", table, 0,
                       0))
        return status;
    if (b.slices == 0)
        b.slices = b.threads;
    struct err err = {""};
    return bench(&b, &err) == 0 ? EXIT_DONE : fail(&err);
}
