/*
 * A frame without a terminal; see show.h.
 */
#include "tui/show.h"

#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "experiments/board.h"
#include "tui/figure.h"
#include "tui/ui.h"
#include "tui/views/view.h"

enum { SHOW_MOST = 1000, FIGURE_COLS = 240, FIGURE_ROWS = 80 };

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

static int choose_page(struct ui *ui, const struct show_options *options,
                       struct err *err)
{
    char names[128];
    if (options->measure && metric_index(options->measure) < 0)
        return err_set(err,
                       "there is no measure \"%s\"; one of them is "
                       "stable_rank",
                       options->measure);
    if (options->measure)
        ui->measure = metric_index(options->measure);
    if (!options->page)
        return 0;
    ui->page[ui->view] = view_page_find(ui->view, options->page);
    view_page_names(names, sizeof names, ui->view);
    return ui->page[ui->view] >= 0
               ? 0
               : err_set(err, "the view \"%s\" has no page \"%s\"; use %s",
                         options->view, options->page, names);
}

/* What the chosen run is compared with, and how. */
static int choose_other(struct ui *ui, const struct snapshot *snapshot,
                        const struct show_options *options, struct err *err)
{
    const char *with = options->with;
    ui->time = options->step > 0 ? options->step : -1;
    ui->side = options->output ? SIDE_OUTPUT : SIDE_INPUT;
    ui->of = options->factor ? OVERLAP_OF_FACTOR : OVERLAP_OF_DELTA;
    if (!with)
        return 0;
    ui->other = (struct operand){OPERAND_RUN, -1, -1};
    if (strcmp(with, "base") == 0)
        ui->other.kind = OPERAND_BASE;
    else if (strcmp(with, "random") == 0)
        ui->other.kind = OPERAND_RANDOM;
    for (int r = 0; r < snapshot->run_count; r++)
        if (ui->other.kind == OPERAND_RUN &&
            strcmp(snapshot->run[r].name, with) == 0)
            ui->other.run = snapshot->run[r].id;
    return ui->other.kind == OPERAND_RUN && ui->other.run < 0
               ? err_set(err,
                         "there is no run \"%s\" here; a run, base or random",
                         with)
               : 0;
}

static int choose_talk(struct ui *ui, const struct show_options *options,
                       struct err *err)
{
    const char *prompt = options->prompt ? options->prompt : "";
    if (strlen(prompt) >= sizeof ui->talk.prompt)
        return err_set(err, "--prompt is too long; use at most %d bytes",
                       TALK_PROMPT_BYTES - 1);
    (void)snprintf(ui->talk.prompt, sizeof ui->talk.prompt, "%s", prompt);
    ui->talk.example = options->example > 0 ? options->example - 1 : 0;
    ui->talk.strength = options->strength ? *options->strength : 1;
    return 0;
}

/* "A race of ranks · sql on bundled · run r8 · h.2.attn.v · step 320 of 600":
 * what a slide does not say is lost with the folder's name. */
static void caption(char *to, size_t size, const struct ui *ui,
                    const struct snapshot *snapshot)
{
    const struct run_view *run = ui_run(ui, snapshot);
    const char *site = snapshot->site_count
                           ? snapshot->site[ui_site(ui, snapshot)].name
                           : "no site";
    snprintf(to, size, "%s · %s on %s · run %s · %s · step %ld of %ld",
             snapshot->title, snapshot->task, snapshot->base,
             run ? run->name : "none", site, run ? run->step : 0,
             snapshot->steps);
}

/* The view on a screen so large that no pane is left out, for what it hands
 * to the figure. */
static int show_figure(FILE *to, const struct ui *ui,
                       const struct snapshot *snapshot, const char *view,
                       struct err *err)
{
    enum { COLOURS = 256 };
    struct canvas canvas =
        canvas_new(FIGURE_COLS, FIGURE_ROWS, GLYPHS_BRAILLE, COLOURS);
    struct figure *figure = canvas.figure = figure_new();
    char text[512];
    int status = 0;
    ui_draw(&canvas, ui, snapshot, NULL);
    caption(text, sizeof text, ui, snapshot);
    if (figure_panels(figure) == 0)
        status = err_set(err,
                         "the view \"%s\" has no plot to make a figure of "
                         "now; --screen writes a picture of the screen",
                         view);
    else if (figure_svg(figure, to, text) != 0)
        status = err_set(err, "the figure could not be written");
    figure_free(figure);
    canvas_free(&canvas);
    return status;
}

static int refuse_view(const struct snapshot *snapshot, const char *view,
                       struct err *err)
{
    const struct board *board = snapshot->board;
    if (board)
        return err_set(err, "of a %s's results there are the views %s and log",
                       board->search ? "search" : "grid",
                       board->search ? "intrinsic" : "table");
    return err_set(err,
                   "the view %s is one of a %s's results; this is a session",
                   view, strcmp(view, "table") == 0 ? "grid" : "search");
}

int show_view(FILE *to, const struct snapshot *snapshot,
              const struct show_options *options, struct err *err)
{
    int view = view_find(options->view);
    char names[96];
    view_names(names, sizeof names);
    if (view < 0)
        return err_set(err, "there is no view \"%s\"; use %s", options->view,
                       names);
    if (options->cols < 1 || options->cols > SHOW_MOST || options->rows < 1 ||
        options->rows > SHOW_MOST)
        return err_set(err, "size %dx%d is not allowed; use 1x1 to %dx%d",
                       options->cols, options->rows, SHOW_MOST, SHOW_MOST);
    if (!view_is_there((enum view_id)view, snapshot))
        return refuse_view(snapshot, options->view, err);
    struct ui ui;
    ui_start(&ui, NULL, options->glyphs, true);
    ui.view = (enum view_id)view;
    if (choose(&ui, snapshot, options, err) != 0 ||
        choose_page(&ui, options, err) != 0 ||
        choose_other(&ui, snapshot, options, err) != 0 ||
        choose_talk(&ui, options, err) != 0)
        return -1;
    bool is_figure = options->as == SHOW_FIGURE;
    ui_size(&ui, is_figure ? FIGURE_COLS : options->cols,
            is_figure ? FIGURE_ROWS : options->rows);
    struct question question = ui_question(&ui, snapshot);
    if (options->answers)
        stored_answers_ask(options->answers, &question);
    if (is_figure)
        return show_figure(to, &ui, snapshot, options->view, err);
    bool is_picture = options->as == SHOW_SCREEN;
    struct canvas canvas = canvas_new(options->cols, options->rows,
                                      options->glyphs, is_picture ? 256 : 0);
    ui_draw(&canvas, &ui, snapshot, NULL);
    int status =
        is_picture ? canvas_svg(&canvas, to) : canvas_text(&canvas, to);
    canvas_free(&canvas);
    return status == 0 ? 0 : err_set(err, "the frame could not be written");
}
