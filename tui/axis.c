/*
 * Axes; see axis.h.  Ticks that have no room for their label are not drawn.
 */
#include "tui/axis.h"

#include <math.h>
#include <stdio.h>

#include "tui/ticks.h"

enum {
    LABEL = 16,
    ROWS_A_TICK = 2,
    COLUMNS_A_TICK = 9,
    COLUMNS_A_LOG_TICK = 5
};

static int widest_label(const struct ticks *ticks)
{
    int widest = 0;
    for (int i = 0; i < ticks->count; i++) {
        char label[LABEL];
        tick_label(label, sizeof label, ticks, i);
        int width = glyph_columns(label);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void draw_y(struct canvas *canvas, struct rect inner, int width,
                   const struct plot *plot, const struct ticks *ticks)
{
    int axis = inner.x - 1;
    for (int y = 0; y < inner.h; y++)
        canvas_glyph(canvas, axis, inner.y + y, style_of(ROLE_FRAME), 0x2502);
    int taken = inner.y + inner.h;
    for (int i = 0; i < ticks->count; i++) {
        double at = plot_share_y(plot, ticks->at[i]);
        int y = inner.y + (int)lround((1 - at) * (inner.h - 1));
        if (y >= taken || y < inner.y)
            continue;
        taken = y;
        char label[LABEL];
        tick_label(label, sizeof label, ticks, i);
        canvas_right(canvas, axis - width, y, width, style_of(ROLE_DIM), "%s",
                     label);
        canvas_glyph(canvas, axis, y, style_of(ROLE_FRAME), 0x2524);
    }
}

static void draw_x(struct canvas *canvas, struct rect inner, int right,
                   const struct plot *plot, const struct ticks *ticks)
{
    int y = inner.y + inner.h;
    int name = glyph_columns(plot->x_name);
    canvas_glyph(canvas, inner.x - 1, y, style_of(ROLE_FRAME), 0x2514);
    canvas_hline(canvas, inner.x, y, inner.w, style_of(ROLE_FRAME));
    /* The name stands at the right end; labels may not run into it. */
    int limit = right - name - 1;
    canvas_put(canvas, right - name, y + 1, name, style_of(ROLE_DIM),
               plot->x_name);
    int taken = inner.x - 2;
    int count = plot->x_tick_count ? plot->x_tick_count : ticks->count;
    for (int i = 0; i < count; i++) {
        char label[LABEL];
        double value = ticks->at[i < TICKS ? i : 0];
        if (plot->x_tick_count) {
            value = plot->x_tick[i].x;
            snprintf(label, sizeof label, "%s", plot->x_tick[i].label);
        } else {
            tick_label(label, sizeof label, ticks, i);
        }
        double at = plot_share_x(plot, value);
        int x = inner.x + (int)lround(at * (inner.w - 1));
        int width = glyph_columns(label);
        int from = x - width / 2;
        if (from <= taken || from + width > limit)
            continue;
        canvas_put(canvas, from, y + 1, width, style_of(ROLE_DIM), label);
        canvas_glyph(canvas, x, y, style_of(ROLE_FRAME), 0x252c);
        taken = from + width;
    }
}

struct rect axis_draw(struct canvas *canvas, struct rect rect, int margin,
                      const struct plot *plot)
{
    struct rect inner = {0};
    int rows = rect.h - 2;
    if (rows < 2 || !(plot->y_low < plot->y_high) ||
        !(plot->x_low < plot->x_high))
        return inner;
    struct ticks y_ticks =
        plot->log_y
            ? ticks_log(plot->y_low, plot->y_high, rows / 2 + 1)
            : ticks_linear(plot->y_low, plot->y_high, rows / ROWS_A_TICK + 1);
    int width = widest_label(&y_ticks);
    inner.x = rect.x + width + 1;
    inner.y = rect.y;
    inner.w = rect.w - width - 1 - margin;
    inner.h = rows;
    if (inner.w < 4)
        return (struct rect){0};
    int wanted =
        inner.w / (plot->log_x ? COLUMNS_A_LOG_TICK : COLUMNS_A_TICK) + 1;
    struct ticks x_ticks =
        plot->log_x ? ticks_log(plot->x_low, plot->x_high, wanted)
                    : ticks_linear(plot->x_low, plot->x_high, wanted);
    draw_y(canvas, inner, width, plot, &y_ticks);
    draw_x(canvas, inner, rect.x + rect.w, plot, &x_ticks);
    return inner;
}
