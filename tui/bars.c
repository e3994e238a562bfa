/*
 * Bars and heat maps; see bars.h.
 */
#include "tui/bars.h"

#include <math.h>
#include <stdio.h>

#include "tui/ticks.h"

int bars_draw(struct canvas *canvas, int x, int y, int width,
              struct style style, const double *value, int count)
{
    static const char ascii[] = "_.:-=+*#";
    int shown = count > width ? width - 1 : count;
    double largest = 0;
    for (int i = 0; i < count; i++)
        if (value[i] > largest)
            largest = value[i];
    for (int i = 0; i < shown; i++) {
        if (!(value[i] > 0))
            continue;
        int eighths = (int)ceil(8 * value[i] / largest);
        eighths = eighths < 1 ? 1 : eighths > 8 ? 8 : eighths;
        canvas_glyph(canvas, x + i, y, style,
                     canvas->glyphs == GLYPHS_ASCII
                         ? (unsigned char)ascii[eighths - 1]
                         : 0x2580u + (unsigned)eighths);
    }
    if (shown < count && shown >= 0)
        canvas_glyph(canvas, x + shown++, y, style_of(ROLE_DIM), 0x2026);
    return shown;
}

enum { RAMP = 5, CELL_MIN = 4, CELL_MAX = 7, NAME = 5 };

static double level_of(const struct heat *heat, double value)
{
    return heat->high > heat->low
               ? (value - heat->low) / (heat->high - heat->low)
               : 0;
}

static uint32_t ramp(const struct canvas *canvas, double level)
{
    static const uint32_t shades[RAMP] = {0x00b7, 0x2591, 0x2592, 0x2593,
                                          0x2588};
    static const char ascii[] = " .:-=+*#%@";
    level = level > 0 ? level < 1 ? level : 1 : 0;
    return canvas->glyphs == GLYPHS_ASCII
               ? (unsigned char)ascii[(int)(level * 9)]
               : shades[(int)(level * (RAMP - 1))];
}

/* One cell of a map with room for numbers. */
static void draw_number(struct canvas *canvas, int x, int y, int width,
                        const struct heat *heat, int at)
{
    double value = heat->value[at];
    struct style style = style_of(ROLE_DIM);
    if (isinf(value)) /* no such place in the model */
        return;
    if (!isnan(value) && canvas->colours >= 256) {
        enum role role = role_heat(level_of(heat, value));
        style = style_on(role_heat_ink(role), role);
    } else if (!isnan(value)) {
        style = style_of(ROLE_NONE);
    }
    if (at == heat->chosen)
        style.attr = ATTR_REVERSE | ATTR_BOLD;
    canvas_fill(canvas, (struct rect){x, y, width, 1}, style);
    if (!isnan(value) && canvas->colours < 256)
        canvas_glyph(canvas, x, y, style, ramp(canvas, level_of(heat, value)));
    int decimals = heat->high < 9.995 ? 2 : heat->high < 99.95 ? 1 : 0;
    if (isnan(value))
        canvas_glyph(canvas, x + width / 2, y, style, 0x2013);
    else
        canvas_right(canvas, x + 1, y, width - 1 - (width > 5), style, "%.*f",
                     width < 5 && decimals > 1 ? 1 : decimals, value);
    if (at == heat->chosen) {
        canvas->cursor_x = x;
        canvas->cursor_y = y;
    }
}

static void draw_numbers(struct canvas *canvas, struct rect rect, int cell,
                         const struct heat *heat)
{
    for (int c = 0; c < heat->cols; c++)
        canvas_right(canvas, rect.x + NAME + c * cell, rect.y,
                     cell - (cell > 5), style_of(ROLE_DIM), "%s",
                     heat->col_name[c]);
    for (int r = 0; r < heat->rows; r++) {
        canvas_put(canvas, rect.x, rect.y + 1 + r, NAME, style_of(ROLE_DIM),
                   heat->row_name[r]);
        for (int c = 0; c < heat->cols; c++)
            draw_number(canvas, rect.x + NAME + c * cell, rect.y + 1 + r, cell,
                        heat, r * heat->cols + c);
    }
}

