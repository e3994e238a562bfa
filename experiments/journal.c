/*
 * Reading a journal; the session writes it, one row a command.
 */
#include "experiments/journal.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"

enum { JOURNAL_BYTES = 1 << 26, LINES = 100000 };

static int read_line(struct journal *journal, const char *line, int number,
                     const char *path, struct err *err)
{
    struct journal_line *to = &journal->line[journal->count];
    struct err why = {{0}};
    if (command_parse(&to->command, &to->tick, line, &why) < 0)
        return err_set(err, "%.300s:%d: %s", path, number, why.text);
    if (journal->count > 0 && to->tick < to[-1].tick)
        return err_set(err, "%.300s:%d: tick %ld comes after tick %ld", path,
                       number, to->tick, to[-1].tick);
    journal->count++;
    return 0;
}

static int count_lines(const char *text, size_t size)
{
    int lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines;
}

int journal_read(struct journal *journal, const char *path, long *bytes,
                 struct err *err)
{
    char *text;
    size_t size;
    *journal = (struct journal){0};
    if (file_read(&text, &size, path, JOURNAL_BYTES, err) < 0)
        return -1;
    int result = 0, lines = count_lines(text, size);
    if (memchr(text, 0, size))
        result =
            err_set(err, "%.300s: not a journal, it holds zero bytes", path);
    else if (lines > LINES)
        result = err_set(err, "%.300s: %d lines, more than the %d allowed",
                         path, lines, LINES);
    else
        journal->line = xcalloc((size_t)lines + 1, sizeof *journal->line);
    char *at = text;
    for (int i = 0; i < lines && result == 0; i++) {
        char *end = strchr(at, '\n');
        *end = '\0';
        result = read_line(journal, at, i + 1, path, err);
        at = end + 1;
    }
    if (bytes)
        *bytes = (long)(at - text);
    mem_free(text);
    if (result < 0)
        journal_free(journal);
    return result;
}

void journal_free(struct journal *journal)
{
    mem_free(journal->line);
    *journal = (struct journal){0};
}
