/*
 * What the LoRA paper printed (Hu et al. 2021, arXiv 2106.09685), to stand
 * beside tables of our own: Tables 1, 4, 5, 6, 15 (the data of Figure 2) and
 * 16, all of GPT-3 but Table 1.
 *
 * Numbers only; nothing is scaled to our models.
 */
#ifndef EXPERIMENTS_PAPER_TABLE_H
#define EXPERIMENTS_PAPER_TABLE_H

enum { PAPER_COLUMNS = 5 };

struct paper_row {
    const char *name;      /* as recipes say it: lora-4.7m */
    const char *method;    /* as the paper says it: LoRA */
    const char *trainable; /* "4.7M"; "": not said */
    double value[PAPER_COLUMNS];
    double deviation[PAPER_COLUMNS]; /* 0: the column's */
};

struct paper_match {  /* what of ours a column is beside */
    const char *task; /* NULL: nothing */
    int measure;      /* of the task's metrics */
    int examples;     /* trained on; 0: all there are */
};

struct paper_table {
    const char *name, *title;
    int columns;
    const char *column[PAPER_COLUMNS];
    double deviation[PAPER_COLUMNS]; /* the fluctuation it states; 0: none */
    const struct paper_row *row;     /* ends with name NULL */
    struct paper_match match[PAPER_COLUMNS];
};

/* The i-th table, or NULL past the last; paper_table_name likewise. */
const struct paper_table *paper_table_at(int i);
const char *paper_table_name(int i);
const struct paper_table *paper_table_find(const char *name); /* or NULL */
const struct paper_row *paper_row_find(const struct paper_table *table,
                                       const char *name); /* or NULL */
/* The column that stands beside a task of ours, or -1. */
int paper_column_find(const struct paper_table *table, const char *task,
                      int measure, int examples);
/* "4.7M" as a number; NaN: not said. */
double paper_trainable(const struct paper_row *row);
/* The fluctuation of one number; 0: not said. */
double paper_deviation(const struct paper_table *table,
                       const struct paper_row *row, int column);

#endif
