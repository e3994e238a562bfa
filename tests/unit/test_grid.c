/*
 * Grids: defaults, lists, the short form, what a cell's session is, and one
 * sentence with file:line:column for everything that is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/cell.h"
#include "tests/near.h"

#define HEAD                                                                   \
    "title: small\n"                                                           \
    "task: {name: sql}\n"                                                      \
    "seed: 7\n"                                                                \
    "steps: 900\n"                                                             \
    "optimizer: {lr: 2e-3}\n"                                                  \
    "evaluate: {every: 100, examples: 50, forget: 4}\n"                        \
    "grid:\n"

static const char whole[] =
    HEAD "  tasks: [sql, {name: sql, examples: 100}, {name: world, label: w}]\n"
         "  seeds: [1, 2, 3]\n"
         "  rows:\n"
         "    - {name: r1, rank: 1, lr: [1.0e-3, 2.0e-3, 4.0e-3], paper: "
         "lora-4.7m}\n"
         "    - {method: full, lr: 5.0e-4}\n"
         "    - {name: plain, rank: 2}\n"
         "  search: {seed: 9, examples: 128}\n"
         "  report: {examples: 256}\n"
         "  quick: {seeds: [5], steps: 300, rates: 1, examples: 64}\n"
         "  paper: table4\n";

static struct grid *parse(const char *text, const char *const *sets, int count,
                          bool quick)
{
    struct err err = {{0}};
    struct grid *grid =
        grid_parse(text, strlen(text), "g.yaml", sets, count, quick, &err);
    assert_string_equal(err.text, "");
    assert_non_null(grid);
    return grid;
}

static void everything_is_read(void **state)
{
    (void)state;
    struct grid *grid = parse(whole, NULL, 0, false);
    assert_int_equal(grid->task_count, 3);
    assert_string_equal(grid->task[1].label, "sql-100");
    assert_int_equal(grid->task[1].examples, 100);
    assert_string_equal(grid->task[2].label, "w");
    assert_int_equal(grid->seed_count, 3);
    assert_int_equal(grid->row_count, 3);
    assert_int_equal(grid->row[0].rate_count, 3);
    assert_near(grid->row[0].rate[2], 4e-3, 1e-12);
    assert_string_equal(grid->row[0].paper->method, "LoRA");
    assert_string_equal(grid->row[1].run.name, "full");
    assert_int_equal(grid->row[1].rate_count, 1);
    /* No lr of its own: the one above. */
    assert_near(grid->row[2].rate[0], 2e-3, 1e-12);
    assert_null(grid->row[2].paper);
    assert_int_equal(grid->search_seed, 9);
    assert_int_equal(grid->search_examples, 128);
    assert_int_equal(grid->report_examples, 256);
    assert_string_equal(grid->paper->name, "table4");
    assert_int_equal(grid->session.steps, 900);
    mem_free(grid);
}

static void defaults_come_from_above(void **state)
{
    (void)state;
    struct grid *grid = parse(HEAD "  rows: [{rank: 1}]\n", NULL, 0, true);
    assert_int_equal(grid->task_count, 1);
    assert_string_equal(grid->task[0].label, "sql");
    assert_int_equal(grid->seed_count, 1);
    assert_int_equal(grid->seed[0], 7);
    assert_int_equal(grid->search_seed, 7);
    assert_int_equal(grid->search_examples, 50);
    assert_int_equal(grid->report_examples, 50);
    assert_null(grid->paper);
    assert_string_equal(grid->row[0].run.name, "r1");
    mem_free(grid);
    grid = parse(HEAD "  paper: none\n  rows: [{rank: 1}]\n", NULL, 0, false);
    assert_null(grid->paper);
    mem_free(grid);
}

static void quick_changes_what_it_says(void **state)
{
    (void)state;
    struct grid *grid = parse(whole, NULL, 0, true);
    assert_int_equal(grid->seed_count, 1);
    assert_int_equal(grid->seed[0], 5);
    assert_int_equal(grid->session.steps, 300);
    assert_int_equal(grid->report_examples, 64);
    assert_int_equal(grid->row[0].rate_count, 1);
    assert_near(grid->row[0].rate[0], 2e-3, 1e-12); /* the middle one */
    mem_free(grid);
}

