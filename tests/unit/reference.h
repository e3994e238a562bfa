/*
 * Values tests/ref/rouge.py computed, and the real texts they belong to: these
 * stay in RANKSCOPE_SHARED or ../shared, and without them a test is skipped.
 */
#ifndef TESTS_UNIT_REFERENCE_H
#define TESTS_UNIT_REFERENCE_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/task/buffer.h"

/* Freed by mem_free(); NULL: it is not there. */
static inline char *shared_text(const char *name)
{
    char path[600], *text;
    size_t size;
    const char *root = getenv("RANKSCOPE_SHARED");
    snprintf(path, sizeof path, "%s/%s", root ? root : "../shared", name);
    struct err err = {""};
    return file_read(&text, &size, path, 1 << 26, &err) == 0 ? text : NULL;
}

struct reference_table {
    char *text, *at;
};

/* Past the header. */
static inline struct reference_table reference_open(const char *path)
{
    struct err err = {""};
    struct reference_table table = {NULL, NULL};
    size_t size;
    if (file_read(&table.text, &size, path, 1 << 20, &err) == 0)
        table.at = strchr(table.text, '\n');
    if (!table.at)
        fail_msg("%s: %s", path, err.text);
    table.at++;
    return table;
}

#define reference_next(table, ...)                                             \
    (*(table)->at != '\0' && sscanf((table)->at, __VA_ARGS__) > 1 &&           \
     ((table)->at = strchr((table)->at, '\n') + 1))

/* As drop, swap, twice and half of rouge.py do, on words between blanks. */
static inline char *perturbed(const char *text, const char *rule)
{
    char *copy = xstrdup(text), *word[400];
    int count = 0;
    for (char *at = strtok(copy, " \t\r\n\v\f"); at && count < 400;
         at = strtok(NULL, " \t\r\n\v\f"))
        word[count++] = at;
    struct buffer to = {0};
    int most = strcmp(rule, "half") == 0 ? (count + 1) / 2 : count;
    for (int i = 0; i < most; i++) {
        int from = i;
        if (strcmp(rule, "swap") == 0)
            from = (i ^ 1) < count ? i ^ 1 : i;
        if (strcmp(rule, "drop") == 0 && i % 3 == 2)
            continue;
        int times = strcmp(rule, "twice") == 0 && i % 4 == 3 ? 2 : 1;
        for (; times > 0; times--) {
            for (const char *c = word[from]; *c; c++)
                buffer_char(&to, *rule == 'h' && *c >= 'a' && *c <= 'z'
                                     ? (char)(*c - 'a' + 'A')
                                     : *c);
            buffer_char(&to, ' ');
        }
    }
    mem_free(copy);
    return buffer_take(&to);
}

#endif
