/*
 * rankscope open: the workbench on a recipe, or on a stored run: to look at,
 * or with --resume to go on with.  On a grid: its table as it fills; on a
 * search for the intrinsic dimension: its curve.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/files.h"
#include "experiments/kept_grid.h"
#include "experiments/latency.h"
#include "experiments/session.h"
#include "tui/app.h"
#include "tui/commands/commands.h"
#include "tui/commands/grid_call.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"

struct request {
    const char *what, *glyphs;
    const char *second, *base; /* of files */
    struct option_list sets;
    bool quick; /* of a grid */
    struct session_options session;
    struct app_options app;
};

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* What app_run() or app_look() said, as an exit status. */
static int leave(int left, const struct err *err)
{
    if (left == APP_FAILED)
        return fail(err);
    if (left > 0)
        app_die(left);
    return EXIT_DONE;
}

static int look_at(struct request *r, struct err *err)
{
    char assets[ROOT_PATH];
    const struct snapshot *snapshot =
        root_assets(assets, err) == 0 ? snapshot_read(r->what, err) : NULL;
    if (!snapshot)
        return fail(err);
    r->app.assets = assets;
    int left = app_look(snapshot, assets, &r->app, err);
    snapshot_release(snapshot);
    return leave(left, err);
}

static int work_on(struct request *r, struct err *err)
{
    char path[ROOT_PATH], assets[ROOT_PATH];
    struct recipe recipe;
    r->session.assets = assets;
    r->session.watch = true;
    if (root_recipe(path, r->what, err) != 0 || root_assets(assets, err) != 0 ||
        recipe_read(&recipe, path, r->sets.at, r->sets.count, err) != 0)
        return fail(err);
    struct session *session = session_open(&recipe, &r->session, err);
    if (!session)
        return fail(err);
    struct run_spec new_run = recipe_default_run(&recipe);
    r->app.new_run = &new_run;
    r->app.assets = assets;
    int left = APP_FAILED;
    if (session_start(session, err) == 0)
        left = app_run(session, &r->app, err);
    session_close(session);
    return leave(left, err);
}

/* sweeper is closed. */
static int show_board(struct request *r, struct sweeper *sweeper,
                      const char *view, struct err *err)
{
    int left = APP_FAILED;
    if (!r->app.view)
        r->app.view = view;
    if (sweeper && sweeper_start(sweeper, err) == 0)
        left = app_grid(sweeper, &r->app, err);
    if (sweeper)
        sweeper_close(sweeper);
    return leave(left, err);
}

static int look_at_grid(struct request *r, struct err *err)
{
    struct grid *grid = kept_grid_read(r->what, err);
    struct sweep_options options = {.out = r->what, .shards = 1};
    if (!grid)
        return fail(err);
    int status =
        show_board(r, sweeper_new(grid, &options, false, err), "table", err);
    mem_free(grid);
    return status;
}

static int work_on_grid(struct request *r, struct err *err)
{
    struct grid_call call = {.recipe = r->what,
                             .out_given = r->session.out,
                             .quick = r->quick,
                             .sets = r->sets};
    struct sweep_options options = {
        .threads = r->session.threads, .force = r->session.force, .shards = 1};
    int status = EXIT_FAILED;
    if (grid_call_read(&call, &options, err) == 0 &&
        grid_call_keep(&call, err) == 0)
        status = show_board(r, sweeper_new(call.grid, &options, true, err),
                            "table", err);
    else
        status = fail(err);
    mem_free(call.grid);
    return status;
}

/* Adapters and checkpoints. */
static int look_at_files(struct request *r, struct err *err)
{
    char assets[ROOT_PATH] = "";
    (void)root_assets(assets, NULL); /* without: no run has its base */
    const struct files_ask ask = {
        .path = {r->what, r->second}, .base = r->base, .assets = assets};
    struct files *files = files_open(&ask, err);
    if (!files)
        return fail(err);
    if (!r->app.view)
        r->app.view = "files";
    r->app.assets = assets;
    int left = APP_FAILED;
    if (files_start(files, err) == 0)
        left = app_files(files, &r->app, err);
    files_close(files);
    return leave(left, err);
}

static int look_at_search(struct request *r, struct err *err)
{
    struct intrinsic_recipe *recipe = kept_search_read(r->what, err);
    struct sweep_options options = {.out = r->what, .shards = 1};
    if (!recipe)
        return fail(err);
    int status = show_board(r, sweeper_new_search(recipe, &options, false, err),
                            "intrinsic", err);
    mem_free(recipe);
    return status;
}

static int work_on_search(struct request *r, struct err *err)
{
    struct grid_call call = {.recipe = r->what,
                             .out_given = r->session.out,
                             .quick = r->quick,
                             .sets = r->sets};
    struct sweep_options options = {
        .threads = r->session.threads, .force = r->session.force, .shards = 1};
    int status = EXIT_FAILED;
    if (search_call_read(&call, &options, err) == 0 &&
        search_call_keep(&call, err) == 0)
        status =
            show_board(r, sweeper_new_search(call.search, &options, true, err),
                       "intrinsic", err);
    else
        status = fail(err);
    mem_free(call.search);
    return status;
}

