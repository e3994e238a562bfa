/*
 * Wrong words on the command line, names far too long, no terminal; and
 * --help, which is always right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fault/lab.h"
#include "tests/program.h"

static const char *const subcommands[] = {
    "open",     "run",      "sweep",   "show",     "eval",
    "generate", "spectrum", "overlap", "resize",   "extract",
    "merge",    "pretrain", "bench",   "intrinsic"};
enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands, LONG = 5000 };

static const char small[] = "task: {name: world}\nsteps: 2\n"
                            "evaluate: {every: 10, examples: 2}\n"
                            "runs: [{name: a, rank: 2}]\n";

static void test_help(void **state)
{
    (void)state;
    char *all = DONE(NULL, "--help");
    for (int i = 0; i < SUBCOMMANDS; i++) {
        char start[64];
        snprintf(start, sizeof start, "usage: rankscope %s", subcommands[i]);
        struct outcome outcome = RUN(NULL, subcommands[i], "--help");
        assert_int_equal(outcome.status, 0);
        assert_memory_equal(outcome.out, start, strlen(start));
        assert_string_equal(outcome.err, "");
        outcome_free(&outcome);
        assert_non_null(strstr(all, subcommands[i]));
    }
    assert_int_equal(line_count(strstr(all, "  open")) - 2, SUBCOMMANDS);
    free(all);
}

static void test_wrong_words(void **state)
{
    (void)state;
    lab_write("small.yaml", small);
    REFUSED(NULL, 2, WORDS("rnu", "run", "--help"), "rnu");
    REFUSED(NULL, 2, WORDS("qqq", "--help"), "qqq");
    REFUSED(NULL, 2, WORDS("--frob"), "--frob");
    REFUSED(NULL, 2, WORDS("subcommand"), "");
    for (int i = 0; i < SUBCOMMANDS; i++) {
        REFUSED(NULL, 2, WORDS("--frob", "--help"), subcommands[i], "x",
                "--frob");
        REFUSED(NULL, 2, WORDS("-q", "--help"), subcommands[i], "x", "-qz");
        if (strcmp(subcommands[i], "merge") != 0) /* it takes many */
            REFUSED(NULL, 2, WORDS("usage"), subcommands[i], "a", "b", "c");
        if (strcmp(subcommands[i], "bench") != 0)
            REFUSED(NULL, 2, WORDS("usage", "missing"), subcommands[i]);
    }
    REFUSED(NULL, 2, WORDS("--threads", "value"), "run", "x", "--threads");
    REFUSED(NULL, 2, WORDS("--threads", "1..48"), "run", "x", "--threads", "0");
    REFUSED(NULL, 2, WORDS("--threads", "whole"), "run", "x", "--threads",
            "1.5");
    REFUSED(NULL, 2, WORDS("--threads", "1..48"), "run", "x", "--threads",
            "99999999999");
    REFUSED(NULL, 2, WORDS("--scale", "nan"), "eval", "x", "--scale", "nan");
    REFUSED(NULL, 2, WORDS("--force=1"), "run", "x", "--force=1");
    REFUSED(NULL, 2, WORDS("--out"), "run", "small.yaml", "--resume");
    REFUSED(NULL, 2, WORDS("--task"), "eval", "bundled");
    REFUSED(NULL, 2, WORDS("--rank", "--budget"), "resize", "a", "-o", "b");
    REFUSED(NULL, 2, WORDS("-o", "--dry-run"), "resize", "a", "--rank", "2");
    REFUSED(NULL, 2, WORDS("--base", "--task"), "resize", "a", "--compare",
            "--base", "bundled");
    REFUSED(NULL, 2, WORDS("--rank", "--energy"), "extract", "a", "b", "-o",
            "c");
    REFUSED(NULL, 2, WORDS("f32, f16"), "merge", "a", "b", "-o", "c", "--dtype",
            "int8");
    REFUSED(NULL, 2, WORDS("-100..100"), "merge", "a", "b", "-o", "c",
            "--scale", "x");
    REFUSED(NULL, 2, WORDS("--json", "--tsv"), "spectrum", "a", "--json",
            "--tsv");
    REFUSED(NULL, 2, WORDS("--json", "--tsv"), "overlap", "a", "b", "--json",
            "--tsv");
    REFUSED(NULL, 2, WORDS("--side left", "input"), "overlap", "a", "b",
            "--side", "left");
    REFUSED(NULL, 2, WORDS("--out"), "pretrain", "base.yaml");
    REFUSED(NULL, 1, WORDS("wrld", "world"), "eval", "bundled", "--task",
            "wrld");
    REFUSED(NULL, 1, WORDS("base"), "pretrain", "small.yaml", "--out", "out");
    REFUSED(NULL, 1, WORDS("z", "up"), "bench", "--targets", "q,z");
    REFUSED(NULL, 1, WORDS("frob"), "bench", "--method", "frob");
    REFUSED(NULL, 1, WORDS("rank 900"), "bench", "--rank", "900");
    REFUSED(NULL, 1, WORDS("memory"), "bench", "--layers", "200", "--width",
            "16384", "--vocab", "300000");
    assert_false(lab_exists("out"));
}

