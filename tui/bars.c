/*
 * Bars and heat maps; see bars.h.
 */
#include "tui/bars.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "tui/figure.h"
#include "tui/ticks.h"

uint32_t bars_glyph(double value, double largest, enum glyphs glyphs)
{
    static const char ascii[] = "_.:-=+*#";
    if (!(value > 0))
        return ' ';
    int eighths = (int)ceil(8 * value / largest);
    eighths = eighths < 1 ? 1 : eighths > 8 ? 8 : eighths;
    return glyphs == GLYPHS_ASCII ? (unsigned char)ascii[eighths - 1]
                                  : 0x2580u + (unsigned)eighths;
}

int bars_draw(struct canvas *canvas, int x, int y, int width,
              struct style style, const double *value, int count)
{
    int shown = count > width ? width - 1 : count;
    double largest = 0;
    for (int i = 0; i < count; i++)
        if (value[i] > largest)
            largest = value[i];
    for (int i = 0; i < shown; i++)
        if (value[i] > 0)
            canvas_glyph(canvas, x + i, y, style,
                         bars_glyph(value[i], largest, canvas->glyphs));
    if (shown < count && shown >= 0)
        canvas_glyph(canvas, x + shown++, y, style_of(ROLE_DIM), 0x2026);
    return shown;
}

enum { RAMP = 5, CELL_MIN = 4, CELL_MAX = 7, NAME = 5 };

static int name_width(const struct heat *heat)
{
    return heat->name_width ? heat->name_width : NAME;
}

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

void heat_cell(struct canvas *canvas, int x, int y, int width, double level)
{
    struct style style = style_of(ROLE_NONE);
    bool has_colour = canvas->colours >= 256 && canvas->glyphs != GLYPHS_ASCII;
    if (canvas->colours >= 256)
        style.fg = (uint8_t)role_heat(level);
    for (int i = 0; i < width; i++)
        canvas_glyph(canvas, x + i, y, style,
                     has_colour ? 0x2588 : ramp(canvas, level));
}

void heat_number(struct canvas *canvas, int x, int y, int width, double level,
                 const char *number, bool is_chosen)
{
    struct style style = style_of(ROLE_NONE);
    if (canvas->colours >= 256)
        style = style_on(role_heat_ink(role_heat(level)), role_heat(level));
    if (is_chosen)
        style.attr = ATTR_REVERSE | ATTR_BOLD;
    canvas_fill(canvas, (struct rect){x, y, width, 1}, style);
    if (canvas->colours < 256)
        canvas_glyph(canvas, x, y, style, ramp(canvas, level));
    canvas_right(canvas, x + 1, y, width - 1 - (width > 4), style, "%s",
                 number);
}

/* A number in at most room columns, or "" where it has no room: a number that
 * is cut is another number. */
static void cell_text(char text[16], double value, double high, int room)
{
    if (value >= DBL_MAX)
        snprintf(text, 16, "inf");
    else if (high < 0.0995)
        snprintf(text, 16, value == 0 ? "0" : "%.0e", value);
    else
        snprintf(text, 16, "%.*f",
                 high >= 99.95               ? 0
                 : high >= 9.995 || room < 4 ? 1
                                             : 2,
                 value);
    if (glyph_columns(text) > room)
        count_text(text, 16, value);
    if (glyph_columns(text) > room)
        text[0] = '\0';
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
    int room = width - 1 - (width > 5);
    char text[16] = "–";
    if (!isnan(value))
        cell_text(text, value, heat->high, room);
    if (isnan(value))
        canvas_glyph(canvas, x + width / 2, y, style, 0x2013);
    else
        canvas_right(canvas, x + 1, y, room, style, "%s", text);
    if (at == heat->chosen) {
        canvas->cursor_x = x;
        canvas->cursor_y = y;
    }
}

static struct style name_style(const struct heat *heat, int col)
{
    return col + 1 == heat->marked
               ? style_with(ROLE_KEY, ATTR_BOLD | ATTR_REVERSE)
               : style_of(ROLE_DIM);
}

static void draw_numbers(struct canvas *canvas, struct rect rect, int cell,
                         const struct heat *heat)
{
    int name = name_width(heat);
    for (int c = 0; c < heat->cols; c++)
        canvas_right(canvas, rect.x + name + c * cell, rect.y,
                     cell - (cell > 5), name_style(heat, c), "%s",
                     heat->col_name[c]);
    for (int r = 0; r < heat->rows; r++) {
        canvas_put(canvas, rect.x, rect.y + 1 + r, name, style_of(ROLE_DIM),
                   heat->row_name[r]);
        for (int c = 0; c < heat->cols; c++)
            draw_number(canvas, rect.x + name + c * cell, rect.y + 1 + r, cell,
                        heat, r * heat->cols + c);
    }
}

