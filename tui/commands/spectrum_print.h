/*
 * What `rankscope spectrum` has found out, as JSON, as TSV, or as a table to
 * read.
 */
#ifndef TUI_COMMANDS_SPECTRUM_PRINT_H
#define TUI_COMMANDS_SPECTRUM_PRINT_H

#include "analysis/chance.h"
#include "analysis/spectrum.h"
#include "experiments/updates.h"

struct spectrum_row {
    const struct update_site *site;
    bool is_zero; /* no update: the rest is not set */
    int top; /* sigma are the first so many, by random projection: measures of
                the whole spectrum are NaN; 0: all of them, exact */
    struct spectrum spectrum; /* values only */
    double metric[CHANCE_METRICS];
    double floor; /* of a difference: rounding's largest value; else 0 */
};

struct spectrum_report {
    const char *path;
    const struct updates *updates;
    const struct spectrum_row *row;
    int count;
};

/* The design's object, on one line. */
void spectrum_print_json(const struct spectrum_report *report);
/* A row a site: names, shape, scale, all measures, sigma with commas. */
void spectrum_print_tsv(const struct spectrum_report *report);
/* In UTF-8, or in ASCII where the locale is not. */
void spectrum_print_table(const struct spectrum_report *report);

#endif
