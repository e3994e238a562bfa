/* What merge says of every tensor, or of every module of an adapter. */
#ifndef TUI_COMMANDS_MERGE_PRINT_H
#define TUI_COMMANDS_MERGE_PRINT_H

#include "experiments/combine.h"
#include "experiments/merge.h"

void merge_print_table(const struct merge *merge, const struct merge_ask *ask);
void merge_print_json(const struct merge *merge, const struct merge_ask *ask);
/* How several adapters meet, and what adding their factors would add. */
void merge_print_sum(const struct combine *combine);
void merge_print_combine(const struct combine *combine,
                         const struct merge_ask *ask);
void merge_print_combine_json(const struct combine *combine,
                              const struct merge_ask *ask);

#endif
