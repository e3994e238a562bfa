/*
 * Comma-separated values as RFC 4180 has them: fields in quotes may hold
 * commas, line ends and doubled quotes.  LF and CRLF both end a record, a
 * byte order mark is dropped, blank lines between records are passed over.
 *
 * A CRLF inside quotes becomes LF: the text is the same whoever wrote it.
 */
#ifndef CORE_IO_CSV_H
#define CORE_IO_CSV_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/task/buffer.h"

struct csv {
    const char *path; /* for sentences */
    const char *at, *end;
    int next_line; /* the line at is on */
    int line, row; /* of the current record, from 1; the header is row 1 */
    char **field;  /* (fields) NUL-terminated, until the next record */
    int fields;
    /* the reader's own */
    struct buffer text;
    size_t *start;
    int room;
};

/* The text stays the caller's; path is borrowed. */
void csv_begin(struct csv *csv, const char *path, const char *text,
               size_t size);
/* 1: a record, 0: the end, -1: a record that is none, with file and line.
 * After that the reader stands on the line below the one the bad record began
 * on, so that one missing quote does not cost the rest of the file. */
int csv_next(struct csv *csv, struct err *err);
void csv_end(struct csv *csv);

#endif
