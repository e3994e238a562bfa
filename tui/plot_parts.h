/*
 * What the files that draw a plot share: where a value is, and the parts in
 * the order they are drawn.  inner is the area inside the axes.
 */
#ifndef TUI_PLOT_PARTS_H
#define TUI_PLOT_PARTS_H

#include "tui/plot.h"

/* The cell of a value; rows end at the edges, columns do not. */
int plot_column(const struct plot *plot, struct rect inner, double x);
int plot_row(const struct plot *plot, struct rect inner, double y);

void plot_bands(struct canvas *canvas, struct rect inner,
                const struct plot *plot);
void plot_level_lines(struct canvas *canvas, struct rect inner,
                      const struct plot *plot);
/* After the lines: a text looks for a place they leave free. */
void plot_level_texts(struct canvas *canvas, struct rect inner,
                      const struct plot *plot);

/* Columns to keep free beside the lines: what labels need beyond the room
 * that lines leave which have not come to the end yet. */
int plot_label_margin(const struct plot *plot, struct rect rect);
void plot_labels(struct canvas *canvas, struct rect rect, struct rect inner,
                 const struct plot *plot);

/* Where a band lies at share x of the axis (0 to 1), as shares of the y axis;
 * false: it has a gap there. */
bool plot_band_at(double *low, double *high, const struct plot *plot,
                  const struct plot_band *band, double x);

#endif
