/*
 * The lines of a text in memory, one row each, as published data sets have
 * them: a byte order mark before the first is dropped, and so is the CR of a
 * CRLF.  Numbers are kept for sentences about a line.
 */
#ifndef CORE_IO_ROWS_H
#define CORE_IO_ROWS_H

#include <stdbool.h>
#include <stddef.h>

struct rows {
    const char *next, *end;
    const char *at; /* the current row; not NUL-terminated */
    size_t bytes;
    int line; /* of the current row, from 1 */
};

/* The text stays the caller's and is not changed. */
struct rows rows_begin(const char *text, size_t size);
/* Goes to the next row that is not blank; false at the end. */
bool rows_next(struct rows *rows);

/* How many bytes of mark a text begins with: 3 or 0. */
size_t rows_mark(const char *text, size_t size);
/* Makes every CRLF of a text in memory an LF; returns the new size. */
size_t rows_plain_ends(char *text, size_t size);
/* Nothing but blanks. */
bool rows_blank(const char *text, size_t size);

#endif
