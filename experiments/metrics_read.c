/*
 * See metrics_read.h.
 */
#include "experiments/metrics_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/session_private.h"

enum { METRICS_BYTES = 1 << 30 };

char *tsv_word(char **rest)
{
    char *word = *rest;
    if (!word)
        return NULL;
    char *tab = strchr(word, '\t');
    *rest = tab ? tab + 1 : NULL;
    if (tab)
        *tab = '\0';
    return word;
}

double tsv_number(const char *word)
{
    char *end;
    if (!word || !*word)
        return NAN;
    double value = strtod(word, &end);
    return *end ? NAN : value;
}

static bool read_row(struct reading *to, char *line)
{
    enum { WORDS = 8 };
    char *word[WORDS], *rest = line;
    for (int i = 0; i < WORDS; i++) {
        word[i] = tsv_word(&rest);
        if (!word[i])
            return false;
    }
    double branch = tsv_number(word[0]), step = tsv_number(word[1]);
    if (rest || !(branch >= 0 && branch < 1e9) || !(step >= 0 && step < 2e9))
        return false;
    *to = (struct reading){(int)branch,         (long)step,
                           tsv_number(word[2]), tsv_number(word[3]),
                           tsv_number(word[4]), tsv_number(word[5]),
                           tsv_number(word[6]), tsv_number(word[7])};
    return true;
}

int metrics_read(struct metrics *metrics, const char *path, struct err *err)
{
    char *text;
    size_t size, lines = 0;
    *metrics = (struct metrics){0};
    if (file_read(&text, &size, path, METRICS_BYTES, err) < 0)
        return -1;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    metrics->row = xcalloc(lines + 1, sizeof *metrics->row);
    char *line = text, *end;
    int result = 0;
    for (long number = 1; (end = strchr(line, '\n')); number++) {
        *end = '\0';
        if (number > 1 && !read_row(&metrics->row[metrics->count++], line)) {
            result =
                err_set(err, "%.300s:%ld: no row of metrics", path, number);
            break;
        }
        line = end + 1;
    }
    mem_free(text);
    if (result < 0)
        metrics_free(metrics);
    return result;
}

void metrics_free(struct metrics *metrics)
{
    mem_free(metrics->row);
    *metrics = (struct metrics){0};
}
