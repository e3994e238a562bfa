/*
 * Lines of a text file below its header, one at a time; a torn last line is
 * not one.
 */
#ifndef EXPERIMENTS_LINES_H
#define EXPERIMENTS_LINES_H

#include <stdbool.h>

#include "core/base/err.h"

struct lines {
    char *text, *at;
    bool header_seen;
};

int lines_open(struct lines *lines, const char *folder, const char *name,
               struct err *err);
char *lines_next(struct lines *lines); /* NULL: the end */
void lines_close(struct lines *lines);

/* Splits a line into exactly count words; false: it has not so many. */
bool lines_split(char *line, char **word, int count);
/* A word as a whole number in [0, 1e9]; 0 for anything else. */
int lines_whole(const char *word);

#endif
