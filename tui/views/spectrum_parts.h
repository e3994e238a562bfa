/*
 * What the pages of view 2 share: what they look at, and each page's plot
 * alone, which a wide screen shows beside the open page.
 */
#ifndef TUI_VIEWS_SPECTRUM_PARTS_H
#define TUI_VIEWS_SPECTRUM_PARTS_H

#include "tui/plot.h"
#include "tui/views/view.h"

struct look {
    const struct view_context *context;
    const struct ui *ui;
    const struct snapshot *snapshot;
    const struct run_view *run; /* chosen; NULL: there is none */
    int at;                     /* chosen site */
    const struct site *of;
    struct site_view view; /* of the chosen run there, at the time */
};

/* Below this share of the largest, a singular value is off the axis: float32
 * training leaves a floor of noise there. */
extern const double SPECTRUM_FLOOR;

struct look spectrum_look(const struct view_context *context);
/* A run's line: colour, dash, marker and name. */
void spectrum_pen(struct plot_series *series, const struct canvas *canvas,
                  const struct run_view *run);
/* A few words from the middle of a rectangle, in place of a picture. */
void spectrum_say(struct canvas *canvas, struct rect rect, const char *text);

typedef void look_draw(struct canvas *canvas, struct rect rect,
                       const struct look *look);
look_draw sigma_page, energy_page, family_page, time_page;
look_draw sigma_pane, energy_pane, family_pane, time_pane;

/* The chosen measure over layers and kinds of sites, with its rule. */
look_draw heat_map_draw;

#endif
