/*
 * View 2: the singular values of one site's update for all runs on one log
 * axis, the rank measures by their full names, and one measure over all
 * sites as a heat map.  Unknown is drawn as unknown.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/bars.h"
#include "tui/layout.h"
#include "tui/plot.h"
#include "tui/ticks.h"
#include "tui/views/view.h"

/* Below this share of the largest, a singular value is off the axis: float32
 * training leaves a floor of noise there. */
static const double SIGMA_FLOOR = 1e-4;

static void add_sigma(struct plot *plot, const struct canvas *canvas,
                      const struct run_view *run, const struct site_view *site,
                      const double *index)
{
    struct plot_series *series = plot_add(plot);
    if (!series)
        return;
    series->x = index;
    series->y = site->sigma;
    series->count = site->sigma_count;
    series->pen.style = view_run_style(run->id);
    series->pen.line = glyph_line(run->id);
    if (canvas->colours < 8)
        series->pen.dash = (enum dash)((unsigned)run->id % DASH_KINDS);
    enum { CROWDED = 40 }; /* markers would hide the line */
    series->sign = glyph_marker(run->id);
    series->marker = site->sigma_count <= CROWDED ? series->sign : 0;
    snprintf(series->label, sizeof series->label, "%.12s", run->name);
}

static int longest_sigma(const struct snapshot *snapshot, int site)
{
    int longest = 0;
    for (int r = 0; r < snapshot->run_count; r++)
        if (snapshot->run[r].site[site].sigma_count > longest)
            longest = snapshot->run[r].site[site].sigma_count;
    return longest;
}

static void draw_sigma(struct canvas *canvas, struct rect rect,
                       const struct view_context *context, int site)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *chosen = ui_run(context->ui, snapshot);
    int longest = longest_sigma(snapshot, site);
    double *index = xcalloc((size_t)longest + 1, sizeof *index);
    for (int i = 0; i < longest; i++)
        index[i] = i + 1;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "index i");
    plot->log_y = true;
    plot->log_x = !context->ui->linear_index;
    for (int pass = 0; pass < 2; pass++) /* the chosen run on top */
        for (int r = 0; r < snapshot->run_count; r++) {
            const struct run_view *run = &snapshot->run[r];
            if ((run == chosen) == (pass == 1) && run->site[site].sigma_count)
                add_sigma(plot, canvas, run, &run->site[site], index);
        }
    plot->x_low = 1;
    plot->x_high = longest > 1 ? longest : 2;
    if (plot_fit(plot)) {
        plot->y_low = fmax(plot->y_low, SIGMA_FLOOR * plot->y_high);
        if (context->ui->index > 0)
            plot->cursor = context->ui->index;
        plot_draw(canvas, rect, plot);
    } else if (rect.h > 0) {
        canvas_put(canvas, rect.x + 2, rect.y + rect.h / 2, rect.w - 2,
                   style_of(ROLE_DIM), "no update here yet, or not computed");
    }
    mem_free(plot);
    mem_free(index);
}

void spectrum_plot(struct canvas *canvas, struct rect rect,
                   const struct view_context *context)
{
    if (rect.h < 4 || context->snapshot->site_count == 0)
        return;
    int site = ui_site(context->ui, context->snapshot);
    view_rule(canvas, rect, "singular values", "%s",
              context->snapshot->site[site].name);
    rect.y++;
    rect.h--;
    draw_sigma(canvas, rect, context, site);
}

/* Columns: site kinds that occur.  INFINITY: there is no such site. */
struct map {
    double *value;
    int *site;
    const char *col[SITE_KINDS];
    const char **row;
    char (*row_text)[12];
    int rows, cols;
};

