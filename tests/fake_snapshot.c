/*
 * Formulas that look like training; see fake_snapshot.h.
 */
#include "tests/fake_snapshot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "tests/fake_studies.h"
#include "tests/fake_spectra.h"

enum { LAYERS = 4, KINDS = 6, SITES = LAYERS * KINDS + 1, WIDTH = 128 };
enum { EVENTS = 6, GROWN_AT = 240, UNDONE_AT = 180, EVALUATE_EVERY = 50 };

static struct site *make_sites(void)
{
    static const char *const name[KINDS] = {"attn.q", "attn.k", "attn.v",
                                            "attn.o", "mlp.up", "mlp.down"};
    static const enum site_kind of[KINDS] = {SITE_Q, SITE_K,  SITE_V,
                                             SITE_O, SITE_UP, SITE_DOWN};
    struct site *site = xcalloc(SITES, sizeof *site);
    for (int s = 0; s < SITES; s++) {
        int layer = s / KINDS;
        enum site_kind kind = of[s % KINDS];
        site[s] = (struct site){.kind = kind,
                                .layer = layer,
                                .out = kind == SITE_UP ? 4 * WIDTH : WIDTH,
                                .in = kind == SITE_DOWN ? 4 * WIDTH : WIDTH};
        snprintf(site[s].name, sizeof site[s].name, "h.%d.%s", layer,
                 name[s % KINDS]);
    }
    site[SITES - 1] = (struct site){.name = "head",
                                    .kind = SITE_HEAD,
                                    .layer = LAYERS,
                                    .out = 1024,
                                    .in = WIDTH};
    return site;
}

/* A GPT-2 with these sites. */
static const struct model *make_shape(void)
{
    const struct model_conf conf = {.family = "gpt2",
                                    .layers = LAYERS,
                                    .width = WIDTH,
                                    .heads = 4,
                                    .inner = 4 * WIDTH,
                                    .vocab = 1024,
                                    .context = 256,
                                    .norm_eps = 1e-5F,
                                    .tied = true};
    struct err err = {""};
    return model_new(&conf, &err);
}

/* nats: down from 4.2, faster and lower for the stronger runs. */
static double loss_at(int id, double step)
{
    static const double speed[] = {0.006, 0.011, 0.014};
    static const double floor_of[] = {0.62, 0.16, 0.11};
    double turn = id == 1 && step > GROWN_AT
                      ? 0.07 * (1 - exp(-(step - GROWN_AT) / 60))
                      : 0;
    return floor_of[id] + (4.2 - floor_of[id]) * exp(-speed[id] * step) - turn;
}

static void add_noisy(struct series *series, int id, long from, long to,
                      int branch, double offset)
{
    struct rng rng = rng_make(7, STREAM_TEST, (uint64_t)(id * 10 + branch));
    for (long step = from; step <= to; step++) {
        double loss = loss_at(id, (double)step) + offset;
        series_add(series, step, loss * (1 + 0.06 * rng_normal(&rng)), branch);
    }
}

static struct series_view view_of(struct series *series)
{
    return (struct series_view){series, series_length(series)};
}

static void make_curves(struct run_view *run, long steps)
{
    struct series *train = series_new(), *validation = series_new();
    struct series *metric = series_new(), *forget = series_new();
    bool is_undone = run->id == 1 && steps > UNDONE_AT + 40;
    run->branch = is_undone ? 1 : 0;
    if (is_undone) { /* a change that was taken back 40 steps later */
        add_noisy(train, run->id, 1, UNDONE_AT, 0, 0);
        add_noisy(train, run->id, UNDONE_AT + 1, UNDONE_AT + 40, 0, 0.5);
        add_noisy(train, run->id, UNDONE_AT + 1, steps, 1, 0);
    } else {
        add_noisy(train, run->id, 1, steps, 0, 0);
    }
    run->metric = run->validation_loss = run->forget_loss = NAN;
    for (long step = 0; step <= steps; step += EVALUATE_EVERY) {
        run->validation_loss = loss_at(run->id, (double)step) * 1.04 + 0.02;
        run->metric = 1 / (1 + exp(6 * (run->validation_loss - 0.9)));
        run->forget_loss =
            2.31 + (0.05 + 0.2 * run->id) * (1 - exp(-(double)step / 150));
        series_add(validation, step, run->validation_loss, run->branch);
        series_add(metric, step, run->metric, run->branch);
        series_add(forget, step, run->forget_loss, run->branch);
    }
    run->train = view_of(train);
    run->validation = view_of(validation);
    run->metric_series = view_of(metric);
    run->forget = view_of(forget);
    run->train_loss = steps ? loss_at(run->id, (double)steps) : NAN;
}

