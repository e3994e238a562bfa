/*
 * A text file that only grows, by whole rows: what one write(2) could not
 * finish is cut off again and tried once more with the next rows.  So a full
 * disk loses nothing that fits later, and leaves no half row.
 */
#ifndef EXPERIMENTS_ROWS_H
#define EXPERIMENTS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

struct rows {
    bool is_open;
    int fd;
    char path[1024];
    char *text; /* rows not written yet */
    size_t used, room;
    long written; /* bytes in the file */
};

/* keep < 0: begins with header (may be ""); otherwise what lies past keep
 * bytes is cut, and a file shorter than that is refused. */
int rows_open(struct rows *rows, const char *path, const char *header,
              long keep, struct err *err);
/* Of rows that are not open: nothing happens. */
void rows_add(struct rows *rows, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int rows_flush(struct rows *rows, struct err *err);
/* Flushed bytes on their way to the disk, before a checkpoint counts them. */
int rows_sync(struct rows *rows, struct err *err);
/* Does not flush. */
void rows_close(struct rows *rows);

/* A number as rows carry it: %.9g, empty for NaN; identical bits give
 * identical text.  to has room for 32. */
const char *rows_number(char *to, double value);

#endif
