/*
 * What the pages of view 4 share.
 */
#ifndef TUI_VIEWS_RANKS_PARTS_H
#define TUI_VIEWS_RANKS_PARTS_H

#include "tui/views/view.h"

/* The least k of loss[0 .. last] nobody could tell from loss[last]. */
int ranks_stop(const double *loss, int last);

/* Page 2: what smaller ranks would cost. */
void ranks_cuts_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context);
/* Its two plots, with their rules. */
void ranks_curve_draw(struct canvas *canvas, struct rect rect,
                      const struct view_context *context);
void ranks_zeroed_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context);

#endif
