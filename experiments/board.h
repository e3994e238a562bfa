/*
 * A grid as a picture: its table as far as it is known, and who is at work
 * where; or a search for the intrinsic dimension, as far as it has come.  It
 * stands in a snapshot, is immutable like it, and lives as long; only the
 * recipe itself outlives both.
 */
#ifndef EXPERIMENTS_BOARD_H
#define EXPERIMENTS_BOARD_H

#include "experiments/intrinsic_search.h"
#include "experiments/snapshot.h"
#include "experiments/table.h"

enum board_state {
    BOARD_CHECKING, /* every row and task is opened once */
    BOARD_SWEEPING,
    BOARD_LOOKING, /* nothing is trained here */
    BOARD_OTHERS,  /* what is left is being done by other processes */
    BOARD_DONE,
    BOARD_STOPPED, /* by the person, or by trouble: snapshot->message */
};

/* The cell this process is at. */
struct board_work {
    bool is_on;
    struct grid_cell cell;
    long step, steps; /* equal: it writes its answers */
    double loss;      /* training, smoothed; NaN */
};

struct board {
    const struct table *table; /* table->grid is the grid; NULL: a search */
    const struct intrinsic_search *search; /* NULL: a grid */
    enum board_state state;
    struct board_work work;
    double left; /* seconds to the end of ours; NaN: not known */
    /* Some process holds the lock of one of the pair's cells; [0][0]: of the
     * search. */
    bool is_busy[GRID_ROWS][GRID_TASKS];
};

/* "done", "running" ... */
const char *board_state_text(enum board_state state);
/* "23/81 cells · 12 min left · ▶ running ", "23 trainings · ▶ running " */
void board_words(char *to, size_t size, const struct board *board);
/* A snapshot that holds nothing but a copy of the board; the events are
 * copied too.  Held once. */
const struct snapshot *board_snapshot(const struct board *board,
                                      const char *folder, const char *message,
                                      const struct event *event, int events);
/* Which pairs have a lock in the folder now. */
void board_find_busy(struct board *board, const char *folder);

/* What lies in a folder of results, without training anything. */
const struct snapshot *board_read(const struct grid *grid, const char *folder,
                                  struct err *err);
/* The same of a search's folder. */
const struct snapshot *board_read_search(const struct intrinsic_recipe *recipe,
                                         const char *folder, struct err *err);

#endif