static void map_make(struct map *map, const struct snapshot *snapshot)
{
    int column[SITE_KINDS];
    for (int kind = 0; kind < SITE_KINDS; kind++) {
        column[kind] = -1;
        for (int s = 0; s < snapshot->site_count; s++)
            if ((int)snapshot->site[s].kind == kind && column[kind] < 0) {
                column[kind] = map->cols;
                map->col[map->cols++] = site_kind_name((enum site_kind)kind);
            }
    }
    map->rows = snapshot->layers > 0 ? snapshot->layers : 1;
    size_t cells = (size_t)map->rows * (size_t)map->cols;
    map->value = xcalloc(cells, sizeof *map->value);
    map->site = xcalloc(cells, sizeof *map->site);
    map->row = xcalloc((size_t)map->rows, sizeof *map->row);
    map->row_text = xcalloc((size_t)map->rows, sizeof *map->row_text);
    for (size_t i = 0; i < cells; i++)
        map->site[i] = -1;
    for (int r = 0; r < map->rows; r++) {
        snprintf(map->row_text[r], sizeof *map->row_text, "h.%d", r);
        map->row[r] = map->row_text[r];
    }
    for (int s = 0; s < snapshot->site_count; s++) {
        /* The head comes after the last layer: beside its row. */
        int layer = snapshot->site[s].layer;
        layer = layer >= map->rows ? map->rows - 1 : layer < 0 ? 0 : layer;
        map->site[layer * map->cols + column[snapshot->site[s].kind]] = s;
    }
}

static void map_free(struct map *map)
{
    mem_free(map->value);
    mem_free(map->site);
    mem_free(map->row);
    mem_free(map->row_text);
}

static void draw_map(struct canvas *canvas, struct rect rect,
                     const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    if (rect.h < 3 || !run || snapshot->site_count == 0)
        return;
    view_rule(canvas, rect, view_measure_name(context->ui->measure), "%s",
              run->name);
    struct map map = {0};
    map_make(&map, snapshot);
    struct heat heat = {.rows = map.rows,
                        .cols = map.cols,
                        .value = map.value,
                        .low = INFINITY,
                        .high = -INFINITY,
                        .chosen = -1,
                        .row_name = map.row,
                        .col_name = map.col};
    int chosen = ui_site(context->ui, snapshot);
    for (int i = 0; i < map.rows * map.cols; i++) {
        int site = map.site[i];
        map.value[i] =
            site < 0 ? INFINITY
                     : view_measure(&run->site[site], context->ui->measure);
        if (site == chosen)
            heat.chosen = i;
        if (isfinite(map.value[i])) {
            heat.low = fmin(heat.low, map.value[i]);
            heat.high = fmax(heat.high, map.value[i]);
        }
    }
    rect.y++;
    rect.h--;
    heat_draw(canvas, rect, &heat);
    map_free(&map);
}

static double frobenius(const struct site_view *site)
{
    double sum = 0;
    for (int i = 0; i < site->sigma_count; i++)
        sum += site->sigma[i] * site->sigma[i];
    return site->sigma_count ? sqrt(sum) : NAN;
}

static void draw_row(struct canvas *canvas, struct rect rect, int y,
                     const struct run_view *run, int site, bool is_chosen)
{
    const struct site_view *view = &run->site[site];
    struct style style = style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
    if (is_chosen)
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
    view_sign(canvas, rect.x + 2, y, run->id);
    int x = rect.x + 4;
    canvas_put(canvas, x, y, 10, style, run->name);
    x += 10;
    if (!view->adapted) {
        canvas_put(canvas, x + 2, y, rect.w - 16, style_of(ROLE_DIM),
                   "does not adapt this site");
        return;
    }
    if (view->rank > 0)
        canvas_right(canvas, x, y, 5, style, "%d", view->rank);
    else
        canvas_right(canvas, x, y, 5, style_of(ROLE_DIM), "–");
    x += 5;
    for (int m = 0; m < MEASURE_COUNT; m++) {
        char text[16];
        int width = glyph_columns(view_measure_name((enum measure)m)) + 2;
        canvas_right(canvas, x, y, width, style, "%s",
                     number_text(text, sizeof text,
                                 view_measure(view, (enum measure)m)));
        x += width;
    }
    char text[16];
    canvas_right(canvas, x, y, 9, style, "%s",
                 number_text(text, sizeof text, frobenius(view)));
    x += 9;
    if (view->spectrum_step >= 0)
        canvas_right(canvas, x, y, rect.x + rect.w - x < 8 ? 0 : 8,
                     style_of(ROLE_DIM), "%ld", view->spectrum_step);
}

