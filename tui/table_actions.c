/*
 * What keys do on a grid's table and on a search, and which views there are.
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
    if (!snapshot->board || !snapshot->board->table)
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
    if (snapshot->board && snapshot->board->table)
        choose(ui, snapshot->board, 0, arg);
}

ACTION(act_table_follow)
{
    (void)snapshot, (void)arg, (void)code;
    ui->row_chosen = ui->task_chosen = -1;
    ui->scroll = 0;
}

ACTION(act_search_row)
{
    (void)code;
    const struct board *board = snapshot->board;
    if (board && board->search)
        ui->row_chosen = clamp(search_choice_of(ui, board) + arg, 0,
                               board->search->curves - 1);
}

CONDITION(can_choose_curve)
{
    (void)ui, (void)arg;
    const struct board *board = snapshot->board;
    if (board && board->search && board->search->curves > 1)
        return true;
    snprintf(why, WHY, "there is one subspace; its recipe may list several");
    return false;
}

CONDITION(can_view)
{
    bool is_sessions = ui->has_guest && arg != VIEW_TABLE;
    if (is_sessions || view_is_there((enum view_id)arg, snapshot))
        return true;
    if (snapshot->file_count > 0) {
        snprintf(why, WHY,
                 "a file has no losses and no training: 7, 2 and 3 "
                 "look at what it holds");
        return false;
    }
    snprintf(why, WHY, "%s",
             snapshot->board && snapshot->board->search
                 ? "a search is open: its trainings keep no curves and "
                   "spectra; 5 shows it"
             : snapshot->board
                 ? "a grid is open: its cells keep no curves and spectra; 9 "
                   "shows its table"
             : arg == VIEW_INTRINSIC
                 ? "no search is open; rankscope open d90-sql opens one"
                 : "no grid is open; rankscope open table4 opens one");
    return false;
}
