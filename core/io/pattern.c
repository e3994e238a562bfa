/* See pattern.h. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/io/pattern.h"

#include <assert.h>
#include <ctype.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    PATTERN_MOST = 400,   /* bytes */
    STEPS_MOST = 1000000, /* some milliseconds */
    HEAP_MOST = 16 << 10  /* KiB */
};

/* Without operators but the dot, which stands for any byte: compiling it once
 * a module would take longer than all the rest. */
static bool is_plain(const char *pattern)
{
    for (; *pattern; pattern++)
        if (!isalnum((unsigned char)*pattern) && !strchr("._-", *pattern))
            return false;
    return true;
}

static bool matches_plain(const char *module, const char *pattern)
{
    size_t length = strlen(module), end = strlen(pattern);
    if (length < end || (length > end && module[length - end - 1] != '.'))
        return false;
    for (module += length - end; *pattern; pattern++, module++)
        if (*pattern != '.' && *pattern != *module)
            return false;
    return true;
}

/* 1, 0, or PCRE2's number of what went wrong. */
static int run(const pcre2_code *code, const char *module)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
    assert(limits && match);
    (void)pcre2_set_match_limit(limits, STEPS_MOST);
    (void)pcre2_set_heap_limit(limits, HEAP_MOST);
    int number = pcre2_match(code, (PCRE2_SPTR)module, strlen(module), 0,
                             PCRE2_ANCHORED, match, limits);
    pcre2_match_data_free(match);
    pcre2_match_context_free(limits);
    return number > 0 ? 1 : number == PCRE2_ERROR_NOMATCH ? 0 : number;
}

int pattern_matches(const char *module, const char *pattern, struct err *err)
{
    char whole[PATTERN_MOST + 16];
    PCRE2_UCHAR why[128] = "it is too long";
    PCRE2_SIZE where;
    int number = 0, found = -1;
    if (is_plain(pattern))
        return matches_plain(module, pattern);
    int size = snprintf(whole, sizeof whole, "^(.*\\.)?(%s)$", pattern);
    pcre2_code *code =
        size < (int)sizeof whole
            ? pcre2_compile((PCRE2_SPTR)whole, PCRE2_ZERO_TERMINATED,
                            PCRE2_DOLLAR_ENDONLY, &number, &where, NULL)
            : NULL;
    if (code) {
        found = run(code, module);
        number = found < 0 ? found : 0;
    }
    pcre2_code_free(code);
    if (found >= 0)
        return found;
    if (number != 0)
        (void)pcre2_get_error_message(number, why, sizeof why);
    return err_set(err,
                   "pattern \"%.100s\" is not understood: %s; use the end of a "
                   "module's name",
                   pattern, (const char *)why);
}
