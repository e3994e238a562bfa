/* See board.h. */
#include "experiments/board.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/snapshot_owned.h"

enum { PATH_BYTES = 1024, EVENTS_SHOWN = 1000 };

const char *board_state_text(enum board_state state)
{
    static const char *const texts[] = {
        [BOARD_CHECKING] = "checking", [BOARD_SWEEPING] = "running",
        [BOARD_LOOKING] = "looking",   [BOARD_OTHERS] = "done by others",
        [BOARD_DONE] = "done",         [BOARD_STOPPED] = "stopped"};
    return texts[state];
}

void board_words(char *to, size_t size, const struct board *board)
{
    static const char *const signs[] = {
        [BOARD_CHECKING] = "▶ ", [BOARD_SWEEPING] = "▶ ",
        [BOARD_LOOKING] = "",    [BOARD_OTHERS] = "▶ ",
        [BOARD_DONE] = "✓ ",     [BOARD_STOPPED] = "‖ "};
    char left[32] = "";
    if (board->left >= 5400)
        snprintf(left, sizeof left, "%.1f h left · ", board->left / 3600);
    else if (board->left >= 90)
        snprintf(left, sizeof left, "%.0f min left · ", board->left / 60);
    else if (board->left >= 0)
        snprintf(left, sizeof left, "%.0f s left · ", board->left);
    const char *sign = signs[board->state];
    const char *state = board_state_text(board->state);
    if (board->search)
        snprintf(to, size, "%d trainings · %s%s ", board->search->cells, sign,
                 state);
    else
        snprintf(to, size, "%d/%d cells · %s%s%s ", board->table->done,
                 board->table->total, left, sign, state);
}

/* The table or the search, for the snapshot's own copy of the board. */
static void copy_contents(struct snapshot *to, struct board *copy)
{
    if (copy->table) {
        struct table *table = snapshot_take(to, 1, sizeof *table);
        *table = *copy->table;
        copy->table = table;
    }
    if (copy->search) {
        struct intrinsic_search *search = snapshot_take(to, 1, sizeof *search);
        *search = *copy->search;
        copy->search = search;
    }
}

static void copy_events(struct snapshot *to, const struct event *event,
                        int events)
{
    int shown = events < EVENTS_SHOWN ? events : EVENTS_SHOWN;
    if (shown == 0)
        return;
    struct event *at = snapshot_take(to, (size_t)shown, sizeof *at);
    memcpy(at, event + events - shown, (size_t)shown * sizeof *at);
    to->event = at;
    to->event_count = shown;
}

const struct snapshot *board_snapshot(const struct board *board,
                                      const char *folder, const char *message,
                                      const struct event *event, int events)
{
    struct snapshot *to = snapshot_new();
    const struct grid *grid =
        board->search ? &board->search->recipe->grid : board->table->grid;
    struct board *copy = snapshot_take(to, 1, sizeof *copy);
    *copy = *board;
    copy_contents(to, copy);
    to->board = copy;
    snprintf(to->title, sizeof to->title, "%s", grid->session.title);
    snprintf(to->base, sizeof to->base, "%.63s",
             grid->session.is_fresh ? "a new model" : grid->session.base);
    if (board->search)
        snprintf(to->task, sizeof to->task, "%.20s%s", grid->task[0].label,
                 grid->quick ? " quick" : "");
    else
        snprintf(to->task, sizeof to->task, "%d x %d%s", grid->row_count,
                 grid->task_count, grid->quick ? " quick" : "");
    to->tick = board->search ? board->search->cells : board->table->done;
    to->steps = board->search ? board->search->cells : board->table->total;
    to->finished = board->state >= BOARD_DONE;
    to->ticks_per_second = NAN;
    to->base_validation_loss = to->base_forget_loss = NAN;
    snprintf(to->folder, sizeof to->folder, "%s", folder);
    snprintf(to->message, sizeof to->message, "%s", message);
    copy_events(to, event, events);
    return to;
}

static bool is_locked(const struct grid *grid, const struct grid_cell *cell,
                      const char *folder)
{
    char name[CELL_NAME], path[PATH_BYTES];
    cell_name(name, grid, cell);
    return file_exists(cell_path(path, sizeof path, folder, name, ".lock"));
}

void board_find_busy(struct board *board, const char *folder)
{
    char path[PATH_BYTES];
    if (board->search) {
        board->is_busy[0][0] =
            file_exists(file_join(path, sizeof path, folder, "search.lock"));
        return;
    }
    const struct grid *grid = board->table->grid;
    for (int pair = 0; pair < pair_count(grid); pair++) {
        int row = pair / grid->task_count, task = pair % grid->task_count;
        bool busy = false;
        for (int i = 0; i < pair_searches(grid, pair) && !busy; i++) {
            struct grid_cell cell = pair_search(grid, pair, i);
            busy = is_locked(grid, &cell, folder);
        }
        for (int i = 0; i < grid->seed_count && !busy; i++) {
            struct grid_cell cell = pair_report(grid, pair, i, 0);
            busy = is_locked(grid, &cell, folder);
        }
        board->is_busy[row][task] = busy;
    }
}

const struct snapshot *board_read(const struct grid *grid, const char *folder,
                                  struct err *err)
{
    struct table *table = table_read(grid, folder, false, err);
    if (!table)
        return NULL;
    struct board *board = xcalloc(1, sizeof *board);
    board->table = table;
    board->state = table->done < table->total ? BOARD_LOOKING : BOARD_DONE;
    board->left = NAN;
    board_find_busy(board, folder);
    const struct snapshot *to = board_snapshot(board, folder, "", NULL, 0);
    mem_free(board);
    mem_free(table);
    return to;
}

const struct snapshot *board_read_search(const struct intrinsic_recipe *recipe,
                                         const char *folder, struct err *err)
{
    struct intrinsic_search *search = xcalloc(1, sizeof *search);
    if (intrinsic_search_read(search, NULL, recipe, folder, false, err) < 0) {
        mem_free(search);
        return NULL;
    }
    struct board *board = xcalloc(1, sizeof *board);
    board->search = search;
    board->state = search->is_over ? BOARD_DONE : BOARD_LOOKING;
    board->left = NAN;
    board_find_busy(board, folder);
    const struct snapshot *to = board_snapshot(board, folder, "", NULL, 0);
    mem_free(board);
    mem_free(search);
    return to;
}
