/*
 * The table of views, and the little things they share.
 */
#include "tui/views/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "experiments/board.h"
#include "experiments/file_view.h"

const struct view view_table[VIEW_COUNT] = {
    [VIEW_TRAIN] = {'1', "train", "loss curves of all runs", train_draw},
    [VIEW_SPECTRUM] = {'2', "spectrum",
                       "singular values of the updates and their rank measures",
                       spectrum_draw},
    [VIEW_OVERLAP] = {'3', "overlap",
                      "what two updates share, beside chance; section 7",
                      overlap_draw},
    [VIEW_RANKS] = {'4', "ranks", "the rank dial, site by site", ranks_draw},
    [VIEW_INTRINSIC] = {'5', "intrinsic",
                        "score against d: how few random directions suffice",
                        intrinsic_draw},
    [VIEW_TALK] = {'6', "talk",
                   "what the base and the runs write; one update turned by "
                   "hand",
                   talk_draw},
    [VIEW_FILES] = {'7', "files",
                    "adapters and checkpoints: what they are, site by site",
                    files_draw},
    [VIEW_TABLE] = {'9', "table",
                    "a grid's table beside the paper's, Figure 2, findings",
                    table_draw},
    [VIEW_LOG] = {'0', "log", "journal and messages", log_draw},
};

int view_find(const char *name)
{
    for (int i = 0; i < VIEW_COUNT; i++)
        if (strcmp(view_table[i].name, name) == 0)
            return i;
    return -1;
}

bool view_is_there(enum view_id view, const struct snapshot *snapshot)
{
    const struct board *board = snapshot->board;
    if (snapshot->file_count > 0)
        return view == VIEW_SPECTRUM || view == VIEW_OVERLAP ||
               view == VIEW_FILES;
    if (view == VIEW_LOG)
        return true;
    return board ? view == (board->search ? VIEW_INTRINSIC : VIEW_TABLE)
                 : view != VIEW_TABLE && view != VIEW_INTRINSIC;
}

enum { PAGES_MOST = OVERLAP_PAGES };
static const char *const page_name[VIEW_COUNT][PAGES_MOST] = {
    [VIEW_TRAIN] = {"curves"},
    [VIEW_SPECTRUM] = {[PAGE_SIGMA] = "sigma",
                       [PAGE_ENERGY] = "energy",
                       [PAGE_FAMILY] = "family",
                       [PAGE_TIME] = "time"},
    [VIEW_OVERLAP] = {[PAGE_PHI] = "phi",
                      [PAGE_BASE] = "base",
                      [PAGE_INTRUDERS] = "intruders",
                      [PAGE_TWINS] = "twins",
                      [PAGE_SECTION7] = "section7"},
    [VIEW_RANKS] = {[PAGE_DIAL] = "dial", [PAGE_CUTS] = "cuts"},
    [VIEW_INTRINSIC] = {[PAGE_CURVE] = "curve", [PAGE_POINTS] = "points"},
    [VIEW_TALK] =
        {[PAGE_ANSWERS] = "answers", [PAGE_MICROSCOPE] = "microscope"},
    [VIEW_FILES] = {[PAGE_SITES] = "sites", [PAGE_PLAN] = "plan"},
    [VIEW_TABLE] = {[PAGE_SCORES] = "scores",
                    [PAGE_FIGURE2] = "figure2",
                    [PAGE_FINDINGS] = "findings"},
    [VIEW_LOG] = {"log"}};

int view_pages(enum view_id view)
{
    int count = 0;
    while (count < PAGES_MOST && page_name[view][count])
        count++;
    return count;
}

int view_page_find(enum view_id view, const char *name)
{
    for (int i = 0; i < view_pages(view); i++)
        if (strcmp(page_name[view][i], name) == 0)
            return i;
    return -1;
}

/* "a, b or c": one more of count names, behind used bytes. */
static size_t add_name(char *to, size_t size, size_t used, const char *name,
                       int i, int count)
{
    const char *before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
    if (used >= size)
        return used;
    return used +
           (size_t)snprintf(to + used, size - used, "%s%s", before, name);
}

void view_names(char *to, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < VIEW_COUNT; i++)
        used = add_name(to, size, used, view_table[i].name, i, VIEW_COUNT);
}

void view_page_names(char *to, size_t size, enum view_id view)
{
    int count = view_pages(view);
    size_t used = 0;
    to[0] = '\0';
    for (int i = 0; i < count; i++)
        used = add_name(to, size, used, page_name[view][i], i, count);
}

void view_rule(struct canvas *canvas, struct rect rect, const char *title,
               const char *format, ...)
{
    if (rect.h < 1 || rect.w < 4)
        return;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    canvas_hline(canvas, rect.x, rect.y, rect.w, style_of(ROLE_FRAME));
    int x = rect.x + 2, end = rect.x + rect.w - 1;
    canvas_glyph(canvas, x++, rect.y, style_of(ROLE_NONE), ' ');
    x += canvas_put(canvas, x, rect.y, end - x,
                    style_with(ROLE_TITLE, ATTR_BOLD), title);
    canvas_glyph(canvas, x++, rect.y, style_of(ROLE_NONE), ' ');
    if (!text[0] || x + 5 > end)
        return;
    canvas_glyph(canvas, ++x, rect.y, style_of(ROLE_NONE), ' ');
    x++;
    x += canvas_put(canvas, x, rect.y, end - x - 1, style_of(ROLE_NONE), text);
    canvas_glyph(canvas, x, rect.y, style_of(ROLE_NONE), ' ');
}

