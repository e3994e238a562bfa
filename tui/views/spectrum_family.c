/*
 * Page 3: one family behind the rank measures: Rényi's ranks of the energy,
 * R_b = (sum pi^b)^(1 / (1 - b)), over the order b from 0 to infinity.  The
 * named ones are points on the curve.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "analysis/renyi.h"
#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/measure.h"
#include "tui/views/spectrum_parts.h"

enum { POINTS = 61, NAMED = 4 };

/* The orders that have a name, and the measure that is known by chance.  Order
 * 0 is the numerical rank, but for where rounding is drawn. */
static const struct named {
    double order;
    const char *words, *name, *key;
    int width; /* in the table */
} named[NAMED] = {
    {0, "order 0", "hard rank", "numerical_rank", 12},
    {1, "order 1", "energy entropy rank", "energy_entropy_rank", 21},
    {2, "order 2", "participation ratio", "participation_ratio", 21},
    {INFINITY, "infinity", "stable rank", "stable_rank", 13},
};

/* 0 .. infinity on 0 .. 1. */
static double place_of(double order)
{
    return isinf(order) ? 1 : order / (1 + order);
}

static double order_at(double place)
{
    return place >= 1 ? INFINITY : place / (1 - place);
}

static const struct plot_tick ticks[] = {
    {0, "0"},       {0.2, ".25"},   {1.0 / 3, ".5"}, {0.5, "1"},
    {2.0 / 3, "2"}, {4.0 / 5, "4"}, {8.0 / 9, "8"},  {1, "inf"}};

struct curves {
    struct plot plot;
    double x[POINTS], value[SNAPSHOT_RUNS][POINTS];
    double at[NAMED], point[SNAPSHOT_RUNS][NAMED];
    double mean[NAMED], band_x[3 * NAMED], low[3 * NAMED], high[3 * NAMED];
};

static void add_run(struct curves *curves, const struct canvas *canvas,
                    const struct look *look, int r)
{
    const struct run_view *run = &look->snapshot->run[r];
    struct site_view view = view_site(look->context, run, look->at);
    if (view.sigma_count == 0 || !(view.sigma[0] > 0))
        return;
    for (int i = 0; i < POINTS; i++)
        curves->value[r][i] =
            renyi_rank(view.sigma, view.sigma_count, order_at(curves->x[i]));
    for (int i = 0; i < NAMED; i++)
        curves->point[r][i] =
            renyi_rank(view.sigma, view.sigma_count, named[i].order);
    struct plot_series *line = plot_add(&curves->plot);
    struct plot_series *points = plot_add(&curves->plot);
    if (!line || !points)
        return;
    line->x = curves->x;
    line->y = curves->value[r];
    line->count = POINTS;
    spectrum_pen(line, canvas, run);
    points->x = curves->at;
    points->y = curves->point[r];
    points->count = NAMED;
    spectrum_pen(points, canvas, run);
    points->marker = points->sign;
    points->no_line = true;
    points->label[0] = '\0';
}

/* A narrow band at each named order, nothing between: only there chance was
 * drawn. */
static void add_chance(struct curves *curves, const struct look *look)
{
    const double half = 0.015;
    struct band band;
    int count = 0;
    for (int i = 0; i < NAMED; i++) {
        if (!measure_chance(&band, &look->view, metric_index(named[i].key)))
            return;
        curves->mean[i] = band.mean;
        for (int end = 0; end < 3; end++, count++) {
            double x = curves->at[i] + (end == 0 ? -half : half);
            curves->band_x[count] = fmin(fmax(x, 0), 1);
            curves->low[count] = end < 2 ? band.low : NAN;
            curves->high[count] = end < 2 ? band.high : NAN;
        }
    }
    struct plot_band *to = plot_add_band(&curves->plot);
    struct plot_series *mean = plot_add(&curves->plot);
    if (!to || !mean)
        return;
    mean->x = curves->at;
    mean->y = curves->mean;
    mean->count = NAMED;
    mean->pen.style = to->style;
    mean->no_line = true;
    mean->marker = 0x2592;
    mean->sign = 0x2592;
    snprintf(mean->label, sizeof mean->label, "chance");
    to->x = curves->band_x;
    to->low = curves->low;
    to->high = curves->high;
    to->count = count;
}

