/*
 * The words on a plot of a figure: the legend, events, levels.
 */
#include <math.h>
#include <stdio.h>

#include "tui/axis.h"
#include "tui/figure_parts.h"

enum { SAMPLE = 46, AFTER = 26, ROW = TYPE_NAME + 9 };

static const double LANE = 1.3 * TYPE_MARK;

struct entry {
    const char *label;
    const struct plot_series *series; /* NULL: a band's */
    uint32_t colour;
    int order;
};

/* Runs in their order, whichever was drawn on top; bands last. */
static int collect(struct entry entry[PLOT_SERIES + PLOT_BANDS],
                   const struct plot *plot)
{
    int count = 0;
    for (int i = 0; i < plot->series_count + plot->band_count; i++) {
        bool is_band = i >= plot->series_count;
        const struct plot_series *series = is_band ? NULL : &plot->series[i];
        const struct plot_band *band =
            is_band ? &plot->band[i - plot->series_count] : NULL;
        struct style style = is_band ? band->style : series->pen.style;
        struct entry one = {is_band ? band->label : series->label, series,
                            role_paper((enum role)style.fg),
                            is_band ? ROLE_COUNT : style.fg};
        if (!one.label[0])
            continue;
        int at = count++;
        for (; at > 0 && entry[at - 1].order > one.order; at--)
            entry[at] = entry[at - 1];
        entry[at] = one;
    }
    return count;
}

/* What it looks like, around (x + SAMPLE / 2, y). */
static void draw_sample(FILE *to, double x, double y, const struct entry *entry)
{
    const struct plot_series *series = entry->series;
    if (!series) {
        double corner_x[4] = {x, x + SAMPLE, x + SAMPLE, x};
        double corner_y[4] = {y - 8, y - 8, y + 8, y + 8};
        svg_polygon(to, corner_x, corner_y, 4, entry->colour);
        return;
    }
    if (!series->no_line)
        svg_line(to, x, y, x + SAMPLE, y, figure_stroke(series));
    uint32_t glyph = series->sign ? series->sign : series->marker;
    if (glyph)
        svg_marker(to, x + SAMPLE / 2.0, y, MARKER_MOST, entry->colour, glyph);
}

struct svg_box figure_legend(FILE *to, struct svg_box box,
                             const struct plot *plot)
{
    struct entry entry[PLOT_SERIES + PLOT_BANDS];
    int count = collect(entry, plot);
    double x = box.x, y = box.y;
    for (int i = 0; i < count; i++) {
        double width = SAMPLE + 8 + svg_text_width(entry[i].label, TYPE_NAME);
        if (x > box.x && x + width > box.x + box.w) { /* the next row */
            x = box.x;
            y += ROW;
        }
        draw_sample(to, x, y + ROW / 2.0, &entry[i]);
        svg_text(to, x + SAMPLE + 8, y + ROW / 2.0 + 0.36 * TYPE_NAME,
                 (struct svg_type){.size = TYPE_NAME,
                                   .colour = role_paper(ROLE_NONE)},
                 entry[i].label);
        x += width + AFTER;
    }
    double used = count ? y + ROW + 4 - box.y : 0;
    return (struct svg_box){box.x, box.y + used, box.w, box.h - used};
}

/* Where the text of each mark stands: its left end and its lane, from the
 * newest back so that texts in a lane do not run into one another; lane -1:
 * no room or off the axis.  Returns the lanes used. */
static int place_marks(double left[PLOT_MARKS], int lane[PLOT_MARKS],
                       const struct plot *plot, struct svg_box inner)
{
    enum { LANES = 6 };
    double taken[LANES];
    int used = 0;
    for (int i = 0; i < LANES; i++)
        taken[i] = inner.x + inner.w;
    for (int i = plot->mark_count - 1; i >= 0; i--) {
        const struct plot_mark *mark = &plot->mark[i];
        double share = plot_share_x(plot, mark->x);
        lane[i] = -1;
        if (!(share >= 0 && share <= 1) || !mark->text[0])
            continue;
        double width = svg_text_width(mark->text, TYPE_MARK);
        left[i] = figure_x(plot, inner, mark->x) - 4;
        left[i] = fmin(left[i], inner.x + inner.w - width);
        for (int l = 0; l < LANES && lane[i] < 0; l++)
            if (left[i] + width <= taken[l])
                lane[i] = l;
        if (lane[i] < 0)
            continue;
        taken[lane[i]] = left[i] - TYPE_MARK;
        used = lane[i] + 1 > used ? lane[i] + 1 : used;
    }
    return used;
}

