/*
 * See sweep.h.  A shard owns whole pairs, so nobody waits for somebody else's
 * search; locks keep two processes on one folder from doing a cell twice.
 */
#include "experiments/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/cell_lock.h"
#include "experiments/session.h"

enum { PATH_BYTES = 1024 };

struct work {
    const struct grid *grid;
    const struct sweep_options *options;
    int done, total;  /* cells of ours */
    int made, others; /* in this call; in this pass, locked by somebody */
    bool stopped;
    double began;     /* seconds, monotonic */
    long steps_taken; /* in this call, by cells that are finished */
    const char *name; /* the cell at work */
    const struct grid_cell *cell;
    long first_step; /* of it, where it was resumed; -1: not seen yet */
};

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Sessions of one run with nothing kept: does it fit? */
static int try_cell(const struct grid *grid, const struct grid_cell *cell,
                    const struct sweep_options *options, struct err *err)
{
    struct recipe *recipe = xcalloc(1, sizeof *recipe);
    struct session_options to = {.assets = options->assets,
                                 .tokenizer = options->tokenizer,
                                 .threads = 1};
    cell_recipe(recipe, grid, cell);
    struct session *session = session_open(recipe, &to, err);
    if (session)
        session_close(session);
    mem_free(recipe);
    return session ? 0 : -1;
}

int sweep_check(const struct grid *grid, const struct sweep_options *options,
                struct err *err)
{
    for (int row = 0; row < grid->row_count; row++) {
        struct grid_cell cell = pair_report(grid, row * grid->task_count, 0, 0);
        if (try_cell(grid, &cell, options, err) < 0)
            return err_prefix(err, "row %s", grid->row[row].run.name);
    }
    for (int task = 1; task < grid->task_count; task++) {
        struct grid_cell cell = pair_report(grid, task, 0, 0);
        if (try_cell(grid, &cell, options, err) < 0)
            return err_prefix(err, "task %s", grid->task[task].label);
    }
    return 0;
}

/* --- telling -----------------------------------------------------------------
 */

static void tell(struct work *work, const struct cell_result *result, long step,
                 double loss)
{
    const struct sweep_options *options = work->options;
    long steps = work->grid->session.steps;
    long here = work->first_step < 0 ? 0 : step - work->first_step;
    double taken = (double)(work->steps_taken + here);
    double open = (double)(work->total - work->done) * (double)steps;
    double spent = seconds_now() - work->began;
    struct sweep_news news = {
        .cell = work->name,
        .at = work->cell,
        .finished = result != NULL,
        .result = result,
        .done = work->done,
        .total = work->total,
        .step = step,
        .steps = steps,
        .loss = loss,
        .left = NAN,
    };
    if (taken > 0)
        news.left = spent / taken * (open - (result ? 0 : (double)step));
    if (options->tell)
        options->tell(options->ctx, &news);
}

void sweep_result_text(char *to, size_t size, const struct cell_result *result)
{
    size_t used = (size_t)snprintf(to, size, "%.4f nats", result->loss);
    for (int i = 0; i < result->scores && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, ", %s %.1f %%",
                                 result->score[i].name,
                                 100 * result->score[i].value);
    if (used < size)
        snprintf(to + used, size - used, ", %.1f s", result->seconds);
}

static bool look(void *ctx, long step, double loss)
{
    struct work *work = ctx;
    const struct sweep_options *options = work->options;
    if (work->first_step < 0)
        work->first_step = step;
    tell(work, NULL, step, loss);
    work->stopped = options->stop && options->stop(options->ctx);
    return work->stopped;
}

/* --- cells --------------------------------------------------------------- */

/* The lock is ours: somebody may have finished it while it was not. */
static int do_locked(struct work *work, const struct grid_cell *cell,
                     struct cell_result *to, struct err *err)
{
    const struct sweep_options *options = work->options;
    if (cell_read(to, work->grid, cell, options->out, options->force, err) < 0)
        return -1;
    if (to->state == CELL_MISSING) {
        work->first_step = -1;
        int status = sweep_cell(to, work->grid, cell, options, look, work, err);
        if (status != 0)
            return status < 0 ? -1 : 0;
        work->made++;
        work->steps_taken += work->grid->session.steps;
    }
    work->done++;
    tell(work, to, work->grid->session.steps, NAN);
    return 0;
}

