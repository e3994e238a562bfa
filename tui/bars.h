/*
 * Bars in eighths of a cell, and heat maps with numbers in their cells.
 */
#ifndef TUI_BARS_H
#define TUI_BARS_H

#include "tui/canvas.h"

/* One column a value, height in eighths of the largest; a positive value is
 * never blank.  Values past width are summed up by an ellipsis.  NaN: blank.
 * Returns the columns used. */
int bars_draw(struct canvas *canvas, int x, int y, int width,
              struct style style, const double *value, int count);

struct heat {
    int rows, cols;
    const double *value; /* (rows, cols); NaN: unknown, INFINITY:
                            no such cell, left blank */
    double low, high;    /* of the legend */
    int chosen;          /* index into value, or -1 */
    const char *const *row_name, *const *col_name; /* (rows), (cols) */
};

/* Heading, rows and legend; large maps are drawn two values a cell, or by a
 * ramp of signs where there are no 256 colours. */
void heat_draw(struct canvas *canvas, struct rect rect,
               const struct heat *heat);

#endif
