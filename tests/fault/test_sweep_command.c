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

static const char latency[] =
    "title: clocks\n"
    "base: {layers: 1, width: 16, heads: 2, inner: 24, vocab: 300, "
    "context: 32}\n"
    "latency:\n"
    "  shapes: [{batch: 1, sequence: 8}]\n"
    "  rows:\n"
    "    - {name: merged, method: lora, rank: 1, merged: true, paper: lora}\n"
    "    - {name: h, method: adapter_h, rank: 1, paper: adapter-h}\n"
    "  repetitions: 3\n";

/* Measured once, then only printed; another recipe is measured again. */
static void test_latency(void **state)
{
    (void)state;
    lab_write("clocks.yaml", latency);
    char *first = DONE(NULL, "sweep", "clocks.yaml", "--json");
    char *second = DONE(NULL, "sweep", "clocks.yaml", "--json");
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "\"timing\""));
    free(first);
    free(second);
    char *text = DONE(NULL, "sweep", "clocks.yaml");
    assert_non_null(strstr(text, "These are clocks"));
    assert_non_null(strstr(text, "+30.3 %"));
    free(text);
    text = DONE(NULL, "sweep", "clocks.yaml", "--tsv", "--set",
                "latency.repetitions=4");
    assert_int_equal(line_count(text), 1 + 2 * 2);
    free(text);
    REFUSED(NULL, 1, WORDS("one thread", "--shard"), "sweep", "clocks.yaml",
            "--shard", "1/2");
    REFUSED(NULL, 1, WORDS("clocks.yaml", "use at most 31"), "sweep",
            "clocks.yaml", "--set", "latency.shapes.0.sequence=32");
}

/* The folder shows itself: the recipe is kept in it. */
static void test_show(void **state)
{
    (void)state;
    lab_write("grid.yaml", grid);
    free(
        DONE(NULL, "sweep", "grid.yaml", "--out", "shown", "--set", "steps=3"));
    lab_shell("rm grid.yaml shown/cells/full@world@seed-2.json");
    char *text = DONE(NULL, "show", "shown");
    assert_non_null(strstr(text, "5/6 cells"));
    assert_non_null(strstr(text, "lora"));
    free(text);
    text = DONE(NULL, "show", "shown", "--page", "findings", "--size", "100x30",
                "--ascii");
    assert_non_null(strstr(text, "NOT KNOWN"));
    free(text);
    free(DONE(NULL, "show", "shown", "--page", "figure2", "--svg", "f2.svg"));
    assert_true(lab_exists("f2.svg"));
    REFUSED(NULL, 1, WORDS("table and log"), "show", "shown", "--view",
            "ranks");
    lab_shell("rm shown/sweep.json");
    REFUSED(NULL, 1, WORDS("shown", "open RECIPE --out"), "show", "shown");
}

/* Cells of before, scored by teacher forcing, stay readable; a recipe that
 * wants what the run writes refuses them with the reason. */
static void test_other_scores(void **state)
{
    (void)state;
    lab_write("grid.yaml", grid);
    free(DONE(NULL, "sweep", "grid.yaml", "--out", "forced", "--set",
              "task={name: cipher}"));
    lab_shell("sed -i '/scored_by/d' forced/cells/*.json");
    char *text = DONE(NULL, "sweep", "grid.yaml", "--out", "forced", "--set",
                      "task={name: cipher}", "--tsv");
    assert_non_null(strstr(text, "exact match"));
    free(text);
    REFUSED(NULL, 1, WORDS("scored by teacher forcing", "--force"), "sweep",
            "grid.yaml", "--out", "forced", "--set", "task={name: cipher}",
            "--set", "grid.report={examples: 3, generate: true}");
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
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_other_scores),
        cmocka_unit_test(test_wrong_words),
        cmocka_unit_test(test_damage_and_other_recipes),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_two_at_once),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
