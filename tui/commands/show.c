/* rankscope show: one view of a stored run, as text, figure or picture. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/board.h"
#include "experiments/kept_grid.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"
#include "tui/show.h"

static int parse_size(struct show_options *options, const char *text,
                      struct err *err)
{
    char end;
    if (sscanf(text, "%dx%d%c", &options->cols, &options->rows, &end) != 2 ||
        options->cols < 1 || options->rows < 1 || options->cols > 1000 ||
        options->rows > 1000)
        return err_set(err, "--size %s is not a size; write it like 100x30",
                       text);
    return 0;
}

static int write_file(const char *path, const struct snapshot *snapshot,
                      const struct show_options *options, struct err *err)
{
    struct file_out out;
    if (file_out_open(&out, path, err) != 0)
        return -1;
    if (show_view(out.to, snapshot, options, err) != 0) {
        file_out_abandon(&out);
        return -1;
    }
    return file_out_commit(&out, err);
}

/* A grid's or a search's results: the same frames, without anything to ask.
 * Takes the snapshot over; NULL: err says why. */
static int show_board(const struct snapshot *snapshot, const char *path,
                      const char *view, struct show_options *options,
                      struct err *err)
{
    if (!snapshot)
        return -1;
    if (!options->view)
        options->view = view;
    int status = path ? write_file(path, snapshot, options, err)
                      : show_view(stdout, snapshot, options, err);
    snapshot_release(snapshot);
    return status;
}

static int show_grid(const char *folder, const char *path,
                     struct show_options *options, struct err *err)
{
    struct grid *grid = kept_grid_read(folder, err);
    int status = grid ? show_board(board_read(grid, folder, err), path, "table",
                                   options, err)
                      : -1;
    mem_free(grid);
    return status;
}

static int show_search(const char *folder, const char *path,
                       struct show_options *options, struct err *err)
{
    struct intrinsic_recipe *recipe = kept_search_read(folder, err);
    int status = recipe ? show_board(board_read_search(recipe, folder, err),
                                     path, "intrinsic", options, err)
                        : -1;
    mem_free(recipe);
    return status;
}

/* path NULL: to standard output. */
static int show(const char *folder, const char *path,
                struct show_options *options, struct err *err)
{
    char assets[ROOT_PATH];
    if (kept_search_is(folder))
        return show_search(folder, path, options, err);
    if (kept_grid_is(folder))
        return show_grid(folder, path, options, err);
    if (!options->view)
        options->view = "train";
    const struct snapshot *snapshot =
        root_assets(assets, err) == 0 ? snapshot_read(folder, err) : NULL;
    if (!snapshot)
        return -1;
    options->answers = stored_answers_new(snapshot, assets);
    int status = path ? write_file(path, snapshot, options, err)
                      : show_view(stdout, snapshot, options, err);
    stored_answers_free(options->answers);
    snapshot_release(snapshot);
    return status;
}

int command_show(int argc, char **argv)
{
    struct show_options options = {.view = NULL};
    const char *size = "80x24", *svg = NULL, *screen = NULL;
    double strength = 1;
    bool ascii = false, force = false;
    const struct option_row table[] = {
        {"view", OPTION_TEXT, &options.view, "NAME",
         "train, spectrum, overlap, ranks, talk, log; table; intrinsic", 0, 0},
        {"page", OPTION_TEXT, &options.page, "NAME",
         "of the view: sigma, energy, family, time; phi, base, ...", 0, 0},
        {"size", OPTION_TEXT, &size, "COLSxROWS", "of the frame (80x24)", 0, 0},
        {"run", OPTION_TEXT, &options.run, "NAME", "the chosen run", 0, 0},
        {"site", OPTION_TEXT, &options.site, "NAME", "the chosen site", 0, 0},
        {"with", OPTION_TEXT, &options.with, "NAME",
         "overlap with this run, base or random", 0, 0},
        {"output", OPTION_FLAG, &options.output, NULL,
         "overlap of left singular vectors, not right", 0, 0},
        {"factor", OPTION_FLAG, &options.factor, NULL,
         "overlap of A and B alone, not of dW", 0, 0},
        {"measure", OPTION_TEXT, &options.measure, "KEY",
         "in maps: stable_rank, entropy_rank, ...", 0, 0},
        {"prompt", OPTION_TEXT, &options.prompt, "TEXT",
         "what everybody goes on with in the talk view", 0, 0},
        {"example", OPTION_INT, &options.example, "N",
         "or the task's held-out example N there (1)", 1, 2147483647},
        {"scale", OPTION_REAL, &strength, "S",
         "strength of the chosen run's update there (1)", 0, 2},
        {"step", OPTION_INT, &options.step, "N", "as it was at this step", 1,
         2147483647},
        {"svg", OPTION_TEXT, &svg, "FILE",
         "write the view's plots as a figure (SVG)", 0, 0},
        {"screen", OPTION_TEXT, &screen, "FILE",
         "write the screen itself as a picture (SVG)", 0, 0},
        {"force", OPTION_FLAG, &force, NULL, "replace FILE", 0, 0},
        {"ascii", OPTION_FLAG, &ascii, NULL, "only ASCII characters", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv, "show RUN [options]",
                       "Prints one view of a stored run's last moment.", table,
                       1, 1))
        return status;
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    struct err err = {""};
    options.glyphs = ascii || !utf8 ? GLYPHS_ASCII : GLYPHS_BRAILLE;
    if (svg && screen) {
        err_set(&err, "--svg and --screen are two pictures; ask for one");
        (void)fail(&err); /* it says so; the status is that of usage */
        return EXIT_USAGE;
    }
    options.strength = &strength;
    options.as = svg ? SHOW_FIGURE : screen ? SHOW_SCREEN : SHOW_TEXT;
    const char *path = svg ? svg : screen;
    if (path && file_exists(path) && !force)
        err_set(&err, "%s exists; use --force to replace it", path);
    else if (parse_size(&options, size, &err) == 0 &&
             show(arguments.at[0], path, &options, &err) == 0)
        return EXIT_DONE;
    return fail(&err);
}
