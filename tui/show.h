/*
 * One frame of a stored or live snapshot, without a terminal: text for a
 * pipe, a test or a screen reader, or an SVG picture for the README.
 */
#ifndef TUI_SHOW_H
#define TUI_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/err.h"
#include "experiments/snapshot.h"
#include "tui/glyphs.h"

struct show_options {
    const char *view; /* "train", "spectrum", "ranks", "log" */
    int cols, rows;
    enum glyphs glyphs;
    bool svg;
    const char *run;  /* the chosen one by name, or NULL */
    const char *site; /* the chosen one by name, or NULL */
};

/* 0, or -1 with a sentence: an unknown view, run, site or size, or a stream
 * that refused. */
int show_view(FILE *to, const struct snapshot *snapshot,
              const struct show_options *options, struct err *err);

#endif
