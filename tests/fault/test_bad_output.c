/*
 * Folders that are taken, cannot be written, or are full; runs that blow up:
 * training goes on, the message says so, nothing existing is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "tests/fault/lab.h"
#include "tests/program.h"

static const char small[] = "task: {name: world}\nsteps: 20\nbatch: 2\n"
                            "slices: 2\n"
                            "evaluate: {every: 10, examples: 2}\n"
                            "runs: [{name: a, rank: 2}]\n";

static void assert_contains(const char *text, const char *what)
{
    if (!strstr(text, what))
        print_error("not there: %s\nin: %.3000s\n", what, text);
    assert_non_null(strstr(text, what));
}

static void test_taken(void **state)
{
    (void)state;
    lab_write("small.yaml", small);
    lab_shell("mkdir -p mine && echo precious >mine/keep");
    REFUSED(NULL, 1, WORDS("mine", "--force"), "run", "small.yaml", "--out",
            "mine");
    REFUSED(NULL, 1, WORDS("mine", "--force"), "run", "small.yaml", "--out",
            "mine", "--resume");
    REFUSED(NULL, 1, WORDS("mine/keep", "not a folder"), "run", "small.yaml",
            "--out", "mine/keep", "--force");
    lab_shell("test \"$(ls mine)\" = keep && grep -q precious mine/keep");
    free(DONE(NULL, "run", "small.yaml", "--out", "mine", "--force"));
    lab_shell("grep -q precious mine/keep");
    REFUSED(NULL, 1, WORDS("mine/recipe.yaml", "not the recipe"), "run",
            "small.yaml", "--set", "steps=21", "--out", "mine", "--resume");
    REFUSED(NULL, 1, WORDS("small.svg", "--force"), "show", "mine", "--svg",
            (lab_write("small.svg", "mine"), "small.svg"));
    REFUSED(NULL, 1, WORDS("root/assets/base", "--force"), "pretrain",
            "base.yaml", "--out", "root/assets/base");
    lab_shell("grep -q '^mine$' small.svg");
}

/* Exit status 1 at the end, and the result all the same. */
static void test_nowhere_to_write(void **state)
{
    (void)state;
    lab_write("small.yaml", small);
    lab_write("file", "x");
    struct outcome outcome =
        RUN(NULL, "run", "small.yaml", "--out", "file/below");
    assert_int_equal(outcome.status, 1);
    assert_contains(outcome.out, "a\tlora\tstep 20");
    assert_null(strstr(outcome.out, "results in"));
    assert_contains(outcome.err, "\nrankscope: file/below");
    outcome_free(&outcome);
    lab_shell("test \"$(cat file)\" = x");
    REFUSED(NULL, 1, WORDS("file"), "pretrain", "base.yaml", "--out",
            "file/below");
}

/* Every file ends at 4096 bytes: a disk that fills up while it trains. */
static void test_full_disk(void **state)
{
    struct launch full = {.file_bytes = 4096};
    struct err err = {{0}};
    (void)state;
    lab_write("race.yaml", lab_race);
    struct outcome outcome =
        RUN(&full, "run", "race.yaml", "--out", "full", "--checkpoint", "0.01");
    assert_int_equal(outcome.status, 1);
    assert_contains(outcome.out, "r8\tlora\tstep 24");
    assert_contains(outcome.err, "cannot be written");
    assert_contains(outcome.err, "\nrankscope: full/");
    outcome_free(&outcome);
    assert_false(lab_exists("full/runs/full/model/model.safetensors"));
    assert_false(lab_exists("full/checkpoint.json"));
    lab_shell("test -z \"$(find full -name '*.tmp-*')\"");
    lab_shell("test -s full/runs/r1/metrics.tsv");
    lab_shell("tail -c 1 full/runs/r8/spectra.tsv | od -c | grep -q '\\\\n'");
    /* The trained loss does not depend on the disk. */
    free(DONE(NULL, "run", "race.yaml", "--out", "roomy"));
    assert_same("full/runs/r1/metrics.tsv", "roomy/runs/r1/metrics.tsv");
    /* Once there is room again. */
    free(DONE(NULL, "run", "race.yaml", "--out", "full", "--resume"));
    assert_same_results("full", "roomy");
    struct json *root = json_read("full/checkpoint.json", &err);
    assert_non_null(root);
    json_free(root);
}

