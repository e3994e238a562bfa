/* See rows.h. */
#include "core/io/rows.h"

#include <string.h>

size_t rows_mark(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

size_t rows_plain_ends(char *text, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n')
            text[kept++] = text[i];
    return kept;
}

bool rows_blank(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r\n\v\f", text[i]) || text[i] == '\0')
            return false;
    return true;
}

struct rows rows_begin(const char *text, size_t size)
{
    size_t mark = rows_mark(text, size);
    return (struct rows){.next = text + mark, .end = text + size};
}

bool rows_next(struct rows *rows)
{
    while (rows->next < rows->end) {
        size_t left = (size_t)(rows->end - rows->next);
        const char *stop = memchr(rows->next, '\n', left);
        rows->at = rows->next;
        rows->bytes = stop ? (size_t)(stop - rows->at) : left;
        rows->next = stop ? stop + 1 : rows->end;
        rows->line++;
        if (rows->bytes && rows->at[rows->bytes - 1] == '\r')
            rows->bytes--;
        if (!rows_blank(rows->at, rows->bytes))
            return true;
    }
    return false;
}
