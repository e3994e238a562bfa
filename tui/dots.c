/*
 * Sub-cell lines by Bresenham's walk; see dots.h.
 */
#include "tui/dots.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"

struct dot_cell {
    uint8_t mask;
    char line;
    struct style style; /* of the last line through this cell */
};

struct dots dots_new(enum glyphs glyphs, struct rect area)
{
    static const int per[GLYPHS_COUNT][2] = {[GLYPHS_BRAILLE] = {2, 4},
                                             [GLYPHS_BLOCK] = {2, 2},
                                             [GLYPHS_ASCII] = {1, 1}};
    struct dots dots = {.area = area,
                        .glyphs = glyphs,
                        .per_x = per[glyphs][0],
                        .per_y = per[glyphs][1]};
    if (area.w < 1 || area.h < 1)
        return dots;
    dots.cols = area.w * dots.per_x;
    dots.rows = area.h * dots.per_y;
    dots.cell = xcalloc((size_t)area.w * (size_t)area.h, sizeof *dots.cell);
    return dots;
}

void dots_free(struct dots *dots)
{
    mem_free(dots->cell);
    *dots = (struct dots){0};
}

static void dot(struct dots *dots, const struct pen *pen, int x, int y)
{
    static const uint8_t braille[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || y < 0 || x >= dots->cols || y >= dots->rows)
        return;
    int cx = x / dots->per_x, cy = y / dots->per_y;
    int ix = x % dots->per_x, iy = y % dots->per_y;
    struct dot_cell *cell =
        &dots->cell[(size_t)cy * (size_t)dots->area.w + (size_t)cx];
    cell->mask |= dots->glyphs == GLYPHS_BRAILLE
                      ? braille[iy][ix]
                      : (uint8_t)(1u << (iy * 2 + ix));
    cell->style = pen->style;
    cell->line = pen->line;
}

/* Dashes follow the place, not the line, so that a curve of many short lines
 * keeps its pattern. */
static bool is_inked(enum dash dash, int along)
{
    static const struct {
        int period, ink;
    } pattern[DASH_KINDS] = {{1, 1}, {8, 5}, {4, 1}};
    return along % pattern[dash].period < pattern[dash].ink;
}

void dots_line(struct dots *dots, struct pen pen, double x0, double y0,
               double x1, double y1)
{
    /* Far-off ends are cut before they become ints. */
    const double far = 1e6;
    if (!(fabs(x0) < far && fabs(y0) < far && fabs(x1) < far && fabs(y1) < far))
        return;
    int x = (int)lround(x0), y = (int)lround(y0);
    int to_x = (int)lround(x1), to_y = (int)lround(y1);
    int dx = abs(to_x - x), dy = -abs(to_y - y);
    int step_x = x < to_x ? 1 : -1, step_y = y < to_y ? 1 : -1;
    int error = dx + dy;
    while (true) {
        if (is_inked(pen.dash, dx >= -dy ? abs(x) : abs(y)))
            dot(dots, &pen, x, y);
        if (x == to_x && y == to_y)
            return;
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x += step_x;
        }
        if (twice <= dx) {
            error += dx;
            y += step_y;
        }
    }
}

void dots_blit(const struct dots *dots, struct canvas *canvas)
{
    static const uint16_t quadrant[16] = {
        ' ',    0x2598, 0x259d, 0x2580, 0x2596, 0x258c, 0x259e, 0x259b,
        0x2597, 0x259a, 0x2590, 0x259c, 0x2584, 0x2599, 0x259f, 0x2588};
    if (!dots->cell)
        return;
    for (int y = 0; y < dots->area.h; y++) {
        for (int x = 0; x < dots->area.w; x++) {
            const struct dot_cell *cell =
                &dots->cell[(size_t)y * (size_t)dots->area.w + (size_t)x];
            if (!cell->mask)
                continue;
            uint32_t glyph =
                dots->glyphs == GLYPHS_BRAILLE ? 0x2800u + cell->mask
                : dots->glyphs == GLYPHS_BLOCK ? quadrant[cell->mask & 15]
                                               : (unsigned char)cell->line;
            canvas_glyph(canvas, dots->area.x + x, dots->area.y + y,
                         cell->style, glyph);
        }
    }
}
