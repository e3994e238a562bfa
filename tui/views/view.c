/*
 * The table of views, and the little things they share.
 */
#include "tui/views/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"

const struct view view_table[VIEW_COUNT] = {
    [VIEW_TRAIN] = {'1', "train", "loss curves of all runs", train_draw},
    [VIEW_SPECTRUM] = {'2', "spectrum",
                       "singular values of the updates and their rank measures",
                       spectrum_draw},
    [VIEW_RANKS] = {'4', "ranks", "the rank dial, site by site", ranks_draw},
    [VIEW_LOG] = {'0', "log", "journal and messages", log_draw},
};

int view_find(const char *name)
{
    for (int i = 0; i < VIEW_COUNT; i++)
        if (strcmp(view_table[i].name, name) == 0)
            return i;
    return -1;
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

static const char *const measure_key[MEASURE_COUNT] = {
    [MEASURE_STABLE] = "stable_rank",
    [MEASURE_PARTICIPATION] = "participation_ratio",
    [MEASURE_ENTROPY] = "entropy_rank"};

const char *view_measure_name(enum measure measure)
{
    const struct metric *metric = metric_find(measure_key[measure]);
    return metric ? metric->name : measure_key[measure];
}

double view_measure(const struct site_view *site, enum measure measure)
{
    const double value[MEASURE_COUNT] = {
        [MEASURE_STABLE] = site->stable_rank,
        [MEASURE_PARTICIPATION] = site->participation_ratio,
        [MEASURE_ENTROPY] = site->entropy_rank};
    return value[measure];
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
