/*
 * Line plots: several series over one another on linear or log axes, with
 * ticks, units, bands of chance, levels to compare with, marks at events, a
 * label at each line's end and a cursor.  NaN is a gap.  On a log axis values
 * that are not positive sit on the bottom row as `0`: never dropped in
 * silence.
 */
#ifndef TUI_PLOT_H
#define TUI_PLOT_H

#include "tui/canvas.h"
#include "tui/dots.h"

enum {
    PLOT_SERIES = 96,
    PLOT_MARKS = 32,
    PLOT_BANDS = 8,
    PLOT_LEVELS = 8,
    PLOT_TEXT = 64,
    PLOT_TITLE = 64,
    PLOT_NOTE = 128
};

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

struct plot_band { /* what chance alone would do, shaded under the lines */
    const double *x, *low, *high; /* (count) ascending x, NaN: a gap; owned by
                                     the caller */
    int count;
    struct style style;
    bool no_fit;           /* the ranges do not ask it */
    char label[PLOT_TEXT]; /* at its end; "": none */
};

struct plot_level { /* a horizontal line to compare with */
    double y;
    struct style style;
    char text[PLOT_TEXT];
};

struct plot_tick { /* a place of its own on the x axis */
    double x;
    const char *label;
};

/* Title, note and y_name are for figures; on the screen the rule over the
 * plot says as much. */
struct plot {
    char title[PLOT_TITLE];
    char note[PLOT_NOTE]; /* how to read it, under the title */
    const char *x_name;
    const char *y_name; /* with its unit: "loss, nats per target"; or NULL */
    const struct plot_tick *x_tick; /* (x_tick_count) instead of numbers */
    int x_tick_count;               /* 0: numbers */
    bool log_x, log_y;
    double x_low, x_high, y_low, y_high;
    int series_count, mark_count, band_count, level_count;
    struct plot_series series[PLOT_SERIES];
    struct plot_mark mark[PLOT_MARKS];
    struct plot_band band[PLOT_BANDS];
    struct plot_level level[PLOT_LEVELS];
    double cursor; /* an x, or NaN */
};

/* An empty plot; plot_add() returns the next series or NULL when full. */
void plot_start(struct plot *plot, const char *x_name);
struct plot_series *plot_add(struct plot *plot);
/* For figures: the name of the y axis with its unit, and a title. */
void plot_name(struct plot *plot, const char *y_name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void plot_add_mark(struct plot *plot, double x, struct style style,
                   const char *text);
/* The next band, in the style of chance, or NULL when full. */
struct plot_band *plot_add_band(struct plot *plot);
/* A level beyond the y range is named at that edge with an arrow; on a log
 * axis there is none at or below 0. */
void plot_add_level(struct plot *plot, double y, struct style style,
                    const char *text);

/* Sets the y range (and the x range where x_low >= x_high) from series
 * and bands, with some room.  Levels have no say.  false: nothing to show. */
bool plot_fit(struct plot *plot);
void plot_draw(struct canvas *canvas, struct rect rect,
               const struct plot *plot);

#endif
