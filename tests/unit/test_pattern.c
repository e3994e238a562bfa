/* Patterns of an adapter's config: as Python reads them, and never for long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/io/pattern.h"

static void as_peft_matches(void **state)
{
    (void)state;
    static const struct {
        const char *module, *pattern;
        int want;
    } table[] = {
        {"h.0.attn.q", "q", 1},
        {"h.0.attn.q", "attn.q", 1},
        {"h.0.attn.q", "n.q", 0}, /* only whole words from behind a dot */
        {"h.0.attn.q", "h.0.attn.q", 1},
        {"h.0.attn.q", "h.1.attn.q", 0},
        {"h.0.attn.q", "attnxq", 0},
        {"h.0.attnxq", "attn.q", 1}, /* a dot is any sign */
        {"h.12.attn.q", "h\\.\\d+\\.attn\\.(q|v)", 1},
        {"h.12.attn.k", "h\\.\\d+\\.attn\\.(q|v)", 0},
        {"h.12.attn.q", "h.[0-9]+?.attn.q", 1},
        {"h.12.attn.q", "(?!.*12).*q",
         1},                          /* behind the last dot there is none */
        {"h.0.attn.q\n", "q[a]?", 0}, /* $ is the very end */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct err err = {""};
        int got = pattern_matches(table[i].module, table[i].pattern, &err);
        if (got != table[i].want)
            fail_msg("%s on %s: %d %s", table[i].pattern, table[i].module, got,
                     err.text);
    }
}

static void refuses(const char *pattern, const char *why)
{
    struct err err = {""};
    int got = pattern_matches(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", pattern, &err);
    if (got != -1 || !strstr(err.text, why) || !strstr(err.text, "pattern \""))
        fail_msg("%s: %d, said: %s", pattern, got, err.text);
}

static void ends_soon(void **state)
{
    char all[600] = "";
    (void)state;
    refuses("(", "parenthes");
    refuses("a++++++++++++++++++++++++++++++++++++++++", "quantifier");
    refuses("((a{1000}){1000}){1000}", "too");
    refuses("(a+)+[cd]", "limit");
    memset(all, '(', sizeof all - 1);
    refuses(all, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_peft_matches),
        cmocka_unit_test(ends_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
