/*
 * A slider: name, track with a knob, and the keys that move it.
 */
#ifndef TUI_VIEWS_SLIDER_H
#define TUI_VIEWS_SLIDER_H

#include "tui/canvas.h"

enum { SLIDER_NAME = 12 }; /* columns at most */

/* share in [0, 1] of a track of so many columns, 3 or more. */
void slider_draw(struct canvas *canvas, int x, int y, int track,
                 const char *name, double share, const char *keys);

#endif
