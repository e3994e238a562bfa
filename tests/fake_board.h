/*
 * A grid's picture made by hand: five rows at three tasks of Table 4, three
 * seeds, half of it done, one cell at work.  Golden frames stand on it.
 */
#ifndef TESTS_FAKE_BOARD_H
#define TESTS_FAKE_BOARD_H

#include "experiments/board.h"

enum fake_board {
    FAKE_BOARD_EMPTY, /* before the first cell */
    FAKE_BOARD_HALF,
    FAKE_BOARD_DONE
};

/* Freed with fake_board_free(), the grid with it. */
const struct snapshot *fake_board(enum fake_board kind);
void fake_board_free(const struct snapshot *snapshot);

#endif
