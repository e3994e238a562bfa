/*
 * A raster finer than cells: braille (2 x 4 dots a cell), quadrant blocks
 * (2 x 2) or one ASCII character a cell.  Lines are drawn into it, then it
 * is laid on the canvas; empty cells leave what was there.
 */
#ifndef TUI_DOTS_H
#define TUI_DOTS_H

#include "tui/canvas.h"

enum dash { DASH_SOLID, DASH_LONG, DASH_DOT, DASH_KINDS };

struct pen {
    struct style style;
    enum dash dash;
    char line; /* what ASCII draws with */
};

struct dots {
    struct rect area; /* cells */
    int cols, rows;   /* dots */
    int per_x, per_y; /* dots a cell */
    enum glyphs glyphs;
    struct dot_cell *cell;
};

struct dots dots_new(enum glyphs glyphs, struct rect area);
void dots_free(struct dots *dots);
/* Dots outside are left out. */
void dots_line(struct dots *dots, struct pen pen, double x0, double y0,
               double x1, double y1);
void dots_blit(const struct dots *dots, struct canvas *canvas);

#endif
