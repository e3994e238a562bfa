/*
 * Figure 2 of the LoRA paper from a table of our own: score against trained
 * numbers, a line a method, a panel a task.
 */
#ifndef TUI_COMMANDS_SWEEP_FIGURE_H
#define TUI_COMMANDS_SWEEP_FIGURE_H

#include <stdbool.h>

#include "experiments/table.h"

/* An SVG file; force: it may exist. */
int sweep_figure(const struct table *table, const char *path, bool force,
                 struct err *err);

#endif
