/*
 * Who gets which cells: pure functions from a size to rectangles.  Parts
 * never overlap and never leave their frame, whatever the size; a part with
 * no room is empty (w or h 0).
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include "tui/canvas.h"

enum { LAYOUT_MIN_COLS = 40, LAYOUT_MIN_ROWS = 10 }; /* below: one line */

enum frame_part {
    FRAME_HEADER,
    FRAME_TABS,
    FRAME_BODY,
    FRAME_MESSAGE,
    FRAME_FOOTER,
    FRAME_PARTS
};
enum train_part {
    TRAIN_TITLE,
    TRAIN_PLOT,
    TRAIN_LIST,
    TRAIN_WORDS,
    TRAIN_SPECTRUM, /* only where there is room beside */
    TRAIN_RANKS,
    TRAIN_PARTS
};
enum spectrum_part {
    SPECTRUM_TITLE,
    SPECTRUM_PLOT,
    SPECTRUM_HEAT,
    SPECTRUM_TABLE,
    SPECTRUM_WORDS,
    SPECTRUM_PARTS
};
enum ranks_part {
    RANKS_TITLE,
    RANKS_TABLE,
    RANKS_CUT,
    RANKS_PLOT,
    RANKS_EVENT,
    RANKS_PARTS
};

void layout_frame(struct rect part[FRAME_PARTS], int cols, int rows);
void layout_train(struct rect part[TRAIN_PARTS], struct rect body, int runs);
void layout_spectrum(struct rect part[SPECTRUM_PARTS], struct rect body,
                     int runs);
void layout_ranks(struct rect part[RANKS_PARTS], struct rect body, int sites);

/* A box of at most this size in the middle of a screen, above the rows of
 * message and footer. */
struct rect layout_middle(int cols, int rows, int width, int height);

#endif
