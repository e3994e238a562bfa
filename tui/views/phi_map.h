/*
 * A map of phi(i, j), rows i and columns j from 1, colour by phi from 0 to 1,
 * with the same numbers by chance as a strip below it.  With room the numbers
 * stand in the cells; a map too large shows a part of itself (around the
 * cursor) or every so many, and says which.
 */
#ifndef TUI_VIEWS_PHI_MAP_H
#define TUI_VIEWS_PHI_MAP_H

#include "tui/canvas.h"

struct phi_map {
    const double *phi; /* phi(i, j) at [(i-1) pitch + j-1]; NULL: of chance */
    int rows, cols, pitch;
    int n;           /* length of a vector: chance is max(i, j)/n */
    int row, col;    /* the cursor, from 1; 0: none */
    bool is_sampled; /* too large: every so many, not a part */
    const char *title; /* in figures */
    bool has_columns, has_strip, has_legend; /* rows below the map */
};

/* "0", the colours in between, "1": what cells mean.  Returns the columns. */
int phi_map_scale(struct canvas *canvas, int x, int y);

/* Returns the rows used. */
int phi_map_draw(struct canvas *canvas, struct rect rect,
                 const struct phi_map *map);

#endif
