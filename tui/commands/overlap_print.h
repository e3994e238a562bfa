/*
 * What `rankscope overlap` has found out, as JSON, as TSV, or as a table to
 * read: every number beside its value by chance.
 */
#ifndef TUI_COMMANDS_OVERLAP_PRINT_H
#define TUI_COMMANDS_OVERLAP_PRINT_H

#include "experiments/study.h"

struct overlap_report {
    const struct study *const *study; /* (count), answered */
    const char *const *site;          /* (count) names */
    int count;
};

/* The design's object, on one line, and a little more. */
void overlap_print_json(const struct overlap_report *report);
/* A row a site and side: the corner and the whole of phi, without matrices. */
void overlap_print_tsv(const struct overlap_report *report);
/* In UTF-8, or in ASCII where the locale is not. */
void overlap_print_table(const struct overlap_report *report);

#endif
