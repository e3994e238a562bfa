/*
 * A canvas is a grid of cells in memory: what a view draws on, and all that a
 * test, a picture or the terminal needs to know of a frame.  Everything is
 * clipped; text is cut by columns, not bytes, and control bytes never pass.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tui/glyphs.h"
#include "tui/role.h"

enum { ATTR_BOLD = 1, ATTR_REVERSE = 2, ATTR_UNDERLINE = 4, ATTR_DIM = 8 };

struct style {
    uint8_t fg, bg; /* enum role */
    uint8_t attr;
};

struct cell {
    uint32_t glyph; /* 0: the right half of a wide glyph */
    struct style style;
};

struct rect {
    int x, y, w, h;
};

struct figure;

struct canvas {
    int cols, rows;
    enum glyphs glyphs;
    int colours;            /* of the terminal: 0, 8 or 256 */
    int cursor_x, cursor_y; /* the focused item, for screen readers; -1 */
    bool is_typing;         /* the cursor is to be seen */
    struct rect clip;
    struct cell *cell; /* (rows, cols) */
    /* Plots are recorded here as they are drawn; NULL: they are not.  Owned
     * by who set it. */
    struct figure *figure;
};

struct style style_of(enum role role);
struct style style_with(enum role role, unsigned attr);
struct style style_on(enum role fg, enum role bg);

/* Sizes below 1 are taken as 1.  canvas_size() keeps glyphs and colours and
 * clears; both leave an empty canvas. */
struct canvas canvas_new(int cols, int rows, enum glyphs glyphs, int colours);
void canvas_size(struct canvas *canvas, int cols, int rows);
void canvas_free(struct canvas *canvas);
void canvas_clear(struct canvas *canvas);

/* Restricts drawing to rect within the present clip; returns the old one, to
 * be given to canvas_unclip(). */
struct rect canvas_clip(struct canvas *canvas, struct rect rect);
void canvas_unclip(struct canvas *canvas, struct rect old);

const struct cell *canvas_at(const struct canvas *canvas, int x, int y);
void canvas_glyph(struct canvas *canvas, int x, int y, struct style style,
                  uint32_t glyph);
/* Fills rect with spaces of this style. */
void canvas_fill(struct canvas *canvas, struct rect rect, struct style style);
void canvas_hline(struct canvas *canvas, int x, int y, int width,
                  struct style style);
void canvas_box(struct canvas *canvas, struct rect rect, struct style style);

/* Text from (x, y), at most width columns; what does not fit ends in an
 * ellipsis.  Returns the columns used. */
int canvas_put(struct canvas *canvas, int x, int y, int width,
               struct style style, const char *text);
int canvas_print(struct canvas *canvas, int x, int y, int width,
                 struct style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The same, ending at column x + width - 1. */
int canvas_right(struct canvas *canvas, int x, int y, int width,
                 struct style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Words broken at spaces over at most rect.h rows; returns the rows used. */
int canvas_wrap(struct canvas *canvas, struct rect rect, struct style style,
                const char *text);

/* The frame as plain text, trailing blanks dropped, one line a row. */
int canvas_text(const struct canvas *canvas, FILE *to);
/* The frame as an SVG picture with its colours.  Both return 0, or -1 when
 * the stream refused. */
int canvas_svg(const struct canvas *canvas, FILE *to);

#endif
