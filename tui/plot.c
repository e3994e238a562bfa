/*
 * Ranges, lines and marks of a line plot; the axes are in axis.c, bands and
 * levels in plot_bands.c, the labels of lines in plot_labels.c.
 */
#include "tui/plot.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/axis.h"
#include "tui/figure.h"
#include "tui/plot_parts.h"

void plot_start(struct plot *plot, const char *x_name)
{
    plot->x_name = x_name;
    plot->y_name = NULL;
    plot->x_tick = NULL;
    plot->x_tick_count = 0;
    plot->title[0] = plot->note[0] = '\0';
    plot->log_x = plot->log_y = false;
    plot->x_low = plot->x_high = plot->y_low = plot->y_high = 0;
    plot->series_count = plot->mark_count = 0;
    plot->band_count = plot->level_count = 0;
    plot->cursor = NAN;
}

void plot_name(struct plot *plot, const char *y_name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(plot->title, sizeof plot->title, format, args);
    va_end(args);
    plot->y_name = y_name;
}

struct plot_series *plot_add(struct plot *plot)
{
    if (plot->series_count == PLOT_SERIES)
        return NULL;
    struct plot_series *series = &plot->series[plot->series_count++];
    *series = (struct plot_series){0};
    return series;
}

void plot_add_mark(struct plot *plot, double x, struct style style,
                   const char *text)
{
    if (plot->mark_count == PLOT_MARKS) { /* the oldest gives way */
        memmove(plot->mark, plot->mark + 1,
                (PLOT_MARKS - 1) * sizeof *plot->mark);
        plot->mark_count--;
    }
    struct plot_mark *mark = &plot->mark[plot->mark_count++];
    mark->x = x;
    mark->style = style;
    snprintf(mark->text, sizeof mark->text, "%s", text);
}

struct plot_band *plot_add_band(struct plot *plot)
{
    if (plot->band_count == PLOT_BANDS)
        return NULL;
    struct plot_band *band = &plot->band[plot->band_count++];
    *band = (struct plot_band){.style = style_of(ROLE_CHANCE)};
    return band;
}

void plot_add_level(struct plot *plot, double y, struct style style,
                    const char *text)
{
    if (plot->level_count == PLOT_LEVELS) { /* the oldest gives way */
        memmove(plot->level, plot->level + 1,
                (PLOT_LEVELS - 1) * sizeof *plot->level);
        plot->level_count--;
    }
    struct plot_level *level = &plot->level[plot->level_count++];
    level->y = y;
    level->style = style;
    snprintf(level->text, sizeof level->text, "%s", text);
}

struct range {
    double low, high;
};

/* Takes the value at into account, unless its point or a log axis has no
 * place for it. */
static void reach(struct range *range, double at, double y, bool is_log)
{
    if (!isfinite(at) || !isfinite(y) || (is_log && at <= 0))
        return;
    range->low = fmin(range->low, at);
    range->high = fmax(range->high, at);
}

static struct range range_of(const struct plot *plot, bool of_y)
{
    struct range range = {INFINITY, -INFINITY};
    bool is_log = of_y ? plot->log_y : plot->log_x;
    for (int s = 0; s < plot->series_count; s++) {
        const struct plot_series *series = &plot->series[s];
        for (int i = 0; i < series->count; i++)
            reach(&range, of_y ? series->y[i] : series->x[i], series->y[i],
                  is_log);
    }
    for (int b = 0; b < plot->band_count; b++) {
        const struct plot_band *band = &plot->band[b];
        for (int i = 0; i < band->count && !band->no_fit; i++) {
            reach(&range, of_y ? band->low[i] : band->x[i], band->low[i],
                  is_log);
            reach(&range, of_y ? band->high[i] : band->x[i], band->high[i],
                  is_log);
        }
    }
    return range;
}

/* Room around a range, so that no line lies on the frame and one value alone
 * still has an axis. */
static struct range widen(struct range range, bool is_log)
{
    if (is_log) {
        double by = pow(range.high / range.low, 0.03);
        by = fmax(by, 1.1);
        return (struct range){range.low / by, range.high * by};
    }
    double size = fmax(fabs(range.low), fabs(range.high));
    double span = fmax(range.high - range.low, 1e-3 * size);
    span = fmax(span, 1e-9);
    double low = range.low - 0.04 * span;
    if (range.low >= 0 && low < 0)
        low = 0;
    return (struct range){low, range.high + 0.04 * span};
}

bool plot_fit(struct plot *plot)
{
    struct range y = range_of(plot, true), x = range_of(plot, false);
    if (y.low > y.high || x.low > x.high)
        return false;
    y = widen(y, plot->log_y);
    plot->y_low = y.low;
    plot->y_high = y.high;
    if (plot->x_low >= plot->x_high) {
        plot->x_low = x.low;
        plot->x_high = x.high > x.low ? x.high : x.low + 1;
    }
    if (plot->log_x && plot->x_low <= 0)
        plot->x_low = x.low;
    if (plot->log_x && plot->x_low >= plot->x_high)
        plot->x_high = 10 * plot->x_low;
    return true;
}

/* 0 at low, 1 at high. */
static double share(double at, double low, double high, bool is_log)
{
    if (isnan(at))
        return NAN;
    if (is_log)
        return at > 0 ? (log(at) - log(low)) / (log(high) - log(low)) : 0;
    return (at - low) / (high - low);
}

