/*
 * A frame without a terminal; see show.h.
 */
#include "tui/show.h"

#include <string.h>

#include "tui/ui.h"
#include "tui/views/view.h"

enum { SHOW_MOST = 1000 };

static int choose(struct ui *ui, const struct snapshot *snapshot,
                  const struct show_options *options, struct err *err)
{
    for (int r = 0; options->run && r < snapshot->run_count; r++)
        if (strcmp(snapshot->run[r].name, options->run) == 0)
            ui->run_id = snapshot->run[r].id;
    if (options->run && ui->run_id < 0)
        return err_set(err, "there is no run \"%s\" here", options->run);
    for (int s = 0; options->site && s < snapshot->site_count; s++)
        if (strcmp(snapshot->site[s].name, options->site) == 0)
            ui->site = s;
    if (options->site && ui->site < 0)
        return err_set(err,
                       "the model has no site \"%s\"; one of its names "
                       "is h.0.attn.q",
                       options->site);
    if (options->site)
        ui->all_sites = false;
    return 0;
}

int show_view(FILE *to, const struct snapshot *snapshot,
              const struct show_options *options, struct err *err)
{
    int view = view_find(options->view);
    if (view < 0)
        return err_set(err,
                       "there is no view \"%s\"; use train, spectrum, "
                       "ranks or log",
                       options->view);
    if (options->cols < 1 || options->cols > SHOW_MOST || options->rows < 1 ||
        options->rows > SHOW_MOST)
        return err_set(err, "size %dx%d is not allowed; use 1x1 to %dx%d",
                       options->cols, options->rows, SHOW_MOST, SHOW_MOST);
    struct ui ui;
    ui_start(&ui, NULL, options->glyphs, true);
    ui.view = (enum view_id)view;
    if (choose(&ui, snapshot, options, err) != 0)
        return -1;
    struct canvas canvas = canvas_new(options->cols, options->rows,
                                      options->glyphs, options->svg ? 256 : 0);
    ui_draw(&canvas, &ui, snapshot, NULL);
    int status =
        options->svg ? canvas_svg(&canvas, to) : canvas_text(&canvas, to);
    canvas_free(&canvas);
    return status == 0 ? 0 : err_set(err, "the frame could not be written");
}
