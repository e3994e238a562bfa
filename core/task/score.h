/*
 * Metrics of generated text, by name: what a task's answers are judged by once
 * they have been decoded.  A task names its own (task_ops.metrics); a metric is
 * one line in score_table.
 *
 * Values are shares in [0, 1]; a tally adds texts one at a time, since BLEU is
 * not the mean of its parts.
 */
#ifndef CORE_TASK_SCORE_H
#define CORE_TASK_SCORE_H

#include "core/task/task.h"

enum { SCORE_SUMS = 10, SCORES_MOST = 4 /* metrics a task can name */ };

struct score_kind {
    const char *name;
    const char *formula, *range;
    const char *example; /* worked out, for people */
    void (*add)(double *sums, const char *produced,
                const char *const *references, int count);
    double (*value)(const double *sums, long examples);
};

extern const struct score_kind score_table[]; /* ends with a NULL name */
const struct score_kind *score_find(const char *name); /* NULL: none */

struct tally {
    const struct score_kind *kind;
    double sums[SCORE_SUMS];
    long examples;
};

/* The empty tallies of the task's metrics; how many, 0 .. SCORES_MOST. */
int tally_begin(struct tally to[SCORES_MOST], const struct task *task);
void tally_add(struct tally *tally, int tallies, const char *produced,
               const struct references *references);
double tally_value(const struct tally *tally); /* 0 before the first text */

/* 95 % interval of a share: right of count, each on its own (Wilson 1927). */
void score_wilson(double *low, double *high, double right, double count);

/* The same words in the same case: blanks at the ends and how many stand
 * between words do not matter. */
bool score_same_text(const char *a, const char *b);

#endif
