/*
 * View 5: a grid's table as it fills, Figure 2, and what of the paper's claims
 * the cells bear out.  table_sheet.c draws the rows, table_words.c says what
 * a cell is.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/table_choice.h"
#include "tui/table_plot.h"
#include "tui/views/table_parts.h"
#include "tui/views/view.h"

static void draw_progress(struct canvas *canvas, struct rect rect,
                          const struct table *table)
{
    enum { BAR = 20, ROOM = 70 };
    if (rect.w < ROOM || rect.h < 1 || table->total == 0)
        return;
    int full = BAR * table->done / table->total;
    int x = rect.x + rect.w - BAR - 2;
    canvas_glyph(canvas, x - 1, rect.y, style_of(ROLE_NONE), ' ');
    for (int i = 0; i < BAR; i++)
        canvas_glyph(canvas, x + i, rect.y,
                     style_of(i < full ? ROLE_GOOD : ROLE_DIM),
                     i < full ? 0x2588 : 0x2591);
    canvas_glyph(canvas, x + BAR, rect.y, style_of(ROLE_NONE), ' ');
}

/* --- the table --------------------------------------------------------------
 */

static void draw_scores(struct canvas *canvas, struct rect rect,
                        const struct look_at *at)
{
    struct rect part[GRID_PARTS];
    const struct table *table = at->board->table;
    layout_grid(part, rect, table_sheet_rows(table, rect.w));
    view_rule(canvas, part[GRID_TITLE], "scores", "page 1 of 3: v next%s",
              at->choice.follows && at->board->work.is_on ? " · following"
                                                          : "");
    draw_progress(canvas, part[GRID_TITLE], table);
    table_sheet_draw(canvas, part[GRID_SHEET], at);
    table_words_draw(canvas, part[GRID_WORDS], at);
    if (part[GRID_CLAIMS].h > 0)
        table_claims_draw(canvas, part[GRID_CLAIMS], table, 0);
    if (part[GRID_PLOT].h > 0)
        table_figure_draw(canvas, part[GRID_PLOT], at, at->choice.task);
}

/* --- Figure 2 ---------------------------------------------------------------
 */

static void draw_plot(struct canvas *canvas, struct rect rect,
                      const struct table_plot *page, bool is_there,
                      const char *none)
{
    if (rect.h < 1)
        return;
    if (is_there && rect.h >= 4 && rect.w >= 16)
        plot_draw(canvas, rect, &page->plot);
    else
        canvas_wrap(canvas,
                    (struct rect){rect.x + 2, rect.y, rect.w - 2, rect.h},
                    style_of(ROLE_DIM), none);
}

/* Ours on the left, the paper's on the right; narrow: one over the other, and
 * where that is too low ours alone. */
void table_figure_draw(struct canvas *canvas, struct rect rect,
                       const struct look_at *at, int task)
{
    enum { BESIDE = 64, LOW = 12 };
    const struct table *table = at->board->table;
    struct table_plot *page = xcalloc(1, sizeof *page);
    struct rect ours = rect, theirs = rect;
    char name[80], title[96];
    table_plot_paper_name(name, sizeof name, table, task);
    if (rect.w >= BESIDE) {
        ours.w = (rect.w - 2) / 2;
        theirs.x += ours.w + 2;
        theirs.w -= ours.w + 2;
    } else {
        ours.h = rect.h >= 2 * LOW ? rect.h / 2 : rect.h;
        theirs.y += ours.h;
        theirs.h -= ours.h;
    }
    table_measure_name(title, sizeof title, table, task, 0);
    view_rule(canvas, ours, title, "%s",
              !table_in_percent(table, task) ? "held-out loss, nats"
              : table->measures[task] > 1    ? "%"
                                             : table->metric[task][0]);
    view_rule(canvas, theirs, name[0] ? name : "the paper", "%s", "");
    ours.y++, ours.h--, theirs.y++, theirs.h--;
    bool is_there = table_plot_ours(page, table, task);
    draw_plot(canvas, ours, page, is_there, "no cell is finished yet");
    is_there = table_plot_paper(page, table, task);
    draw_plot(canvas, theirs, page, is_there,
              "the paper has no numbers by trained parameters for this task");
    mem_free(page);
}

static void draw_figure2(struct canvas *canvas, struct rect rect,
                         const struct look_at *at)
{
    enum { TALL = 15 };
    const struct grid *grid = at->board->table->grid;
    int shown = rect.h / TALL;
    shown = shown < 1 ? 1 : shown < grid->task_count ? shown : grid->task_count;
    int first = at->choice.task;
    first = first + shown > grid->task_count ? grid->task_count - shown : first;
    view_rule(canvas, rect, "Figure 2", "page 2 of 3: v next%s",
              shown < grid->task_count ? " · Left Right: task" : "");
    draw_progress(canvas, rect, at->board->table);
    int from = rect.y + 1, height = rect.h - 1;
    for (int i = 0; i < shown; i++) {
        int y = from + i * height / shown,
            end = from + (i + 1) * height / shown;
        table_figure_draw(canvas, (struct rect){rect.x, y, rect.w, end - y}, at,
                          first + i);
    }
}

/* --- findings ---------------------------------------------------------------
 */

static void draw_findings(struct canvas *canvas, struct rect rect,
                          const struct look_at *at, int scroll)
{
    view_rule(canvas, rect, "findings", "page 3 of 3: v next · Up Down");
    draw_progress(canvas, rect, at->board->table);
    rect.y++;
    rect.h--;
    table_claims_draw(canvas, rect, at->board->table, scroll);
}

void table_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context)
{
    const struct board *board = context->snapshot->board;
    if (!board) {
        view_rule(canvas, rect, "table", "%s", "");
        canvas_wrap(
            canvas,
            (struct rect){rect.x + 2, rect.y + 2, rect.w - 4, rect.h - 2},
            style_of(ROLE_DIM),
            "no grid is open; rankscope open table4 opens one, and goes on "
            "with it when called again");
        return;
    }
    struct look_at at = {board, table_choice_of(context->ui, board)};
    switch ((enum table_page)context->ui->page[VIEW_TABLE]) {
    case PAGE_FIGURE2:
        draw_figure2(canvas, rect, &at);
        break;
    case PAGE_FINDINGS:
        draw_findings(canvas, rect, &at, context->ui->scroll);
        break;
    case PAGE_SCORES:
    case TABLE_PAGES:
        draw_scores(canvas, rect, &at);
        break;
    }
}