/* Results that did not arrive anywhere. */
static void test_full_standard_output(void **state)
{
    struct launch full = {.out = "/dev/full"};
    (void)state;
    if (!lab_exists("/dev/full"))
        skip();
    lab_write("small.yaml", small);
    REFUSED(&full, 1, WORDS("standard output"), "--help");
    REFUSED(&full, 1, WORDS("standard output"), "run", "--help");
    REFUSED(&full, 1, WORDS("standard output"), "eval", "bundled", "--task",
            "world", "--examples", "2", "--json");
    struct outcome outcome = RUN(&full, "run", "small.yaml");
    assert_int_equal(outcome.status, 1);
    assert_contains(outcome.err, "\nrankscope: cannot write to standard");
    outcome_free(&outcome);
}

static void test_diverged(void **state)
{
    (void)state;
    lab_write("nan.yaml",
              "task: {name: world}\nsteps: 20\nbatch: 2\nslices: 2\n"
              "evaluate: {every: 10, examples: 2}\nruns:\n"
              "  - {name: good, rank: 2}\n"
              "  - {name: bad, method: full, optimizer: {name: sgd, lr: 1000, "
              "clip: 0}}\n");
    char *out = DONE(NULL, "run", "nan.yaml", "--out", "nan");
    assert_contains(out, "good\tlora\tstep 20");
    assert_contains(out, "diverged at step");
    free(out);
    out = DONE(NULL, "run", "nan.yaml", "--out", "nan", "--resume");
    assert_contains(out, "diverged at step");
    free(out);
    out = DONE(NULL, "run", "nan.yaml", "--set", "runs.bad.optimizer.lr=0.01");
    assert_null(strstr(out, "diverged"));
    free(out);
    out = DONE(NULL, "show", "nan");
    assert_contains(out, "diverged");
    free(out);
}

/* A stored run that is half there. */
static void test_broken_results(void **state)
{
    static const char *const spoil[][3] = {
        {"rm %s/recipe.yaml", "show", "recipe.yaml"},
        {"echo 'steps: [' >%s/recipe.yaml", "show", "recipe.yaml:"},
        {"printf '0\\tx\\ty\\n' >>%s/runs/a/metrics.tsv", "show",
         "metrics.tsv"},
        {"echo '{' >%s/checkpoint.json", "run", "checkpoint.json:"},
        {"echo '{}' >%s/checkpoint.json", "run", "half"},
        {"rm %s/runs/a/checkpoint-*", "run", "checkpoint-"},
        {": >%s/runs/a/checkpoint-20.safetensors", "run", "checkpoint-"},
        {": >%s/runs/a/metrics.tsv", "run", "metrics.tsv"},
        {": >%s/events.tsv", "run", "events.tsv"},
        {"sed -i.old '3s/.*/x/' %s/runs/a/metrics.tsv", "show",
         "metrics.tsv:3:"},
        {"tr '\\t' ' ' <small.yaml >%s/sites.tsv", "show", "sites.tsv"},
    };
    (void)state;
    lab_write("small.yaml", small);
    free(DONE(NULL, "run", "small.yaml", "--out", "stored"));
    for (size_t i = 0; i < sizeof spoil / sizeof *spoil; i++) {
        char command[200];
        lab_shell("rm -rf half before && cp -R stored half");
        snprintf(command, sizeof command, "%s", spoil[i][0]);
        char *at = strstr(command, "%s/");
        memcpy(command, spoil[i][0], (size_t)(at - command));
        snprintf(at, sizeof command - (size_t)(at - command), "half/%s",
                 strstr(spoil[i][0], "%s/") + 3);
        lab_shell("%s", command);
        lab_shell("cp -R half before");
        if (spoil[i][1][0] == 's')
            REFUSED(NULL, 1, WORDS("half", spoil[i][2]), "show", "half");
        else
            REFUSED(NULL, 1, WORDS("half", spoil[i][2]), "run", "small.yaml",
                    "--out", "half", "--resume");
        lab_shell("diff -r half before >&2");
    }
    lab_shell("rm -rf half && mkdir half");
    REFUSED(NULL, 1, WORDS("half/recipe.yaml"), "show", "half");
    REFUSED(NULL, 1, WORDS("small.yaml"), "show", "small.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_nowhere_to_write),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_full_standard_output),
        cmocka_unit_test(test_diverged),
        cmocka_unit_test(test_broken_results),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
