/* See intrinsic_plot.h. */
#include "tui/intrinsic_plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/ticks.h"

static void take_points(struct intrinsic_line *to,
                        const struct intrinsic_curve *curve)
{
    to->count = to->bars = 0;
    for (int i = 0; i < curve->points; i++) {
        const struct intrinsic_point *point = &curve->point[i];
        if (point->runs == 0)
            continue;
        to->x[to->count] = point->d;
        to->mean[to->count] = point->mean;
        to->fit[to->count++] = point->fit;
        if (!isfinite(point->deviation))
            continue;
        double ends[3] = {point->mean - point->deviation,
                          point->mean + point->deviation, NAN};
        for (int k = 0; k < 3; k++) {
            to->bar_x[to->bars] = point->d;
            to->bar_y[to->bars++] = ends[k];
        }
    }
}

static void add_line(struct intrinsic_plot *to, int curve, const char *name)
{
    struct intrinsic_line *line = &to->line[curve];
    struct pen pen = {.style = style_of(role_run(curve)),
                      .line = glyph_line(curve)};
    struct plot_series *fit = plot_add(&to->plot);
    fit->x = line->x;
    fit->y = line->fit;
    fit->count = line->count;
    fit->pen = pen;
    struct plot_series *bars = plot_add(&to->plot);
    bars->x = line->bar_x;
    bars->y = line->bar_y;
    bars->count = line->bars;
    bars->pen = pen;
    struct plot_series *means = plot_add(&to->plot);
    means->x = line->x;
    means->y = line->mean;
    means->count = line->count;
    means->pen = pen;
    means->no_line = true;
    means->marker = means->sign = glyph_marker(curve);
    snprintf(means->label, sizeof means->label, "%s", name);
}

/* Down to the first rank of LoRA and up to all parameters. */
static void set_x(struct intrinsic_plot *to,
                  const struct intrinsic_search *search)
{
    const struct intrinsic_counts *counts = &search->counts;
    struct plot *plot = &to->plot;
    plot->x_low = search->recipe->plan.first;
    plot->x_high = (double)counts->baseline;
    if (counts->loras > 0)
        plot->x_low = fmin(plot->x_low, (double)counts->lora[0]);
    if (counts->bitfit > 0)
        plot->x_low = fmin(plot->x_low, (double)counts->bitfit);
    for (int i = 0; i < search->curves; i++) {
        plot->x_high = fmax(plot->x_high, (double)counts->parameters[i]);
        if (to->line[i].count > 0)
            plot->x_low = fmin(plot->x_low, to->line[i].x[0]);
    }
    plot->x_low /= 1.25;
    plot->x_high *= 1.25;
}

/* From left to right, as texts are placed from the last one back. */
static void add_marks(struct plot *plot, const struct intrinsic_search *search)
{
    const struct intrinsic_counts *counts = &search->counts;
    bool has_bitfit = counts->bitfit > 0;
    for (int i = 0; i <= counts->loras; i++) {
        bool is_last = i == counts->loras;
        long next = is_last ? counts->baseline : counts->lora[i];
        char text[24];
        if (has_bitfit && counts->bitfit <= next) {
            plot_add_mark(plot, (double)counts->bitfit, style_of(ROLE_DIM),
                          "BitFit");
            has_bitfit = false;
        }
        snprintf(text, sizeof text, i ? "r%d" : "LoRA r%d", 1 << i);
        plot_add_mark(plot, (double)next, style_of(ROLE_DIM),
                      is_last ? search->recipe->grid.row[0].run.name : text);
    }
}

/* The levels; the y axis goes as far as they do. */
static void add_levels(struct plot *plot, const struct intrinsic_search *search)
{
    char text[PLOT_TEXT], value[16];
    double threshold =
        intrinsic_search_threshold(search, search->recipe->goal.rule);
    double base = search->goal.baseline;
    snprintf(text, sizeof text, "%s %s", search->recipe->grid.row[0].run.name,
             number_text(value, sizeof value, base));
    plot_add_level(plot, base, style_of(ROLE_DIM), text);
    if (search->recipe->goal.rule == INTRINSIC_GIVEN)
        snprintf(text, sizeof text, "given %s",
                 number_text(value, sizeof value, threshold));
    else
        snprintf(text, sizeof text, "%.4g %% of the %s %s",
                 100 * search->goal.share,
                 intrinsic_rule_name((int)search->recipe->goal.rule),
                 number_text(value, sizeof value, threshold));
    plot_add_level(plot, threshold, style_with(ROLE_GOOD, ATTR_BOLD), text);
    double span = fmax(plot->y_high, base) - plot->y_low;
    plot->y_high = fmax(plot->y_high, base + 0.06 * span);
    plot->y_high = fmax(plot->y_high, threshold + 0.06 * span);
    plot->y_low = fmin(plot->y_low, threshold - 0.06 * span);
}

static void add_interval(struct intrinsic_plot *to,
                         const struct intrinsic_search *search, int chosen)
{
    const struct intrinsic_answer *answer =
        &search->curve[chosen].answer[search->recipe->goal.rule];
    struct plot_band *band =
        isfinite(answer->low) ? plot_add_band(&to->plot) : NULL;
    if (!band)
        return;
    to->interval_x[0] = answer->low;
    to->interval_x[1] = fmin(answer->high, to->plot.x_high);
    for (int i = 0; i < 2; i++) {
        to->interval_low[i] = to->plot.y_low;
        to->interval_high[i] = to->plot.y_high;
    }
    band->x = to->interval_x;
    band->low = to->interval_low;
    band->high = to->interval_high;
    band->count = 2;
    band->no_fit = true;
}

bool intrinsic_plot(struct intrinsic_plot *to,
                    const struct intrinsic_search *search, int chosen)
{
    const struct grid *grid = &search->recipe->grid;
    char name[16];
    struct plot *plot = &to->plot;
    memset(to, 0, sizeof *to);
    plot_start(plot, "d, log");
    plot->log_x = true;
    snprintf(to->y_name, sizeof to->y_name, "%s", search->metric);
    plot_name(plot, to->y_name, "%s", grid->session.title);
    snprintf(plot->note, sizeof plot->note,
             "shaded: where %s of %s lies; bars: one standard deviation",
             intrinsic_search_name(name, search),
             grid->row[1 + chosen].run.name);
    for (int i = 0; i < search->curves; i++) {
        take_points(&to->line[i], &search->curve[i]);
        if (to->line[i].count > 0)
            add_line(to, i, grid->row[1 + i].run.name);
    }
    if (plot->series_count == 0)
        return false;
    set_x(to, search);
    if (!plot_fit(plot))
        return false;
    add_marks(plot, search);
    add_levels(plot, search);
    add_interval(to, search, chosen);
    return true;
}
