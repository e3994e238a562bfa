/*
 * Edit distance with adjacent transpositions (optimal string alignment),
 * three rows of the usual table; words longer than WORD_MAX are never near.
 */
#include "core/base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 63 };

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static int distance(const char *a, int m, const char *b, int n)
{
    int rows[3][WORD_MAX + 1];
    int *older = rows[0], *old = rows[1], *now = rows[2];
    for (int j = 0; j <= n; j++)
        old[j] = j;
    for (int i = 1; i <= m; i++) {
        now[0] = i;
        for (int j = 1; j <= n; j++) {
            int cost = same(a[i - 1], b[j - 1]) ? 0 : 1;
            now[j] =
                min_int(min_int(now[j - 1], old[j]) + 1, old[j - 1] + cost);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
                same(a[i - 2], b[j - 1]))
                now[j] = min_int(now[j], older[j - 2] + 1);
        }
        int *spare = older;
        older = old;
        old = now;
        now = spare;
    }
    return old[n];
}

const char *nearest(const char *word, const char *const *names, int count)
{
    size_t m = strlen(word);
    if (m == 0 || m > WORD_MAX)
        return NULL;
    const char *best = NULL;
    int best_distance = 0;
    for (int i = 0; i < count; i++) {
        if (!names[i])
            continue;
        size_t n = strlen(names[i]);
        if (n > WORD_MAX)
            continue;
        int longer = (int)(m > n ? m : n);
        int allowed = longer < 6 ? 1 : longer / 3;
        int edits = distance(word, (int)m, names[i], (int)n);
        if (edits <= allowed && (!best || edits < best_distance)) {
            best = names[i];
            best_distance = edits;
        }
    }
    return best;
}
