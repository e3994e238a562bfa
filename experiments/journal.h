/*
 * journal.tsv: what was commanded, and at which tick.  Append-only; a line is
 * complete or, after a crash, dropped when read.
 */
#ifndef EXPERIMENTS_JOURNAL_H
#define EXPERIMENTS_JOURNAL_H

#include "experiments/command.h"

struct journal_line {
    long tick;
    struct command command;
};

/* Lines read back, ticks never falling. */
struct journal {
    struct journal_line *line;
    int count, next; /* next: still to be applied */
};

/* bytes receives how much of the file is complete lines; may be NULL. */
int journal_read(struct journal *journal, const char *path, long *bytes,
                 struct err *err);
void journal_free(struct journal *journal);

#endif
