/*
 * Figure 2 of the LoRA paper: score against trained numbers, a line a method;
 * of a grid's task, and of GPT-3 as the paper has it (Table 15, and Table 4
 * for what that leaves out).  The same method has the same sign in both.
 */
#ifndef TUI_TABLE_PLOT_H
#define TUI_TABLE_PLOT_H

#include "experiments/table.h"
#include "tui/plot.h"

enum { TABLE_PLOT_LINES = 24 };

struct table_points { /* of one method, ascending x */
    double x[GRID_ROWS], y[GRID_ROWS];
    int count;
};

struct table_plot { /* a plot and what it points into; large */
    struct plot plot;
    struct table_points line[TABLE_PLOT_LINES];
    char y_name[96];
};

/* A number of its own for each method: sign and colour follow it. */
int table_method_number(const char *method);

/* false: there is nothing to show. */
bool table_plot_ours(struct table_plot *to, const struct table *table,
                     int task);
bool table_plot_paper(struct table_plot *to, const struct table *table,
                      int task);
/* "Table 15, GPT-3 175B: WikiSQL"; "" where the paper has nothing beside the
 * task. */
void table_plot_paper_name(char *to, size_t size, const struct table *table,
                           int task);

#endif
