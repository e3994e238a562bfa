/*
 * The two axes of a plot: lines, ticks, labels that fit, the name of x.
 */
#ifndef TUI_AXIS_H
#define TUI_AXIS_H

#include "tui/plot.h"

/* Draws the axes into rect, leaving margin columns free on the right for the
 * labels of lines; returns the area for the lines. */
struct rect axis_draw(struct canvas *canvas, struct rect rect, int margin,
                      const struct plot *plot);

/* Where a value lies between the ends of its axis: 0 to 1. */
double plot_share_x(const struct plot *plot, double x);
double plot_share_y(const struct plot *plot, double y);

#endif