void family_pane(struct canvas *canvas, struct rect rect,
                 const struct look *look)
{
    struct curves *curves = xcalloc(1, sizeof *curves);
    struct plot *plot = &curves->plot;
    plot_start(plot, "order");
    plot_name(plot, "rank", "Rényi ranks: %s",
              look->snapshot->site[look->at].name);
    plot->x_tick = ticks;
    plot->x_tick_count = sizeof ticks / sizeof *ticks;
    plot->log_y = true;
    plot->x_low = 0;
    plot->x_high = 1;
    for (int i = 0; i < POINTS; i++)
        curves->x[i] = i / (POINTS - 1.0);
    for (int i = 0; i < NAMED; i++)
        curves->at[i] = place_of(named[i].order);
    for (int r = 0; r < look->snapshot->run_count; r++)
        if (&look->snapshot->run[r] != look->run)
            add_run(curves, canvas, look, r);
    if (look->run)
        add_run(curves, canvas, look, (int)(look->run - look->snapshot->run));
    add_chance(curves, look);
    if (plot_fit(plot))
        plot_draw(canvas, rect, plot);
    else
        spectrum_say(canvas, rect, "no update here yet, or not computed");
    mem_free(curves);
}

enum { NAME = 9, GAP = 2 };

/* As the longest name needs, of what the ranks leave. */
static int name_columns(const struct look *look, struct rect rect)
{
    int room = rect.w - 4;
    for (int i = 0; i < NAMED; i++)
        room -= named[i].width;
    return view_name_columns(look->snapshot, NAME, room);
}

static void draw_row(struct canvas *canvas, struct rect rect, int y,
                     const struct look *look, const struct run_view *run)
{
    struct site_view view = view_site(look->context, run, look->at);
    bool is_chosen = run == look->run;
    struct style style = style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
    int x = rect.x + 4, end = rect.x + rect.w;
    if (is_chosen)
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
    view_sign(canvas, rect.x + 2, y, run->id);
    char name[VIEW_NAME];
    int columns = name_columns(look, rect);
    canvas_put(canvas, x, y, columns, style,
               view_name(name, run->name, columns));
    x += columns;
    if (!view.adapted) {
        canvas_put(canvas, x + GAP, y, end - x - GAP, style_of(ROLE_DIM),
                   "does not adapt this site");
        return;
    }
    for (int i = 0; i < NAMED; i++) {
        char value[16], chance[16], text[40];
        struct band band;
        bool is_zero = view.sigma_count == 0 || !(view.sigma[0] > 0);
        double rank =
            is_zero ? NAN
                    : renyi_rank(view.sigma, view.sigma_count, named[i].order);
        int metric = metric_index(named[i].key);
        if (named[i].order == 0) /* a count, but for rounding */
            rank = round(rank);
        measure_number(value, sizeof value, metric, rank);
        snprintf(text, sizeof text, "%s", value);
        if (measure_chance(&band, &view, metric))
            snprintf(text, sizeof text, "%s (%s)", value,
                     measure_number(chance, sizeof chance, metric, band.mean));
        if (x + named[i].width <= end)
            canvas_right(canvas, x, y, named[i].width, style, "%s", text);
        x += named[i].width;
    }
}

static void draw_table(struct canvas *canvas, struct rect rect,
                       const struct look *look)
{
    enum { HEADING = 3 };
    struct style dim = style_of(ROLE_DIM);
    if (rect.h < HEADING + 1)
        return;
    view_rule(canvas, rect, "named orders", "%s",
              "in brackets: by chance, same rank and shape");
    int x = rect.x + 4 + name_columns(look, rect);
    canvas_put(canvas, rect.x + 4, rect.y + 2, NAME, dim, "run");
    for (int i = 0; i < NAMED; i++) {
        if (x + named[i].width > rect.x + rect.w)
            break;
        canvas_right(canvas, x, rect.y + 1, named[i].width, dim, "%s",
                     named[i].words);
        canvas_right(canvas, x, rect.y + 2, named[i].width, dim, "%s",
                     named[i].name);
        x += named[i].width;
    }
    int shown = rect.h - HEADING, count = look->snapshot->run_count;
    int at = look->run ? (int)(look->run - look->snapshot->run) : 0;
    int first = at >= shown ? at - shown + 1 : 0;
    for (int r = first; r < count && r < first + shown; r++)
        draw_row(canvas, rect, rect.y + HEADING + r - first, look,
                 &look->snapshot->run[r]);
}

void family_page(struct canvas *canvas, struct rect rect,
                 const struct look *look)
{
    static const char *const line[] = {
        "R_b = (sum pi^b)^(1 / (1 - b)), pi = sigma^2 / sum sigma^2, order b",
        "a higher order listens more to the largest sigma: hard rank >= energy "
        "entropy rank >= participation ratio >= stable rank",
        "a flat line: all sigma equal; a steep one: few of many count",
    };
    struct rect part[FAMILY_PARTS];
    layout_family(part, rect, look->snapshot->run_count);
    family_pane(canvas, part[FAMILY_PLOT], look);
    draw_table(canvas, part[FAMILY_TABLE], look);
    struct rect rest = part[FAMILY_WORDS];
    rest.x += 2;
    rest.w -= 3;
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        int used = canvas_wrap(canvas, rest, style_of(ROLE_DIM), line[i]);
        rest.y += used;
        rest.h -= used;
    }
}
