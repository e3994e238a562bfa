/*
 * One heat map in vectors: viridis cells with their values where they fit,
 * names of rows and columns, and a colour bar with numbers.
 */
#include <math.h>
#include <stdio.h>

#include "tui/figure_parts.h"
#include "tui/ticks.h"

enum {
    BAR = 20,       /* the colour bar's width */
    BAR_ROOM = 110, /* with its gap, numbers and name */
    CELL_MOST = 64,
    UNDER_HEADING = 10,
    APART = 24,
    LABEL = 16
};

static const uint32_t INK = 0x1a1a1a, UNKNOWN = 0xececec;

struct grid {
    struct svg_box area; /* of the cells */
    double cell_w, cell_h;
};

static double level_of(const struct heat *heat, double value)
{
    return heat->high > heat->low
               ? (value - heat->low) / (heat->high - heat->low)
               : 0;
}

static double widest(const char *const *name, int count, double size)
{
    double most = 0;
    for (int i = 0; i < count; i++)
        most = fmax(most, svg_text_width(name[i], size));
    return most;
}

static double beside(const struct heat *heat)
{
    return widest(heat->row_name, heat->rows, TYPE_TICK) + 12 +
           (heat->row_title ? 1.5 * TYPE_NAME : 0);
}

static double below(const struct heat *heat)
{
    return 1.5 * TYPE_TICK + (heat->col_title ? 1.6 * TYPE_NAME : 0);
}

/* Cells are never higher than wide, so that a map is about as wide as it is
 * given and no higher than it needs. */
static struct grid grid_of(struct svg_box box, const struct heat *heat)
{
    struct grid grid;
    double left = beside(heat);
    double width = box.w - left - BAR_ROOM, height = box.h - below(heat);
    grid.cell_w = fmin(width / heat->cols, 2.2 * CELL_MOST);
    grid.cell_h = fmin(height / heat->rows, fmin(grid.cell_w, CELL_MOST));
    if (heat->rows > 1 && heat->rows == heat->cols) /* i against j */
        grid.cell_w = grid.cell_h;
    grid.area = (struct svg_box){box.x + left, box.y, grid.cell_w * heat->cols,
                                 grid.cell_h * heat->rows};
    return grid;
}

static bool has_unknown(const struct heat *heat)
{
    for (int i = 0; i < heat->rows * heat->cols; i++)
        if (isnan(heat->value[i]))
            return true;
    return false;
}

double figure_heat_height(const struct heat *heat, double width)
{
    struct svg_box box = {0, 0, width, INFINITY};
    double heading = heat->title ? 1.45 * TYPE_TITLE : 0;
    if (has_unknown(heat))
        heading += 1.45 * TYPE_NOTE;
    return heading + UNDER_HEADING + grid_of(box, heat).area.h + below(heat) +
           8;
}

static void cell_text(char *to, size_t size, double high, double value)
{
    if (isnan(value))
        snprintf(to, size, "–");
    else if (high >= 0.095 && high < 9995)
        snprintf(to, size, "%.*f",
                 high < 9.995   ? 2
                 : high < 99.95 ? 1
                                : 0,
                 value);
    else
        number_text(to, size, value);
}

/* White or black, whichever stands out: by the relative luminance of sRGB. */
static uint32_t ink_on(uint32_t rgb)
{
    double luminance = 0.2126 * pow((rgb >> 16 & 255) / 255.0, 2.2) +
                       0.7152 * pow((rgb >> 8 & 255) / 255.0, 2.2) +
                       0.0722 * pow((rgb & 255) / 255.0, 2.2);
    return luminance > 0.179 ? 0x000000 : 0xffffff;
}

static bool has_numbers(const struct grid *grid, const struct heat *heat)
{
    double most = 0;
    for (int i = 0; i < heat->rows * heat->cols; i++) {
        char text[LABEL];
        if (isinf(heat->value[i]))
            continue;
        cell_text(text, sizeof text, heat->high, heat->value[i]);
        most = fmax(most, svg_text_width(text, TYPE_MARK));
    }
    return most + 6 <= grid->cell_w && grid->cell_h >= 1.3 * TYPE_MARK;
}

static void draw_cells(FILE *to, const struct grid *grid,
                       const struct heat *heat)
{
    bool is_numbered = has_numbers(grid, heat);
    for (int i = 0; i < heat->rows * heat->cols; i++) {
        double value = heat->value[i];
        struct svg_box cell = {grid->area.x + (i % heat->cols) * grid->cell_w,
                               grid->area.y +
                                   (double)(i / heat->cols) * grid->cell_h,
                               grid->cell_w, grid->cell_h};
        if (isinf(value)) /* no such place in the model */
            continue;
        if (cell.w >= APART && cell.h >= APART) { /* a white rule between */
            cell.w -= 1;
            cell.h -= 1;
        }
        uint32_t colour =
            isnan(value) ? UNKNOWN : viridis(level_of(heat, value));
        svg_rect(to, cell, colour);
        if (!is_numbered)
            continue;
        char text[LABEL];
        cell_text(text, sizeof text, heat->high, value);
        svg_text(to, cell.x + cell.w / 2,
                 cell.y + cell.h / 2 + 0.36 * TYPE_MARK,
                 (struct svg_type){.size = TYPE_MARK,
                                   .colour = ink_on(colour),
                                   .anchor = SVG_MIDDLE},
                 text);
    }
}

