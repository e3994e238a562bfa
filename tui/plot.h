/*
 * Line plots: several series over one another on linear or log axes, with
 * ticks, units, marks at events, a label at each line's end and a cursor.
 * NaN is a gap.  On a log axis values that are not positive sit on the bottom
 * row as `0`: never dropped in silence.
 */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "tui/canvas.h"
#include "tui/dots.h"

enum { PLOT_SERIES = 96, PLOT_MARKS = 32, PLOT_TEXT = 40 };

struct plot_series {
    const double *x, *y; /* (count) ascending x; owned by the caller */
    int count;
    struct pen pen;
    bool no_line;          /* markers only */
    uint32_t marker;       /* at every point; 0: none */
    uint32_t sign;         /* before the label; 0: none */
    char label[PLOT_TEXT]; /* at the line's end; "": none */
};

struct plot_mark { /* something happened at x */
    double x;
    struct style style;
    char text[PLOT_TEXT];
};

struct plot {
    const char *x_name;
    bool log_x, log_y;
    double x_low, x_high, y_low, y_high;
    int series_count, mark_count;
    struct plot_series series[PLOT_SERIES];
    struct plot_mark mark[PLOT_MARKS];
    double cursor; /* an x, or NaN */
};

/* An empty plot; plot_add() returns the next series or NULL when full. */
void plot_start(struct plot *plot, const char *x_name);
struct plot_series *plot_add(struct plot *plot);
void plot_add_mark(struct plot *plot, double x, struct style style,
                   const char *text);

/* Sets the y range (and the x range where x_low >= x_high) from the series,
 * rounded outwards to ticks.  false: nothing to show. */
bool plot_fit(struct plot *plot);
void plot_draw(struct canvas *canvas, struct rect rect,
               const struct plot *plot);

#endif
