/*
 * One view of a stored or live snapshot, without a terminal: its frame as
 * text for a pipe, a test or a screen reader, its plots as a figure for a
 * slide, or the frame itself as a picture for the README.
 */
#ifndef TUI_SHOW_H
#define TUI_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/err.h"
#include "experiments/snapshot.h"
#include "experiments/stored_answers.h"
#include "tui/glyphs.h"

enum show_as {
    SHOW_TEXT,
    SHOW_FIGURE, /* SVG: the plots as vectors; cols and rows have no say */
    SHOW_SCREEN  /* SVG: the cells with their colours */
};

struct show_options {
    const char *view; /* by name, as all below; NULL: as it opens */
    const char *page, *measure;
    int cols, rows;
    enum glyphs glyphs;
    enum show_as as;
    const char *run;  /* the chosen one by name, or NULL */
    const char *site; /* the chosen one by name, or NULL */
    const char *with; /* compared with: a run, "base" or "random" */
    int step;         /* as at this step; 0: now */
    /* Of the talk view: what everybody goes on with, NULL or the example's
     * number from 1; what the chosen run's update is multiplied with, NULL: 1
     */
    const char *prompt;
    int example;
    const double *strength;
    bool output, factor;            /* side; of A and B */
    struct stored_answers *answers; /* what the view asks, or NULL: nobody */
};

/* 0, or -1 with a sentence: an unknown view, run, site or size, a figure of
 * a view without plots, or a stream that refused. */
int show_view(FILE *to, const struct snapshot *snapshot,
              const struct show_options *options, struct err *err);

#endif
