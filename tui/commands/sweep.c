/*
 * rankscope sweep: a grid of runs, and its table.  What is finished is kept
 * cell by cell; the same call goes on where the last one stopped.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/sweep.h"
#include "experiments/table.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/progress.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"
#include "tui/commands/sweep_figure.h"

/* Ctrl-C: stop between two ticks; a second one kills. */
static volatile sig_atomic_t stop_signal;

static void on_stop(int signal)
{
    stop_signal = signal;
}

static void catch_stops(void)
{
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

struct call {
    const char *recipe, *shard, *svg;
    char out[ROOT_PATH], assets[ROOT_PATH];
    const char *out_given;
    bool list, json, tsv, quick, force;
    struct option_list sets;
    struct sweep_options sweep;
    struct progress_line line;
};

/* --- progress
 * ----------------------------------------------------------------- */

static bool stop_asked(void *ctx)
{
    (void)ctx;
    return stop_signal != 0;
}

static void say_finished(struct call *call, const struct sweep_news *news)
{
    const struct cell_result *result = news->result;
    char score[64] = "";
    if (result->metric[0] && isfinite(result->score))
        snprintf(score, sizeof score, ", %s %.1f %%", result->metric,
                 100 * result->score);
    if (result->state == CELL_DIVERGED)
        progress_say(&call->line, "%d/%d %s: %s", news->done, news->total,
                     news->cell, result->trouble);
    else
        progress_say(&call->line, "%d/%d %s: %.4f nats%s, %.1f s", news->done,
                     news->total, news->cell, result->loss, score,
                     result->seconds);
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

/* table4.yaml's results go to table4.sweep unless told, those of its quick
 * form to table4-quick.sweep: they are other cells. */
static int choose_out(struct call *call, struct err *err)
{
    const char *given = call->out_given;
    if (!given) {
        const char *slash = strrchr(call->recipe, '/');
        const char *name = slash ? slash + 1 : call->recipe;
        size_t length = strlen(name);
        if (length > 5 && strcmp(name + length - 5, ".yaml") == 0)
            length -= 5;
        if (length > 200)
            return err_set(err, "the recipe's name is too long; use --out");
        snprintf(call->out, sizeof call->out, "%.*s%s.sweep", (int)length, name,
                 call->quick ? "-quick" : "");
    } else if (strlen(given) > 400) {
        return err_set(err, "--out: the path is too long; use at most 400 "
                            "bytes");
    } else {
        snprintf(call->out, sizeof call->out, "%s", given);
    }
    call->sweep.out = call->out;
    return 0;
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
    const char *folder = file_exists(call->out) ? call->out : NULL;
    int status = 0;
    for (int pair = 0; pair < pair_count(grid) && status == 0; pair++) {
        if (pair % call->sweep.shards != call->sweep.shard)
            continue;
        status = pair_read(results, grid, pair, folder, call->force, err);
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
    struct table *table = table_read(grid, call->out, call->force, err);
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
        status = sweep_figure(table, call->svg, call->force, err);
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
    sweep->stop = stop_asked;
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
    if (call->svg && !call->force && file_exists(call->svg)) {
        (void)err_set(err, "%.300s: there already; use --force to replace it",
                      call->svg);
        return fail(err);
    }
    if (sweep_check(grid, &call->sweep, err) < 0)
        return fail(err);
    catch_stops();
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
                call->out);
    if (stop_signal) {
        fprintf(stderr, "rankscope: stopped; the same call goes on from "
                        "here\n");
        (void)raise(stop_signal); /* its default now: the status says why */
    }
    return end == SWEEP_FAILED ? EXIT_FAILED : status;
}

static int prepare(struct grid **grid, struct call *call, struct err *err)
{
    char path[ROOT_PATH];
    if (root_recipe(path, call->recipe, err) != 0 ||
        root_assets(call->assets, err) != 0 || choose_out(call, err) != 0)
        return -1;
    call->sweep.assets = call->assets;
    call->sweep.force = call->force;
    *grid = grid_read(path, call->sets.at, call->sets.count, call->quick, err);
    return *grid ? 0 : -1;
}

int command_sweep(int argc, char **argv)
{
    struct call call = {.recipe = NULL};
    const struct option_row table[] = {
        {"out", OPTION_TEXT, &call.out_given, "DIR",
         "keep the cells here (RECIPE.sweep)", 0, 0},
        {"shard", OPTION_TEXT, &call.shard, "I/N",
         "only the I-th of N parts, as 1/4; on one DIR", 0, 0},
        {"quick", OPTION_FLAG, &call.quick, NULL,
         "the recipe's short form: fewer seeds and steps", 0, 0},
        {"list", OPTION_FLAG, &call.list, NULL,
         "name the cells and their states; train nothing", 0, 0},
        {"set", OPTION_LIST, &call.sets, "K=V",
         "change a field: steps=100, grid.rows.r8.rank=4", 0, 0},
        {"force", OPTION_FLAG, &call.force, NULL,
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
    struct grid *grid = NULL;
    call.recipe = arguments.at[0];
    status = prepare(&grid, &call, &err) == 0 ? sweep(&call, grid, &err)
                                              : fail(&err);
    mem_free(grid);
    return status;
}
