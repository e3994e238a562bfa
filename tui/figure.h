/*
 * A figure: every plot and heat map that a view draws, kept as data and laid
 * out on a white page of vectors, for a slide or a paper.
 *
 * A canvas that carries a figure records into it: plot_draw() and heat_draw()
 * hand over what they were given, whatever the room in cells.  So a view is
 * written once, and its figure cannot say anything else than its screen.
 */
#ifndef TUI_FIGURE_H
#define TUI_FIGURE_H

#include <stdio.h>

#include "tui/bars.h"
#include "tui/plot.h"

enum { FIGURE_PANELS = 16 };

struct figure *figure_new(void);
void figure_free(struct figure *figure);

/* Copies all they need; panels beyond FIGURE_PANELS are left out. */
void figure_add_plot(struct figure *figure, const struct plot *plot);
void figure_add_heat(struct figure *figure, const struct heat *heat);
int figure_panels(const struct figure *figure);

/* The page: panels in the order they were drawn, the caption below.  0, or
 * -1 when the stream refused. */
int figure_svg(const struct figure *figure, FILE *to, const char *caption);

#endif
