/*
 * A cell of a grid is one ordinary session with one run; its result is one
 * small file, DIR/cells/NAME.json, there whole or not at all.  Clocks and
 * machine facts stand in its object "timing"; everything else compares byte
 * for byte, whatever the number of threads.
 *
 * Cells of one (row, task) are a pair: first those that search for a learning
 * rate, then one for each seed at the rate they choose.
 */
#ifndef EXPERIMENTS_CELL_H
#define EXPERIMENTS_CELL_H

#include "experiments/exam.h"
#include "experiments/grid.h"

enum { CELL_NAME = 160 };

enum cell_kind { CELL_SEARCH, CELL_REPORT };
enum cell_state { CELL_MISSING, CELL_DONE, CELL_DIVERGED };

struct grid_cell {
    int row, task;
    enum cell_kind kind;
    double rate;
    uint64_t seed;
};

struct cell_result {
    enum cell_state state;
    double loss;       /* nats a target, held out, at the end; NaN: diverged */
    double train_loss; /* smoothed, at the end; NaN */
    /* The task's metrics, the first one decides; none: the loss does. */
    int scores;
    struct exam_score score[SCORES_MOST];
    bool is_written; /* scored by what the model writes (exam.h), else the arg
                        max at every target is compared */
    double rate;
    int examples;               /* held-out ones it was judged on */
    long trainable, parameters; /* of the run, of the base */
    long long stored;           /* bytes of weights that one task needs kept */
    char trouble[128];          /* why it diverged */
    double seconds, peak_mib;   /* timing; NaN: not known */
    int threads;
    bool resumed; /* the seconds are of the last part alone */
};

struct pair_results {
    struct cell_result search[GRID_RATES], report[GRID_SEEDS];
    int best;      /* index of the rate chosen; -1: not known */
    bool hopeless; /* every rate diverged: there is nothing to report */
};

/* Pairs are numbered row by row. */
int pair_count(const struct grid *grid);
int pair_searches(const struct grid *grid, int pair); /* 0: one rate alone */
struct grid_cell pair_search(const struct grid *grid, int pair, int rate);
struct grid_cell pair_report(const struct grid *grid, int pair, int seed,
                             int best);
/* The first score; NaN: none. */
double cell_score(const struct cell_result *result);
/* The rate with the best score, the lower loss where scores are equal; -1:
 * a search is missing, or *hopeless.  search (searches) */
int pair_choose(const struct cell_result *search, int searches, bool *hopeless);
/* What lies in folder (NULL: nothing).  Missing and damaged cells are
 * CELL_MISSING.  A cell made by another recipe is refused; with force it is
 * missing too. */
int pair_read(struct pair_results *to, const struct grid *grid, int pair,
              const char *folder, bool force, struct err *err);

/* "lora-r1@sql@seed-2", "lora-r1@sql@lr-0.001" */
void cell_name(char to[CELL_NAME], const struct grid *grid,
               const struct grid_cell *cell);
/* Is it scored by what the model writes? */
bool cell_is_written(const struct grid *grid, const struct grid_cell *cell);
/* The session of a cell. */
void cell_recipe(struct recipe *to, const struct grid *grid,
                 const struct grid_cell *cell);

int cell_write(const struct grid *grid, const struct grid_cell *cell,
               const struct cell_result *result, const char *folder,
               struct err *err);
int cell_read(struct cell_result *to, const struct grid *grid,
              const struct grid_cell *cell, const char *folder, bool force,
              struct err *err);
/* DIR/cells/NAME + ending */
char *cell_path(char *to, size_t size, const char *folder, const char *name,
                const char *ending);

#endif
