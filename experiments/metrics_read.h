/*
 * metrics.tsv read back: for resumed sessions and stored runs.
 */
#ifndef EXPERIMENTS_METRICS_READ_H
#define EXPERIMENTS_METRICS_READ_H

#include "core/base/err.h"

struct reading;

struct metrics {
    struct reading *row;
    long count;
};

/* A torn last line is left out; a damaged line is refused. */
int metrics_read(struct metrics *metrics, const char *path, struct err *err);
void metrics_free(struct metrics *metrics);

/* The next tab-separated word of *rest, which moves on; NULL: none left. */
char *tsv_word(char **rest);
/* A word as a number; NaN when empty or none. */
double tsv_number(const char *word);

#endif
