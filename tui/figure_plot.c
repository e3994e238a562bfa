/*
 * One line plot in vectors: axes with ticks and grid, bands, lines, markers.
 * Names, events and levels are in figure_names.c.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/axis.h"
#include "tui/figure_parts.h"
#include "tui/ticks.h"

enum { LABEL = 16 };

static const uint32_t GRID = 0xe4e4e4, INK = 0x1a1a1a;

double figure_x(const struct plot *plot, struct svg_box inner, double x)
{
    return inner.x + plot_share_x(plot, x) * inner.w;
}

double figure_y(const struct plot *plot, struct svg_box inner, double y)
{
    return inner.y + (1 - plot_share_y(plot, y)) * inner.h;
}

/* A run's line has a pattern of its own, as has its marker, so that the
 * colour is never alone; a pen that asks for one gets that. */
struct svg_stroke figure_stroke(const struct plot_series *series)
{
    static const char *const of_run[RUN_ROLES] = {
        NULL, "14 5", "10 4 2 4", "6 4", "18 4 2 4 2 4", "10 3 5 3", "22 7"};
    static const char *const of_dash[DASH_KINDS] = {
        [DASH_LONG] = "12 8", [DASH_DOT] = "2 5"};
    enum role role = (enum role)series->pen.style.fg;
    struct svg_stroke stroke = {role_paper(role), 2.6, NULL};
    if (series->pen.dash != DASH_SOLID)
        stroke.dash = of_dash[series->pen.dash];
    else if (role >= ROLE_RUN && role < ROLE_HEAT)
        stroke.dash = of_run[role - ROLE_RUN];
    if (role == ROLE_DIM) /* the background of others */
        stroke.width = 1.6;
    return stroke;
}

static struct ticks ticks_of(const struct plot *plot, bool of_y, double length)
{
    double low = of_y ? plot->y_low : plot->x_low;
    double high = of_y ? plot->y_high : plot->x_high;
    bool is_log = of_y ? plot->log_y : plot->log_x;
    int wanted = 1 + (int)(length / (of_y ? 52 : is_log ? 75 : 105));
    return is_log ? ticks_log(low, high, wanted)
                  : ticks_linear(low, high, wanted);
}

static bool can_show(const struct plot *plot)
{
    bool is_finite = isfinite(plot->x_low) && isfinite(plot->x_high) &&
                     isfinite(plot->y_low) && isfinite(plot->y_high);
    return is_finite && plot->x_low < plot->x_high &&
           plot->y_low < plot->y_high && !(plot->log_x && plot->x_low <= 0) &&
           !(plot->log_y && plot->y_low <= 0);
}

/* 2 to 9 of every decade, where decades are few enough to see them. */
static void draw_minor(FILE *to, struct svg_box inner, const struct plot *plot,
                       bool of_y)
{
    enum { DECADES = 6, STEPS = 10 };
    double low = of_y ? plot->y_low : plot->x_low;
    double high = of_y ? plot->y_high : plot->x_high;
    struct svg_stroke stroke = {INK, 1, NULL};
    if (!(of_y ? plot->log_y : plot->log_x) || log10(high / low) > DECADES)
        return;
    int last = (int)ceil(log10(high));
    for (int decade = (int)floor(log10(low)); decade < last; decade++)
        for (int part = 2; part < STEPS; part++) {
            double at = part * pow(10, decade);
            if (at < low || at > high)
                continue;
            double x = of_y ? inner.x : figure_x(plot, inner, at);
            double y = of_y ? figure_y(plot, inner, at) : inner.y + inner.h;
            svg_line(to, x, y, of_y ? x - 3 : x, of_y ? y : y + 3, stroke);
        }
}

static void draw_x_axis(FILE *to, struct svg_box inner, const struct plot *plot,
                        const struct ticks *ticks)
{
    double bottom = inner.y + inner.h, before = -INFINITY;
    int named = plot->x_tick_count;
    for (int i = 0; i < (named ? named : ticks->count); i++) {
        char label[LABEL];
        double x =
            figure_x(plot, inner, named ? plot->x_tick[i].x : ticks->at[i]);
        svg_line(to, x, inner.y, x, bottom, (struct svg_stroke){GRID, 1, NULL});
        svg_line(to, x, bottom, x, bottom + 6,
                 (struct svg_stroke){INK, 1.5, NULL});
        if (named)
            snprintf(label, sizeof label, "%s", plot->x_tick[i].label);
        else
            tick_label(label, sizeof label, ticks, i);
        double half = svg_text_width(label, TYPE_TICK) / 2;
        if (x - half < before + 6)
            continue;
        before = x + half;
        svg_text(to, x, bottom + 8 + TYPE_TICK,
                 (struct svg_type){
                     .size = TYPE_TICK, .colour = INK, .anchor = SVG_MIDDLE},
                 label);
    }
    if (!named)
        draw_minor(to, inner, plot, false);
    svg_text(to, inner.x + inner.w / 2,
             bottom + 1.3 * TYPE_TICK + 1.5 * TYPE_NAME,
             (struct svg_type){
                 .size = TYPE_NAME, .colour = INK, .anchor = SVG_MIDDLE},
             plot->x_name ? plot->x_name : "");
}

