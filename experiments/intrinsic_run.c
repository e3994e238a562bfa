/* See intrinsic_run.h. */
#include "experiments/intrinsic_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/cell_lock.h"

enum { PATH_BYTES = 1024 };

struct work {
    const struct intrinsic_recipe *recipe;
    const struct sweep_options *options;
    struct intrinsic_search search;
    struct intrinsic_cell next;
    char name[CELL_NAME]; /* of next */
    int made;
    bool stopped;
};

static void tell(const struct work *work, const struct cell_result *result,
                 long step, double loss)
{
    const struct sweep_options *options = work->options;
    const struct sweep_news news = {.cell = work->name,
                                    .at = &work->next.cell,
                                    .finished = result != NULL,
                                    .result = result,
                                    .done =
                                        work->search.cells + (result != NULL),
                                    .step = step,
                                    .steps = work->next.grid.session.steps,
                                    .loss = loss,
                                    .left = NAN};
    if (options->tell)
        options->tell(options->ctx, &news);
}

static bool look(void *ctx, long step, double loss)
{
    struct work *work = ctx;
    const struct sweep_options *options = work->options;
    tell(work, NULL, step, loss);
    work->stopped = options->stop && options->stop(options->ctx);
    return work->stopped;
}

static int do_cells(struct work *work, struct err *err)
{
    const struct sweep_options *options = work->options;
    while (!work->stopped) {
        struct cell_result result;
        if (intrinsic_search_read(&work->search, &work->next, work->recipe,
                                  options->out, options->force, err) < 0)
            return -1;
        if (work->search.is_over)
            break;
        cell_name(work->name, &work->next.grid, &work->next.cell);
        int status = sweep_cell(&result, &work->next.grid, &work->next.cell,
                                options, look, work, err);
        if (status < 0)
            return -1;
        if (status > 0)
            continue;
        work->made++;
        tell(work, &result, work->next.grid.session.steps, NAN);
    }
    return 0;
}

enum sweep_end intrinsic_run(const struct intrinsic_recipe *recipe,
                             const struct intrinsic_counts *counts,
                             const struct sweep_options *options, int *done,
                             struct err *err)
{
    char path[PATH_BYTES], who[300];
    *done = 0;
    if (strlen(options->out) > 400) /* names of cells are put behind it */
        return err_set(err,
                       "%.60s...: the path is too long; use at most 400 "
                       "bytes",
                       options->out);
    file_join(path, sizeof path, options->out, "cells");
    if (file_make_folder(path, err) < 0)
        return SWEEP_FAILED;
    file_join(path, sizeof path, options->out, "search.lock");
    int locked = cell_lock(path, who, sizeof who, err);
    if (locked < 0)
        return SWEEP_FAILED;
    if (locked == 0) {
        err_set(err,
                "%.300s: %.200s searches here; wait for it, or use "
                "another --out",
                path, who);
        return SWEEP_OTHERS;
    }
    struct work *work = xcalloc(1, sizeof *work);
    work->recipe = recipe;
    work->options = options;
    int status = intrinsic_counts_write(counts, recipe, options->out, err);
    if (status == 0)
        status = do_cells(work, err);
    *done = work->made;
    bool stopped = work->stopped;
    mem_free(work);
    cell_unlock(path);
    return status < 0 ? SWEEP_FAILED : stopped ? SWEEP_STOPPED : SWEEP_DONE;
}