static void test_long_names(void **state)
{
    (void)state;
    char *name = calloc(1, LONG + 1), *many = calloc(1, LONG + 1);
    assert_true(name && many);
    memset(name, 'x', LONG);
    for (int i = 0; i < LONG; i++)
        many[i] = i % 2 ? '/' : 'd';
    lab_write("small.yaml", small);
    const char *const names[] = {name, many, name + LONG - 950,
                                 many + LONG - 950};
    for (int i = 0; i < 4; i++) {
        const char *n = names[i], *const *any = WORDS("rankscope");
        char root[LONG + 40];
        snprintf(root, sizeof root, "RANKSCOPE_ROOT=%s", n);
        REFUSED(&(struct launch){.var = {root}}, 1, WORDS("RANKSCOPE_ROOT"),
                "run", "small.yaml");
        REFUSED(NULL, 1, any, "run", n);
        REFUSED(NULL, 1, any, "run", "small.yaml", "--out", n);
        REFUSED(NULL, 1, any, "run", "small.yaml", "--journal", n);
        REFUSED(NULL, 1, any, "run", "small.yaml", "--set", n);
        REFUSED(NULL, 1, any, "sweep", n);
        REFUSED(NULL, 1, any, "sweep", "small.yaml", "--out", n);
        REFUSED(NULL, 1, any, "pretrain", n, "--out", "out");
        REFUSED(NULL, 1, any, "pretrain", "base.yaml", "--out", n);
        REFUSED(NULL, 1, any, "eval", n, "--task", "world");
        REFUSED(NULL, 1, any, "eval", "bundled", "--task", n);
        REFUSED(NULL, 1, any, "eval", "bundled", "--task", "world", "--adapter",
                n);
        REFUSED(NULL, 1, any, "generate", n);
        REFUSED(NULL, 1, any, "generate", "bundled", "--adapter", n);
        REFUSED(NULL, 1, any, "show", n);
        REFUSED(NULL, 1, any, "spectrum", n);
        REFUSED(NULL, 1, any, "spectrum", "root/assets/base", "--base", n);
        REFUSED(NULL, 1, any, "spectrum", "root/assets/base", "--site", n);
        REFUSED(NULL, 1, any, "spectrum", "root/assets/base", "--run", n);
        REFUSED(NULL, 1, any, "overlap", "root/assets/base", n);
        REFUSED(NULL, 1, any, "open", n);
        REFUSED(NULL, 1, any, "bench", "--targets", n);
        REFUSED(NULL, 2, any, n);
        REFUSED(NULL, 2, any, "run", "small.yaml", "--threads", n);
    }
    free(name);
    free(many);
}

/* A terminal that cannot do it is told so on that terminal. */
static void test_no_terminal(void **state)
{
    struct launch dumb = {.terminal = "dumb"}, odd = {.terminal = "no-such"};
    (void)state;
    lab_write("small.yaml", small);
    REFUSED(NULL, 1, WORDS("terminal", "rankscope run"), "open", "small.yaml");
    struct outcome outcome = program_run(NULL, (const char *[]){NULL});
    assert_int_equal(outcome.status, 1);
    assert_non_null(strstr(outcome.err, "rankscope run"));
    outcome_free(&outcome);
    for (int i = 0; i < 2; i++) {
        outcome = RUN(i ? &odd : &dumb, "open", "small.yaml");
        if (outcome.status != 1)
            outcome_print(&outcome, WORDS("open"));
        assert_int_equal(outcome.status, 1);
        assert_int_equal(line_count(outcome.out), 1);
        assert_non_null(strstr(outcome.out, i ? "no-such" : "dumb"));
        assert_non_null(strstr(outcome.out, "rankscope run"));
        assert_null(strchr(outcome.out, '\033'));
        outcome_free(&outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_wrong_words),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_no_terminal),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
