/*
 * Tables: mean and deviation by hand, what is unknown, what diverged, and the
 * verdicts of the findings.
 */
#define _GNU_SOURCE /* open_memstream is POSIX */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "experiments/table.h"
#include "tests/near.h"

static const char yaml[] =
    "title: a table\n"
    "task: {name: sql}\n"
    "grid:\n"
    "  tasks: [sql, {name: sql, examples: 100}]\n"
    "  seeds: [1, 2, 3]\n"
    "  paper: table4\n"
    "  rows:\n"
    "    - {name: q1, rank: 8, targets: [q], paper: lora-4.7m}\n"
    "    - {name: qv1, rank: 1}\n"
    "    - {name: qv4, rank: 4}\n"
    "    - {name: all2, rank: 2, targets: [q, k, v, o]}\n"
    "    - {name: full, method: full, paper: ft, lr: [0.1, 0.2]}\n";

enum { Q1, QV1, QV4, ALL2, FULL };

static struct grid *read_grid(void)
{
    struct err err = {{0}};
    struct grid *grid =
        grid_parse(yaml, strlen(yaml), "t.yaml", NULL, 0, false, &err);
    assert_string_equal(err.text, "");
    assert_non_null(grid);
    return grid;
}

static struct cell_result done(double score, double loss, long trainable)
{
    return (struct cell_result){.state = CELL_DONE,
                                .loss = loss,
                                .train_loss = loss / 2,
                                .scores = 1,
                                .score = {{"exact match", score}},
                                .examples = 256,
                                .trainable = trainable,
                                .parameters = 10000,
                                .stored = 4 * trainable,
                                .seconds = 10,
                                .peak_mib = 50};
}

/* Three seeds of a row at a task, scores in per cent; NaN: not done. */
static void put(struct table *table, int row, int task, long trainable,
                double a, double b, double c)
{
    const double score[3] = {a, b, c};
    struct pair_results *results = xcalloc(1, sizeof *results);
    for (int i = 0; i < 3; i++)
        if (isfinite(score[i]))
            results->report[i] = done(score[i] / 100, 1.0 + row, trainable);
    table_take(table, row * 2 + task, results);
    mem_free(results);
}

static char *printed(const struct table *table, bool tsv)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    if (tsv)
        table_tsv(to, table);
    else
        table_print(to, table);
    assert_int_equal(fclose(to), 0);
    return text;
}

/* 70, 72, 77: mean 73, squares 9 + 1 + 16 = 26, over n - 1 = 2: 13. */
static void mean_and_deviation_by_hand(void **state)
{
    (void)state;
    struct grid *grid = read_grid();
    struct table *table = table_new(grid);
    put(table, Q1, 0, 100, 70, 72, 77);
    put(table, QV1, 0, 50, 80, NAN, NAN);
    put(table, QV4, 0, 200, NAN, NAN, NAN);
    table_finish(table);
    const struct table_entry *entry = table->entry[Q1];
    assert_near(entry->measure->mean, 73, 1e-9);
    assert_near(entry->measure->deviation, sqrt(13), 1e-9);
    assert_near(entry->loss.mean, 1, 1e-9);
    assert_near(entry->train_loss, 0.5, 1e-9);
    assert_near(entry->seconds, 10, 1e-9);
    entry = table->entry[QV1];
    assert_near(entry->measure->mean, 80, 1e-9);
    assert_true(isnan(entry->measure->deviation));
    entry = table->entry[QV4];
    assert_true(isnan(entry->measure->mean) &&
                isnan(entry->measure->deviation));
    assert_int_equal(table->done, 4);
    assert_int_equal(table->row[QV4].trainable, -1);
    char *text = printed(table, false);
    assert_non_null(strstr(text, "73.0 ± 3.6"));
    assert_non_null(strstr(text, "qv1, sql: 2 of 3 seeds are still to come"));
    assert_non_null(strstr(text, "LoRA 4.7M"));
    free(text);
    mem_free(table);
    mem_free(grid);
}

static void what_diverged_is_said(void **state)
{
    (void)state;
    struct grid *grid = read_grid();
    struct table *table = table_new(grid);
    struct pair_results *results = xcalloc(1, sizeof *results);
    results->report[0] = done(0.9, 1, 10);
    results->report[1].state = results->report[2].state = CELL_DIVERGED;
    table_take(table, 2 * Q1, results);
    *results = (struct pair_results){.best = -1, .hopeless = true};
    results->search[0].state = results->search[1].state = CELL_DIVERGED;
    table_take(table, 2 * FULL, results);
    table_finish(table);
    assert_near(table->entry[Q1][0].measure->mean, 90, 1e-9);
    assert_int_equal(table->total, 3 + 2);
    assert_int_equal(table->done, 5);
    char *text = printed(table, false);
    assert_non_null(strstr(text, "q1, sql: 2 of 3 seeds diverged"));
    assert_non_null(strstr(text, "full, sql: diverged at every lr"));
    free(text);
    text = printed(table, true);
    assert_non_null(strstr(text, "q1\tlora\tsql\tpartly diverged\t"));
    assert_non_null(strstr(text, "full\tfull\tsql\tdiverged\t"));
    assert_non_null(strstr(text, "qv4\tlora\tsql-100\tunfinished\t"));
    assert_null(strstr(text, "nan"));
    free(text);
    mem_free(results);
    mem_free(table);
    mem_free(grid);
}

