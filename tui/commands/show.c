/* rankscope show: one view of a stored run, as text or as an SVG picture. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/file.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
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

static int write_svg(const char *path, const struct snapshot *snapshot,
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

static int show(const char *folder, const char *svg,
                struct show_options *options, struct err *err)
{
    const struct snapshot *snapshot = snapshot_read(folder, err);
    if (!snapshot)
        return -1;
    options->svg = svg != NULL;
    int status = svg ? write_svg(svg, snapshot, options, err)
                     : show_view(stdout, snapshot, options, err);
    snapshot_release(snapshot);
    return status;
}

int command_show(int argc, char **argv)
{
    struct show_options options = {.view = "train"};
    const char *size = "80x24", *svg = NULL;
    bool ascii = false, force = false;
    const struct option_row table[] = {
        {"view", OPTION_TEXT, &options.view, "NAME",
         "train, spectrum, ranks or log (train)", 0, 0},
        {"size", OPTION_TEXT, &size, "COLSxROWS", "of the frame (80x24)", 0, 0},
        {"run", OPTION_TEXT, &options.run, "NAME", "the chosen run", 0, 0},
        {"site", OPTION_TEXT, &options.site, "NAME", "the chosen site", 0, 0},
        {"svg", OPTION_TEXT, &svg, "FILE", "write a picture instead of text", 0,
         0},
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
    options.glyphs = ascii || !utf8 ? GLYPHS_ASCII : GLYPHS_BRAILLE;
    struct err err = {""};
    if (svg && file_exists(svg) && !force) {
        err_set(&err, "%s exists; use --force to replace it", svg);
        return fail(&err);
    }
    if (parse_size(&options, size, &err) != 0)
        return fail(&err);
    return show(arguments.at[0], svg, &options, &err) == 0 ? EXIT_DONE
                                                           : fail(&err);
}
