/*
 * Every rank measure, by its full name, one row each: formula, range, what it
 * is by chance, what other tools call it, and the paper.  Views, files and
 * `?` read this table; a new measure is a function of metric.h and a row.
 */
#ifndef ANALYSIS_METRIC_TABLE_H
#define ANALYSIS_METRIC_TABLE_H

#include <stdbool.h>

#include "analysis/metric.h"

struct metric {
    const char *key;  /* in JSON and TSV: "stable_rank" */
    const char *name; /* on the screen: "stable rank" */
    const char *formula;
    const char *range;
    /* Of a large Gaussian matrix; chance_new draws it for a shape. */
    const char *chance;
    const char *others; /* the same number's names in other tools */
    const char *paper;
    bool scales; /* twice the matrix, twice the value: a norm */
    metric_function *of;
};

extern const struct metric metric_table[];
extern const int metric_count;
const struct metric *metric_find(const char *key); /* NULL: no such key */
int metric_index(const char *key);                 /* -1: no such key */
double metric_value(int index, const double *sigma, int count, int out, int in);

#endif
