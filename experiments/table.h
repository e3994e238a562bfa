/*
 * The table of a grid: rows by tasks, mean and standard deviation over the
 * seeds, what each row costs, the paper's numbers beside, and what of the
 * paper's claims these numbers bear out.
 *
 * Everything is computed from the files of the cells; unknown is NaN and is
 * drawn as –.
 */
#ifndef EXPERIMENTS_TABLE_H
#define EXPERIMENTS_TABLE_H

#include <stdio.h>

#include "experiments/cell.h"

enum { TABLE_FINDINGS = 64 };

enum { TABLE_MEASURES = SCORES_MOST };

struct table_value {
    double value[GRID_SEEDS]; /* of the seeds that are known */
    double mean, deviation;   /* of a sample, n - 1; NaN below 1, 2 seeds */
};

/* What the search found at one learning rate. */
struct table_search {
    enum cell_state state;
    double score; /* per cent; NaN: the task has none */
    double loss;
};

/* One row at one task. */
struct table_entry {
    int known, diverged; /* seeds that have a number; that diverged */
    bool hopeless;       /* every learning rate diverged */
    /* Per cent of each metric, or nats where there is none. */
    struct table_value measure[TABLE_MEASURES];
    struct table_value loss;  /* held out, nats a target */
    double train_loss;        /* mean */
    double rate;              /* chosen; NaN */
    double seconds, peak_mib; /* mean, largest */
    int examples;
    struct table_search search[GRID_RATES];
};

struct table_row {
    long trainable, parameters; /* -1: not known */
    long long stored;           /* -1 */
    double seconds, peak_mib;   /* over the tasks: mean, largest */
};

enum table_verdict { TABLE_SHOWN, TABLE_NOT, TABLE_WITHIN, TABLE_OPEN };

struct table_finding {
    enum table_verdict verdict;
    char claim[160], numbers[240];
};

struct table {
    const struct grid *grid;  /* outlives the table */
    int measures[GRID_TASKS]; /* 1 or more */
    /* Their names; the first one is "": the loss, in nats. */
    char metric[GRID_TASKS][TABLE_MEASURES][32];
    struct table_row row[GRID_ROWS];
    struct table_entry entry[GRID_ROWS][GRID_TASKS];
    struct table_finding finding[TABLE_FINDINGS];
    int finding_count;
    int done, total; /* cells */
};

/* No cell is known yet; freed by mem_free(). */
struct table *table_new(const struct grid *grid);
/* Reads every cell there is; freed by mem_free(). */
struct table *table_read(const struct grid *grid, const char *folder,
                         bool force, struct err *err);
/* One pair's cells into the table: table_read's inside, for tests. */
void table_take(struct table *table, int pair,
                const struct pair_results *results);
/* Mean and deviation of what was taken; then the findings. */
void table_finish(struct table *table);
void table_find(struct table *table); /* table_claims.c */

/* "SHOWN" ... */
const char *table_verdict_text(enum table_verdict verdict);
bool table_in_percent(const struct table *table, int task);
/* "sql", or "summary R1" where a task has several */
void table_measure_name(char *to, size_t size, const struct table *table,
                        int task, int measure);
/* "93.4 ± 0.3", "93.4", "–", "diverged" */
void table_value_text(char *to, size_t size, const struct table *table, int row,
                      int task, int measure);
/* Is the rate that was chosen the least (-1) or the largest (1) of several
 * that were tried, so that a better one may lie beyond; 0: neither. */
int table_rate_edge(const struct table *table, int row, int task);
/* 12.3k, 1.05M; –: below 0, not known */
void table_count_text(char *to, size_t size, double count);
double table_percent(const struct table_row *row); /* NaN: not known */

void table_print(FILE *to, const struct table *table);
/* One line a row and task: the data of Figure 2 as well. */
void table_tsv(FILE *to, const struct table *table);
char *table_json(const struct table *table); /* freed by mem_free() */

#endif