static void draw_y_axis(FILE *to, struct svg_box inner, double left,
                        const struct plot *plot, const struct ticks *ticks)
{
    for (int i = 0; i < ticks->count; i++) {
        char label[LABEL];
        double y = figure_y(plot, inner, ticks->at[i]);
        svg_line(to, inner.x, y, inner.x + inner.w, y,
                 (struct svg_stroke){GRID, 1, NULL});
        svg_line(to, inner.x - 6, y, inner.x, y,
                 (struct svg_stroke){INK, 1.5, NULL});
        tick_label(label, sizeof label, ticks, i);
        svg_text(to, inner.x - 10, y + 0.36 * TYPE_TICK,
                 (struct svg_type){
                     .size = TYPE_TICK, .colour = INK, .anchor = SVG_END},
                 label);
    }
    draw_minor(to, inner, plot, true);
    if (plot->y_name)
        svg_text(to, left + 0.85 * TYPE_NAME, inner.y + inner.h / 2,
                 (struct svg_type){
                     .size = svg_text_fit(plot->y_name, TYPE_NAME, inner.h),
                     .colour = INK,
                     .anchor = SVG_MIDDLE,
                     .upright = true},
                 plot->y_name);
}

static double widest(const struct ticks *ticks)
{
    double most = 0;
    for (int i = 0; i < ticks->count; i++) {
        char label[LABEL];
        tick_label(label, sizeof label, ticks, i);
        most = fmax(most, svg_text_width(label, TYPE_TICK));
    }
    return most;
}

/* Axes into box; returns the area of the lines. */
static struct svg_box draw_axes(FILE *to, struct svg_box box,
                                const struct plot *plot)
{
    double below = 1.4 * TYPE_TICK + 1.8 * TYPE_NAME;
    struct ticks y_ticks = ticks_of(plot, true, box.h - below);
    double name = plot->y_name ? 1.5 * TYPE_NAME : 0;
    double beside = widest(&y_ticks) + 12 + name;
    struct svg_box inner = {box.x + beside, box.y, box.w - beside - 14,
                            box.h - below};
    double above = (1.3 * TYPE_MARK) * figure_mark_lanes(plot, inner);
    inner.y += above + 6;
    inner.h -= above + 6;
    y_ticks = ticks_of(plot, true, inner.h);
    struct ticks x_ticks = ticks_of(plot, false, inner.w);
    draw_x_axis(to, inner, plot, &x_ticks);
    draw_y_axis(to, inner, box.x, plot, &y_ticks);
    return inner;
}

/* One polygon for each stretch without a gap. */
static void draw_band(FILE *to, struct svg_box inner, const struct plot *plot,
                      const struct plot_band *band)
{
    size_t most = 2 * (size_t)band->count;
    double *x = xcalloc(most + 1, sizeof *x), *y = xcalloc(most + 1, sizeof *y);
    for (int from = 0; from < band->count;) {
        int count = 0;
        while (from + count < band->count &&
               isfinite(band->low[from + count]) &&
               isfinite(band->high[from + count]) &&
               isfinite(band->x[from + count]))
            count++;
        for (int i = 0; i < count; i++) { /* out along high, back along low */
            int back = 2 * count - 1 - i;
            x[i] = x[back] = figure_x(plot, inner, band->x[from + i]);
            y[i] = figure_y(plot, inner, band->high[from + i]);
            y[back] = figure_y(plot, inner, band->low[from + i]);
        }
        if (count > 0)
            svg_polygon(to, x, y, 2 * count,
                        role_paper((enum role)band->style.fg));
        from += count + 1;
    }
    mem_free(x);
    mem_free(y);
}

/* One polyline for each stretch without a gap.  Points that fall on the one
 * before add nothing but bytes. */