/* Leaves to as it is when somebody else works at the cell. */
static int do_cell(struct work *work, const struct grid_cell *cell,
                   struct cell_result *to, struct err *err)
{
    char name[CELL_NAME], path[PATH_BYTES], who[300];
    if (work->stopped)
        return 0;
    cell_name(name, work->grid, cell);
    cell_path(path, sizeof path, work->options->out, name, ".lock");
    if (to->state != CELL_MISSING) {
        /* Killed between the result and the end of the lock: it is stale. */
        if (file_exists(path) && cell_lock(path, who, sizeof who, NULL) == 1)
            cell_unlock(path);
        return 0;
    }
    int locked = cell_lock(path, who, sizeof who, err);
    if (locked < 0)
        return -1;
    if (locked == 0) {
        work->others++;
        return 0;
    }
    work->name = name;
    work->cell = cell;
    int status = do_locked(work, cell, to, err);
    work->name = NULL;
    cell_unlock(path);
    return status;
}

static int reports_there(const struct pair_results *results,
                         const struct grid *grid)
{
    int count = 0;
    for (int i = 0; i < grid->seed_count; i++)
        count += results->report[i].state != CELL_MISSING;
    return count;
}

static int do_pair(struct work *work, int pair, struct err *err)
{
    const struct grid *grid = work->grid;
    const struct sweep_options *options = work->options;
    int searches = pair_searches(grid, pair), status;
    struct pair_results *results = xcalloc(1, sizeof *results);
    status = pair_read(results, grid, pair, options->out, options->force, err);
    for (int i = 0; i < searches && status == 0; i++) {
        struct grid_cell cell = pair_search(grid, pair, i);
        status = do_cell(work, &cell, &results->search[i], err);
    }
    bool known = results->hopeless;
    int best = pair_choose(results->search, searches, &results->hopeless);
    if (results->hopeless && !known)
        work->total -= grid->seed_count;
    if (status == 0 && best != results->best) { /* there may be some of it */
        status =
            pair_read(results, grid, pair, options->out, options->force, err);
        work->done += reports_there(results, grid);
    }
    for (int i = 0; i < grid->seed_count && status == 0 && best >= 0; i++) {
        struct grid_cell cell = pair_report(grid, pair, i, best);
        status = do_cell(work, &cell, &results->report[i], err);
    }
    mem_free(results);
    return status;
}

/* Cells of ours, and those finished before. */
static int count_pair(struct work *work, int pair, struct err *err)
{
    const struct sweep_options *options = work->options;
    const struct grid *grid = work->grid;
    struct pair_results *results = xcalloc(1, sizeof *results);
    int searches = pair_searches(grid, pair);
    int status =
        pair_read(results, grid, pair, options->out, options->force, err);
    work->total += searches + (results->hopeless ? 0 : grid->seed_count);
    for (int i = 0; i < searches; i++)
        work->done += results->search[i].state != CELL_MISSING;
    work->done += reports_there(results, grid);
    mem_free(results);
    return status;
}

static bool is_ours(const struct sweep_options *options, int pair)
{
    return options->next || options->shards < 2 ||
           pair % options->shards == options->shard;
}

/* Once through; with locks of others in the way, again as long as that gets
 * something done. */
static int do_pairs(struct work *work, struct err *err)
{
    const struct sweep_options *options = work->options;
    int count = pair_count(work->grid), before, status = 0;
    do {
        before = work->made;
        work->others = 0;
        for (int pair = 0; pair < count && status == 0 && !work->stopped;
             pair++)
            if (is_ours(options, pair))
                status = do_pair(work, pair, err);
    } while (status == 0 && !work->stopped && work->others > 0 &&
             work->made > before);
    return status;
}

static int do_handed(struct work *work, struct err *err)
{
    const struct sweep_options *options = work->options;
    int status = 0;
    while (status == 0 && !work->stopped) {
        int pair = options->next(options->ctx);
        if (pair < 0)
            break;
        status = do_pair(work, pair, err);
    }
    return status;
}

enum sweep_end sweep_run(const struct grid *grid,
                         const struct sweep_options *options, int *done,
                         struct err *err)
{
    char cells[PATH_BYTES];
    struct work work = {
        .grid = grid, .options = options, .began = seconds_now()};
    *done = 0;
    if (strlen(options->out) > 400) /* names of cells are put behind it */
        return err_set(err,
                       "%.60s...: the path is too long; use at most 400 "
                       "bytes",
                       options->out);
    file_join(cells, sizeof cells, options->out, "cells");
    int status = file_make_folder(cells, err);
    for (int pair = 0; pair < pair_count(grid) && status == 0; pair++)
        if (is_ours(options, pair))
            status = count_pair(&work, pair, err);
    if (status == 0)
        status = options->next ? do_handed(&work, err) : do_pairs(&work, err);
    *done = work.made;
    if (status < 0)
        return SWEEP_FAILED;
    if (work.stopped)
        return SWEEP_STOPPED;
    return work.others > 0 ? SWEEP_OTHERS : SWEEP_DONE;
}
