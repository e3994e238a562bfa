/*
 * The parts of view 5, for one another.
 */
#ifndef TUI_VIEWS_TABLE_PARTS_H
#define TUI_VIEWS_TABLE_PARTS_H

#include "experiments/board.h"
#include "tui/canvas.h"
#include "tui/table_choice.h"

struct look_at {
    const struct board *board;
    struct table_choice choice;
};

/* table_sheet.c: rows by tasks.  How many lines it wants at a width. */
int table_sheet_rows(const struct table *table, int width);
void table_sheet_draw(struct canvas *canvas, struct rect rect,
                      const struct look_at *at);
/* Share of a pair's cells that is done, with the part of the one at work. */
double table_pair_share(const struct board *board, int row, int task);

/* table_words.c: the chosen cell; the findings from one on. */
void table_words_draw(struct canvas *canvas, struct rect rect,
                      const struct look_at *at);
void table_claims_draw(struct canvas *canvas, struct rect rect,
                       const struct table *table, int scroll);

/* table.c: a task's plot beside the paper's. */
void table_figure_draw(struct canvas *canvas, struct rect rect,
                       const struct look_at *at, int task);

#endif