static void draw_line(FILE *to, struct svg_box inner, const struct plot *plot,
                      const struct plot_series *series)
{
    static const double SAME = 0.2; /* pixels */
    double *x = xcalloc((size_t)series->count + 1, sizeof *x);
    double *y = xcalloc((size_t)series->count + 1, sizeof *y);
    int count = 0;
    for (int i = 0; i <= series->count; i++) {
        bool is_gap = i == series->count || !isfinite(series->y[i]) ||
                      !isfinite(series->x[i]);
        if (is_gap && count > 0)
            svg_polyline(to, x, y, count, figure_stroke(series));
        if (is_gap) {
            count = 0;
            continue;
        }
        x[count] = figure_x(plot, inner, series->x[i]);
        y[count] = figure_y(plot, inner, series->y[i]);
        if (count == 0 || fabs(x[count] - x[count - 1]) > SAME ||
            fabs(y[count] - y[count - 1]) > SAME)
            count++;
    }
    mem_free(x);
    mem_free(y);
}

/* Smaller where they would run into one another. */
static double marker_radius(const struct plot_series *series,
                            struct svg_box inner)
{
    double apart = inner.w / (series->count > 1 ? series->count - 1 : 1);
    return fmin(MARKER_MOST, fmax(2.5, 0.4 * apart));
}

/* Beyond the axis' ends markers sit on its edge, and what a log axis has no
 * place for is a `0` at its bottom, as on the screen. */
static void draw_markers(FILE *to, struct svg_box inner,
                         const struct plot *plot,
                         const struct plot_series *series)
{
    double radius = marker_radius(series, inner), zero_before = -INFINITY;
    uint32_t colour = role_paper((enum role)series->pen.style.fg);
    for (int i = 0; i < series->count; i++) {
        bool is_zero = plot->log_y && series->y[i] <= 0;
        double share = plot_share_x(plot, series->x[i]);
        if (!isfinite(series->y[i]) || !(share >= 0 && share <= 1) ||
            (!series->marker && !is_zero))
            continue;
        double x = figure_x(plot, inner, series->x[i]);
        double y = figure_y(plot, inner, series->y[i]);
        y = fmax(inner.y, fmin(y, inner.y + inner.h));
        if (!is_zero)
            svg_marker(to, x, y, radius, colour, series->marker);
        else if (x > zero_before + TYPE_MARK)
            svg_marker(to, zero_before = x, y - 6, MARKER_MOST, colour, '0');
    }
}

static void draw_frame(FILE *to, struct svg_box inner)
{
    double bottom = inner.y + inner.h;
    struct svg_stroke stroke = {INK, 1.5, NULL};
    svg_line(to, inner.x, inner.y, inner.x, bottom, stroke);
    svg_line(to, inner.x, bottom, inner.x + inner.w, bottom, stroke);
}

static bool has_zeros(const struct plot *plot)
{
    for (int s = 0; s < plot->series_count && plot->log_y; s++)
        for (int i = 0; i < plot->series[s].count; i++)
            if (plot->series[s].y[i] <= 0)
                return true;
    return false;
}

void figure_draw_plot(FILE *to, struct svg_box box, const struct plot *plot,
                      int id)
{
    char note[PLOT_NOTE + 64];
    snprintf(note, sizeof note, "%s%s%s", plot->note,
             plot->note[0] && has_zeros(plot) ? "; " : "",
             has_zeros(plot) ? "0 at the bottom: zero or less" : "");
    box = figure_heading(to, box, plot->title, note);
    box = figure_legend(to, box, plot);
    if (!can_show(plot)) {
        svg_text(to, box.x, box.y + 2 * TYPE_NAME,
                 (struct svg_type){.size = TYPE_NAME,
                                   .colour = role_paper(ROLE_DIM)},
                 "nothing to show yet");
        return;
    }
    struct svg_box inner = draw_axes(to, box, plot);
    svg_clip(to, inner, id);
    for (int b = 0; b < plot->band_count; b++)
        draw_band(to, inner, plot, &plot->band[b]);
    svg_group_end(to);
    figure_marks(to, inner, plot);
    draw_frame(to, inner);
    svg_group(to, "lines");
    fprintf(to, "<g clip-path=\"url(#clip%d)\">\n", id);
    for (int s = 0; s < plot->series_count; s++)
        if (!plot->series[s].no_line)
            draw_line(to, inner, plot, &plot->series[s]);
    svg_group_end(to);
    for (int s = 0; s < plot->series_count; s++)
        draw_markers(to, inner, plot, &plot->series[s]);
    svg_group_end(to);
    figure_levels(to, inner, plot);
}