double plot_share_x(const struct plot *plot, double x)
{
    return share(x, plot->x_low, plot->x_high, plot->log_x);
}

double plot_share_y(const struct plot *plot, double y)
{
    return share(y, plot->y_low, plot->y_high, plot->log_y);
}

int plot_column(const struct plot *plot, struct rect inner, double x)
{
    return inner.x + (int)lround(plot_share_x(plot, x) * (inner.w - 1));
}

int plot_row(const struct plot *plot, struct rect inner, double y)
{
    int row = (int)lround((1 - plot_share_y(plot, y)) * (inner.h - 1));
    row = row < 0 ? 0 : row > inner.h - 1 ? inner.h - 1 : row;
    return inner.y + row;
}

static void draw_lines(struct canvas *canvas, struct rect inner,
                       const struct plot *plot)
{
    struct dots dots = dots_new(canvas->glyphs, inner);
    for (int s = 0; s < plot->series_count; s++) {
        const struct plot_series *series = &plot->series[s];
        double before_x = NAN, before_y = NAN;
        for (int i = 0; i < series->count && !series->no_line; i++) {
            double x = plot_share_x(plot, series->x[i]) * (dots.cols - 1);
            double y = (1 - plot_share_y(plot, series->y[i])) * (dots.rows - 1);
            if (isfinite(y) && isfinite(before_y))
                dots_line(&dots, series->pen, before_x, before_y, x, y);
            else if (isfinite(y))
                dots_line(&dots, series->pen, x, y, x, y);
            before_x = x;
            before_y = y;
        }
    }
    dots_blit(&dots, canvas);
    dots_free(&dots);
}

static void draw_markers(struct canvas *canvas, struct rect inner,
                         const struct plot *plot)
{
    for (int s = 0; s < plot->series_count; s++) {
        const struct plot_series *series = &plot->series[s];
        for (int i = 0; i < series->count; i++) {
            bool is_zero = plot->log_y && series->y[i] <= 0;
            if (!isfinite(series->y[i]) || (!series->marker && !is_zero))
                continue;
            canvas_glyph(canvas, plot_column(plot, inner, series->x[i]),
                         plot_row(plot, inner, series->y[i]), series->pen.style,
                         is_zero ? '0' : series->marker);
        }
    }
}

/* The text of one mark, right of its line or, where the plot ends, left. */
static void draw_mark_text(struct canvas *canvas, struct rect inner, int x,
                           const struct plot_mark *mark, int *taken, int lanes)
{
    int width = glyph_columns(mark->text);
    int from = x + 1 + width <= inner.x + inner.w ? x + 1 : x - width;
    for (int lane = 0; lane < lanes; lane++) {
        if (from < inner.x || from + width > taken[lane])
            continue;
        canvas_put(canvas, from, inner.y + lane, width, mark->style,
                   mark->text);
        taken[lane] = from - 1;
        return;
    }
}

/* Vertical lines first, then the texts from the newest back, on rows where
 * they do not run into one another. */
static void draw_marks(struct canvas *canvas, struct rect inner,
                       const struct plot *plot, bool of_text)
{
    enum { LANES = 3, ROWS_A_LANE = 4 };
    int taken[LANES] = {inner.x + inner.w, inner.x + inner.w,
                        inner.x + inner.w};
    int lanes = inner.h < 2 * ROWS_A_LANE ? 1 : inner.h / ROWS_A_LANE;
    lanes = lanes > LANES ? LANES : lanes;
    for (int i = plot->mark_count - 1; i >= 0; i--) {
        const struct plot_mark *mark = &plot->mark[i];
        double at = plot_share_x(plot, mark->x);
        if (!(at >= 0 && at <= 1))
            continue;
        int x = plot_column(plot, inner, mark->x);
        for (int y = 0; y < inner.h && !of_text; y++)
            canvas_glyph(canvas, x, inner.y + y, style_of(ROLE_FRAME), 0x250a);
        if (of_text)
            draw_mark_text(canvas, inner, x, mark, taken, lanes);
    }
}

static void draw_cursor(struct canvas *canvas, struct rect inner,
                        const struct plot *plot)
{
    double at = plot_share_x(plot, plot->cursor);
    if (!(at >= 0 && at <= 1))
        return;
    int x = plot_column(plot, inner, plot->cursor);
    for (int y = 0; y < inner.h; y++)
        canvas_glyph(canvas, x, inner.y + y, style_of(ROLE_KEY), 0x2502);
    canvas->cursor_x = x;
    canvas->cursor_y = inner.y + inner.h - 1;
}

void plot_draw(struct canvas *canvas, struct rect rect, const struct plot *plot)
{
    if (canvas->figure)
        figure_add_plot(canvas->figure, plot);
    struct rect old = canvas_clip(canvas, rect);
    struct rect inner =
        axis_draw(canvas, rect, plot_label_margin(plot, rect), plot);
    if (inner.w > 1 && inner.h > 1) {
        struct rect outer = canvas_clip(canvas, inner);
        plot_bands(canvas, inner, plot);
        plot_level_lines(canvas, inner, plot);
        draw_marks(canvas, inner, plot, false);
        draw_cursor(canvas, inner, plot);
        draw_marks(canvas, inner, plot, true);
        draw_lines(canvas, inner, plot);
        draw_markers(canvas, inner, plot);
        canvas_unclip(canvas, outer);
        plot_labels(canvas, rect, inner, plot);
        plot_level_texts(canvas, inner, plot);
    }
    canvas_unclip(canvas, old);
}
