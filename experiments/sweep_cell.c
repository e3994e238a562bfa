/*
 * One cell: a session with a folder of its own, so that one that was
 * interrupted goes on from its checkpoint.  What it made is measured
 * and thrown away.
 */
#define _GNU_SOURCE /* getrusage's ru_maxrss, nftw */
#include <ftw.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/session.h"
#include "experiments/sweep.h"

enum { PATH_BYTES = 1024, OPEN_FOLDERS = 8 };

static const double checkpoint_seconds = 60;

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* --- folders ----------------------------------------------------------------
 */

static int remove_one(const char *path, const struct stat *about, int kind,
                      struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    (void)remove(path); /* what stays is only in the way of the next call */
    return 0;
}

static void remove_folder(const char *path)
{
    (void)nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* What has to be kept for one task: an adapter's file, or else the numbers that
 * were trained (the model written then holds all the others as well). */
static long long stored_bytes(const char *folder, const char *run,
                              long trainable)
{
    char path[PATH_BYTES];
    struct stat about;
    int size =
        snprintf(path, sizeof path,
                 "%s/runs/%s/adapter/adapter_model.safetensors", folder, run);
    if (size < (int)sizeof path && stat(path, &about) == 0)
        return (long long)about.st_size;
    return (long long)sizeof(float) * trainable;
}

/* --- memory -----------------------------------------------------------------
 */

/* Linux forgets the peak so far; elsewhere it is the process's. */
static void forget_peak(void)
{
    FILE *to = fopen("/proc/self/clear_refs", "w");
    if (!to)
        return;
    (void)fputs("5", to);
    (void)fclose(to); /* refused: then the peak is the process's */
}

static double peak_mib(void)
{
    struct rusage usage;
    char line[128];
    double kib = -1;
    FILE *from = fopen("/proc/self/status", "r");
    while (from && kib < 0 && fgets(line, sizeof line, from))
        (void)sscanf(line, "VmHWM: %lf kB", &kib);
    if (from)
        (void)fclose(from);
    if (kib >= 0)
        return kib / 1024;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024
                                               : NAN;
}

/* --- the session ------------------------------------------------------------
 */

static struct session *open_session(const struct recipe *recipe,
                                    const struct sweep_options *options,
                                    const char *folder, bool *resumed,
                                    struct err *err)
{
    struct session_options to = {.assets = options->assets,
                                 .out = folder,
                                 .tokenizer = options->tokenizer,
                                 .threads = options->threads,
                                 .checkpoint_seconds = checkpoint_seconds};
    *resumed = folder && file_exists(folder);
    if (*resumed) {
        struct err ignored = {{0}}; /* of another recipe, or damaged */
        to.resume = true;
        struct session *session = session_open(recipe, &to, &ignored);
        if (session)
            return session;
        remove_folder(folder);
        to.resume = *resumed = false;
    }
    return session_open(recipe, &to, err);
}

/* true: stopped. */
static bool follow(struct session *session, sweep_look *look, void *ctx)
{
    bool finished = false, stopped = false;
    while (!finished && !stopped) {
        struct pollfd wake = {session_wake_fd(session), POLLIN, 0};
        char bytes[64];
        if (poll(&wake, 1, 100) > 0)
            (void)!read(wake.fd, bytes, sizeof bytes); /* only a bell */
        const struct snapshot *now = session_look(session);
        finished = now->finished;
        stopped =
            !finished && look(ctx, now->run[0].step, now->run[0].train_loss);
        snapshot_release(now);
    }
    return stopped;
}

static void take_result(struct cell_result *to, struct session *session,
                        const struct recipe *recipe, const char *folder)
{
    const struct snapshot *end = session_look(session);
    const struct run_view *run = &end->run[0];
    bool diverged =
        run->state == RUN_DIVERGED || !isfinite(run->validation_loss);
    struct ground ground = session_ground(session);
    to->state = diverged ? CELL_DIVERGED : CELL_DONE;
    to->loss = diverged ? NAN : run->validation_loss;
    to->train_loss = diverged ? NAN : run->train_loss;
    to->examples = ground.held_out->sequences;
    ground_free(&ground);
    to->scores = end->metric_name[0] != '\0';
    snprintf(to->score[0].name, sizeof to->score[0].name, "%s",
             end->metric_name);
    to->score[0].value = diverged ? NAN : run->metric;
    snprintf(to->trouble, sizeof to->trouble, "%s",
             diverged ? run->state_text : "");
    to->rate = recipe->run[0].optimizer.lr;
    to->trainable = run->trainable;
    to->parameters = model_parameters(session_model(session));
    to->stored = stored_bytes(folder, run->name, run->trainable);
    snapshot_release(end);
}

/* --- the exam ---------------------------------------------------------------
 */

struct patience {
    sweep_look *look;
    void *ctx;
    long step;
    double loss;
};

static bool is_stopped(void *ctx)
{
    const struct patience *patience = ctx;
    return patience->look(patience->ctx, patience->step, patience->loss);
}

/* What it writes is scored on the same examples as the loss.  1: stopped; the
 * trained run waits in its folder. */
static int examine(struct cell_result *to, struct session *session,
                   const struct recipe *recipe, int threads, sweep_look *look,
                   void *ctx, struct err *err)
{
    struct run *run = session_run(session, recipe->run[0].name);
    struct patience patience = {look, ctx, recipe->steps, to->train_loss};
    struct exam exam = {.model = session_model(session),
                        .weights = run_weights(run),
                        .beside = method_insert(run_method(run)),
                        .task = session_task(session),
                        .from = recipe->evaluate_from,
                        .examples = recipe->evaluate_examples,
                        .threads = threads,
                        .stop = is_stopped,
                        .ctx = &patience};
    to->is_written = true;
    return exam_scores(to->score, &to->scores, &exam, err);
}

static int train(struct cell_result *to, const struct recipe *recipe,
                 bool is_written, const struct sweep_options *options,
                 const char *folder, sweep_look *look, void *ctx,
                 struct err *err)
{
    bool resumed, stopped = false;
    forget_peak();
    struct session *session =
        open_session(recipe, options, folder, &resumed, err);
    if (!session)
        return -1;
    double began = seconds_now();
    int status = session_start(session, err);
    if (status == 0)
        stopped = follow(session, look, ctx);
    if (status == 0 && !stopped)
        status = session_wait(session, err);
    if (status == 0 && !stopped) {
        take_result(to, session, recipe, folder);
        to->seconds = seconds_now() - began;
        to->peak_mib = peak_mib();
        to->resumed = resumed;
        to->threads = options->threads > 0 ? options->threads
                                           : (int)sysconf(_SC_NPROCESSORS_ONLN);
        to->is_written = is_written;
        if (is_written && to->state == CELL_DONE)
            status =
                examine(to, session, recipe, options->threads, look, ctx, err);
    }
    session_close(session);
    return stopped ? 1 : status;
}

int sweep_cell(struct cell_result *to, const struct grid *grid,
               const struct grid_cell *cell,
               const struct sweep_options *options, sweep_look *look, void *ctx,
               struct err *err)
{
    char name[CELL_NAME], folder[PATH_BYTES];
    struct recipe *recipe = xcalloc(1, sizeof *recipe);
    *to = (struct cell_result){.state = CELL_MISSING};
    cell_name(name, grid, cell);
    cell_recipe(recipe, grid, cell);
    cell_path(folder, sizeof folder, options->out, name, ".work");
    int status = train(to, recipe, cell_is_written(grid, cell), options, folder,
                       look, ctx, err);
    if (status < 0)
        err_prefix(err, "cell %s", name);
    if (status == 0) {
        status = cell_write(grid, cell, to, options->out, err);
        remove_folder(folder);
    }
    mem_free(recipe);
    return status;
}
