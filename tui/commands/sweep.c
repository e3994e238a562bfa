/*
 * rankscope sweep: a grid of runs, and its table.  What is finished is kept
 * cell by cell; the same call goes on where the last one stopped.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/latency.h"
#include "experiments/sweep.h"
#include "experiments/table.h"
#include "tui/commands/commands.h"
#include "tui/commands/grid_call.h"
#include "tui/commands/options.h"
#include "tui/commands/progress.h"
#include "tui/commands/stop.h"
#include "tui/commands/subcommand.h"
#include "tui/commands/sweep_figure.h"
#include "tui/commands/sweep_latency.h"

struct call {
    const char *shard, *svg;
    bool list, json, tsv;
    struct grid_call of;
    struct sweep_options sweep;
    struct progress_line line;
};

/* --- progress
 * ----------------------------------------------------------------- */

static bool stops(void *ctx)
{
    (void)ctx;
    return stop_asked();
}

static void say_finished(struct call *call, const struct sweep_news *news)
{
    char text[200];
    sweep_result_text(text, sizeof text, news->result);
    progress_say(
        &call->line, "%d/%d %s: %s", news->done, news->total, news->cell,
        news->result->state == CELL_DIVERGED ? news->result->trouble : text);
}

static void tell(void *ctx, const struct sweep_news *news)
{
    struct call *call = ctx;
    char text[128], left[24] = "?";
    if (news->finished)
        say_finished(call, news);
    if (isfinite(news->left))
        progress_duration(left, sizeof left, news->left);
    snprintf(text, sizeof text, "%d/%d cells, %s left, %s", news->done,
             news->total, left, news->cell);
    progress_part(&call->line, news->step, news->steps, text);
}

/* --- words
 * -------------------------------------------------------------------- */

/* "2/8": the second of eight. */
static bool read_shard(struct sweep_options *to, const char *text)
{
    int part, of, used = 0;
    to->shards = 1;
    if (!text)
        return true;
    if (sscanf(text, "%3d/%3d%n", &part, &of, &used) == 2 && !text[used] &&
        part >= 1 && part <= of) {
        to->shard = part - 1;
        to->shards = of;
        return true;
    }
    fprintf(stderr,
            "rankscope: --shard %.40s is not allowed; use I/N, as 1/4 to 4/4\n",
            text);
    return false;
}

/* --- output
 * ------------------------------------------------------------------- */

static void list_cell(const struct grid *grid, const struct grid_cell *cell,
                      enum cell_state state)
{
    static const char *const states[] = {"to do", "done", "diverged"};
    char name[CELL_NAME];
    cell_name(name, grid, cell);
    printf("%s\t%s\n", name, states[state]);
}

/* Cells of this shard; at a rate that is not chosen yet a report has its
 * first. */
static int list_cells(const struct call *call, const struct grid *grid,
                      struct err *err)
{
    struct pair_results *results = xcalloc(1, sizeof *results);
    const char *folder = file_exists(call->of.out) ? call->of.out : NULL;
    int status = 0;
    for (int pair = 0; pair < pair_count(grid) && status == 0; pair++) {
        if (pair % call->sweep.shards != call->sweep.shard)
            continue;
        status = pair_read(results, grid, pair, folder, call->sweep.force, err);
        for (int i = 0; i < pair_searches(grid, pair) && status == 0; i++) {
            struct grid_cell cell = pair_search(grid, pair, i);
            list_cell(grid, &cell, results->search[i].state);
        }
        for (int i = 0; i < grid->seed_count && status == 0; i++) {
            int best = results->best < 0 ? 0 : results->best;
            struct grid_cell cell = pair_report(grid, pair, i, best);
            list_cell(grid, &cell, results->report[i].state);
        }
    }
    mem_free(results);
    return status;
}

static int print_table(const struct call *call, const struct grid *grid,
                       struct err *err)
{
    struct table *table =
        table_read(grid, call->of.out, call->sweep.force, err);
    int status = table ? 0 : -1;
    if (table && call->json) {
        char *text = table_json(table);
        fputs(text, stdout);
        mem_free(text);
    } else if (table && call->tsv) {
        table_tsv(stdout, table);
    } else if (table) {
        table_print(stdout, table);
    }
    if (table && call->svg)
        status = sweep_figure(table, call->svg, call->sweep.force, err);
    mem_free(table);
    return status;
}

/* --- the call
 * ------------------------------------------------------------------ */

static enum sweep_end train(struct call *call, const struct grid *grid,
                            struct sweep_mpi mpi, struct err *err)
{
    struct sweep_options *sweep = &call->sweep;
    int done;
    if (mpi.size > 1 && mpi.rank == 0) {
        sweep_mpi_serve(pair_count(grid));
        return SWEEP_DONE;
    }
    if (mpi.size > 1)
        sweep->next = sweep_mpi_next;
    sweep->stop = stops;
    sweep->tell = tell;
    sweep->ctx = call;
    call->line = progress_begin();
    enum sweep_end end = sweep_run(grid, sweep, &done, err);
    progress_end(&call->line);
    if (mpi.size > 1 && (end == SWEEP_FAILED || end == SWEEP_STOPPED))
        sweep_mpi_leave();
    return end;
}

