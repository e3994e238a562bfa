/*
 * The chosen cell of a grid's table: as the person chose it, or where work is
 * being done, or the first.
 */
#ifndef TUI_TABLE_CHOICE_H
#define TUI_TABLE_CHOICE_H

#include "experiments/board.h"
#include "tui/ui.h"

struct table_choice {
    int row, task;
    bool follows; /* nobody chose it */
};

struct table_choice table_choice_of(const struct ui *ui,
                                    const struct board *board);
/* The chosen subspace of a search, likewise. */
int search_choice_of(const struct ui *ui, const struct board *board);

#endif
