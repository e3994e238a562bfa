/*
 * Text that grows: always NUL-terminated once something was added, ends the
 * program when memory is gone (xgrow).
 */
#ifndef CORE_TASK_BUFFER_H
#define CORE_TASK_BUFFER_H

#include <stddef.h>

struct buffer {
    char *at; /* owned; NULL while empty */
    size_t used, room;
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t count);
void buffer_char(struct buffer *buffer, char c);
/* Keeps the first used bytes. */
void buffer_cut(struct buffer *buffer, size_t used);
/* The text, now the caller's (mem_free); the buffer is empty again. */
char *buffer_take(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif
