/*
 * The labels at the ends of lines and bands, pushed apart so that none hides
 * another.
 */
#include <math.h>

#include "tui/axis.h"
#include "tui/plot_parts.h"

static const uint32_t BAND_SIGN = 0x2591;

struct end_label {
    const char *text;
    struct style style;
    uint32_t sign; /* 0: none */
    int x, row;
};

enum { LABELS = PLOT_SERIES + PLOT_BANDS };

static int label_columns(const char *text, uint32_t sign)
{
    return glyph_columns(text) + 2 * !!sign;
}

/* Keeps the labels sorted from top to bottom. */
static int insert(struct end_label *label, int count, struct end_label one)
{
    int at = count;
    for (; at > 0 && label[at - 1].row > one.row; at--)
        label[at] = label[at - 1];
    label[at] = one;
    return count + 1;
}

/* The labels of what has an end; no more than there are rows. */
static int collect(struct end_label *label, struct rect inner,
                   const struct plot *plot)
{
    int count = 0;
    for (int s = 0; s < plot->series_count && count < inner.h; s++) {
        const struct plot_series *series = &plot->series[s];
        int last = series->count - 1;
        while (last >= 0 && !isfinite(series->y[last]))
            last--;
        if (last < 0 || !series->label[0])
            continue;
        count = insert(
            label, count,
            (struct end_label){series->label, series->pen.style, series->sign,
                               plot_column(plot, inner, series->x[last]) + 1,
                               plot_row(plot, inner, series->y[last])});
    }
    for (int b = 0; b < plot->band_count && count < inner.h; b++) {
        const struct plot_band *band = &plot->band[b];
        int last = band->count - 1;
        while (last >= 0 &&
               !(isfinite(band->low[last]) && isfinite(band->high[last])))
            last--;
        if (last < 0 || !band->label[0])
            continue;
        int low = plot_row(plot, inner, band->low[last]);
        int high = plot_row(plot, inner, band->high[last]);
        count = insert(
            label, count,
            (struct end_label){band->label, band->style, BAND_SIGN,
                               plot_column(plot, inner, band->x[last]) + 1,
                               (low + high) / 2});
    }
    return count;
}

static void push_apart(struct end_label *label, int count, struct rect inner)
{
    for (int i = 1; i < count; i++) /* push down, then back up */
        if (label[i].row <= label[i - 1].row)
            label[i].row = label[i - 1].row + 1;
    int limit = inner.y + inner.h - 1;
    for (int i = count - 1; i >= 0; i--, limit--)
        if (label[i].row > limit)
            label[i].row = limit;
        else
            limit = label[i].row;
}

static void draw_label(struct canvas *canvas, int left, int right,
                       const struct end_label *label)
{
    struct style style = label->style;
    style.attr |= ATTR_BOLD;
    int width = label_columns(label->text, label->sign);
    int x = label->x + width > right ? right - width : label->x;
    if (x < left)
        return;
    /* A little room around it, and no more: longer lines go on behind. */
    canvas_fill(canvas, (struct rect){x, label->row, width + 1, 1},
                style_of(ROLE_NONE));
    if (label->sign) {
        canvas_glyph(canvas, x, label->row, style, label->sign);
        x += 2;
    }
    canvas_put(canvas, x, label->row, right - x, style, label->text);
}

void plot_labels(struct canvas *canvas, struct rect rect, struct rect inner,
                 const struct plot *plot)
{
    struct end_label label[LABELS];
    int count = collect(label, inner, plot);
    push_apart(label, count, inner);
    for (int i = 0; i < count; i++)
        draw_label(canvas, inner.x, rect.x + rect.w, &label[i]);
}

/* Columns that a label at x needs beyond what is left of the axis there. */
static double lack(const struct plot *plot, struct rect rect, double x,
                   int width)
{
    enum { AXIS = 6 };
    double rest = 1 - plot_share_x(plot, x);
    return width + 1 - rest * (rect.w - AXIS);
}

int plot_label_margin(const struct plot *plot, struct rect rect)
{
    double margin = 0;
    for (int s = 0; s < plot->series_count; s++) {
        const struct plot_series *series = &plot->series[s];
        if (series->label[0] && series->count)
            margin =
                fmax(margin, lack(plot, rect, series->x[series->count - 1],
                                  label_columns(series->label, series->sign)));
    }
    for (int b = 0; b < plot->band_count; b++) {
        const struct plot_band *band = &plot->band[b];
        if (band->label[0] && band->count)
            margin = fmax(margin, lack(plot, rect, band->x[band->count - 1],
                                       label_columns(band->label, BAND_SIGN)));
    }
    return margin > rect.w / 3 ? rect.w / 3 : (int)ceil(margin);
}