static const struct table_finding *finding(const struct table *table,
                                           const char *words)
{
    for (int i = 0; i < table->finding_count; i++)
        if (strstr(table->finding[i].claim, words))
            return &table->finding[i];
    print_error("no finding about %s\n", words);
    assert_true(false);
    return NULL;
}

static void assert_verdict(const struct table *table, const char *words,
                           enum table_verdict want)
{
    const struct table_finding *found = finding(table, words);
    if (found->verdict != want)
        print_error("%s %s\n", found->claim, found->numbers);
    assert_int_equal(found->verdict, want);
}

/* Scores of qv1, qv4, q1, all2, full with a deviation of 1 each. */
static struct table *race(const struct grid *grid, double qv1, double qv4,
                          double q1, double all2, double full)
{
    struct table *table = table_new(grid);
    const double mean[5] = {q1, qv1, qv4, all2, full};
    const long trainable[5] = {1000, 250, 1000, 1000, 10000};
    for (int row = 0; row < 5; row++)
        for (int task = 0; task < 2; task++)
            put(table, row, task, trainable[row], mean[row] - 1, mean[row],
                mean[row] + 1);
    table_finish(table);
    return table;
}

static void findings_weigh_the_deviation(void **state)
{
    (void)state;
    struct grid *grid = read_grid();
    /* Gaps: LoRA's best 85 - 80, qv1 - qv4 = 1, all2 - q1 = 15. */
    struct table *table = race(grid, 81, 80, 70, 85, 80);
    assert_verdict(table, "as good as full", TABLE_SHOWN);
    assert_verdict(table, "r = 1 keeps up", TABLE_SHOWN); /* 1 - 1.4 >= -0.5 */
    assert_verdict(table, "4 kinds of matrices at r = 2", TABLE_SHOWN);
    assert_verdict(table, "With 100 training examples", TABLE_SHOWN);
    assert_non_null(strstr(finding(table, "r = 1 keeps up")->numbers,
                           "qv1 81.0 ± 1.0, qv4 80.0 ± 1.0; gap +1.0, seeds' "
                           "deviation 1.4"));
    mem_free(table);
    /* Ahead, but by less than tells it from half a point behind. */
    table = race(grid, 80.4, 80, 70, 85, 84.2);
    assert_verdict(table, "as good as full", TABLE_WITHIN);
    assert_verdict(table, "r = 1 keeps up", TABLE_WITHIN);
    mem_free(table);
    table = race(grid, 79.2, 80, 80.5, 81, 82);
    assert_verdict(table, "as good as full", TABLE_WITHIN);
    assert_verdict(table, "r = 1 keeps up", TABLE_WITHIN);
    assert_verdict(table, "4 kinds of matrices at r = 2", TABLE_WITHIN);
    assert_verdict(table, "With 100 training examples", TABLE_WITHIN);
    mem_free(table);
    table = race(grid, 60, 80, 85, 70, 95);
    assert_verdict(table, "as good as full", TABLE_NOT);
    assert_verdict(table, "r = 1 keeps up", TABLE_NOT);
    assert_verdict(table, "4 kinds of matrices at r = 2", TABLE_NOT);
    assert_verdict(table, "With 100 training examples", TABLE_NOT);
    mem_free(table);
    mem_free(grid);
}

static void one_seed_gives_no_verdict(void **state)
{
    (void)state;
    struct grid *grid = read_grid();
    struct table *table = table_new(grid);
    grid->seed_count = 1;
    put(table, Q1, 0, 250, 70, NAN, NAN);
    put(table, QV1, 0, 250, 90, NAN, NAN);
    put(table, QV4, 0, 1000, 80, NAN, NAN);
    put(table, ALL2, 0, 1000, 80, NAN, NAN);
    put(table, FULL, 0, 10000, NAN, NAN, NAN);
    table_finish(table);
    assert_verdict(table, "r = 1 keeps up", TABLE_OPEN);
    assert_non_null(strstr(finding(table, "r = 1 keeps up")->numbers,
                           "one seed: no deviation"));
    assert_verdict(table, "as good as full", TABLE_OPEN);
    assert_non_null(
        strstr(finding(table, "as good as full")->numbers, "are missing"));
    assert_string_equal(table_verdict_text(TABLE_OPEN), "NOT KNOWN");
    mem_free(table);
    mem_free(grid);
}

/* While a rival is unfinished nobody is the best, whatever the gap so far. */
static void no_verdict_before_all_are_done(void **state)
{
    (void)state;
    struct grid *grid = read_grid();
    struct table *table = race(grid, 60, 80, 85, 70, 95);
    assert_verdict(table, "as good as full", TABLE_NOT);
    put(table, ALL2, 0, 1000, 70, 71, NAN);
    table_finish(table);
    assert_verdict(table, "as good as full", TABLE_OPEN);
    assert_non_null(strstr(finding(table, "as good as full")->numbers,
                           "gap -10.0 so far, cells are missing"));
    mem_free(table);
    mem_free(grid);
}

