/*
 * A grid: the ordinary fields of a recipe, and under grid: the rows, tasks
 * and seeds of a table.  A value, complete once read.
 *
 *   grid:
 *     tasks: [sql, {name: sql, examples: 100, label: sql-100}]
 *     seeds: [1, 2, 3]
 *     rows:
 *       - {name: lora-r1, method: lora, rank: 1, lr: [1.0e-3, 2.0e-3]}
 *     search: {seed: 1, examples: 128}
 *     report: {examples: 256, generate: true}
 *     quick: {seeds: [1], steps: 300, rates: 2}
 *     paper: table4
 *
 * The search for a learning rate looks at the first search.examples of the
 * held-out split, the report at those behind them: never at the same ones.
 * With generate the report scores what the model writes itself; without, and
 * in searches, exact match is by teacher forcing.
 */
#ifndef EXPERIMENTS_GRID_H
#define EXPERIMENTS_GRID_H

#include "experiments/paper_table.h"
#include "experiments/recipe.h"

enum { GRID_ROWS = 48, GRID_TASKS = 8, GRID_SEEDS = 16, GRID_RATES = 12 };

struct grid_task { /* a column of the table */
    char label[RECIPE_NAME];
    char name[RECIPE_NAME];
    char data[512];
    int examples; /* only so many training examples; 0: all */
};

struct grid_row {
    struct run_spec run;
    double rate[GRID_RATES];       /* candidates, ascending or not */
    int rate_count;                /* 1: nothing is searched */
    const struct paper_row *paper; /* of the grid's table, or NULL */
};

struct grid {
    struct recipe session; /* what all cells share; it has no runs */
    struct grid_task task[GRID_TASKS];
    struct grid_row row[GRID_ROWS];
    uint64_t seed[GRID_SEEDS];
    int task_count, row_count, seed_count;
    uint64_t search_seed;
    int search_examples, report_examples;
    bool generate; /* reports are scored as published: see exam.h */
    const struct paper_table *paper; /* what stands beside, or NULL */
    bool quick;
};

/* Strict like recipe_read(): file:line:column, what is allowed, the nearest
 * name.  Freed by mem_free(). */
struct grid *grid_read(const char *path, const char *const *sets, int set_count,
                       bool quick, struct err *err);
/* Is it a recipe with a grid?  false as well when it cannot be read. */
bool grid_is(const char *path);
struct grid *grid_parse(const char *text, size_t size, const char *name,
                        const char *const *sets, int set_count, bool quick,
                        struct err *err);

#endif