static double *copy_of(const double *from, int count)
{
    double *to = xcalloc((size_t)count, sizeof *to);
    memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

static void make_spectrum(struct site_view *view, int run_id, int s, long step)
{
    double sigma[WIDTH], share[WIDTH], loss[WIDTH], sum = 0;
    int count = view->rank ? view->rank : WIDTH;
    fake_sigma(sigma, count, run_id, s, view->rank, (double)step);
    for (int i = 0; i < count; i++) {
        share[i] = exp(-0.35 * ((i * 5 + s) % 8));
        sum += share[i];
    }
    view->sigma = copy_of(sigma, count);
    view->sigma_count = count;
    view->spectrum_step = step / 20 * 20;
    if (!view->rank)
        return;
    for (int i = 0; i < count; i++)
        share[i] /= sum;
    view->gradient_share = copy_of(share, count);
    view->direction_count = count;
    for (int k = 0; k <= count; k++)
        loss[k] = 0.28 + 0.9 * exp(-0.95 * k);
    view->truncation_loss = copy_of(loss, count + 1);
    view->truncation_count = count + 1;
    view->truncation_step = step / 20 * 20;
}

static void make_site_view(struct site_view *view, const struct site *site,
                           int run_id, int s, long step)
{
    bool is_full = run_id == 2;
    *view = (struct site_view){
        .adapted = is_full || (s % KINDS != SITE_K && s < SITES - 1),
        .scale = NAN,
        .spectrum_step = -1,
        .base_norm = 12.5,
        .rounding_floor = NAN};
    if (!view->adapted)
        return;
    if (!is_full) {
        view->rank = run_id == 0 ? 1 : 8;
        if (run_id == 1 && s == 2 * KINDS + SITE_V && step > GROWN_AT)
            view->rank = 16;
        view->max_rank = site->out < site->in ? site->out : site->in;
        view->scale = 16.0 / (run_id == 0 ? 1 : 8);
    }
    if (step > 0 && s != 5) /* one of them was not reached yet */
        make_spectrum(view, run_id, s, step);
}

static void make_run(struct run_view *run, int id, const struct site *site,
                     long step)
{
    static const char *const name[] = {"r1", "r8", "full"};
    *run = (struct run_view){.id = id,
                             .state = RUN_RUNNING,
                             .step = step,
                             .trainable = id == 0   ? 10240
                                          : id == 1 ? 83968
                                                    : 1053312,
                             .rank_low = id == 2   ? 0
                                         : id == 1 ? 8
                                                   : 1,
                             .rank_high = id == 2           ? 0
                                          : id == 0         ? 1
                                          : step > GROWN_AT ? 16
                                                            : 8,
                             .alpha = id == 2 ? NAN : 16,
                             .lr_peak = id == 2 ? 3e-4 : 1e-3,
                             .seed = 1,
                             .tokens_per_second = step ? 5210 - 700 * id : NAN,
                             .undo_depth = id == 1 && step > GROWN_AT};
    run->lr = run->lr_peak * (1 - (double)step / 600);
    snprintf(run->name, sizeof run->name, "%s", name[id]);
    snprintf(run->method, sizeof run->method, "%s", id == 2 ? "full" : "lora");
    make_curves(run, step);
    run->site = xcalloc(SITES, sizeof *run->site);
    for (int s = 0; s < SITES; s++)
        make_site_view(&run->site[s], &site[s], id, s, step);
}

static void make_events(struct snapshot *snapshot, long step)
{
    static const struct event events[EVENTS] = {
        {0, 0, -1, false, false, "three runs on the same batches, 600 steps"},
        {180, 180, 1, true, false,
         "r8 all sites: rank 8 -> 4 (alpha/r): predicted ||dropped||_F 0.213, "
         "measured loss 0.9012 -> 0.9561 (+5.5e-02)"},
        {220, 180, 1, true, false,
         "r8: undone, from step 220 back to 180 as it was before its last "
         "change"},
        {240, 240, 1, true, false,
         "r8 h.2.attn.v: rank 8 -> 16 (keep s): W and every loss unchanged "
         "to the bit"},
        {300, 300, 0, false, true,
         "r1: a gradient norm of 41 was clipped to 1"},
        {310, 310, 2, true, false, "full: lr 0.0003 -> 0.0002"},
    };
    struct event *event = xcalloc(EVENTS, sizeof *event);
    for (int i = 0; i < EVENTS; i++)
        if (events[i].tick <= step)
            event[snapshot->event_count++] = events[i];
    snapshot->event = event;
}

struct snapshot *fake_snapshot(long step)
{
    struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);
    *snapshot = (struct snapshot){.title = "A race of ranks",
                                  .base = "bundled",
                                  .task = "sql",
                                  .metric_name = "exact match",
                                  .tick = step,
                                  .steps = 600,
                                  .finished = step >= 600,
                                  .ticks_per_second = step ? 18.4 : NAN,
                                  .base_validation_loss = 4.2,
                                  .base_forget_loss = 2.31,
                                  .site_count = SITES,
                                  .layers = LAYERS,
                                  .run_count = 3};
    struct site *site = make_sites();
    snapshot->site = site;
    snapshot->shape = make_shape();
    for (int id = 0; id < 3; id++)
        make_run(&snapshot->run[id], id, site, step);
    make_events(snapshot, step);
    fake_studies_fill(snapshot);
    fake_spectra_fill(snapshot);
    return snapshot;
}

void fake_snapshot_add(struct snapshot *snapshot, const char *name, int rank,
                       uint64_t seed, long step)
{
    struct run_view *run = &snapshot->run[snapshot->run_count];
    make_run(run, 0, snapshot->site, step);
    snprintf(run->name, sizeof run->name, "%s", name);
    run->id = snapshot->run_count++;
    run->rank_low = run->rank_high = rank;
    run->seed = seed;
    for (int s = 0; s < snapshot->site_count; s++)
        if (run->site[s].adapted)
            run->site[s].rank = rank;
}

struct snapshot *fake_snapshot_fresh(void)
{
    return fake_snapshot(0);
}

void fake_snapshot_free(struct snapshot *snapshot)
{
    fake_studies_release(snapshot);
    fake_spectra_free(snapshot);
    for (int r = 0; r < snapshot->run_count; r++) {
        struct run_view *run = &snapshot->run[r];
        series_release(run->train.series);
        series_release(run->validation.series);
        series_release(run->metric_series.series);
        series_release(run->forget.series);
        for (int s = 0; s < snapshot->site_count; s++) {
            mem_free((void *)run->site[s].sigma);
            mem_free((void *)run->site[s].gradient_share);
            mem_free((void *)run->site[s].truncation_loss);
        }
        mem_free(run->site);
    }
    model_free((void *)snapshot->shape);
    mem_free((void *)snapshot->site);
    mem_free((void *)snapshot->event);
    mem_free(snapshot);
}
