/*
 * rankscope intrinsic: the search for the intrinsic dimension, its table and
 * its figure.  What is finished is kept cell by cell; the same call goes on
 * where the last one stopped.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/intrinsic_run.h"
#include "experiments/li_toy_report.h"
#include "tui/commands/commands.h"
#include "tui/commands/grid_call.h"
#include "tui/commands/options.h"
#include "tui/commands/progress.h"
#include "tui/commands/root.h"
#include "tui/commands/stop.h"
#include "tui/commands/subcommand.h"
#include "tui/figure.h"
#include "tui/intrinsic_plot.h"

struct call {
    const char *svg;
    bool json, tsv;
    int seeds; /* 0: the recipe's */
    char seed_sets[2][128];
    struct grid_call of;
    struct sweep_options sweep;
    struct progress_line line;
};

/* --- progress -------------------------------------------------------------
 */

static bool stops(void *ctx)
{
    (void)ctx;
    return stop_asked();
}

static void tell(void *ctx, const struct sweep_news *news)
{
    struct call *call = ctx;
    char text[256];
    if (news->finished) {
        sweep_result_text(text, sizeof text, news->result);
        progress_say(&call->line, "%d %s: %s", news->done, news->cell,
                     news->result->state == CELL_DIVERGED
                         ? news->result->trouble
                         : text);
    }
    snprintf(text, sizeof text, "%d done, %s", news->done, news->cell);
    progress_part(&call->line, news->step, news->steps, text);
}

/* --- output ---------------------------------------------------------------
 */

static int write_figure(const struct intrinsic_search *search, const char *path,
                        struct err *err)
{
    struct file_out out;
    char caption[320], text[INTRINSIC_TEXT], name[16];
    struct figure *figure = figure_new();
    struct intrinsic_plot *page = xcalloc(1, sizeof *page);
    if (intrinsic_plot(page, search, 0))
        figure_add_plot(figure, &page->plot);
    intrinsic_answer_text(text, search, 0, search->recipe->goal.rule);
    snprintf(caption, sizeof caption,
             "%s: %s of %s = %s. Dashed: how many numbers LoRA trains at each "
             "rank, BitFit, and %s.",
             search->recipe->grid.session.title,
             intrinsic_search_name(name, search),
             search->recipe->grid.row[1].run.name, text,
             search->recipe->grid.row[0].run.name);
    int status = figure_panels(figure) > 0
                     ? file_out_open(&out, path, err)
                     : err_set(err, "--svg: no subspace was trained");
    if (status == 0) {
        (void)figure_svg(figure, out.to, caption); /* commit looks at it */
        status = file_out_commit(&out, err);
    }
    mem_free(page);
    figure_free(figure);
    return status;
}

static int print(const struct call *call, struct err *err)
{
    struct intrinsic_search *search = xcalloc(1, sizeof *search);
    int status = intrinsic_search_read(search, NULL, call->of.search,
                                       call->of.out, call->sweep.force, err);
    if (status == 0 && call->json) {
        char *text = intrinsic_json(search);
        fputs(text, stdout);
        mem_free(text);
    } else if (status == 0) {
        (call->tsv ? intrinsic_tsv : intrinsic_print)(stdout, search);
    }
    if (status == 0 && search->trouble[0])
        status = err_set(err, "%s", search->trouble);
    if (status == 0 && call->svg)
        status = write_figure(search, call->svg, err);
    mem_free(search);
    return status;
}

/* --- the call -------------------------------------------------------------
 */

/* --seeds 3 is --set intrinsic.seeds=[1, 2, 3], of the quick form too; so it
 * is kept with the results. */
static void set_seeds(struct call *call)
{
    static const char *const keys[] = {"intrinsic.seeds",
                                       "intrinsic.quick.seeds"};
    for (int i = 0; i < (call->of.quick ? 2 : 1) && call->seeds > 0; i++) {
        char *to = call->seed_sets[i];
        size_t size = sizeof call->seed_sets[i];
        size_t used = (size_t)snprintf(to, size, "%s=[1", keys[i]);
        for (int seed = 2; seed <= call->seeds; seed++)
            used += (size_t)snprintf(to + used, size - used, ", %d", seed);
        snprintf(to + used, size - used, "]");
        call->of.sets.at[call->of.sets.count++] = to;
    }
}

