/*
 * The one sentence a user gets; see err.h.  Longer sentences are cut at the
 * size of the buffer, never written past it.
 */
#include "core/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names in a sentence may come from a file: no byte of theirs may steer the
 * terminal (controls, and U+0080..9F as UTF-8), nor be half a character. */
static void settle(char *text)
{
    unsigned char *at = (unsigned char *)text;
    size_t start = 0, i = 0; /* start: of the last character */
    for (; at[i]; i++) {
        if (at[i] < 0x20 || at[i] == 0x7F)
            at[i] = '?';
        if (at[i] == 0xC2 && at[i + 1] >= 0x80 && at[i + 1] < 0xA0)
            at[i] = at[i + 1] = '?';
        if (at[i] < 0x80 || at[i] >= 0xC0)
            start = i;
    }
    size_t whole = at[start] >= 0xF0   ? 4
                   : at[start] >= 0xE0 ? 3
                   : at[start] >= 0xC0 ? 2
                                       : 1;
    if (i - start < whole)
        at[start] = '\0';
}

int err_set(struct err *err, const char *format, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, format);
    /* Through a copy: an argument may be err->text itself. */
    struct err fresh;
    int length = vsnprintf(fresh.text, sizeof fresh.text, format, args);
    va_end(args);
    if (length < 0)
        snprintf(fresh.text, sizeof fresh.text, "%s", format);
    settle(fresh.text);
    *err = fresh;
    return -1;
}

/* As much of text as fits into size bytes, NUL included; its length. */
static size_t append(char *to, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);
    memcpy(to, text, length);
    to[length] = '\0';
    return length;
}

int err_prefix(struct err *err, const char *format, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, format);
    struct err fresh;
    int length = vsnprintf(fresh.text, sizeof fresh.text, format, args);
    va_end(args);
    size_t used = length < 0 ? 0 : strlen(fresh.text);
    /* What does not fit is cut on purpose: the context comes first. */
    used += append(fresh.text + used, sizeof fresh.text - used, ": ");
    append(fresh.text + used, sizeof fresh.text - used, err->text);
    settle(fresh.text);
    *err = fresh;
    return -1;
}