static void sets_reach_rows_by_name(void **state)
{
    (void)state;
    const char *sets[] = {"grid.rows.r1.rank=4", "grid.seeds=[8]", "steps=10"};
    struct grid *grid = parse(whole, sets, 3, false);
    assert_int_equal(grid->row[0].run.rank, 4);
    assert_int_equal(grid->seed[0], 8);
    assert_int_equal(grid->seed_count, 1);
    assert_int_equal(grid->session.steps, 10);
    mem_free(grid);
}

/* What chooses the rate and what is reported never see the same example, and
 * every seed sits the same exam. */
static void cells_are_sessions(void **state)
{
    (void)state;
    struct grid *grid = parse(whole, NULL, 0, false);
    struct recipe *search = calloc(1, sizeof *search),
                  *report = calloc(1, sizeof *report),
                  *other = calloc(1, sizeof *other);
    assert_true(search && report && other);
    assert_int_equal(pair_count(grid), 9);
    assert_int_equal(pair_searches(grid, 1), 3);
    assert_int_equal(pair_searches(grid, 3), 0);
    struct grid_cell cell = pair_search(grid, 1, 2);
    cell_recipe(search, grid, &cell);
    char name[CELL_NAME];
    cell_name(name, grid, &cell);
    assert_string_equal(name, "r1@sql-100@lr-0.004");
    cell = pair_report(grid, 1, 1, 0);
    cell_recipe(report, grid, &cell);
    cell_name(name, grid, &cell);
    assert_string_equal(name, "r1@sql-100@seed-2");
    cell = pair_report(grid, 1, 2, 0);
    cell_recipe(other, grid, &cell);
    assert_int_equal(search->evaluate_from, 0);
    assert_int_equal(search->evaluate_examples, 128);
    assert_int_equal(report->evaluate_from, 128);
    assert_int_equal(report->evaluate_examples, 256);
    assert_int_equal(search->examples, 100);
    assert_int_equal(search->seed, 9);
    assert_int_equal(report->seed, 2);
    assert_int_equal(report->run[0].seed, 2);
    assert_int_equal(other->seed, 3);
    assert_int_equal(report->task_seed, 7);
    assert_int_equal(other->task_seed, 7);
    assert_int_equal(search->task_seed, 7);
    assert_near(search->run[0].optimizer.lr, 4e-3, 1e-12);
    assert_near(report->run[0].optimizer.lr, 1e-3, 1e-12);
    assert_int_equal(report->evaluate_every, 900);
    assert_int_equal(report->forget_examples, 0);
    free(search);
    free(report);
    free(other);
    mem_free(grid);
}