static void draw_table(struct canvas *canvas, struct rect rect,
                       const struct view_context *context, int site)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *chosen = ui_run(context->ui, snapshot);
    if (rect.h < 3)
        return;
    view_rule(canvas, rect, "rank measures", "%s  (? explains them)",
              snapshot->site[site].name);
    int y = rect.y + 1, x = rect.x + 14;
    canvas_put(canvas, rect.x + 4, y, 10, style_of(ROLE_DIM), "run");
    canvas_right(canvas, x, y, 5, style_of(ROLE_DIM), "rank");
    x += 5;
    for (int m = 0; m < MEASURE_COUNT; m++) {
        const char *name = view_measure_name((enum measure)m);
        canvas_put(canvas, x + 2, y, glyph_columns(name), style_of(ROLE_DIM),
                   name);
        x += glyph_columns(name) + 2;
    }
    canvas_right(canvas, x, y, 9, style_of(ROLE_DIM), "‖ΔW‖_F");
    x += 9;
    if (rect.x + rect.w - x >= 8)
        canvas_right(canvas, x, y, 8, style_of(ROLE_DIM), "at step");
    int shown = rect.h - 2;
    int at = chosen ? (int)(chosen - snapshot->run) : 0;
    int first = at >= shown ? at - shown + 1 : 0;
    for (int r = first; r < snapshot->run_count && r < first + shown; r++)
        draw_row(canvas, rect, y + 1 + r - first, &snapshot->run[r], site,
                 &snapshot->run[r] == chosen);
}

/* The value under the cursor: of the index, or of the map. */
static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context, int site)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    char words[512], number[16];
    int index = context->ui->index;
    if (!run || rect.h < 1)
        return;
    if (index > 0) {
        size_t used =
            (size_t)snprintf(words, sizeof words, "singular value %d:", index);
        for (int r = 0; r < snapshot->run_count && used < sizeof words - 1;
             r++) {
            const struct site_view *view = &snapshot->run[r].site[site];
            double value =
                index <= view->sigma_count ? view->sigma[index - 1] : NAN;
            used +=
                (size_t)snprintf(words + used, sizeof words - used, "%s %s %s",
                                 r ? "," : "", snapshot->run[r].name,
                                 number_text(number, sizeof number, value));
        }
    } else {
        double value = view_measure(&run->site[site], context->ui->measure);
        snprintf(words, sizeof words, "%s of %s in %s: %s",
                 view_measure_name(context->ui->measure),
                 snapshot->site[site].name, run->name,
                 !run->site[site].adapted ? "this run does not adapt it"
                 : isnan(value)           ? "not computed yet"
                                : number_text(number, sizeof number, value));
    }
    canvas_put(canvas, rect.x + 2, rect.y, rect.w - 3, style_of(ROLE_NONE),
               words);
}

void spectrum_draw(struct canvas *canvas, struct rect rect,
                   const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    struct rect part[SPECTRUM_PARTS];
    if (snapshot->site_count == 0) {
        canvas_put(canvas, rect.x + 2, rect.y, rect.w - 2, style_of(ROLE_DIM),
                   "this model has no site to look at");
        return;
    }
    layout_spectrum(part, rect, snapshot->run_count);
    int site = ui_site(context->ui, snapshot);
    const struct site *of = &snapshot->site[site];
    struct rect title = part[SPECTRUM_TITLE];
    title.w = part[SPECTRUM_PLOT].w;
    view_rule(canvas, title, "singular values",
              title.w < 44 ? "%s" : "%s  %d × %d", of->name, of->out, of->in);
    struct rect map = part[SPECTRUM_HEAT];
    if (map.h) { /* its rule stands in the title's row */
        map.y--;
        map.h++;
    }
    draw_sigma(canvas, part[SPECTRUM_PLOT], context, site);
    draw_map(canvas, map, context);
    draw_table(canvas, part[SPECTRUM_TABLE], context, site);
    draw_words(canvas, part[SPECTRUM_WORDS], context, site);
}
