/* See score_bleu.h. */
#include "core/task/score_bleu.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/task/buffer.h"

enum { MATCHES = 0, TOTALS = BLEU_ORDERS, PRODUCED = 2 * BLEU_ORDERS, NEAREST };

/* ---- words */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* mteval-v13a: [\{-\~\[-\` -\&\(-\+\:-\@\/] */
static bool stands_alone(char c)
{
    return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') ||
           (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') ||
           (c >= ':' && c <= '@') || c == '/';
}

/* One of . , - whose neighbours decide; missing ones count as blanks. */
static bool stands_apart(char before, char c, char after)
{
    if (c == '.' || c == ',')
        return !is_digit(before) || !is_digit(after);
    return c == '-' && is_digit(before);
}

char *bleu_tokens(const char *text)
{
    struct buffer to = {0};
    bool gap = false;
    for (const char *c = text; *c; c++) {
        bool blank = strchr(" \t\r\n\v\f", *c) != NULL;
        bool apart =
            stands_alone(*c) || stands_apart(c > text ? c[-1] : ' ', *c, c[1]);
        gap = gap || blank || apart;
        if (blank)
            continue;
        if (gap && to.used)
            buffer_char(&to, ' ');
        buffer_char(&to, *c);
        gap = apart;
    }
    return buffer_take(&to);
}

struct words {
    uint64_t *at; /* owned */
    int count;
};

static struct words words_of(const char *text)
{
    char *tokens = bleu_tokens(text);
    struct words words = {xcalloc(strlen(tokens) + 1, sizeof *words.at), 0};
    for (const char *at = tokens; *at;) {
        size_t length = strcspn(at, " ");
        words.at[words.count++] = rng_hash(at, length);
        at += length + (at[length] == ' ');
    }
    mem_free(tokens);
    return words;
}

/* ---- counts */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Hashes of the n-grams, ascending, and how many. */
static int grams_of(uint64_t *to, const struct words *words, int n)
{
    int count = words->count - n + 1;
    for (int i = 0; i < count; i++)
        to[i] = rng_hash(words->at + i, (uint64_t)n * sizeof *to);
    if (count > 0)
        qsort(to, (size_t)count, sizeof *to, by_value);
    return count > 0 ? count : 0;
}

static int count_of(const uint64_t *grams, int count, uint64_t gram)
{
    int low = 0, high = count, found = 0;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (grams[middle] < gram)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + found < count && grams[low + found] == gram)
        found++;
    return found;
}

/* n-grams of the produced text, and those a reference grants. */
static void add_order(double *sums, const struct words *produced,
                      const struct words *references, int count, int n)
{
    size_t longest = (size_t)produced->count + 1;
    for (int i = 0; i < count; i++)
        if ((size_t)references[i].count >= longest)
            longest = (size_t)references[i].count + 1;
    uint64_t *mine = xcalloc((size_t)(produced->count + 1), sizeof *mine);
    uint64_t *theirs = xcalloc(longest, sizeof *theirs);
    int grams = grams_of(mine, produced, n);
    int *granted = xcalloc((size_t)grams + 1, sizeof *granted);
    for (int r = 0; r < count; r++) {
        int has = grams_of(theirs, &references[r], n);
        for (int i = 0; i < grams; i++) {
            int most = count_of(theirs, has, mine[i]);
            granted[i] = most > granted[i] ? most : granted[i];
        }
    }
    /* A gram that stands at i .. i+m-1 is granted min(m, granted) times. */
    for (int i = 0, place = 0; i < grams; i++) {
        place = i && mine[i] == mine[i - 1] ? place + 1 : 0;
        sums[MATCHES + n - 1] += place < granted[i];
    }
    sums[TOTALS + n - 1] += grams;
    mem_free(granted);
    mem_free(theirs);
    mem_free(mine);
}

void bleu_add(double *sums, const char *produced, const char *const *references,
              int count)
{
    struct words mine = words_of(produced);
    struct words *theirs = xcalloc((size_t)count + 1, sizeof *theirs);
    int nearest = 0;
    for (int i = 0; i < count; i++) {
        theirs[i] = words_of(references[i]);
        int off = abs(theirs[i].count - mine.count);
        int best = abs(nearest - mine.count);
        if (i == 0 || off < best || (off == best && theirs[i].count < nearest))
            nearest = theirs[i].count;
    }
    for (int n = 1; n <= BLEU_ORDERS; n++)
        add_order(sums, &mine, theirs, count, n);
    sums[PRODUCED] += mine.count;
    sums[NEAREST] += nearest;
    for (int i = 0; i < count; i++)
        mem_free(theirs[i].at);
    mem_free(theirs);
    mem_free(mine.at);
}

double bleu_value(const double *sums)
{
    double logs = 0;
    for (int n = 0; n < BLEU_ORDERS; n++) {
        if (sums[MATCHES + n] <= 0)
            return 0;
        logs += log(sums[MATCHES + n] / sums[TOTALS + n]) / BLEU_ORDERS;
    }
    double brevity = 1 - sums[NEAREST] / sums[PRODUCED];
    return exp(logs + (brevity < 0 ? brevity : 0));
}