/* Section 4.1 is about the loss: 1 nat against 5 here, whatever the score. */
static void full_rank_is_judged_by_loss(void **state)
{
    (void)state;
    struct grid *grid = read_grid();
    struct table *table = table_new(grid);
    grid->row[QV4].run.rank = 128;
    for (int row = Q1; row < FULL; row++)
        put(table, row, 0, row == QV4 ? 9000 : 100, 50, 51, 52);
    put(table, FULL, 0, 10000, 90, 91, 92);
    table_finish(table);
    assert_verdict(table, "LoRA at r = 128", TABLE_SHOWN);
    assert_non_null(strstr(finding(table, "LoRA at r = 128")->numbers,
                           "sql, nats: qv4 3.000 ± 0.000, full 5.000 ± 0.000; "
                           "gap +2.000"));
    assert_verdict(table, "as good as full", TABLE_NOT);
    mem_free(table);
    mem_free(grid);
}

/* A task with three metrics has three columns, before and after it is known,
 * each with its own mean. */
static void several_metrics_stand_side_by_side(void **state)
{
    static const char text[] =
        "task: {name: summary}\n"
        "grid: {seeds: [1, 2], report: {generate: true}, paper: table4,\n"
        "  rows: [{name: r1, rank: 1, paper: lora-4.7m},\n"
        "         {name: p, method: prefix_embed, prefix: 2}]}\n";
    struct err err = {{0}};
    (void)state;
    struct grid *grid =
        grid_parse(text, sizeof text - 1, "t", NULL, 0, false, &err);
    assert_string_equal(err.text, "");
    struct table *table = table_new(grid);
    char *empty = printed(table, false);
    assert_non_null(strstr(empty, "summary R1  R2  RL"));
    free(empty);
    struct pair_results *results = xcalloc(1, sizeof *results);
    for (int i = 0; i < 2; i++) {
        struct cell_result *to = &results->report[i];
        *to = done(0.5, 1, 10);
        to->scores = 3;
        to->score[0] = (struct exam_score){"R1", 0.50 + 0.1 * i};
        to->score[1] = (struct exam_score){"R2", 0.30 + 0.1 * i};
        to->score[2] = (struct exam_score){"RL", 0.40 + 0.2 * i};
    }
    table_take(table, 0, results);
    for (int i = 0; i < 2; i++)
        results->report[i].score[0].value = 0.9;
    table_take(table, 1, results);
    table_finish(table);
    const struct table_value *value = table->entry[0][0].measure;
    assert_near(value[0].mean, 55, 1e-9);
    assert_near(value[1].mean, 35, 1e-9);
    assert_near(value[2].mean, 50, 1e-9);
    assert_near(value[2].deviation, 10 * sqrt(2), 1e-9);
    char *tsv = printed(table, true), *json = table_json(table);
    assert_non_null(strstr(tsv, "\tR2\t2\t35\t7.07107\t"));
    assert_non_null(strstr(json, "\"RL\""));
    assert_verdict(table, "LoRA is ahead of trained prefixes", TABLE_NOT);
    free(tsv);
    mem_free(json);
    mem_free(results);
    mem_free(table);
    mem_free(grid);
}

/* An empty folder makes a table all the same. */
static void nothing_yet(void **state)
{
    (void)state;
    struct grid *grid = read_grid();
    struct err err = {{0}};
    struct table *table = table_read(grid, "no/such/folder", false, &err);
    assert_non_null(table);
    assert_int_equal(table->done, 0);
    assert_int_equal(table->total, 8 * 3 + 2 * 5);
    char *text = printed(table, false), *tsv = printed(table, true),
         *json = table_json(table);
    assert_non_null(strstr(text, "0 of 34 cells"));
    struct json *root = json_parse(json, strlen(json), "table", &err);
    assert_non_null(root);
    assert_int_equal(json_length(json_get(root, "rows")), 5);
    const struct json *row = json_at(json_get(root, "rows"), FULL);
    assert_true(json_is_null(json_get(row, "trainable")));
    const struct json *paper = json_get(json_get(row, "paper"), "values");
    assert_near(json_number(json_get(json_get(paper, "WikiSQL"), "value"), 0),
                73.8, 1e-9);
    json_free(root);
    mem_free(json);
    free(text);
    free(tsv);
    mem_free(table);
    mem_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_deviation_by_hand),
        cmocka_unit_test(what_diverged_is_said),
        cmocka_unit_test(findings_weigh_the_deviation),
        cmocka_unit_test(one_seed_gives_no_verdict),
        cmocka_unit_test(no_verdict_before_all_are_done),
        cmocka_unit_test(full_rank_is_judged_by_loss),
        cmocka_unit_test(several_metrics_stand_side_by_side),
        cmocka_unit_test(nothing_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
