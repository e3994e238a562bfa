/*
 * Table 1 of the LoRA paper: what a method's own part costs when a model
 * answers.  A merged update costs nothing, W being one matrix as before; an
 * adapter or a prefix is computed beside W every time.
 *
 *   title: Table 1 in miniature
 *   base: {layers: 8, width: 256, ...}
 *   latency:
 *     shapes: [{batch: 1, sequence: 128}, {batch: 16, sequence: 128}]
 *     rows: [{name: merged, method: lora, merged: true}, {name: adapter-h,
 * ...}] repetitions: 51 quick: 11
 *
 * Of each shape: one forward pass over the batch, and one step of writing, a
 * token for each text behind a key-value cache that holds the sequence.  One
 * repetition times every row once, in an order that turns; per cent are over
 * the first row in the same repetition, so that what else the machine does
 * hits both.  Times are of one thread's processor clock.
 */
#ifndef EXPERIMENTS_LATENCY_H
#define EXPERIMENTS_LATENCY_H

#include <stdio.h>

#include "experiments/paper_table.h"
#include "experiments/recipe.h"

enum { LATENCY_ROWS = 12, LATENCY_SHAPES = 8, LATENCY_REPETITIONS = 1000 };

enum latency_kind { LATENCY_FORWARD, LATENCY_STEP, LATENCY_KINDS };

struct latency_row {
    struct run_spec run;
    bool is_merged;                /* timed as the base: the same matrices */
    const struct paper_row *paper; /* of Table 1, or NULL */
};

struct latency_shape {
    int batch, sequence;
};

struct latency_grid {
    struct recipe session; /* title, base, seed */
    struct latency_row row[LATENCY_ROWS];
    struct latency_shape shape[LATENCY_SHAPES];
    int row_count, shape_count, repetitions;
    bool quick;
};

struct latency_time {
    double ms;        /* median */
    double percent;   /* over the first row: median of the repetitions */
    double low, high; /* their quartiles */
};

struct latency_table {
    const struct latency_grid *grid; /* outlives the table */
    long trainable[LATENCY_ROWS], parameters;
    struct latency_time time[LATENCY_KINDS][LATENCY_ROWS][LATENCY_SHAPES];
};

/* Has the recipe latency: instead of grid:?  false also when it cannot be
 * read. */
bool latency_is(const char *path);
/* As grid_read(); freed by mem_free(). */
struct latency_grid *latency_read(const char *path, const char *const *sets,
                                  int set_count, bool quick, struct err *err);

/* say is told of each shape before it begins, or NULL.  1: stopped. */
struct latency_watch {
    void (*say)(void *ctx, const char *text);
    bool (*stop)(void *ctx);
    void *ctx;
};
int latency_measure(struct latency_table *to, const struct latency_grid *grid,
                    const char *assets, const struct latency_watch *watch,
                    struct err *err);
/* The median and quartiles of count values, which are sorted by it. */
double latency_quantile(double *value, int count, double share);

void latency_print(FILE *to, const struct latency_table *table);
void latency_tsv(FILE *to, const struct latency_table *table);
/* All of it but names and counts is timing, and the JSON says so; freed by
 * mem_free(). */
char *latency_json(const struct latency_table *table);
/* Back from such text; -1: of another recipe, or damaged. */
int latency_take_json(struct latency_table *to, const struct latency_grid *grid,
                      const char *text, size_t size);

#endif