/* Two rows of the map in one row of cells: upper half in the ink's colour,
 * lower half in the paper's. */
static void draw_dense(struct canvas *canvas, struct rect rect,
                       const struct heat *heat)
{
    bool halves = canvas->colours >= 256 && canvas->glyphs != GLYPHS_ASCII;
    int per = halves ? 2 : 1;
    int wide = (rect.w - NAME) / heat->cols;
    wide = wide < 1 ? 1 : wide > 3 ? 3 : wide;
    for (int r = 0; r < heat->rows; r += per) {
        int y = rect.y + r / per;
        canvas_put(canvas, rect.x, y, NAME, style_of(ROLE_DIM),
                   heat->row_name[r]);
        for (int c = 0; c < heat->cols * wide; c++) {
            int at = r * heat->cols + c / wide;
            bool has_below = halves && r + 1 < heat->rows;
            double upper = heat->value[at];
            double lower = has_below ? heat->value[at + heat->cols] : NAN;
            struct style style = style_of(ROLE_NONE);
            if (halves && isfinite(upper))
                style.fg = (uint8_t)role_heat(level_of(heat, upper));
            if (halves && isfinite(lower))
                style.bg = (uint8_t)role_heat(level_of(heat, lower));
            if (at == heat->chosen && !halves)
                style.attr = ATTR_REVERSE;
            uint32_t glyph = isinf(upper)   ? ' '
                             : isnan(upper) ? 0x00b7
                             : halves       ? 0x2580
                                      : ramp(canvas, level_of(heat, upper));
            canvas_glyph(canvas, rect.x + NAME + c, y, style, glyph);
            if (at == heat->chosen ||
                (has_below && at + heat->cols == heat->chosen)) {
                canvas->cursor_x = rect.x + NAME + c;
                canvas->cursor_y = y;
            }
        }
    }
}

static void draw_legend(struct canvas *canvas, struct rect rect, int y,
                        const struct heat *heat)
{
    char low[16], high[16];
    if (!(heat->low <= heat->high)) {
        canvas_put(canvas, rect.x, y, rect.w, style_of(ROLE_DIM),
                   "not computed yet");
        return;
    }
    int x = rect.x + NAME;
    x += canvas_print(canvas, x, y, 8, style_of(ROLE_DIM), "%s ",
                      number_text(low, sizeof low, heat->low));
    for (int i = 0; i < 2 * HEAT_ROLES; i++) {
        double level = i / (2.0 * HEAT_ROLES - 1);
        struct style style = style_of(ROLE_NONE);
        if (canvas->colours >= 256)
            style.fg = (uint8_t)role_heat(level);
        canvas_glyph(canvas, x++, y, style,
                     canvas->colours >= 256 && canvas->glyphs != GLYPHS_ASCII
                         ? 0x2588
                         : ramp(canvas, level));
    }
    canvas_print(canvas, x, y, 9, style_of(ROLE_DIM), " %s",
                 number_text(high, sizeof high, heat->high));
}

void heat_draw(struct canvas *canvas, struct rect rect, const struct heat *heat)
{
    struct rect old = canvas_clip(canvas, rect);
    int cell = heat->cols ? (rect.w - NAME) / heat->cols : 0;
    bool has_numbers = cell >= CELL_MIN && heat->rows + 2 <= rect.h;
    if (has_numbers)
        draw_numbers(canvas, rect, cell > CELL_MAX ? CELL_MAX : cell, heat);
    else if (heat->cols)
        draw_dense(canvas, (struct rect){rect.x, rect.y, rect.w, rect.h - 1},
                   heat);
    int rows = has_numbers ? heat->rows + 1 : rect.h - 1;
    draw_legend(canvas, rect, rect.y + rows, heat);
    canvas_unclip(canvas, old);
}