/* Where words of a session have no meaning, or those of a grid or a search. */
static int check_words(const struct request *r, bool is_board, struct err *err)
{
    if (is_board && (r->session.resume || r->session.start_paused))
        return err_set(err,
                       "%s is a grid or a search: it always goes on where it "
                       "stopped; leave out --resume and --paused",
                       r->what);
    if (!is_board && r->quick)
        return err_set(err,
                       "--quick is the short form of a grid or a search, and "
                       "%s is none; leave it out",
                       r->what);
    return 0;
}

static int open_it(struct request *r, struct err *err)
{
    char recipe[ROOT_PATH];
    if (app_check(err) != 0)
        return fail(err);
    if (r->glyphs && (r->app.glyphs = glyphs_find(r->glyphs)) < 0) {
        err_set(err, "--glyphs %s is not known; use braille, block or ascii",
                r->glyphs);
        return fail(err);
    }
    if (!root_library(recipe, r->what) && files_are(r->what))
        return look_at_files(r, err);
    if (r->second || r->base) {
        err_set(err,
                "%s is no adapter and no checkpoint: a second one and --base "
                "go with those",
                r->what);
        return fail(err);
    }
    bool is_recipe = root_library(recipe, r->what) || !is_folder(r->what);
    bool is_grid =
        is_recipe ? root_recipe(recipe, r->what, err) == 0 && grid_is(recipe)
                  : kept_grid_is(r->what);
    bool is_search =
        is_recipe ? intrinsic_recipe_is(recipe) : kept_search_is(r->what);
    if (is_recipe && latency_is(recipe)) {
        err_set(err,
                "%s measures clocks and has no screen; say rankscope "
                "sweep %s",
                r->what, r->what);
        return fail(err);
    }
    if (check_words(r, is_grid || is_search, err) != 0)
        return fail(err);
    if (is_search)
        return is_recipe ? work_on_search(r, err) : look_at_search(r, err);
    if (is_grid)
        return is_recipe ? work_on_grid(r, err) : look_at_grid(r, err);
    if (is_recipe)
        return work_on(r, err);
    if (!r->session.resume)
        return look_at(r, err);
    if (strlen(r->what) > ROOT_GIVEN) {
        err_set(err, "the run's path is too long");
        return fail(err);
    }
    r->session.out = r->what;
    r->what = file_join(recipe, sizeof recipe, r->what, "recipe.yaml");
    return work_on(r, err);
}

int command_open(int argc, char **argv)
{
    struct request r = {.app = {.glyphs = -1}};
    const struct option_row table[] = {
        {"set", OPTION_LIST, &r.sets, "K=V",
         "change a field: steps=100, runs.r8.rank=4", 0, 0},
        {"out", OPTION_TEXT, &r.session.out, "DIR", "keep the results here", 0,
         0},
        {"force", OPTION_FLAG, &r.session.force, NULL,
         "DIR may exist; its results are replaced", 0, 0},
        {"resume", OPTION_FLAG, &r.session.resume, NULL,
         "go on with a stored run", 0, 0},
        {"paused", OPTION_FLAG, &r.session.start_paused, NULL,
         "wait for Space before the first step", 0, 0},
        {"threads", OPTION_INT, &r.session.threads, "N", "threads (all cores)",
         1, 48},
        {"quick", OPTION_FLAG, &r.quick, NULL,
         "of a grid or search the short form: fewer seeds and steps", 0, 0},
        {"view", OPTION_TEXT, &r.app.view, "NAME",
         "train, spectrum, overlap, ranks, talk, files or log; table; "
         "intrinsic",
         0, 0},
        {"base", OPTION_TEXT, &r.base, "BASE",
         "what a checkpoint was tuned from: show the difference", 0, 0},
        {"glyphs", OPTION_TEXT, &r.glyphs, "KIND", "braille, block or ascii", 0,
         0},
        {"no-colour", OPTION_FLAG, &r.app.no_colour, NULL,
         "as NO_COLOR in the environment", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(
            &status, &arguments, argc, argv,
            "open RECIPE|RUN|FILE [OTHER] [options]",
            "Opens the workbench.  RECIPE is a file or a name in the library, "
            "RUN a folder of results.\nOn a grid it sweeps, and shows the "
            "table as it fills; on a search for the intrinsic\ndimension its "
            "curve.  FILE is an adapter or a checkpoint, a file or a folder; "
            "OTHER a\nsecond one, for what the two share.",
            table, 1, 2))
        return status;
    r.what = arguments.at[0];
    r.second = arguments.count > 1 ? arguments.at[1] : NULL;
    struct err err = {""};
    return open_it(&r, &err);
}
