/*
 * A canvas on a terminal, and keys from it.  The only home of curses.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include <stdbool.h>

#include "core/base/err.h"
#include "tui/canvas.h"

enum { SCREEN_NO_KEY = -1, SCREEN_RESIZED = -2 };

/* After term_open().  with_colour false: attributes alone.  Leaves the
 * crash handler its sequence. */
int screen_open(bool with_colour, struct err *err);
void screen_close(void);

int screen_colours(void); /* 0, 8 or 256 */
/* The terminal's size, asked anew. */
void screen_size(int *cols, int *rows);

/* Only cells that differ are sent.  all: whatever is there, everything. */
void screen_draw(const struct canvas *canvas, bool all);
/* A codepoint or an INPUT_ code; SCREEN_NO_KEY when none waits. */
int screen_key(void);

/* Out of the way and back, around a suspension. */
void screen_leave(void);
void screen_return(void);

#endif
