/*
 * Bars in eighths of a cell, and heat maps with numbers in their cells.
 */
#ifndef TUI_BARS_H
#define TUI_BARS_H

#include "tui/canvas.h"

/* The bar of one value beside the largest; a positive one is never blank. */
uint32_t bars_glyph(double value, double largest, enum glyphs glyphs);

/* One column a value, height in eighths of the largest; a positive value is
 * never blank.  Values past width are summed up by an ellipsis.  NaN: blank.
 * Returns the columns used. */
int bars_draw(struct canvas *canvas, int x, int y, int width,
              struct style style, const double *value, int count);

struct heat {
    int rows, cols;
    const double *value; /* (rows, cols); NaN: unknown, DBL_MAX: infinite,
                            INFINITY: no such cell, left blank */
    double low, high;    /* of the legend */
    int chosen;          /* index into value, or -1 */
    const char *const *row_name, *const *col_name; /* (rows), (cols) */
    int name_width; /* columns for the names of rows; 0: five */
    int marked;     /* a column with a mark over it, 1-based; 0: none */
    bool is_strip;  /* of time: fills the width, and a map too large for
                       numbers still has the names of columns that fit */
    /* For figures, or NULL: what it is, what rows and columns are, and the
     * name of the value with its unit. */
    const char *title, *row_title, *col_title, *value_name;
};

/* width cells of a map without numbers; level in [0, 1]. */
void heat_cell(struct canvas *canvas, int x, int y, int width, double level);
/* The same with the number in it, width >= 4; is_chosen: the cursor's. */
void heat_number(struct canvas *canvas, int x, int y, int width, double level,
                 const char *number, bool is_chosen);

/* Heading, rows and legend; large maps are drawn two values a cell, or by a
 * ramp of signs where there are no 256 colours. */
void heat_draw(struct canvas *canvas, struct rect rect,
               const struct heat *heat);

#endif
