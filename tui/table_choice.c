/* See table_choice.h. */
#include "tui/table_choice.h"

struct table_choice table_choice_of(const struct ui *ui,
                                    const struct board *board)
{
    const struct grid *grid = board->table->grid;
    int row = ui->row_chosen, task = ui->task_chosen;
    if (row >= 0 && row < grid->row_count && task >= 0 &&
        task < grid->task_count)
        return (struct table_choice){row, task, false};
    if (board->work.is_on)
        return (struct table_choice){board->work.cell.row,
                                     board->work.cell.task, true};
    return (struct table_choice){0, 0, true};
}

int search_choice_of(const struct ui *ui, const struct board *board)
{
    const struct intrinsic_search *search = board->search;
    if (ui->row_chosen >= 0 && ui->row_chosen < search->curves)
        return ui->row_chosen;
    return !search->is_over && search->next.row > 0 ? search->next.row - 1 : 0;
}
