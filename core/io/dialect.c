/* What dialects share: see dialect.h. */
#include "core/io/dialect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Compares from the end; *word and *length are what '*' stood for.  Where the
 * suffix begins in name, or -1. */
static long match_end(const char *name, const char *suffix, const char **word,
                      int *length)
{
    const char *n = name + strlen(name), *s = suffix + strlen(suffix);
    *length = 0;
    while (s > suffix) {
        s--;
        if (*s != '*') {
            if (n == name || *--n != *s)
                return -1;
            continue;
        }
        for (*word = n; *word > name && (*word)[-1] != '.';)
            (*word)--;
        *length = (int)(n - *word);
        if (*length == 0)
            return -1;
        n = *word;
    }
    return n - name;
}

enum part dialect_part(char *module, const char *tensor,
                       const struct dialect_suffix *suffix, int count)
{
    static const char usual[] = "default";
    for (int i = 0; i < count; i++) {
        const char *word = "";
        int length = 0;
        long at = match_end(tensor, suffix[i].suffix, &word, &length);
        if (at <= 0)
            continue;
        bool plain = length == 0 || (length == (int)strlen(usual) &&
                                     strncmp(word, usual, strlen(usual)) == 0);
        int wrote = plain
                        ? snprintf(module, MODULE_NAME, "%.*s", (int)at, tensor)
                        : snprintf(module, MODULE_NAME, "%.*s[%.*s]", (int)at,
                                   tensor, length, word);
        return wrote < MODULE_NAME ? suffix[i].part : PART_NONE;
    }
    return PART_NONE;
}

static void warn_of(struct pair_scale *to, double other, const char *beside)
{
    if (!isnan(other) && fabs(other - to->alpha) > 1e-6 * fabs(to->alpha))
        (void)snprintf(to->warning, sizeof to->warning,
                       "its own tensor says alpha %g, but %s %g; the tensor "
                       "was believed",
                       to->alpha, beside, other);
}

int dialect_scale_alpha(struct pair_scale *to, const struct scale_ask *ask,
                        const char *beside, double alpha_beside)
{
    *to = (struct pair_scale){.alpha = ask->rank};
    if (ask->has_alpha) {
        to->alpha = ask->alpha;
        warn_of(to, alpha_beside, beside);
        (void)snprintf(to->from, sizeof to->from, "tensor: alpha %g / r %d",
                       to->alpha, ask->rank);
    } else if (!isnan(alpha_beside)) {
        to->alpha = alpha_beside;
        (void)snprintf(to->from, sizeof to->from, "%s %g / r %d", beside,
                       to->alpha, ask->rank);
    } else {
        (void)snprintf(to->from, sizeof to->from,
                       "default: nothing says alpha, so alpha = r %d",
                       ask->rank);
    }
    to->scale = to->alpha / ask->rank;
    return 0;
}

int dialect_scale_own(struct pair_scale *to, const struct scale_ask *ask,
                      struct err *err)
{
    (void)err;
    return dialect_scale_alpha(to, ask, "", NAN);
}

void dialect_scale_one(struct pair_scale *to, const char *words)
{
    *to = (struct pair_scale){.scale = 1};
    (void)snprintf(to->from, sizeof to->from, "%s", words);
}
