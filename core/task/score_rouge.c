/* See score_rouge.h. */
#include "core/task/score_rouge.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

/* Words as hashes: 64 bits, so that no two words of a text meet. */
struct words {
    uint64_t *at; /* owned */
    int count;
};

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static char *lower(const char *text)
{
    char *copy = xstrdup(text);
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

static struct words words_of(const char *text)
{
    char *copy = lower(text);
    struct words words = {xcalloc(strlen(copy) + 1, sizeof *words.at), 0};
    for (const char *c = copy; *c;) {
        const char *from = c;
        while (in_word(*c))
            c++;
        if (c > from)
            words.at[words.count++] = rng_hash(from, (uint64_t)(c - from));
        else
            c++;
    }
    mem_free(copy);
    return words;
}

static struct rouge ratio(double common, double produced, double reference)
{
    struct rouge to = {0, 0, 0};
    if (common <= 0)
        return to;
    to.precision = common / produced;
    to.recall = common / reference;
    to.f = 2 * to.precision * to.recall / (to.precision + to.recall);
    return to;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Words become the hashes of their n-grams, ascending. */
static void to_grams(struct words *words, int n)
{
    int count = words->count - n + 1;
    words->count = count > 0 ? count : 0;
    for (int i = 0; i < words->count; i++)
        words->at[i] = rng_hash(words->at + i, (uint64_t)n * sizeof *words->at);
    if (words->count)
        qsort(words->at, (size_t)words->count, sizeof *words->at, by_value);
}

struct rouge rouge_n(const char *produced, const char *reference, int n)
{
    struct words a = words_of(produced), b = words_of(reference);
    to_grams(&a, n);
    to_grams(&b, n);
    int common = 0;
    for (int i = 0, k = 0; i < a.count && k < b.count;) {
        uint64_t x = a.at[i], y = b.at[k];
        common += x == y;
        i += x <= y;
        k += y <= x;
    }
    struct rouge to = ratio(common, a.count, b.count);
    mem_free(a.at);
    mem_free(b.at);
    return to;
}

struct rouge rouge_l(const char *produced, const char *reference)
{
    struct words a = words_of(produced), b = words_of(reference);
    /* longest[k]: of a[0 .. i) and b[0 .. k) */
    int *longest = xcalloc((size_t)b.count + 1, sizeof *longest);
    for (int i = 0; i < a.count; i++) {
        int corner = 0;
        for (int k = 1; k <= b.count; k++) {
            int above = longest[k];
            if (a.at[i] == b.at[k - 1])
                longest[k] = corner + 1;
            else if (longest[k - 1] > above)
                longest[k] = longest[k - 1];
            corner = above;
        }
    }
    struct rouge to = ratio(longest[b.count], a.count, b.count);
    mem_free(longest);
    mem_free(a.at);
    mem_free(b.at);
    return to;
}
