/*
 * A search for the intrinsic dimension as a folder of results has it.
 *
 * Every training is an ordinary cell (cell.h) of a grid of one row, and what
 * comes next follows from the cells that are there: the same folder, the same
 * next cell.  So a search that was interrupted goes on by being read again,
 * and somebody who only looks sees the same.
 *
 * In this order: the model before training, the baseline with every seed, then
 * one subspace after another, each as intrinsic_next() asks.  What diverges is
 * done again at half the rate, and at a quarter, and is then left out, visibly.
 */
#ifndef EXPERIMENTS_INTRINSIC_SEARCH_H
#define EXPERIMENTS_INTRINSIC_SEARCH_H

#include <stdio.h>

#include "experiments/intrinsic_counts.h"

enum {
    INTRINSIC_RUNS = 192,   /* of a curve */
    INTRINSIC_HALVINGS = 2, /* of the rate of what diverges */
    INTRINSIC_TEXT = 160
};

struct intrinsic_curve { /* one subspace, or the baseline */
    struct intrinsic_run run[INTRINSIC_RUNS];
    double rate[INTRINSIC_RUNS]; /* peak, as each run had it in the end */
    int halved[INTRINSIC_RUNS];  /* how often that had to be halved */
    int count;
    struct intrinsic_point point[INTRINSIC_RUNS];
    int points;
    struct intrinsic_answer answer[INTRINSIC_RULES];
    enum intrinsic_end end; /* goes on: not begun, too */
};

/* What is done next, in words of the search. */
struct intrinsic_place {
    int row; /* -1: the model before training; 0: the baseline */
    int d;   /* 0: no subspace */
    int halvings;
    int number; /* of the seed, from 0; -1: it searches for a rate */
    double rate;
};

struct intrinsic_search {
    const struct intrinsic_recipe *recipe; /* outlives it */
    struct intrinsic_counts counts;
    struct intrinsic_goal goal;      /* with what was measured; NaN: not yet */
    char metric[32];                 /* "exp(-loss)" where the task has none */
    struct intrinsic_curve baseline; /* its runs, of d 0 */
    double deviation;                /* of the baseline; NaN below 2 */
    int curves;                      /* of the recipe */
    struct intrinsic_curve curve[INTRINSIC_CURVES];
    int cells;         /* finished */
    double seconds;    /* that they took */
    bool is_over;      /* nothing comes next */
    char trouble[200]; /* why it ended before its time; "": it did not */
    struct intrinsic_place next;
};

/* The cell that comes next; grid has one row. */
struct intrinsic_cell {
    struct grid grid;
    struct grid_cell cell;
};

/* next may be NULL.  0, or -1: a cell was made by another recipe (not with
 * force).  A folder without counts.json is a search that has not begun. */
int intrinsic_search_read(struct intrinsic_search *to,
                          struct intrinsic_cell *next,
                          const struct intrinsic_recipe *recipe,
                          const char *folder, bool force, struct err *err);

double intrinsic_search_threshold(const struct intrinsic_search *search,
                                  enum intrinsic_rule rule);
/* "d90" */
const char *intrinsic_search_name(char to[16],
                                  const struct intrinsic_search *search);
/* "did, d = 512, seed 2 at lr 0.05" */
void intrinsic_place_text(char to[INTRINSIC_TEXT],
                          const struct intrinsic_search *search);
/* "1234, 95 % interval 1024 to 1448", "not reached up to d = 4160", "–" */
void intrinsic_answer_text(char to[INTRINSIC_TEXT],
                           const struct intrinsic_search *search, int curve,
                           enum intrinsic_rule rule);

/* A curve that falls: where more dimensions do worse by more than a tenth of what
 * the baseline gains, training is at fault, not d.  The d it falls from and to;
 * false: it does not. */
bool intrinsic_falls(int *from, int *to, const struct intrinsic_search *search,
                     int curve);

/* The search as a table, as lines, as JSON (freed by mem_free()). */
void intrinsic_print(FILE *to, const struct intrinsic_search *search);
void intrinsic_tsv(FILE *to, const struct intrinsic_search *search);
char *intrinsic_json(const struct intrinsic_search *search);

#endif
