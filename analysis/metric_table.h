/*
 * Every rank measure, by its full name, one line each: formula, range, what
 * other tools call it, and the paper.  Views, files and `?` read this table.
 */
#ifndef ANALYSIS_METRIC_TABLE_H
#define ANALYSIS_METRIC_TABLE_H

struct metric {
    const char *key;     /* in JSON and TSV: "stable_rank" */
    const char *name;    /* on the screen: "stable rank" */
    const char *formula;
    const char *range;
    const char *others;  /* the same number's names in other tools */
    const char *paper;
    /* sigma (count) descending, of an (out, in) matrix.  All zero: 0. */
    double (*of)(const double *sigma, int count, int out, int in);
};

extern const struct metric metric_table[];
extern const int metric_count;
const struct metric *metric_find(const char *key);

/* For callers that need one by name, without a search. */
double metric_stable_rank(const double *sigma, int count, int out, int in);
double metric_participation_ratio(const double *sigma, int count, int out,
                                  int in);
double metric_entropy_rank(const double *sigma, int count, int out, int in);

#endif
