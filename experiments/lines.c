/* See lines.h. */
#include "experiments/lines.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/metrics_read.h"

enum { TEXT_BYTES = 1 << 30, LINES_PATH = 1024 };

int lines_open(struct lines *lines, const char *folder, const char *name,
               struct err *err)
{
    char path[LINES_PATH];
    size_t size;
    *lines = (struct lines){0};
    file_join(path, sizeof path, folder, name);
    if (file_read(&lines->text, &size, path, TEXT_BYTES, err) < 0)
        return -1;
    lines->at = lines->text;
    return 0;
}

char *lines_next(struct lines *lines)
{
    for (;;) {
        char *line = lines->at, *end = strchr(line, '\n');
        if (!end)
            return NULL;
        *end = '\0';
        lines->at = end + 1;
        if (lines->header_seen)
            return line;
        lines->header_seen = true;
    }
}

void lines_close(struct lines *lines)
{
    mem_free(lines->text);
}

bool lines_split(char *line, char **word, int count)
{
    for (int i = 0; i < count; i++) {
        word[i] = tsv_word(&line);
        if (!word[i])
            return false;
    }
    return line == NULL;
}

int lines_whole(const char *word)
{
    double value = tsv_number(word);
    return value >= 0 && value <= 1e9 ? (int)value : 0;
}