/* Names of columns where they have room; the marked one always. */
static void draw_dense_names(struct canvas *canvas, struct rect rect, int wide,
                             const struct heat *heat)
{
    int x0 = rect.x + name_width(heat), taken = x0 - 1, end = rect.x + rect.w;
    int m = heat->marked - 1, from_marked = end, to_marked = end;
    if (m >= 0) {
        int width = glyph_columns(heat->col_name[m]);
        from_marked = x0 + m * wide;
        if (from_marked + width > end)
            from_marked = end - width;
        to_marked = from_marked + width;
        canvas_put(canvas, from_marked, rect.y, width, name_style(heat, m),
                   heat->col_name[m]);
    }
    int last = heat->cols - 1, last_width = glyph_columns(heat->col_name[last]);
    int last_x = x0 + heat->cols * wide - last_width;
    for (int c = 0; c < heat->cols; c++) {
        int width = glyph_columns(heat->col_name[c]);
        int x = c == last ? last_x : x0 + c * wide;
        bool hits_marked = x <= to_marked && x + width >= from_marked;
        bool hits_last = c != last && x + width >= last_x;
        if (x <= taken || x + width > end || hits_marked || hits_last)
            continue;
        canvas_put(canvas, x, rect.y, width, name_style(heat, c),
                   heat->col_name[c]);
        taken = x + width;
    }
}

/* Two values in one row of cells: the upper in the ink's colour, the lower in
 * the paper's; or one, by a ramp of signs. */
static void draw_dense_cell(struct canvas *canvas, int x, int y,
                            const struct heat *heat, int at, bool halves,
                            bool has_below)
{
    double upper = heat->value[at];
    double lower = has_below ? heat->value[at + heat->cols] : NAN;
    struct style style = style_of(ROLE_NONE);
    bool has_colour = canvas->colours >= 256 && canvas->glyphs != GLYPHS_ASCII;
    if (has_colour && isfinite(upper))
        style.fg = (uint8_t)role_heat(level_of(heat, upper));
    if (halves && isfinite(lower))
        style.bg = (uint8_t)role_heat(level_of(heat, lower));
    if (at == heat->chosen && !halves)
        style.attr = ATTR_REVERSE;
    canvas_glyph(canvas, x, y, style,
                 isinf(upper)   ? ' '
                 : isnan(upper) ? 0x2013
                 : halves       ? 0x2580
                 : has_colour   ? 0x2588
                                : ramp(canvas, level_of(heat, upper)));
    if (at == heat->chosen || (has_below && at + heat->cols == heat->chosen)) {
        canvas->cursor_x = x;
        canvas->cursor_y = y;
    }
}

static void draw_dense(struct canvas *canvas, struct rect rect,
                       const struct heat *heat)
{
    bool halves = canvas->colours >= 256 && canvas->glyphs != GLYPHS_ASCII;
    int name = name_width(heat), per = halves ? 2 : 1;
    int wide = (rect.w - name) / heat->cols;
    wide = wide < 1 ? 1 : wide > 3 && !heat->is_strip ? 3 : wide;
    if (heat->is_strip) {
        draw_dense_names(canvas, rect, wide, heat);
        rect.y++;
        rect.h--;
        halves = halves && heat->rows > rect.h;
        per = halves ? 2 : 1;
    }
    for (int r = 0; r < heat->rows && r / per < rect.h; r += per) {
        int y = rect.y + r / per;
        canvas_put(canvas, rect.x, y, name, style_of(ROLE_DIM),
                   heat->row_name[r]);
        for (int c = 0; c < heat->cols * wide; c++)
            draw_dense_cell(canvas, rect.x + name + c, y, heat,
                            r * heat->cols + c / wide, halves,
                            halves && r + 1 < heat->rows);
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
    int x = rect.x + name_width(heat);
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
    if (canvas->figure)
        figure_add_heat(canvas->figure, heat);
    struct rect old = canvas_clip(canvas, rect);
    int cell = heat->cols ? (rect.w - name_width(heat)) / heat->cols : 0;
    bool has_numbers = cell >= CELL_MIN && heat->rows + 2 <= rect.h;
    if (has_numbers)
        draw_numbers(canvas, rect, cell > CELL_MAX ? CELL_MAX : cell, heat);
    else if (heat->cols)
        draw_dense(canvas, (struct rect){rect.x, rect.y, rect.w, rect.h - 1},
                   heat);
    int rows = has_numbers || (heat->is_strip && heat->rows + 2 <= rect.h)
                   ? heat->rows + 1
                   : rect.h - 1;
    draw_legend(canvas, rect, rect.y + rows, heat);
    canvas_unclip(canvas, old);
}
