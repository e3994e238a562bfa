/*
 * A run that begins with an adapter: at its rank, at a larger one (nothing
 * changes) and at a smaller one (what resize keeps, Eckart-Young), on any
 * number of threads and after a stop; what cannot be begun with is refused.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fault/lab.h"
#include "tests/near.h"
#include "tests/program.h"

#define FAILS(word, ...) REFUSED(NULL, 1, WORDS(word), __VA_ARGS__)
#define ADAPTER          "done/runs/r8/adapter"
#define TARGETS          "targets: [q, v, up], "
/* No two of its sites are one module of PEFT's, which resize cuts as one. */
#define ALONE "alone/runs/a/adapter"
#define CUT   "rank: 1, targets: [o, up], "

static const char head[] =
    "task: {name: world}\nseed: 3\nsteps: 12\nbatch: 4\nslices: 2\n"
    "optimizer: {lr: 0.01, warmup: 2}\nevaluate: {every: 4, examples: 6}\n"
    "runs:\n";

static const char again[] =
    "  - {name: same, rank: 8, ranks: {h.1.attn.v: 2}, " TARGETS
    "adapter: " ADAPTER "}\n"
    "  - {name: up, rank: 16, alpha: 3, " TARGETS "adapter: " ADAPTER "}\n"
    "  - {name: wide, method: lora_plus, rank: 9, targets: all, "
    "adapter: " ADAPTER "}\n"
    "  - {name: down, " CUT "adapter: " ALONE "}\n"
    "  - {name: root, method: rslora, " CUT "adapter: " ALONE "}\n"
    "  - {name: small, " CUT "adapter: small}\n";

static void write_recipe(const char *name, const char *runs)
{
    char text[4096];
    (void)snprintf(text, sizeof text, "%s%s", head, runs);
    lab_write(name, text);
}

static int set_up(void **state)
{
    if (lab_set_up(state) != 0)
        return -1;
    lab_write("race.yaml", lab_race);
    free(DONE(NULL, "run", "race.yaml", "--out", "done"));
    write_recipe(
        "alone.yaml",
        "  - {name: a, rank: 8, targets: [o, up], optimizer: {lr: 0.05}}\n");
    free(DONE(NULL, "run", "alone.yaml", "--out", "alone"));
    free(DONE(NULL, "resize", ALONE, "--rank", "1", "-o", "small"));
    return 0;
}

/* The first or last held-out loss of a run: behind five tabs. */
static double held_out(const char *folder, const char *run, bool last)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/runs/%s/metrics.tsv", folder, run);
    char *text = lab_read(path, NULL), *rest = NULL;
    double loss = NAN;
    assert_non_null(text);
    (void)strtok_r(text, "\n", &rest); /* the header */
    for (char *row; (row = strtok_r(NULL, "\n", &rest));) {
        for (int tabs = 0; tabs < 5; row++)
            tabs += *row == '\t';
        if (*row != '\t' && (last || isnan(loss)))
            loss = strtod(row, NULL);
    }
    free(text);
    return loss;
}

/* The files have six digits or more of a loss near 6; B is rounded to float
 * once more where s differs. */
static void each_begins_where_the_adapter_was(void **state)
{
    (void)state;
    write_recipe("again.yaml", again);
    free(DONE(NULL, "run", "again.yaml", "--out", "again"));
    double at = held_out("done", "r8", true);
    assert_near(held_out("again", "same", false), at, 1e-5);
    assert_near(held_out("again", "up", false), at, 1e-5);
    assert_near(held_out("again", "wide", false), at, 1e-5);
    double less = held_out("again", "small", false);
    double whole = held_out("alone", "a", true);
    assert_true(fabs(less - whole) > 1e-4); /* or the test says nothing */
    assert_near(held_out("again", "down", false), less, 1e-5);
    assert_near(held_out("again", "root", false), less, 1e-5);
    assert_true(held_out("again", "up", true) < at); /* and it learns on */
}

static void the_same_bits(void **state)
{
    (void)state;
    write_recipe("again.yaml", again);
    free(DONE(NULL, "run", "again.yaml", "--out", "t1", "--threads", "1"));
    free(DONE(NULL, "run", "again.yaml", "--out", "t3", "--threads", "3"));
    assert_same_results("t1", "t3");
    /* What the folder says of itself is the same run. */
    free(DONE(NULL, "run", "t1/recipe.yaml", "--out", "t2"));
    assert_same_results("t1", "t2");
}

static void the_file_has_the_rank_of_the_run(void **state)
{
    (void)state;
    write_recipe("one.yaml",
                 "  - {name: up, rank: 12, " TARGETS "adapter: " ADAPTER "}\n");
    free(DONE(NULL, "run", "one.yaml", "--out", "one"));
    char *config = lab_read("one/runs/up/adapter/adapter_config.json", NULL);
    assert_non_null(config);
    assert_null(strstr(config, ": 8"));
    free(config);
}

/* A state that is loaded, by a resume or a fork, asks for no adapter. */
static void only_the_first_step_reads_it(void **state)
{
    (void)state;
    lab_shell("cp -r " ADAPTER " gone");
    write_recipe("gone.yaml",
                 "  - {name: up, rank: 12, " TARGETS "adapter: gone}\n");
    lab_write("fork.tsv", "6\tfork\trun=up\n");
    free(DONE(NULL, "run", "gone.yaml", "--out", "forked", "--journal",
              "fork.tsv"));
    lab_shell("rm -r gone && mkdir once && cp -r forked/runs once");
    free(DONE(NULL, "run", "gone.yaml", "--out", "forked", "--resume"));
    assert_same("forked/runs/up-fork/adapter/adapter_model.safetensors",
                "once/runs/up-fork/adapter/adapter_model.safetensors");
}

static void what_cannot_be_begun_with(void **state)
{
    (void)state;
    write_recipe("bad.yaml",
                 "  - {name: a, targets: [q, v], adapter: " ADAPTER "}\n");
    FAILS("add up to targets", "run", "bad.yaml");
    write_recipe("bad.yaml", "  - {name: a, adapter: nowhere}\n");
    FAILS("there is no nowhere", "run", "bad.yaml");
    write_recipe("bad.yaml",
                 "  - {name: a, method: dora, adapter: " ADAPTER "}\n");
    FAILS("method dora has no adapter", "run", "bad.yaml");
    write_recipe("dora.yaml", "  - {name: d, method: dora}\n");
    free(DONE(NULL, "run", "dora.yaml", "--out", "dora"));
    write_recipe("bad.yaml", "  - {name: a, adapter: dora/runs/d/adapter}\n");
    FAILS("lengths for the rows", "run", "bad.yaml");
    lab_shell("cp -r small cut && truncate -s -4 "
              "cut/adapter_model.safetensors");
    write_recipe("bad.yaml", "  - {name: a, adapter: cut}\n");
    FAILS("cut short", "run", "bad.yaml", "--out", "none");
    assert_false(lab_exists("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_begins_where_the_adapter_was),
        cmocka_unit_test(the_same_bits),
        cmocka_unit_test(the_file_has_the_rank_of_the_run),
        cmocka_unit_test(only_the_first_step_reads_it),
        cmocka_unit_test(what_cannot_be_begun_with),
    };
    return cmocka_run_group_tests(tests, set_up, lab_tear_down);
}