void view_sentence(struct canvas *canvas, int x, int y, int width,
                   struct style style, const char *text)
{
    char line[512];
    int columns = 0;
    size_t fits = 0;
    if (glyph_columns(text) <= width) {
        canvas_put(canvas, x, y, width, style, text);
        return;
    }
    for (const char *at = text; *at && columns < width;) {
        if (*at == ' ' && columns + 2 <= width) /* " ..." comes after it */
            fits = (size_t)(at - text);
        columns += glyph_width(glyph_next(&at));
    }
    snprintf(line, sizeof line, "%.*s …", (int)fits, text);
    canvas_put(canvas, x, y, width, style, line);
}

void view_notice(struct canvas *canvas, struct rect rect, struct style style,
                 const char *text)
{
    enum { SIDES = 4, MOST = 76 };
    int width = rect.w - SIDES > MOST ? MOST : rect.w - SIDES;
    struct rect area = {rect.x + (rect.w - width) / 2, rect.y + rect.h / 3,
                        width, rect.h - rect.h / 3};
    if (area.h > 0 && width > 0)
        canvas_wrap(canvas, area, style, text);
}

const char *view_update(const struct snapshot *snapshot)
{
    return snapshot->file_count > 0 && snapshot->file->kind == STORED_WEIGHTS
               ? "W"
               : "ΔW";
}

const char *view_subject(const struct snapshot *snapshot)
{
    return snapshot->file_count > 0 ? "file" : "run";
}

const char *view_name(char to[VIEW_NAME], const char *name, int columns)
{
    enum { TAIL = 4, LEAST = 2 * TAIL };
    int length = (int)strlen(name);
    if (length <= columns || columns < LEAST)
        snprintf(to, VIEW_NAME, "%.*s", VIEW_NAME - 1, name);
    else
        snprintf(to, VIEW_NAME, "%.*s…%s", columns - 1 - TAIL, name,
                 name + length - TAIL);
    return to;
}

int view_name_columns(const struct snapshot *snapshot, int least, int most)
{
    int columns = least;
    for (int r = 0; r < snapshot->run_count; r++) {
        int here = glyph_columns(snapshot->run[r].name);
        columns = here > columns ? here : columns;
    }
    most = most > least ? most : least;
    return columns > most ? most : columns;
}

struct style view_run_style(int run_id)
{
    return style_of(role_run(run_id));
}

void view_sign(struct canvas *canvas, int x, int y, int run_id)
{
    struct style style = view_run_style(run_id);
    style.attr = ATTR_BOLD;
    canvas_glyph(canvas, x, y, style, glyph_marker(run_id));
}

int view_measure_at(int i)
{
    static const char *const key[VIEW_MEASURES] = {
        "stable_rank", "participation_ratio", "entropy_rank"};
    return (int)(metric_find(key[i]) - metric_table);
}

const char *view_measure_name(int metric)
{
    return metric_table[metric].name;
}

double view_measure(const struct site_view *view, const struct site *of,
                    int metric)
{
    if (view->sigma_count == 0)
        return NAN;
    /* The zero matrix has a norm; how many directions it uses is no number. */
    if (!(view->sigma[0] > 0) && !metric_table[metric].scales)
        return NAN;
    return metric_table[metric].of(view->sigma, view->sigma_count, of->out,
                                   of->in);
}

static const struct moment_view *moment_at(const struct run_view *run,
                                           long time)
{
    const struct moment_view *found = NULL;
    for (int i = 0; i < run->moment_count; i++)
        if (run->moment[i].step <= time)
            found = &run->moment[i];
    return found;
}

struct site_view view_site(const struct view_context *context,
                           const struct run_view *run, int site)
{
    struct site_view view = run->site[site];
    if (context->ui->time < 0 || context->ui->time >= run->step)
        return view;
    const struct moment_view *moment = moment_at(run, context->ui->time);
    view.sigma_count = view.direction_count = view.truncation_count = 0;
    view.spectrum_step = -1;
    if (!moment || !moment->site)
        return view;
    view.rank = moment->site[site].rank;
    view.sigma = moment->site[site].sigma;
    view.sigma_count = moment->site[site].count;
    view.spectrum_step = moment->step;
    /* Drawn for the rank it has now. */
    if (view.chance && view.chance->rank != view.rank)
        view.chance = NULL;
    return view;
}

long view_step(const struct view_context *context, const struct run_view *run)
{
    if (context->ui->time < 0 || context->ui->time >= run->step)
        return run->step;
    const struct moment_view *moment = moment_at(run, context->ui->time);
    return moment ? moment->step : -1;
}

const char *view_event_words(const struct event *event,
                             const struct run_view *run)
{
    size_t name = run ? strlen(run->name) : 0;
    if (!run || strncmp(event->text, run->name, name) != 0 ||
        !strchr(": ", event->text[name]))
        return event->text;
    return event->text + name + strspn(event->text + name, ": ");
}

const struct event *view_last_change(const struct snapshot *snapshot,
                                     int run_id)
{
    for (int i = snapshot->event_count - 1; i >= 0; i--)
        if (snapshot->event[i].run == run_id && snapshot->event[i].is_change)
            return &snapshot->event[i];
    return NULL;
}
