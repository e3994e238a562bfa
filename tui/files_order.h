/*
 * In which order the sites of a file stand, for the view and its keys.
 */
#ifndef TUI_FILES_ORDER_H
#define TUI_FILES_ORDER_H

#include "tui/ui.h"

/* site (snapshot->site_count): those the chosen file has; returns how many. */
int files_order(int *site, const struct ui *ui,
                const struct snapshot *snapshot);
/* "in the file's order", "by Frobenius norm" ... */
void files_order_name(char *to, size_t size, const struct ui *ui);

#endif