/* The one that the rest of the view is about: two rims, so that it shows on
 * dark and on bright cells. */
static void draw_chosen(FILE *to, const struct grid *grid,
                        const struct heat *heat)
{
    if (heat->chosen < 0 || heat->chosen >= heat->rows * heat->cols)
        return;
    struct svg_box cell = {
        grid->area.x + (heat->chosen % heat->cols) * grid->cell_w,
        grid->area.y + (double)(heat->chosen / heat->cols) * grid->cell_h,
        grid->cell_w, grid->cell_h};
    svg_frame(to, cell, (struct svg_stroke){0xffffff, 6, NULL});
    svg_frame(to, cell, (struct svg_stroke){INK, 3, NULL});
}

/* Every stride-th name, so that they do not run into one another. */
static int stride_of(double room, double needed)
{
    int stride = room > 0 ? (int)ceil(needed / room) : 1;
    return stride < 1 ? 1 : stride;
}

static void draw_names(FILE *to, struct svg_box box, const struct grid *grid,
                       const struct heat *heat)
{
    struct svg_box area = grid->area;
    struct svg_type type = {.size = TYPE_TICK, .colour = INK};
    int row_stride = stride_of(grid->cell_h, 1.15 * TYPE_TICK);
    int col_stride = stride_of(
        grid->cell_w, 6 + widest(heat->col_name, heat->cols, TYPE_TICK));
    type.anchor = SVG_END;
    for (int r = 0; r < heat->rows; r += row_stride)
        svg_text(to, area.x - 8,
                 area.y + (r + 0.5) * grid->cell_h + 0.36 * TYPE_TICK, type,
                 heat->row_name[r]);
    type.anchor = SVG_MIDDLE;
    for (int c = 0; c < heat->cols; c += col_stride)
        svg_text(to, area.x + (c + 0.5) * grid->cell_w,
                 area.y + area.h + 1.2 * TYPE_TICK, type, heat->col_name[c]);
    type.size = TYPE_NAME;
    if (heat->col_title)
        svg_text(to, area.x + area.w / 2,
                 area.y + area.h + 1.3 * TYPE_TICK + 1.3 * TYPE_NAME, type,
                 heat->col_title);
    type.upright = true;
    if (heat->row_title)
        svg_text(to, box.x + 0.85 * TYPE_NAME, area.y + area.h / 2, type,
                 heat->row_title);
}

/* Steps so fine that they look like none. */
static void draw_bar(FILE *to, const struct grid *grid, const struct heat *heat)
{
    enum { STEPS = 64 };
    struct svg_box bar = {grid->area.x + grid->area.w + 24, grid->area.y, BAR,
                          grid->area.h};
    for (int i = 0; i < STEPS; i++)
        svg_rect(to,
                 (struct svg_box){bar.x, bar.y + bar.h * i / STEPS, bar.w,
                                  bar.h / STEPS + 0.5},
                 viridis(1 - i / (STEPS - 1.0)));
    struct ticks ticks =
        ticks_linear(heat->low, heat->high, 1 + (int)(bar.h / 40));
    for (int i = 0; i < ticks.count; i++) {
        char label[LABEL];
        tick_label(label, sizeof label, &ticks, i);
        double y = bar.y + (1 - level_of(heat, ticks.at[i])) * bar.h;
        svg_line(to, bar.x + bar.w, y, bar.x + bar.w + 5, y,
                 (struct svg_stroke){INK, 1.5, NULL});
        svg_text(to, bar.x + bar.w + 8, y + 0.36 * TYPE_TICK,
                 (struct svg_type){.size = TYPE_TICK, .colour = INK}, label);
    }
    if (heat->value_name)
        svg_text(to, bar.x + BAR_ROOM - 26, bar.y + bar.h / 2,
                 (struct svg_type){.size = TYPE_NAME,
                                   .colour = INK,
                                   .anchor = SVG_MIDDLE,
                                   .upright = true},
                 heat->value_name);
}

void figure_draw_heat(FILE *to, struct svg_box box, const struct heat *heat)
{
    box = figure_heading(to, box, heat->title,
                         !(heat->low <= heat->high) ? "not computed yet"
                         : has_unknown(heat)        ? "grey: no value"
                                                    : "");
    box.y += UNDER_HEADING;
    box.h -= UNDER_HEADING;
    struct grid grid = grid_of(box, heat);
    fputs("<g shape-rendering=\"crispEdges\">\n", to);
    draw_cells(to, &grid, heat);
    svg_group_end(to);
    draw_chosen(to, &grid, heat);
    draw_names(to, box, &grid, heat);
    if (isfinite(heat->low) && isfinite(heat->high) && heat->low < heat->high)
        draw_bar(to, &grid, heat);
}
