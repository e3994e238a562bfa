/*
 * From series to a plot of curves: smoothing, abandoned branches, events.
 */
#ifndef TUI_VIEWS_CURVES_H
#define TUI_VIEWS_CURVES_H

#include "tui/views/view.h"

/* Draws the curves of all runs, or says in a line why there are none. */
void curves_draw(struct canvas *canvas, struct rect rect,
                 const struct view_context *context, enum curve curve,
                 enum axes axes);
/* The loss with its rule. */
void curves_pane(struct canvas *canvas, struct rect rect,
                 const struct view_context *context);
const char *curves_title(const struct snapshot *snapshot, enum curve curve);

/* The curve's value at or just before a step, and where it was measured;
 * NaN: none.  Training loss is smoothed as drawn. */
double curves_value(const struct run_view *run, enum curve curve, long step);
double curves_validation(const struct run_view *run, long step);

#endif