int figure_mark_lanes(const struct plot *plot, struct svg_box inner)
{
    double left[PLOT_MARKS];
    int lane[PLOT_MARKS];
    return place_marks(left, lane, plot, inner);
}

void figure_marks(FILE *to, struct svg_box inner, const struct plot *plot)
{
    double left[PLOT_MARKS];
    int lane[PLOT_MARKS];
    place_marks(left, lane, plot, inner);
    for (int i = 0; i < plot->mark_count; i++) {
        const struct plot_mark *mark = &plot->mark[i];
        double share = plot_share_x(plot, mark->x);
        if (!(share >= 0 && share <= 1))
            continue;
        double x = figure_x(plot, inner, mark->x);
        double top = inner.y - LANE * (lane[i] < 0 ? 0 : lane[i]);
        svg_line(to, x, top, x, inner.y + inner.h,
                 (struct svg_stroke){role_paper((enum role)mark->style.fg), 1.5,
                                     "5 5"});
    }
    for (int i = 0; i < plot->mark_count; i++)
        if (lane[i] >= 0)
            svg_text(to, left[i], inner.y - 5 - LANE * lane[i],
                     (struct svg_type){.size = TYPE_MARK,
                                       .colour = role_paper(
                                           (enum role)plot->mark[i].style.fg),
                                       .halo = true},
                     plot->mark[i].text);
}

/* From the top down, so that the higher of two near ones is named above its
 * line and the lower one below. */
static int sort_levels(const struct plot_level *sorted[PLOT_LEVELS],
                       const struct plot *plot)
{
    int count = 0;
    for (int i = 0; i < plot->level_count; i++) {
        const struct plot_level *level = &plot->level[i];
        if (!isfinite(level->y) || (plot->log_y && level->y <= 0))
            continue;
        int at = count++;
        for (; at > 0 && sorted[at - 1]->y < level->y; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = level;
    }
    return count;
}

/* Where texts of levels stand already. */
struct places {
    double right[PLOT_LEVELS], y[PLOT_LEVELS];
    int count;
};

/* The right end of a text at a baseline: as far right as no other one near is
 * in its way. */
static double free_right(struct places *places, double right, double y,
                         double width)
{
    static const double NEAR = 1.1 * TYPE_MARK, GAP = 12;
    for (int i = 0; i < places->count; i++)
        if (fabs(places->y[i] - y) < NEAR && places->right[i] == right) {
            right -= width + GAP;
            i = -1; /* that place may be another's */
        }
    places->right[places->count] = right;
    places->y[places->count++] = y;
    return right;
}

/* The baseline of a level's text: above its line; of a level beyond the axis
 * the edge. */
static double text_place(struct svg_box inner, double y)
{
    double bottom = inner.y + inner.h, above = y - 6;
    if (y > bottom)
        return bottom - 7;
    return fmax(above, inner.y + TYPE_MARK);
}

void figure_levels(FILE *to, struct svg_box inner, const struct plot *plot)
{
    const struct plot_level *level[PLOT_LEVELS];
    struct places places = {.count = 0};
    int count = sort_levels(level, plot);
    for (int i = 0; i < count; i++) { /* all lines, then words over them */
        double y = figure_y(plot, inner, level[i]->y);
        uint32_t colour = role_paper((enum role)level[i]->style.fg);
        if (y >= inner.y && y <= inner.y + inner.h)
            svg_line(to, inner.x, y, inner.x + inner.w, y,
                     (struct svg_stroke){colour, 2, "7 5"});
    }
    for (int i = 0; i < count; i++) {
        uint32_t colour = role_paper((enum role)level[i]->style.fg);
        double y = figure_y(plot, inner, level[i]->y);
        bool is_above = y<inner.y, is_below = y> inner.y + inner.h;
        if (!level[i]->text[0])
            continue;
        char text[PLOT_TEXT + 8];
        snprintf(text, sizeof text, "%s%s",
                 is_above   ? "↑ "
                 : is_below ? "↓ "
                            : "",
                 level[i]->text);
        double place = text_place(inner, y);
        double right = free_right(&places, inner.x + inner.w - 6, place,
                                  svg_text_width(text, TYPE_MARK));
        svg_text(to, right, place,
                 (struct svg_type){.size = TYPE_MARK,
                                   .colour = colour,
                                   .anchor = SVG_END,
                                   .halo = true},
                 text);
    }
}
