/*
 * Recipes, --set values and journals that are wrong: one sentence that says
 * where, exit status 1, and nothing is left behind.
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

#define TASK "task: {name: world}\n"
#define RUNS "runs: [{name: a, rank: 2}]\n"

static const char good[] =
    TASK "steps: 2\nbatch: 2\nevaluate: {every: 10, examples: 2}\n" RUNS;

static void refuse_file(const char *const *words, const char *path)
{
    REFUSED(NULL, 1, words, "run", path, "--out", "out");
    assert_false(lab_exists("out"));
}

static void test_recipes(void **state)
{
    static const struct {
        const char *text, *where, *say;
    } bad[] = {
        {"task:\n\t{name: world}\n", "x.yaml:2:1:", "tab"},
        {TASK "steps: 3\nsteps: 4\n" RUNS, "x.yaml:3:1:", "twice"},
        {TASK "runs: [{name: a, rank: 0}]\n", "x.yaml:2:24:", "rank 0"},
        {TASK "runs: [{name: a, rank: 1000000000}]\n",
         "x.yaml:2:24:", "1000000000"},
        {TASK "runs: [{name: a, rank: 33}]\n", "run a", "1..32"},
        {"task: {name: wrld}\n" RUNS, "x.yaml:1:14:", "world"},
        {TASK "step: 3\n" RUNS, "x.yaml:2:1:", "steps"},
        {TASK "steps: many\n" RUNS, "x.yaml:2:8:", "whole number"},
        {TASK "steps: [3]\n" RUNS, "x.yaml:2:8:", "steps"},
        {TASK "steps: -3\n" RUNS, "x.yaml:2:8:", "1.."},
        {TASK "steps: 99999999999999999999\n" RUNS, "x.yaml:2:8:", "steps"},
        {TASK "optimizer: {lr: .nan}\n" RUNS, "x.yaml:2:17:", "lr"},
        {TASK "optimizer: {lr: 1e999}\n" RUNS, "x.yaml:2:17:", "lr"},
        {"", "x.yaml", "empty"},
        {"# nothing\n", "x.yaml", "empty"},
        {TASK, "x.yaml:1:1:", "runs"},
        {RUNS, "x.yaml:1:1:", "task"},
        {"just words\n", "x.yaml:1:1:", "map"},
        {TASK "runs: [{name: a}, {name: a}]\n", "x.yaml:2:19:", "two runs"},
        {TASK "runs: [{name: ../a}]\n", "x.yaml:2:15:", "../a"},
        {TASK "runs: [{name: a, method: lroa}]\n", "x.yaml:2:26:", "lora"},
        {TASK "runs: [{name: a, targets: [q, z]}]\n", "x.yaml:2:31:", "z"},
        {TASK "runs: [{name: a, ranks: {h.9.attn.q: 3}}]\n", "run a",
         "h.0.attn.q"},
        {TASK "runs: [{name: a, method: full, rank: 3}]\n",
         "x.yaml:2:32:", "no rank"},
        {"task: {name: world, data: x.yaml}\n" RUNS, "x.yaml", "data"},
        {"base: nowhere\n" TASK RUNS, "nowhere/", "No such file"},
        {"base: {layers: 1, width: 33, heads: 2}\n" TASK RUNS,
         "x.yaml:1:7:", "33"},
        {"base: {layers: 1, width: 32, heads: 2, inner: 64, vocab: 300, "
         "context: 64}\n" TASK RUNS,
         "tokenizer.json", "400"},
        {"base: {layers: 100, width: 16384, heads: 16, inner: 65536, vocab: "
         "1000000, context: 64}\n" TASK RUNS,
         "memory", "smaller"},
        {TASK "batch: 65536\nslices: 1\n" RUNS, "slices", "batch"},
        {TASK "title: \"open\n" RUNS, "x.yaml:", ""},
        {TASK "title: &a x\n" RUNS, "x.yaml:2:", ""},
        {TASK "title: \x01\n" RUNS, "x.yaml", ""},
        {TASK "title: \xff\xfe\n" RUNS, "x.yaml", ""},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
         "x.yaml:1:", "deep"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lab_write("x.yaml", bad[i].text);
        refuse_file(WORDS(bad[i].where, bad[i].say), "x.yaml");
    }
}

static void test_files_that_are_no_recipe(void **state)
{
    enum { MANY = 10000000 };
    (void)state;
    char *bytes = malloc(MANY);
    assert_non_null(bytes);
    memset(bytes, 'a', MANY);
    lab_write_bytes("long.yaml", bytes, MANY);
    for (int i = 0; i < 5000; i++)
        bytes[i] = (char)(i * 37 + i * i / 11);
    lab_write_bytes("noise.yaml", bytes, 5000);
    free(bytes);
    lab_shell("mkdir -p folder.yaml");
    refuse_file(WORDS("long.yaml", "10000000"), "long.yaml");
    refuse_file(WORDS("noise.yaml"), "noise.yaml");
    refuse_file(WORDS("folder.yaml", "directory"), "folder.yaml");
    refuse_file(WORDS("missing.yaml", "no such file"), "missing.yaml");
    refuse_file(WORDS("no such file"), "");
}

static void test_set(void **state)
{
    static const char *const bad[][2] = {
        {"nix=3", "unknown key nix"},
        {"runs.5.rank=3", "no 5 in runs"},
        {"runs.b.rank=3", "no b"},
        {"runs.a.rnk=4", "rank"},
        {"runs.a.rank=0", "rank 0"},
        {"steps", "key=value"},
        {"steps=", "missing"},
        {"=3", "key=value"},
        {"runs=3", "list"},
        {"steps=[1]", "steps"},
        {"steps={", "value:"},
        {"......=1", "unknown key"},
        {"runs.-1.rank=1", "-1"},
        {"steps=two", "whole number"},
        {"runs.99999999999.rank=1", "99999999999"},
    };
    (void)state;
    lab_write("good.yaml", good);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED(NULL, 1, WORDS("--set", bad[i][0], bad[i][1]), "run",
                "good.yaml", "--out", "out", "--set", bad[i][0]);
        assert_false(lab_exists("out"));
    }
    free(DONE(NULL, "run", "good.yaml", "--set", "runs.a.rank=3"));
}

static void test_journals(void **state)
{
    static const char *const bad[][3] = {
        {"x\trank\n", "j.tsv:1:", "x is no tick"},
        {"\n", "j.tsv:1:", "tick"},
        {"0 rank\n", "j.tsv:1:", "tabs"},
        {"0\trnak\trun=a\n", "j.tsv:1:", "rank"},
        {"0\tpause\n", "j.tsv:1:", "pause"},
        {"0\trank\trun=a\n", "j.tsv:1:", "site="},
        {"0\trank\trun=a\trun=a\n", "j.tsv:1:", "second"},
        {"0\tundo\trun=a\trank=4\n", "j.tsv:1:", "takes no rank"},
        {"0\trank\trun=a\tsite=all\trank=0\tpolicy=keep s\n",
         "j.tsv:1:", "rank=0"},
        {"0\trank\trun=a\tsite=all\trank=4\tpolicy=keep\n",
         "j.tsv:1:", "policy=keep"},
        {"5\tundo\trun=a\n1\tundo\trun=a\n", "j.tsv:2:", "tick 1"},
        {"1\tadd\tspec={name: b, rank: 0}\n", "j.tsv:1:", "rank 0"},
        {"1\tlr\trun=a\tvalue=nan\n", "j.tsv:1:", "nan"},
        {"0\tundo\n", "j.tsv:1:", "run="},
    };
    (void)state;
    lab_write("good.yaml", good);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lab_write("j.tsv", bad[i][0]);
        REFUSED(NULL, 1, WORDS(bad[i][1], bad[i][2]), "run", "good.yaml",
                "--out", "out", "--journal", "j.tsv");
        assert_false(lab_exists("out"));
    }
    REFUSED(NULL, 1, WORDS("nowhere.tsv"), "run", "good.yaml", "--out", "out",
            "--journal", "nowhere.tsv");
    assert_false(lab_exists("out"));
}

/* Commands that cannot be carried out are said and left out. */
static void test_refused_commands(void **state)
{
    (void)state;
    lab_write("good.yaml", good);
    lab_write("j.tsv", "0\tundo\trun=nix\n"
                       "0\tundo\trun=a\n"
                       "0\trank\trun=a\tsite=all\trank=4000\tpolicy=keep s\n"
                       "0\trank\trun=a\tsite=h.7\trank=4\tpolicy=keep s\n"
                       "0\tremove\trun=a\n"
                       "0\tsteps\tvalue=0.5\n"
                       "1\tadd\tspec={name: a}\n"
                       "99\tundo\trun=a\n");
    struct outcome outcome =
        RUN(NULL, "run", "good.yaml", "--journal", "j.tsv");
    static const char *const said[] = {
        "no run nix", "nothing to undo", "use 1..32",  "no site h.7",
        "last run",   "steps 0.5",       "a is taken", "past the end"};
    assert_int_equal(outcome.status, 0);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (!strstr(outcome.err, said[i]))
            print_error("not said: %s\n%s\n", said[i], outcome.err);
        assert_non_null(strstr(outcome.err, said[i]));
    }
    assert_non_null(strstr(outcome.out, "step 2"));
    outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipes),
        cmocka_unit_test(test_files_that_are_no_recipe),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_journals),
        cmocka_unit_test(test_refused_commands),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
