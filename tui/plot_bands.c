/*
 * Bands as sparse dots and levels as dashed lines: what lines are compared
 * with, drawn so that it never hides them.
 */
#include <math.h>
#include <stdio.h>

#include "tui/axis.h"
#include "tui/plot_parts.h"

static const uint32_t DASH = 0x254c;

static double between(double from, double to, double part)
{
    return part <= 0 ? from : part >= 1 ? to : from + (to - from) * part;
}

bool plot_band_at(double *low, double *high, const struct plot *plot,
                  const struct plot_band *band, double x)
{
    for (int i = 1; i < band->count; i++) {
        double left = plot_share_x(plot, band->x[i - 1]);
        double right = plot_share_x(plot, band->x[i]);
        if (!(x >= left && x <= right))
            continue;
        double part = right > left ? (x - left) / (right - left) : 0;
        *low = between(plot_share_y(plot, band->low[i - 1]),
                       plot_share_y(plot, band->low[i]), part);
        *high = between(plot_share_y(plot, band->high[i - 1]),
                        plot_share_y(plot, band->high[i]), part);
        return isfinite(*low) && isfinite(*high);
    }
    return false;
}

/* A quarter of the dots, like the five of a die, so that a line in front of
 * it stays a line; of a thin band, and in ASCII, every other one. */
static bool is_inked(const struct dots *dots, int x, int y, bool is_thin)
{
    if (dots->per_y == 1)
        return (x + (is_thin ? 0 : y)) % 2 == 0;
    if (is_thin)
        return x % 2 == 0;
    return y % 2 == 0 && x % 2 == y / 2 % 2;
}

static void draw_band(struct dots *dots, const struct plot *plot,
                      const struct plot_band *band)
{
    struct pen pen = {.style = band->style, .line = ':'};
    for (int x = 0; x < dots->cols; x++) {
        double low, high, last = dots->rows - 1;
        if (!plot_band_at(&low, &high, plot, band,
                          dots->cols > 1 ? x / (dots->cols - 1.0) : 0) ||
            high < 0 || low > 1)
            continue;
        int top = (int)lround((1 - fmin(high, 1)) * last);
        int bottom = (int)lround((1 - fmax(low, 0)) * last);
        for (int y = top; y <= bottom; y++)
            if (is_inked(dots, x, y, bottom - top < 2))
                dots_line(dots, pen, x, y, x, y);
    }
}

void plot_bands(struct canvas *canvas, struct rect inner,
                const struct plot *plot)
{
    if (plot->band_count == 0)
        return;
    struct dots dots = dots_new(canvas->glyphs, inner);
    for (int b = 0; b < plot->band_count; b++)
        draw_band(&dots, plot, &plot->band[b]);
    dots_blit(&dots, canvas);
    dots_free(&dots);
}

static bool has_place(const struct plot *plot, double y)
{
    return isfinite(y) && !(plot->log_y && y <= 0);
}

static bool is_inside(const struct plot *plot, double y)
{
    double at = plot_share_y(plot, y);
    return at >= 0 && at <= 1;
}

void plot_level_lines(struct canvas *canvas, struct rect inner,
                      const struct plot *plot)
{
    /* The ASCII twin is no dash by itself. */
    int step = canvas->glyphs == GLYPHS_ASCII ? 2 : 1;
    for (int i = 0; i < plot->level_count; i++) {
        const struct plot_level *level = &plot->level[i];
        if (!has_place(plot, level->y) || !is_inside(plot, level->y))
            continue;
        int row = plot_row(plot, inner, level->y);
        for (int x = 0; x < inner.w; x += step)
            canvas_glyph(canvas, inner.x + x, row, level->style, DASH);
    }
}

/* What a text may be written over: nothing, dashes, sparse dots. */
static bool is_free(const struct canvas *canvas, int x, int y)
{
    const struct cell *cell = canvas_at(canvas, x, y);
    uint32_t glyph = cell->glyph;
    bool is_quiet = cell->style.fg == ROLE_CHANCE || cell->style.fg == ROLE_DIM;
    return glyph == ' ' || glyph == DASH || glyph == 0x250a ||
           (is_quiet && (glyph == '-' || glyph == ':' || glyph >= 0x2580));
}

static bool has_room(const struct canvas *canvas, struct rect inner, int x,
                     int y, int width)
{
    if (x < inner.x || x + width > inner.x + inner.w || y < inner.y ||
        y >= inner.y + inner.h)
        return false;
    /* One cell on either side, or the text would touch a line. */
    int from = x > inner.x ? x - 1 : x, to = x + width;
    to = to < inner.x + inner.w ? to : to - 1;
    for (int at = from; at <= to; at++)
        if (!is_free(canvas, at, y))
            return false;
    return true;
}

/* Above the line, on it, below it, as far right as can be.  A level beyond
 * the edge (direction 1: the top, -1: the bottom) rather moves left along it
 * than away from it. */
static void put_text(struct canvas *canvas, struct rect inner, int row,
                     int direction, struct style style, const char *text)
{
    enum { TRIES = 5, STRIDE = 2 };
    static const int beside[TRIES] = {-1, 0, 1, -2, 2};
    int width = glyph_columns(text), right = inner.x + inner.w - width;
    int places = right < inner.x ? 0 : 1 + (right - inner.x) / STRIDE;
    for (int i = 0; i < places * TRIES; i++) {
        int x = right - STRIDE * (direction ? i % places : i / TRIES);
        int y =
            row + (direction ? direction * (i / places) : beside[i % TRIES]);
        if (!has_room(canvas, inner, x, y, width))
            continue;
        canvas_put(canvas, x, y, width, style, text);
        return;
    }
    /* Nowhere: rather over a line than lost. */
    canvas_put(canvas, right < inner.x ? inner.x : right, row, inner.w, style,
               text);
}

void plot_level_texts(struct canvas *canvas, struct rect inner,
                      const struct plot *plot)
{
    for (int i = 0; i < plot->level_count; i++) {
        const struct plot_level *level = &plot->level[i];
        char text[PLOT_TEXT + 8];
        if (!has_place(plot, level->y) || !level->text[0])
            continue;
        int row = plot_row(plot, inner, level->y), direction = 0;
        if (!is_inside(plot, level->y))
            direction = level->y > plot->y_high ? 1 : -1;
        snprintf(text, sizeof text, "%s%s",
                 direction == 0  ? ""
                 : direction > 0 ? "↑ "
                                 : "↓ ",
                 level->text);
        put_text(canvas, inner, row, direction, level->style, text);
    }
}
