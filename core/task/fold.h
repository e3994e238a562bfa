/*
 * What BERT does to a text before it is split: control characters go, and
 * where its letters are small ones, capitals and accents too.
 */
#ifndef CORE_TASK_FOLD_H
#define CORE_TASK_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* Owned, NUL-terminated.  Bytes that are no UTF-8 become spaces.  Accents go
 * from Latin letters, and everywhere where they are characters of their own.*/
char *fold_text(size_t *size, const char *text, size_t bytes, bool lower);

#endif
