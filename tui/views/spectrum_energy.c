/*
 * Page 2: how many directions hold how much of the update's energy
 * (sum sigma^2), and every rank measure beside what it is by chance.
 */
#include <math.h>
#include <stdio.h>

#include "analysis/metric_table.h"
#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/measure.h"
#include "tui/views/spectrum_parts.h"

/* to (count): percent of sum sigma^2 in the first i + 1. */
static void cumulate(double *to, const double *sigma, int count)
{
    double sum = 0, part = 0;
    for (int i = 0; i < count; i++)
        sum += sigma[i] * sigma[i];
    for (int i = 0; i < count; i++) {
        part += sigma[i] * sigma[i];
        to[i] = sum > 0 ? 100 * part / sum : NAN;
    }
}

/* Bounds of the cumulated energy by chance from those of each sigma: added up
 * from the front, or taken off from the end, whichever is the tighter.  A sum
 * scatters less than its parts together, so this is rather too wide than too
 * narrow. */
static void cumulate_chance(double *low, double *high,
                            const struct chance *chance, int count)
{
    double low_rest = 0, high_rest = 0, low_sum = 0, high_sum = 0;
    for (int i = count; i < chance->count; i++) {
        low_rest += chance->sigma[i].low * chance->sigma[i].low;
        high_rest += chance->sigma[i].high * chance->sigma[i].high;
    }
    for (int i = count - 1; i >= 0; i--) {
        const struct band *band = &chance->sigma[i];
        low[i] = 1 - high_rest;
        high[i] = 1 - low_rest;
        low_rest += band->low * band->low;
        high_rest += band->high * band->high;
    }
    for (int i = 0; i < count; i++) {
        const struct band *band = &chance->sigma[i];
        low_sum += band->low * band->low;
        high_sum += band->high * band->high;
        low[i] = 100 * fmax(low[i], low_sum);
        high[i] = 100 * fmin(high[i], high_sum);
    }
}

struct curves {
    struct plot plot;
    double *index; /* (longest) */
    double *value; /* (run_count, longest) */
    double *low, *high;
    int longest;
};

static void add_run(struct curves *curves, const struct canvas *canvas,
                    const struct look *look, int r)
{
    enum { CROWDED = 40 };
    const struct run_view *run = &look->snapshot->run[r];
    struct site_view view = view_site(look->context, run, look->at);
    double *value = curves->value + r * curves->longest;
    if (view.sigma_count == 0)
        return;
    cumulate(value, view.sigma, view.sigma_count);
    struct plot_series *series = plot_add(&curves->plot);
    if (!series)
        return;
    series->x = curves->index;
    series->y = value;
    series->count = view.sigma_count;
    spectrum_pen(series, canvas, run);
    series->marker = series->count <= CROWDED ? series->sign : 0;
}

static void add_chance(struct curves *curves, const struct look *look)
{
    struct band one;
    if (!measure_sigma_chance(&one, &look->view, 0))
        return;
    int count = look->view.chance->count;
    count = count < curves->longest ? count : curves->longest;
    cumulate_chance(curves->low, curves->high, look->view.chance, count);
    struct plot_band *band = plot_add_band(&curves->plot);
    if (!band)
        return;
    band->x = curves->index;
    band->low = curves->low;
    band->high = curves->high;
    band->count = count;
    snprintf(band->label, sizeof band->label, "chance");
}

static void curves_make(struct curves *curves, const struct look *look)
{
    int runs = look->snapshot->run_count;
    curves->longest = 1;
    for (int r = 0; r < runs; r++) {
        int count = view_site(look->context, &look->snapshot->run[r], look->at)
                        .sigma_count;
        curves->longest = count > curves->longest ? count : curves->longest;
    }
    size_t longest = (size_t)curves->longest;
    curves->index = xcalloc(longest, sizeof *curves->index);
    curves->low = xcalloc(2 * longest, sizeof *curves->low);
    curves->high = curves->low + longest;
    curves->value = xcalloc((size_t)runs * longest + 1, sizeof *curves->value);
    for (int i = 0; i < curves->longest; i++)
        curves->index[i] = i + 1;
}

void energy_pane(struct canvas *canvas, struct rect rect,
                 const struct look *look)
{
    struct curves *curves = xcalloc(1, sizeof *curves);
    struct plot *plot = &curves->plot;
    curves_make(curves, look);
    plot_start(plot, "index i");
    plot_name(plot, "share of sum σ², %", "energy of the first i: %s",
              look->snapshot->site[look->at].name);
    plot->log_x = !look->ui->linear_index;
    plot->x_low = 1;
    plot->x_high = curves->longest > 1 ? curves->longest : 2;
    for (int r = 0; r < look->snapshot->run_count; r++)
        if (&look->snapshot->run[r] != look->run)
            add_run(curves, canvas, look, r);
    if (look->run)
        add_run(curves, canvas, look, (int)(look->run - look->snapshot->run));
    add_chance(curves, look);
    struct style style = style_of(ROLE_DIM);
    /* From the top: each text finds its own line still free. */
    plot_add_level(plot, 99, style, "99 %");
    plot_add_level(plot, 95, style, "95 %");
    plot_add_level(plot, 90, style, "90 %");
    if (plot_fit(plot)) {
        plot->y_high = 101;
        plot->y_low = fmin(plot->y_low, 80);
        if (look->ui->index > 0)
            plot->cursor = look->ui->index;
        plot_draw(canvas, rect, plot);
    } else {
        spectrum_say(canvas, rect, "no update here yet, or not computed");
    }
    mem_free(curves->index);
    mem_free(curves->value);
    mem_free(curves->low);
    mem_free(curves);
}

enum { NAME = 28, VALUE = 8, SIDE = 3, MEAN = 7, BAND = 18 };

/* Below, above or within the band of chance. */
static const char *side_of(double value, const struct band *band)
{
    double slack = 1e-9 * fabs(band->high);
    return value < band->low - slack    ? "<"
           : value > band->high + slack ? ">"
                                        : "≈";
}

static void draw_row(struct canvas *canvas, struct rect rect, int y,
                     const struct look *look, int metric)
{
    bool is_chosen = metric == look->ui->measure;
    struct style style = style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
    struct style dim = style_of(ROLE_DIM);
    char text[16], low[16], high[16];
    struct band band;
    if (is_chosen) {
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
        canvas->cursor_x = rect.x;
        canvas->cursor_y = y;
    }
    int x = rect.x + 2, end = rect.x + rect.w;
    canvas_put(canvas, x, y, NAME, style, metric_table[metric].name);
    x += NAME;
    double value = view_measure(&look->view, look->of, metric);
    canvas_right(canvas, x, y, VALUE, style, "%s",
                 measure_number(text, sizeof text, metric, value));
    x += VALUE;
    bool is_known = measure_chance(&band, &look->view, metric);
    if (is_known && !isnan(value))
        canvas_right(canvas, x, y, SIDE, style, "%s", side_of(value, &band));
    x += SIDE;
    canvas_right(
        canvas, x, y, MEAN, is_known ? style : dim, "%s",
        measure_number(text, sizeof text, metric, is_known ? band.mean : NAN));
    x += MEAN;
    if (is_known && x + BAND <= end)
        canvas_right(canvas, x, y, BAND, dim, "%s to %s",
                     measure_number(low, sizeof low, metric, band.low),
                     measure_number(high, sizeof high, metric, band.high));
}

static void draw_table(struct canvas *canvas, struct rect rect,
                       const struct look *look)
{
    enum { HEADING = 2 };
    if (rect.h < HEADING + 1)
        return;
    struct style dim = style_of(ROLE_DIM);
    int y = rect.y, x = rect.x + 2, end = rect.x + rect.w;
    view_rule(canvas, rect, "all measures", "%s",
              "< > beyond chance, ≈ within");
    y++;
    canvas_put(canvas, x, y, NAME, dim, "m next measure");
    canvas_right(canvas, x + NAME, y, VALUE, dim, "here");
    canvas_right(canvas, x + NAME + VALUE + SIDE, y, MEAN, dim, "chance");
    x += NAME + VALUE + SIDE + MEAN;
    if (x + BAND <= end)
        canvas_right(canvas, x, y, BAND, dim, "95 %% of draws");
    int shown = rect.h - HEADING, first = look->ui->measure - shown / 2;
    first = first > metric_count - shown ? metric_count - shown : first;
    first = first < 0 ? 0 : first;
    for (int m = first; m < metric_count && m < first + shown && look->run; m++)
        draw_row(canvas, rect, y + 1 + m - first, look, m);
}

/* "the first 3 hold 93 % of the energy, by chance ..." */
static void index_words(char *to, size_t size, const struct look *look)
{
    const struct site_view *view = &look->view;
    int index = look->ui->index, count = view->sigma_count;
    struct band one;
    to[0] = '\0';
    if (index < 1 || index > count || !(view->sigma[0] > 0))
        return;
    double *share = xcalloc(3 * (size_t)count, sizeof *share);
    double *low = share + count, *high = low + count;
    cumulate(share, view->sigma, count);
    int used =
        snprintf(to, size, "the first %d of %d hold %.1f %% of %s's energy",
                 index, count, share[index - 1], look->run->name);
    if (measure_sigma_chance(&one, view, count - 1) && used > 0) {
        cumulate_chance(low, high, view->chance, count);
        snprintf(to + used, size - (size_t)used, ", by chance %.1f to %.1f %%",
                 low[index - 1], high[index - 1]);
    }
    mem_free(share);
}

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct look *look)
{
    const struct metric *metric = &metric_table[look->ui->measure];
    char line[5][384], value[192];
    if (!look->run)
        return;
    index_words(line[0], sizeof line[0], look);
    snprintf(line[1], sizeof line[1], "%s: %s", metric->name,
             measure_words(value, sizeof value, &look->view, look->of,
                           look->ui->measure));
    snprintf(line[2], sizeof line[2], "= %s, in %s", metric->formula,
             metric->range);
    snprintf(line[3], sizeof line[3], "by chance: %s", metric->chance);
    snprintf(line[4], sizeof line[4], "%s%s%s%s",
             metric->others[0] ? "also: " : "", metric->others,
             metric->others[0] && metric->paper[0] ? "; " : "", metric->paper);
    struct rect rest = {rect.x + 2, rect.y, rect.w - 3, rect.h};
    for (int i = 0; i < 5; i++) {
        if (!line[i][0])
            continue;
        int used = canvas_wrap(canvas, rest,
                               style_of(i < 2 ? ROLE_NONE : ROLE_DIM), line[i]);
        rest.y += used;
        rest.h -= used;
    }
}

void energy_page(struct canvas *canvas, struct rect rect,
                 const struct look *look)
{
    struct rect part[ENERGY_PARTS];
    layout_energy(part, rect, metric_count);
    energy_pane(canvas, part[ENERGY_PLOT], look);
    draw_table(canvas, part[ENERGY_TABLE], look);
    draw_words(canvas, part[ENERGY_WORDS], look);
}
