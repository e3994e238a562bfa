/*
 * What the files that draw a figure share: sizes of type for the last row of
 * a lecture hall, boxes, and how a plot's values come to pixels.
 */
#ifndef TUI_FIGURE_PARTS_H
#define TUI_FIGURE_PARTS_H

#include "tui/figure.h"
#include "tui/svg.h"

enum {
    TYPE_TITLE = 22,
    TYPE_NAME = 18, /* of axes, legends */
    TYPE_TICK = 17,
    TYPE_NOTE = 16,
    TYPE_MARK = 15,
    MARKER_MOST = 6 /* radius */
};

/* Draws a panel into box; id makes its clip path unique on the page. */
void figure_draw_plot(FILE *to, struct svg_box box, const struct plot *plot,
                      int id);
void figure_draw_heat(FILE *to, struct svg_box box, const struct heat *heat);
/* How high a heat map is when it is so wide: cells stay about square. */
double figure_heat_height(const struct heat *heat, double width);

/* Title and note at the top of box; returns what is left below. */
struct svg_box figure_heading(FILE *to, struct svg_box box, const char *title,
                              const char *note);
/* The legend in rows; returns what is left below. */
struct svg_box figure_legend(FILE *to, struct svg_box box,
                             const struct plot *plot);

/* Pixels of a value; NaN of NaN, the axis' low end where a log axis has no
 * place for it. */
double figure_x(const struct plot *plot, struct svg_box inner, double x);
double figure_y(const struct plot *plot, struct svg_box inner, double y);

struct svg_stroke figure_stroke(const struct plot_series *series);

/* Rows of text that marks need above the plot; and their lines and texts,
 * lanes rows of them above inner. */
int figure_mark_lanes(const struct plot *plot, struct svg_box inner);
void figure_marks(FILE *to, struct svg_box inner, const struct plot *plot);
void figure_levels(FILE *to, struct svg_box inner, const struct plot *plot);

#endif