static void every_mistake_gets_its_sentence(void **state)
{
    static const struct {
        const char *text, *want;
    } bad[] = {
        {"just text\n", "a recipe is a map"},
        {"task: {name: sql}\n", "grid is missing; for a single session use "
                                "rankscope run"},
        {HEAD "  rows: [{rank: 1}]\nruns: [{rank: 1}]\n",
         "g.yaml:9:1: grid has no runs"},
        {HEAD "  rows: [{rank: 1}]\nstep: 3\n",
         "g.yaml:9:1: unknown key step; did you mean steps?"},
        {"grid: {rows: [{rank: 1}]}\n", "task is missing"},
        {HEAD "  - 3\n", "grid is a map"},
        {HEAD "  seeds: [1]\n", "rows is missing in grid:"},
        {HEAD "  row: [{rank: 1}]\n",
         "g.yaml:8:3: unknown key row; did you mean rows?"},
        {HEAD "  rows: []\n", "g.yaml:8:9: rows is a list"},
        {HEAD "  rows: {rank: 1}\n", "rows is a list"},
        {HEAD "  rows: [3]\n", "g.yaml:8:10: a row is a map"},
        {HEAD "  rows: [{rnak: 1}]\n", "unknown key rnak; did you mean rank?"},
        {HEAD "  rows: [{papr: 1}]\n", "did you mean paper?"},
        {HEAD "  rows: [{seed: 1}]\n", "g.yaml:8:11: a row has no seed"},
        {HEAD "  rows: [{rank: 1}, {rank: 1}]\n",
         "g.yaml:8:21: two rows are called r1"},
        {HEAD "  rows: [{method: full, rank: 1}]\n", "method full has no rank"},
        {HEAD "  rows: [{lr: []}]\n", "lr is a list as [1.0e-3, 2.0e-3]"},
        {HEAD "  rows: [{lr: {a: 1}}]\n", "lr is a list"},
        {HEAD "  rows: [{lr: fast}]\n", "lr fast is not a number"},
        {HEAD "  rows: [{lr: [1, -1]}]\n", "lr -1 is not allowed; use 0..1000"},
        {HEAD "  rows: [{lr: [0.1, 1e-1]}]\n",
         "g.yaml:8:21: lr 1e-1 stands here twice"},
        {HEAD "  rows: [{lr: 0.1, optimizer: {lr: 0.2}}]\n",
         "the row has an lr twice"},
        {HEAD "  rows: [{lr: [1,2,3,4,5,6,7,8,9,10,11,12,13]}]\n",
         "13 lr; use at most 12"},
        {HEAD "  rows: [{paper: ft}]\n", "the grid names no table"},
        {HEAD "  paper: table4\n  rows: [{paper: tf}]\n",
         "unknown row of the paper tf; did you mean ft?"},
        {HEAD "  paper: table4\n  rows: [{paper: [ft]}]\n",
         "unknown row of the paper list"},
        {HEAD "  paper: table3\n  rows: [{rank: 1}]\n",
         "g.yaml:8:10: unknown table of the paper table3"},
        {HEAD "  seeds: 1\n  rows: [{rank: 1}]\n", "seeds is a list"},
        {HEAD "  seeds: [1, 1]\n  rows: [{rank: 1}]\n",
         "g.yaml:8:14: seed 1 stands here twice"},
        {HEAD "  seeds: [-1]\n  rows: [{rank: 1}]\n",
         "seed -1 is not a whole number from 0"},
        {HEAD "  tasks: sql\n  rows: [{rank: 1}]\n", "tasks is a list"},
        {HEAD "  tasks: [sqk]\n  rows: [{rank: 1}]\n",
         "unknown name sqk; did you mean sql?"},
        {HEAD "  tasks: [sql, sql]\n  rows: [{rank: 1}]\n",
         "g.yaml:8:16: two tasks are called sql"},
        {HEAD "  tasks: [{examples: 3}]\n  rows: [{rank: 1}]\n",
         "the task has no name"},
        {HEAD "  tasks: [{name: sql, exmaples: 3}]\n  rows: [{rank: 1}]\n",
         "did you mean examples?"},
        {HEAD "  tasks: [{name: sql, label: a@b}]\n  rows: [{rank: 1}]\n",
         "label \"a@b\" is not allowed"},
        {HEAD "  search: {example: 3}\n  rows: [{rank: 1}]\n",
         "did you mean examples?"},
        {HEAD "  search: {examples: 0}\n  rows: [{rank: 1}]\n",
         "examples 0 is not allowed"},
        {HEAD "  report: 3\n  rows: [{rank: 1}]\n", "report is a map"},
        {HEAD "  quick: 3\n  rows: [{rank: 1}]\n", "quick is a map"},
        {HEAD "  quick: {step: 3}\n  rows: [{rank: 1}]\n",
         "did you mean steps?"},
        {HEAD "  quick: {steps: 0}\n  rows: [{rank: 1}]\n",
         "steps 0 is not allowed"},
        {HEAD "  quick: {seeds: [2, 2]}\n  rows: [{rank: 1}]\n",
         "stands here twice"},
        {HEAD "  quick: {rates: 13}\n  rows: [{rank: 1}]\n",
         "rates 13 is not allowed; use 1..12"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {{0}};
        struct grid *grid = grid_parse(bad[i].text, strlen(bad[i].text),
                                       "g.yaml", NULL, 0, false, &err);
        if (grid || !strstr(err.text, bad[i].want))
            print_error("of:\n%s\ngot \"%s\", want \"%s\"\n", bad[i].text,
                        err.text, bad[i].want);
        assert_null(grid);
        assert_non_null(strstr(err.text, bad[i].want));
        assert_null(strchr(err.text, '\n'));
    }
}

static void too_much_is_refused(void **state)
{
    (void)state;
    char *text = calloc(1, 8000);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, 8000, HEAD "  rows:\n");
    for (int i = 1; i <= GRID_ROWS + 1; i++)
        used +=
            (size_t)snprintf(text + used, 8000 - used, "    - {rank: %d}\n", i);
    struct err err = {{0}};
    assert_null(grid_parse(text, used, "g.yaml", NULL, 0, false, &err));
    assert_non_null(strstr(err.text, "49 rows; use at most 48"));
    free(text);
}