static int search(struct call *call, struct err *err)
{
    struct intrinsic_counts counts;
    int done;
    if (call->svg && !call->sweep.force && file_exists(call->svg)) {
        (void)err_set(err, "%.300s: there already; use --force to replace it",
                      call->svg);
        return fail(err);
    }
    if (intrinsic_counts_make(&counts, call->of.search, &call->sweep, err) <
            0 ||
        search_call_keep(&call->of, err) < 0)
        return fail(err);
    stop_catch();
    call->sweep.stop = stops;
    call->sweep.tell = tell;
    call->sweep.ctx = call;
    call->line = progress_begin();
    enum sweep_end end =
        intrinsic_run(call->of.search, &counts, &call->sweep, &done, err);
    progress_end(&call->line);
    if (end == SWEEP_STOPPED) {
        fprintf(stderr, "rankscope: stopped; the same call goes on from "
                        "here\n");
        stop_end();
    }
    return end == SWEEP_DONE && print(call, err) == 0 ? EXIT_DONE : fail(err);
}

/* Li et al.'s toy needs no search: its curve is known at every d. */
static bool is_toy(uint64_t *seed, const char *what)
{
    char path[ROOT_PATH];
    struct err ignored = {""};
    struct recipe *recipe = xcalloc(1, sizeof *recipe);
    bool is = root_recipe(path, what, &ignored) == 0 &&
              !intrinsic_recipe_is(path) &&
              recipe_read(recipe, path, NULL, 0, &ignored) == 0 &&
              strcmp(recipe->task, "groups") == 0;
    *seed = recipe->seed;
    mem_free(recipe);
    return is;
}

int command_intrinsic(int argc, char **argv)
{
    struct call call = {.svg = NULL};
    const struct option_row table[] = {
        {"out", OPTION_TEXT, &call.of.out_given, "DIR",
         "keep the trainings here (RECIPE.intrinsic)", 0, 0},
        {"quick", OPTION_FLAG, &call.of.quick, NULL,
         "the recipe's short form: fewer seeds and steps", 0, 0},
        {"seeds", OPTION_INT, &call.seeds, "N",
         "seeds 1 to N instead of the recipe's", 1, GRID_SEEDS},
        {"set", OPTION_LIST, &call.of.sets, "K=V",
         "change a field: steps=100, intrinsic.first=32", 0, 0},
        {"force", OPTION_FLAG, &call.sweep.force, NULL,
         "do trainings of another recipe again; replace FILE", 0, 0},
        {"threads", OPTION_INT, &call.sweep.threads, "N", "threads (all cores)",
         1, 48},
        {"json", OPTION_FLAG, &call.json, NULL, "the answer as JSON", 0, 0},
        {"tsv", OPTION_FLAG, &call.tsv, NULL, "the points as lines", 0, 0},
        {"svg", OPTION_TEXT, &call.svg, "FILE",
         "score against d, beside LoRA's counts, as a figure", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "intrinsic RECIPE [options]",
                       "Searches for the intrinsic dimension: how few random "
                       "directions suffice.  The\nsame call goes on where it "
                       "stopped.",
                       table, 1, 1))
        return status;
    if (call.json && call.tsv) {
        fprintf(stderr, "rankscope: use --json or --tsv, not both\n");
        return EXIT_USAGE;
    }
    struct err err = {""};
    call.of.recipe = arguments.at[0];
    if (call.of.sets.count > 62) {
        (void)err_set(&err, "--set: use at most 62 of them");
        return fail(&err);
    }
    uint64_t seed;
    if (is_toy(&seed, call.of.recipe))
        return li_toy_report(stdout, seed, &err) == 0 ? EXIT_DONE : fail(&err);
    set_seeds(&call);
    status = search_call_read(&call.of, &call.sweep, &err) == 0
                 ? search(&call, &err)
                 : fail(&err);
    mem_free(call.of.search);
    return status;
}
