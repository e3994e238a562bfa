/*
 * What keys do on a grid's table, and which views there are.
 */
#include <stdio.h>

#include "experiments/board.h"
#include "tui/actions.h"
#include "tui/table_choice.h"
#include "tui/views/view.h"

static int clamp(int value, int low, int high)
{
    value = value > high ? high : value;
    return value < low ? low : value;
}

static void choose(struct ui *ui, const struct board *board, int rows,
                   int tasks)
{
    const struct grid *grid = board->table->grid;
    struct table_choice at = table_choice_of(ui, board);
    ui->row_chosen = clamp(at.row + rows, 0, grid->row_count - 1);
    ui->task_chosen = clamp(at.task + tasks, 0, grid->task_count - 1);
}

ACTION(act_table_row)
{
    (void)code;
    if (!snapshot->board)
        return;
    if (ui->page[VIEW_TABLE] != PAGE_FINDINGS)
        choose(ui, snapshot->board, arg, 0);
    else
        ui->scroll = clamp(ui->scroll + arg, 0,
                           snapshot->board->table->finding_count - 1);
}

ACTION(act_table_task)
{
    (void)code;
    if (snapshot->board)
        choose(ui, snapshot->board, 0, arg);
}

ACTION(act_table_follow)
{
    (void)snapshot, (void)arg, (void)code;
    ui->row_chosen = ui->task_chosen = -1;
    ui->scroll = 0;
}

CONDITION(can_view)
{
    (void)ui;
    if (view_is_there((enum view_id)arg, snapshot))
        return true;
    snprintf(why, WHY, "%s",
             snapshot->board
                 ? "a grid is open: its cells keep no curves and spectra; 9 "
                   "shows its table"
                 : "no grid is open; rankscope open table4 opens one");
    return false;
}
