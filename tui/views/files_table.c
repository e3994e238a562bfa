/*
 * The sites of a file as a table: shape, rank, what of it is used by every
 * measure there is room for, sizes, and a small bar spectrum.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "core/base/mem.h"
#include "experiments/site_map.h"
#include "tui/bars.h"
#include "tui/ticks.h"
#include "tui/views/files_parts.h"
#include "tui/views/measure.h"

enum {
    HEADING = 2,
    MARK = 2,
    NAME_LEAST = 12,
    SHAPE = 12,
    RANK = 5,
    BARS = 10
};

/* Most important first: the last ones are left out where it is narrow. */
static const struct column {
    const char *key, *upper, *lower;
    int width;
} columns[] = {
    {"stable_rank", "stable", "rank", 8},
    {"entropy_rank", "entropy", "rank", 9},
    {"frobenius", "Frobenius", "norm", 11},
    {"participation_ratio", "participation", "ratio", 15},
    {"spectral", "largest", "σ_1", 9},
    {"rank90", "rank for 90 %", "of the energy", 15},
    {"rank99", "rank for 99 %", "of the energy", 15},
    {"nuclear_rank", "nuclear", "rank", 9},
    {"energy_entropy_rank", "energy entropy", "rank", 16},
    {"nuclear_rank90", "rank for 90 %", "of the sum", 15},
    {"numerical_rank", "numerical", "rank", 11},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* --- lists of sites ---------------------------------------------------------
 */

struct files_list files_list_new(const struct view_context *context, int rows)
{
    const struct snapshot *snapshot = context->snapshot;
    struct files_list list = {.shown = rows > 0 ? rows : 0};
    int chosen = ui_site(context->ui, snapshot), at = 0;
    list.site = xcalloc((size_t)snapshot->site_count + 1, sizeof *list.site);
    list.count = files_order(list.site, context->ui, snapshot);
    while (at < list.count && list.site[at] != chosen)
        at++;
    at = at < list.count ? at : 0;
    list.first = at > list.shown / 2 ? at - list.shown / 2 : 0;
    if (list.first > list.count - list.shown)
        list.first = list.count > list.shown ? list.count - list.shown : 0;
    if (list.shown > list.count - list.first)
        list.shown = list.count - list.first;
    return list;
}

void files_list_free(struct files_list *list)
{
    mem_free(list->site);
    *list = (struct files_list){0};
}

struct style files_row(struct canvas *canvas, struct rect rect, int y,
                       const struct view_context *context, int site)
{
    bool is_chosen = site == ui_site(context->ui, context->snapshot);
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    const struct file_site *of = &context->snapshot->file[run->id].site[site];
    if (is_chosen) {
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
        canvas->cursor_x = rect.x;
        canvas->cursor_y = y;
    }
    if (of->warning[0] || of->trouble[0])
        canvas_glyph(canvas, rect.x + 1, y, style_with(ROLE_WARN, ATTR_BOLD),
                     '!');
    return style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
}

int files_name_columns(const struct snapshot *snapshot, int most)
{
    int columns_used = NAME_LEAST;
    for (int s = 0; s < snapshot->site_count; s++) {
        int here = glyph_columns(snapshot->site[s].name) + 1;
        columns_used = here > columns_used ? here : columns_used;
    }
    most = most > NAME_LEAST ? most : NAME_LEAST;
    return columns_used > most ? most : columns_used;
}

void files_name(struct canvas *canvas, int x, int y, int width,
                struct style style, const struct snapshot *snapshot, int site)
{
    const char *from = snapshot->site[site].name;
    const struct site_map *map = snapshot->map;
    char text[2 * SITE_MAP_NAME + 2];
    struct site_place at = map->place[site];
    (void)snprintf(text, sizeof text, "%s %s", map->row_name[at.row],
                   map->col_name[at.col]);
    if (glyph_columns(from) > width && glyph_columns(text) <= width)
        from = text;
    canvas_put(canvas, x, y, width, style, from);
}

/* --- the table --------------------------------------------------------------
 */

/* What fits beside the names. */
struct plan {
    int name, columns, bars;
    bool has_shape;
};

static struct plan plan_of(struct rect rect, const struct snapshot *snapshot)
{
    enum { BARS_MOST = 34, TIGHT = 60, NUMBERS = 28 };
    struct plan plan = {.has_shape = rect.w >= TIGHT};
    int fixed = MARK + (plan.has_shape ? SHAPE : 0) + RANK;
    plan.name =
        files_name_columns(snapshot, rect.w - fixed - NUMBERS - BARS - 2);
    int room = rect.w - fixed - plan.name - BARS - 2;
    while (plan.columns < COLUMNS && columns[plan.columns].width <= room)
        room -= columns[plan.columns++].width;
    plan.bars = BARS + (room > 0 ? room : 0);
    plan.bars = plan.bars > BARS_MOST ? BARS_MOST : plan.bars;
    return plan;
}

static void draw_heading(struct canvas *canvas, struct rect rect,
                         const struct plan *plan)
{
    struct style style = style_of(ROLE_DIM);
    int x = rect.x + MARK, y = rect.y + 1;
    canvas_put(canvas, x, y, plan->name, style, "site");
    x += plan->name;
    if (plan->has_shape)
        canvas_right(canvas, x, y, SHAPE, style, "out × in");
    x += plan->has_shape ? SHAPE : 0;
    canvas_right(canvas, x, y, RANK, style, "r");
    x += RANK;
    for (int c = 0; c < plan->columns; c++) {
        canvas_right(canvas, x, rect.y, columns[c].width, style, "%s",
                     columns[c].upper);
        canvas_right(canvas, x, y, columns[c].width, style, "%s",
                     columns[c].lower);
        x += columns[c].width;
    }
    canvas_put(canvas, x + 2, rect.y, plan->bars, style, "spectrum");
    canvas_put(canvas, x + 2, y, plan->bars, style,
               plan->bars > 13 ? "σ_i beside σ_1" : "σ_i / σ_1");
}

/* Instead of numbers: why there are none. */
static const char *why_not(const struct site_view *view,
                           const struct file_site *of)
{
    if (of->trouble[0])
        return of->trouble;
    if (view->sigma_count == 0)
        return "…";
    return view->sigma[0] > 0 ? NULL : "zero: no update";
}

static void draw_site(struct canvas *canvas, struct rect rect, int y,
                      const struct plan *plan,
                      const struct view_context *context, int site)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    const struct site_view *view = &run->site[site];
    const struct site *of = &snapshot->site[site];
    struct style style = files_row(canvas, rect, y, context, site);
    int x = rect.x + MARK, end = rect.x + rect.w;
    files_name(canvas, x, y, plan->name - 1, style, snapshot, site);
    x += plan->name;
    if (plan->has_shape)
        canvas_right(canvas, x, y, SHAPE, style_of(ROLE_DIM), "%d × %d",
                     of->out, of->in);
    x += plan->has_shape ? SHAPE : 0;
    if (view->rank)
        canvas_right(canvas, x, y, RANK, style, "%d", view->rank);
    else
        canvas_right(canvas, x, y, RANK, style_of(ROLE_DIM), "–");
    x += RANK;
    const char *why = why_not(view, &snapshot->file[run->id].site[site]);
    if (why) {
        view_sentence(canvas, x + 3, y, end - x - 3, style_of(ROLE_DIM), why);
        return;
    }
    for (int c = 0; c < plan->columns; c++) {
        char text[24];
        int metric = metric_index(columns[c].key);
        measure_number(text, sizeof text, metric,
                       view_measure(view, of, metric));
        canvas_right(canvas, x, y, columns[c].width, style, "%s", text);
        x += columns[c].width;
    }
    bars_draw(canvas, x + 2, y, plan->bars, view_run_style(run->id),
              view->sigma, view->sigma_count);
}

void files_table_draw(struct canvas *canvas, struct rect rect,
                      const struct view_context *context)
{
    if (rect.h < HEADING + 1)
        return;
    struct plan plan = plan_of(rect, context->snapshot);
    struct files_list list = files_list_new(context, rect.h - HEADING);
    draw_heading(canvas, rect, &plan);
    for (int i = 0; i < list.shown; i++)
        draw_site(canvas, rect, rect.y + HEADING + i, &plan, context,
                  list.site[list.first + i]);
    files_list_free(&list);
}