static int sweep(struct call *call, const struct grid *grid, struct err *err)
{
    if (call->list)
        return list_cells(call, grid, err) == 0 ? EXIT_DONE : fail(err);
    if (call->svg && !call->sweep.force && file_exists(call->svg)) {
        (void)err_set(err, "%.300s: there already; use --force to replace it",
                      call->svg);
        return fail(err);
    }
    if (sweep_check(grid, &call->sweep, err) < 0 ||
        grid_call_keep(&call->of, err) < 0)
        return fail(err);
    stop_catch();
    struct sweep_mpi mpi = sweep_mpi_begin();
    enum sweep_end end = train(call, grid, mpi, err);
    int status = end == SWEEP_FAILED ? fail(err) : EXIT_DONE;
    end = sweep_mpi_end(end);
    if (mpi.rank == 0 && end != SWEEP_FAILED && end != SWEEP_STOPPED)
        status = print_table(call, grid, err) == 0 ? EXIT_DONE : fail(err);
    if (mpi.rank == 0 && end == SWEEP_OTHERS)
        fprintf(stderr,
                "rankscope: the other cells are being done by other "
                "processes (%s/cells/*.lock)\n",
                call->of.out);
    if (stop_asked()) {
        fprintf(stderr, "rankscope: stopped; the same call goes on from "
                        "here\n");
        stop_end();
    }
    return end == SWEEP_FAILED ? EXIT_FAILED : status;
}

/* Table 1 has no cells: words about them have no meaning. */
static int latencies(const struct call *call, struct err *err)
{
    const struct sweep_latency of = {.of = &call->of,
                                     .json = call->json,
                                     .tsv = call->tsv,
                                     .force = call->sweep.force,
                                     .stop = stops};
    if (call->list || call->shard || call->svg || call->sweep.threads) {
        err_set(err,
                "%s times one thread, and has neither cells nor a figure; "
                "leave out --list, --shard, --svg and --threads",
                call->of.recipe);
        return fail(err);
    }
    stop_catch();
    int status = sweep_latency(&of, err);
    if (stop_asked())
        stop_end();
    return status < 0 ? fail(err) : status > 0 ? EXIT_FAILED : EXIT_DONE;
}

int command_sweep(int argc, char **argv)
{
    struct call call = {.shard = NULL};
    const struct option_row table[] = {
        {"out", OPTION_TEXT, &call.of.out_given, "DIR",
         "keep the cells here (RECIPE.sweep)", 0, 0},
        {"shard", OPTION_TEXT, &call.shard, "I/N",
         "only the I-th of N parts, as 1/4; on one DIR", 0, 0},
        {"quick", OPTION_FLAG, &call.of.quick, NULL,
         "the recipe's short form: fewer seeds and steps", 0, 0},
        {"list", OPTION_FLAG, &call.list, NULL,
         "name the cells and their states; train nothing", 0, 0},
        {"set", OPTION_LIST, &call.of.sets, "K=V",
         "change a field: steps=100, grid.rows.r8.rank=4", 0, 0},
        {"force", OPTION_FLAG, &call.sweep.force, NULL,
         "do cells of another recipe again; replace FILE", 0, 0},
        {"threads", OPTION_INT, &call.sweep.threads, "N", "threads (all cores)",
         1, 48},
        {"json", OPTION_FLAG, &call.json, NULL, "the table as JSON", 0, 0},
        {"tsv", OPTION_FLAG, &call.tsv, NULL,
         "the table as lines, one a row and task", 0, 0},
        {"svg", OPTION_TEXT, &call.svg, "FILE",
         "score against trainable numbers, as a figure", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "sweep RECIPE [options]",
                       "Runs a grid of sessions and prints its table.  The "
                       "same call goes on where it stopped.",
                       table, 1, 1))
        return status;
    if (!read_shard(&call.sweep, call.shard))
        return EXIT_USAGE;
    if (call.json && call.tsv) {
        fprintf(stderr, "rankscope: use --json or --tsv, not both\n");
        return EXIT_USAGE;
    }
    struct err err = {""};
    call.of.recipe = arguments.at[0];
    if (grid_call_find(&call.of, &err) != 0)
        return fail(&err);
    if (latency_is(call.of.path))
        return latencies(&call, &err);
    status = grid_call_read(&call.of, &call.sweep, &err) == 0
                 ? sweep(&call, call.of.grid, &err)
                 : fail(&err);
    mem_free(call.of.grid);
    return status;
}
