/*
 * rankscope sweep from outside: tables in three forms, wrong words, a cell
 * that was damaged, a sweep that is killed, and two at once on one folder.
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

static const char grid[] =
    "title: a small grid\n"
    "task: {name: world}\n"
    "seed: 3\n"
    "steps: 6\n"
    "batch: 4\n"
    "slices: 2\n"
    "optimizer: {lr: 0.01, warmup: 2}\n"
    "grid:\n"
    "  seeds: [1, 2]\n"
    "  paper: table4\n"
    "  rows:\n"
    "    - {name: r1, rank: 1, lr: [0.01, 0.02], paper: lora-4.7m}\n"
    "    - {name: full, method: full, lr: 0.003, paper: ft}\n"
    "  search: {examples: 2}\n"
    "  report: {examples: 3}\n"
    "  quick: {seeds: [1], steps: 2, rates: 1}\n";

/* All cells of two folders but their clocks. */
static void assert_same_cells(const char *a, const char *b)
{
    lab_shell("cd %s/cells && for f in *; do sed '/\"timing\"/,$d' $f >../one; "
              "sed '/\"timing\"/,$d' ../../%s/cells/$f >../two; "
              "cmp ../one ../two || exit 1; done; rm ../one ../two; "
              "test $(ls | wc -l) = 6",
              a, b);
}

static void test_table(void **state)
{
    (void)state;
    lab_write("grid.yaml", grid);
    char *text = DONE(NULL, "sweep", "grid.yaml");
    assert_non_null(strstr(text, "6 of 6 cells"));
    assert_non_null(strstr(text, "LoRA 4.7M"));
    assert_non_null(strstr(text, "held-out loss, nats"));
    free(text);
    assert_true(lab_exists("grid.sweep/cells/r1@world@lr-0.01.json"));
    text = DONE(NULL, "sweep", "grid.yaml", "--tsv");
    assert_int_equal(line_count(text), 3);
    free(text);
    text = DONE(NULL, "sweep", "grid.yaml", "--json", "--svg", "figure.svg");
    assert_non_null(strstr(text, "\"findings\""));
    free(text);
    assert_true(lab_exists("figure.svg"));
    REFUSED(NULL, 1, WORDS("figure.svg", "--force"), "sweep", "grid.yaml",
            "--svg", "figure.svg");
    text = DONE(NULL, "sweep", "grid.yaml", "--list", "--quick");
    assert_int_equal(line_count(text), 2);
    assert_non_null(strstr(text, "r1@world@seed-1\tto do\n"));
    free(text);
    assert_false(lab_exists("grid-quick.sweep"));
}

static void test_wrong_words(void **state)
{
    static const char *const shards[] = {"0/2", "3/2", "1", "1/2x", "a/b", ""};
    (void)state;
    lab_write("grid.yaml", grid);
    lab_write("race.yaml", lab_race);
    for (int i = 0; i < 6; i++)
        REFUSED(NULL, 2, WORDS("--shard", "I/N"), "sweep", "grid.yaml",
                "--shard", shards[i]);
    REFUSED(NULL, 2, WORDS("--json", "--tsv"), "sweep", "grid.yaml", "--json",
            "--tsv");
    REFUSED(NULL, 1, WORDS("rankscope run"), "sweep", "race.yaml");
    REFUSED(NULL, 1, WORDS("grid.yaml:8:1", "rankscope sweep"), "run",
            "grid.yaml");
    REFUSED(NULL, 1, WORDS("row r1", "1..32"), "sweep", "grid.yaml", "--out",
            "wide", "--set", "grid.rows.r1.rank=33");
    assert_false(lab_exists("wide"));
    lab_write("file", "");
    REFUSED(NULL, 1, WORDS("file"), "sweep", "grid.yaml", "--out", "file");
}

static void test_damage_and_other_recipes(void **state)
{
    (void)state;
    lab_write("grid.yaml", grid);
    free(DONE(NULL, "sweep", "grid.yaml", "--out", "whole"));
    lab_shell("cp -R whole broken && echo '{' "
              ">broken/cells/full@world@seed-1.json && "
              "rm broken/cells/r1@world@lr-0.02.json");
    free(DONE(NULL, "sweep", "grid.yaml", "--out", "broken", "--threads", "1"));
    assert_same_cells("broken", "whole");
    REFUSED(NULL, 1, WORDS("made by another recipe", "--force"), "sweep",
            "grid.yaml", "--out", "broken", "--set", "steps=7");
    assert_same_cells("broken", "whole");
    char *text = DONE(NULL, "sweep", "grid.yaml", "--out", "broken", "--set",
                      "steps=7", "--force");
    assert_non_null(strstr(text, "7 steps"));
    free(text);
}

/* Killed in the middle of a long cell, by kill -9 and by Ctrl-C: locks and
 * work folders are left behind, and the next call ends as if nothing was. */
static void test_kill(void **state)
{
    static const char *const signals[] = {"KILL", "INT"};
    (void)state;
    lab_write("grid.yaml", grid);
    free(
        DONE(NULL, "sweep", "grid.yaml", "--out", "calm", "--set", "steps=60"));
    for (int i = 0; i < 2; i++) {
        char out[32];
        snprintf(out, sizeof out, "killed%d", i);
        lab_shell("for i in 1 2 3; do timeout -s %s 0.$i $RANKSCOPE_BIN sweep "
                  "grid.yaml --out %s --set steps=60 >/dev/null 2>&1; done; "
                  "true",
                  signals[i], out);
        free(DONE(NULL, "sweep", "grid.yaml", "--out", out, "--set",
                  "steps=60"));
        assert_same_cells(out, "calm");
    }
}

static void test_two_at_once(void **state)
{
    (void)state;
    lab_write("grid.yaml", grid);
    free(DONE(NULL, "sweep", "grid.yaml", "--out", "single"));
    lab_shell("$RANKSCOPE_BIN sweep grid.yaml --out both --threads 1 "
              ">/dev/null 2>log1 & "
              "$RANKSCOPE_BIN sweep grid.yaml --out both --threads 1 "
              ">/dev/null 2>log2; wait");
    free(DONE(NULL, "sweep", "grid.yaml", "--out", "both"));
    assert_same_cells("both", "single");
    lab_shell("$RANKSCOPE_BIN sweep grid.yaml --out parts --shard 1/2 "
              ">/dev/null 2>&1 && $RANKSCOPE_BIN sweep grid.yaml --out parts "
              "--shard 2/2 >/dev/null 2>log && grep -q '2/2' log");
    assert_same_cells("parts", "single");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_wrong_words),
        cmocka_unit_test(test_damage_and_other_recipes),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_two_at_once),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