/* Every table of the paper has names that are told apart, and all numbers. */
static void the_paper_is_whole(void **state)
{
    (void)state;
    for (int i = 0; paper_table_at(i); i++) {
        const struct paper_table *table = paper_table_at(i);
        assert_ptr_equal(paper_table_find(table->name), table);
        for (const struct paper_row *row = table->row; row->name; row++) {
            assert_ptr_equal(paper_row_find(table, row->name), row);
            for (int j = 0; j < table->columns; j++)
                assert_true(row->value[j] > 0);
        }
    }
    const struct paper_table *table = paper_table_find("table6");
    const struct paper_row *row = paper_row_find(table, "qv-1");
    assert_near(row->value[0], 73.4, 1e-9);
    assert_near(paper_deviation(table, row, 1), 0.1, 1e-9);
    assert_null(paper_table_find("table2"));
}

static struct grid *of_the_library(const char *name, bool quick)
{
    char path[1024];
    struct err err = {{0}};
    const char *root = getenv("RANKSCOPE_ROOT");
    snprintf(path, sizeof path, "%s/experiments/recipes/%s.yaml",
             root ? root : ".", name);
    struct grid *grid = grid_read(path, NULL, 0, quick, &err);
    assert_string_equal(err.text, "");
    assert_non_null(grid);
    return grid;
}

/* Both forms of every grid in the library. */
static void the_library_reads(void **state)
{
    (void)state;
    static const char *const names[] = {"table4",    "table5",  "table6",
                                        "full-rank", "table16", "method_rates"};
    enum { NAMES = sizeof names / sizeof *names };
    for (int i = 0; i < 2 * NAMES; i++)
        mem_free(of_the_library(names[i / 2], i % 2));
}

/* The rate that the screen offers for a method was one of those tried, and
 * none at the edge: beyond it a better one could lie. */
static void offered_rates_were_tried(void **state)
{
    (void)state;
    struct grid *grid = of_the_library("method_rates", false);
    for (int i = 0; method_table[i]; i++) {
        int row = 0, at = 0;
        while (row < grid->row_count &&
               strcmp(grid->row[row].run.method, method_table[i]->name) != 0)
            row++;
        if (row == grid->row_count)
            fail_msg("%s is not in method_rates", method_table[i]->name);
        const struct grid_row *tried = &grid->row[row];
        while (at < tried->rate_count &&
               fabs(tried->rate[at] / method_table[i]->lr - 1) > 1e-9)
            at++;
        if (at == 0 || at + 1 >= tried->rate_count)
            fail_msg("%s: lr %g is no inner rate of its row",
                     method_table[i]->name, method_table[i]->lr);
    }
    mem_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(defaults_come_from_above),
        cmocka_unit_test(quick_changes_what_it_says),
        cmocka_unit_test(sets_reach_rows_by_name),
        cmocka_unit_test(cells_are_sessions),
        cmocka_unit_test(every_mistake_gets_its_sentence),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(the_paper_is_whole),
        cmocka_unit_test(the_library_reads),
        cmocka_unit_test(offered_rates_were_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
