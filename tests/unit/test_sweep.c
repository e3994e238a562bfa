/*
 * Sweeps on a model of two layers: the same bytes on any number of threads,
 * resuming at the cell that is missing or damaged, shards, locks, and a
 * learning rate chosen by nothing but the search.
 */
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/io/json.h"
#include "experiments/cell_lock.h"
#include "experiments/sweep.h"
#include "experiments/table.h"
#include "tests/unit/session_fixture.h"

enum { CELLS = 10 }; /* two rows of 2 rates and 2 seeds, one without search */

static const char small[] =
    "title: a small grid\n"
    "base: {layers: 2, width: 16, heads: 2, inner: 24, vocab: 300, "
    "context: 64}\n"
    "task: {name: world}\n"
    "seed: 3\n"
    "steps: 4\n"
    "batch: 4\n"
    "slices: 3\n"
    "optimizer: {lr: 0.01, warmup: 1}\n"
    "grid:\n"
    "  seeds: [1, 2]\n"
    "  rows:\n"
    "    - {name: r1, rank: 1, lr: [0.01, 0.02]}\n"
    "    - {name: full, method: full, lr: [0.003, 0.006]}\n"
    "    - {name: r2, rank: 2}\n"
    "  search: {seed: 3, examples: 3}\n"
    "  report: {examples: 4}\n";

static struct grid *small_grid(const char *const *sets, int count)
{
    struct err err = {{0}};
    struct grid *grid =
        grid_parse(small, strlen(small), "small", sets, count, false, &err);
    assert_string_equal(err.text, "");
    assert_non_null(grid);
    return grid;
}

static struct sweep_options options_of(const char *out, int threads)
{
    return (struct sweep_options){.out = out,
                                  .assets = fixture_assets(),
                                  .tokenizer = fixture_path("tokenizer.json"),
                                  .threads = threads,
                                  .shards = 1};
}

/* Runs to the end; returns how many cells it did. */
static int sweep(const struct grid *grid, const struct sweep_options *options,
                 enum sweep_end want)
{
    struct err err = {{0}};
    int done;
    enum sweep_end end = sweep_run(grid, options, &done, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(end, want);
    return done;
}

static const char *cell_file(const char *out, const char *name)
{
    static char path[4][1400];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/cells/%s", out, name);
    return path[turn];
}

/* All cells of two folders, up to their clocks. */
static void assert_same_cells(const char *a, const char *b)
{
    char command[4000];
    snprintf(command, sizeof command,
             "cd '%s/cells' && set -e && test $(ls | wc -l) = %d && "
             "for f in *; do sed '/\"timing\"/,$d' \"$f\" >../one; "
             "sed '/\"timing\"/,$d' '%s/cells/'\"$f\" >../two; "
             "grep -q '\"loss\": [0-9]' ../one; cmp ../one ../two; done; "
             "rm ../one ../two",
             a, CELLS, b);
    assert_int_equal(system(command), 0);
}

static void threads_change_no_byte(void **state)
{
    (void)state;
    struct grid *grid = small_grid(NULL, 0);
    const char *one = fixture_path("one"), *two = fixture_path("two");
    struct sweep_options options = options_of(one, 1);
    struct err err = {{0}};
    assert_int_equal(sweep_check(grid, &options, &err), 0);
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), CELLS);
    options = options_of(two, 2);
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), CELLS);
    assert_same_cells(one, two);
    /* Everything is there: nothing is done. */
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), 0);
    struct table *table = table_read(grid, two, false, &err);
    assert_non_null(table);
    assert_int_equal(table->done, CELLS);
    assert_int_equal(table->total, CELLS);
    assert_int_equal(table->entry[0][0].known, 2);
    assert_int_equal(table->entry[0][0].examples, 4);
    assert_true(table->row[0].trainable < table->row[2].trainable);
    assert_int_equal(table->row[1].trainable, table->row[1].parameters);
    assert_true(table->row[0].stored > 0 &&
                table->row[0].stored < table->row[1].stored);
    mem_free(table);
    mem_free(grid);
}

static void only_what_is_missing_is_done(void **state)
{
    static const char *const damage[] = {
        "rm -f",
        "truncate -s 40",
        "truncate -s 0",
        "sed -i 's/\"state\": \"done\"/\"state\": \"dome\"/'",
        "sed -i 's/\"loss\": [0-9.]*/\"loss\": null/'",
        "sed -i 's/\"cell\": \"r1/\"cell\": \"r3/'"};
    (void)state;
    struct grid *grid = small_grid(NULL, 0);
    const char *out = fixture_path("two"), *whole = fixture_path("one");
    struct sweep_options options = options_of(out, 1);
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        char command[2000];
        const char *name = i % 2 ? "r1@world@lr-0.02" : "r1@world@seed-2";
        snprintf(command, sizeof command, "%s '%s.json'", damage[i],
                 cell_file(out, name));
        assert_int_equal(system(command), 0);
        assert_int_equal(sweep(grid, &options, SWEEP_DONE), 1);
        assert_same_cells(out, whole);
    }
    mem_free(grid);
}

static void remember(void *ctx, const struct sweep_news *news)
{
    *(struct sweep_news *)ctx = *news;
}

/* Reports of before are seen once the search is whole again. */
static void the_last_of_so_many_is_so_many(void **state)
{
    (void)state;
    struct grid *grid = small_grid(NULL, 0);
    const char *out = fixture_path("two");
    struct sweep_options options = options_of(out, 1);
    struct sweep_news last;
    char command[4000];
    options.tell = remember;
    options.ctx = &last;
    snprintf(command, sizeof command, "rm '%s.json' '%s.json'",
             cell_file(out, "r1@world@lr-0.02"),
             cell_file(out, "r1@world@seed-2"));
    assert_int_equal(system(command), 0);
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), 2);
    assert_int_equal(last.done, CELLS);
    assert_int_equal(last.total, CELLS);
    mem_free(grid);
}

static void shards_do_every_cell_once(void **state)
{
    (void)state;
    struct grid *grid = small_grid(NULL, 0);
    const char *out = fixture_path("shards");
    int sum = 0;
    for (int i = 0; i < 2; i++) {
        struct sweep_options options = options_of(out, 1);
        options.shard = i;
        options.shards = 2;
        int did = sweep(grid, &options, SWEEP_DONE);
        assert_true(did > 0);
        sum += did;
        assert_int_equal(sweep(grid, &options, SWEEP_DONE), 0);
    }
    assert_int_equal(sum, CELLS);
    assert_same_cells(out, fixture_path("one"));
    mem_free(grid);
}

struct stopper {
    int left; /* looks before it stops */
};

static bool stop_soon(void *ctx)
{
    struct stopper *stopper = ctx;
    return stopper->left-- <= 0;
}

static void stopped_and_called_again(void **state)
{
    (void)state;
    struct grid *grid = small_grid(NULL, 0);
    const char *out = fixture_path("stopped");
    int sum = 0, stops = 0;
    for (bool open = true; open;) {
        struct stopper stopper = {3 + stops};
        struct sweep_options options = options_of(out, 1);
        struct err err = {{0}};
        int done;
        options.stop = stop_soon;
        options.ctx = &stopper;
        enum sweep_end end = sweep_run(grid, &options, &done, &err);
        assert_string_equal(err.text, "");
        open = end == SWEEP_STOPPED;
        stops += open;
        sum += done;
        assert_true(stops < 100);
    }
    assert_true(stops > 0);
    assert_int_equal(sum, CELLS);
    assert_same_cells(out, fixture_path("one"));
    mem_free(grid);
}

static void write_lock(const char *out, const char *name, const char *who)
{
    struct err err = {{0}};
    char file[200];
    snprintf(file, sizeof file, "%s.lock", name);
    assert_int_equal(file_write(cell_file(out, file), who, strlen(who), &err),
                     0);
}

static void locks_are_kept_and_dead_ones_taken(void **state)
{
    char who[400], host[256] = "";
    (void)state;
    struct grid *grid = small_grid(NULL, 0);
    const char *out = fixture_path("locks");
    struct sweep_options options = options_of(out, 1);
    struct err err = {{0}};
    assert_int_equal(
        file_make_folder(file_join(who, sizeof who, out, "cells"), &err), 0);
    write_lock(out, "r1@world@lr-0.01", "some-other-host 1\n");
    write_lock(out, "r2@world@seed-2", "some-other-host 1\n");
    /* The other search of r1, full's four and one of r2; a search that is
     * being done elsewhere leaves nothing to report yet. */
    assert_int_equal(sweep(grid, &options, SWEEP_OTHERS), 6);
    assert_int_equal(sweep(grid, &options, SWEEP_OTHERS), 0);
    /* Now one of ours that is gone, and one that is no lock at all. */
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_true(waitpid(child, NULL, 0) == child);
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    snprintf(who, sizeof who, "%s %ld\n", host, (long)child);
    write_lock(out, "r1@world@lr-0.01", who);
    write_lock(out, "r2@world@seed-2", "");
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), CELLS - 6);
    assert_same_cells(out, fixture_path("one"));
    /* A living process of this host. */
    snprintf(who, sizeof who, "%s %ld\n", host, (long)getppid());
    write_lock(out, "x", who);
    char other[300] = "";
    assert_int_equal(
        cell_lock(cell_file(out, "x.lock"), other, sizeof other, &err), 0);
    assert_non_null(strstr(who, other));
    mem_free(grid);
}

/* The loss of a cell's file as somebody wishes it. */
static void set_loss(const char *out, const char *name, double loss)
{
    char command[2000];
    snprintf(command, sizeof command,
             "sed -i 's/\"loss\": [0-9.]*/\"loss\": %.3f/' '%s.json'", loss,
             cell_file(out, name));
    assert_int_equal(system(command), 0);
}

static double rate_of_row(const struct grid *grid, const char *out, int row)
{
    struct err err = {{0}};
    struct table *table = table_read(grid, out, false, &err);
    assert_string_equal(err.text, "");
    assert_non_null(table);
    double rate = table->entry[row][0].rate;
    mem_free(table);
    return rate;
}

static void the_search_alone_chooses(void **state)
{
    (void)state;
    struct grid *grid = small_grid(NULL, 0);
    const char *out = fixture_path("shards");
    struct sweep_options options = options_of(out, 1);
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), 0);
    double first = rate_of_row(grid, out, 0);
    const char *loser = first < 0.015 ? "r1@world@lr-0.02" : "r1@world@lr-0.01";
    /* Reports may be as bad as they like. */
    set_loss(out, "r1@world@seed-1", 90);
    set_loss(out, "r1@world@seed-2", 90);
    assert_near(rate_of_row(grid, out, 0), first, 1e-12);
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), 0);
    /* The search says otherwise: reports of the old rate are somebody's
     * work, and are replaced only when told so. */
    set_loss(out, loser, 0.001);
    struct err err = {{0}};
    int done;
    assert_int_equal(sweep_run(grid, &options, &done, &err), SWEEP_FAILED);
    assert_non_null(strstr(err.text, "made by another recipe"));
    assert_non_null(strstr(err.text, "--force"));
    options.force = true;
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), 2);
    assert_near(rate_of_row(grid, out, 0), 0.03 - first, 1e-12);
    mem_free(grid);
}

static void choice_of(void **state)
{
    struct cell_result search[3] = {
        {.state = CELL_DONE, .scores = 1, .score[0].value = 0.5, .loss = 1.0},
        {.state = CELL_DONE, .scores = 1, .score[0].value = 0.5, .loss = 0.9},
        {.state = CELL_DONE, .scores = 1, .score[0].value = 0.4, .loss = 0.1}};
    bool hopeless;
    (void)state;
    assert_int_equal(pair_choose(search, 3, &hopeless), 1);
    search[1].state = CELL_DIVERGED;
    assert_int_equal(pair_choose(search, 3, &hopeless), 0);
    assert_false(hopeless);
    search[2].state = CELL_MISSING;
    assert_int_equal(pair_choose(search, 3, &hopeless), -1);
    assert_false(hopeless);
    search[0].state = search[2].state = CELL_DIVERGED;
    assert_int_equal(pair_choose(search, 3, &hopeless), -1);
    assert_true(hopeless);
    assert_int_equal(pair_choose(NULL, 0, &hopeless), 0);
    /* Without a metric the loss decides. */
    for (int i = 0; i < 3; i++)
        search[i] = (struct cell_result){.state = CELL_DONE, .loss = 3 - i};
    assert_int_equal(pair_choose(search, 3, &hopeless), 2);
}

/* Reports scored by what the run writes: the same bytes on any number of
 * threads; a cell of the other kind is refused. */
static void reports_are_written_answers(void **state)
{
    const char *sets[] = {
        "task={name: cipher}", "grid.report={examples: 20, generate: true}",
        "grid.rows.full={name: full, method: full, lr: 0.003}",
        "grid.rows.r2={name: prefix, method: prefix_layer, prefix: 2}"};
    const char *out[2] = {fixture_path("written1"), fixture_path("written3")};
    struct err err = {{0}};
    (void)state;
    struct grid *grid = small_grid(sets, 4);
    for (int i = 0; i < 2; i++) {
        struct sweep_options options = options_of(out[i], 1 + 2 * i);
        assert_int_equal(sweep(grid, &options, SWEEP_DONE), 8);
    }
    char command[4000];
    snprintf(command, sizeof command,
             "cd '%s/cells' && for f in *.json; do sed '/\"timing\"/,$d' $f "
             ">../one; sed '/\"timing\"/,$d' '%s/cells/'$f >../two; cmp "
             "../one ../two || exit 1; done; test $(grep -l '\"scored_by\": "
             "\"written\"' *@seed-* | wc -l) = 6 && ! grep -q written *@lr-*",
             out[0], out[1]);
    assert_int_equal(system(command), 0);
    grid->generate = false;
    struct sweep_options options = options_of(out[0], 1);
    int done;
    assert_int_equal(sweep_run(grid, &options, &done, &err), SWEEP_FAILED);
    assert_non_null(strstr(err.text, "scored by written answers"));
    mem_free(grid);
}

/* A rate that blows up is never chosen; where all do, nothing is reported and
 * the rest goes on. */
static void diverged_cells_are_said(void **state)
{
    const char *sets[] = {
        "steps=30", "grid.seeds=[1]",
        "grid.rows.full={name: full, method: full, lr: [900, 1000], optimizer: "
        "{name: sgd, clip: 0, momentum: 0.99}}",
        "grid.rows.r1={name: some, method: full, lr: [1000, 0.0003], "
        "optimizer: {name: sgd, clip: 0, momentum: 0.99}}"};
    (void)state;
    struct grid *grid = small_grid(sets, 4);
    const char *out = fixture_path("diverged");
    struct sweep_options options = options_of(out, 1);
    struct err err = {{0}};
    assert_int_equal(sweep(grid, &options, SWEEP_DONE), 3 + 2 + 1);
    struct table *table = table_read(grid, out, false, &err);
    assert_non_null(table);
    assert_near(table->entry[0][0].rate, 0.0003, 1e-12);
    assert_int_equal(table->entry[0][0].known, 1);
    assert_true(table->entry[1][0].hopeless);
    assert_int_equal(table->entry[1][0].known, 0);
    assert_int_equal(table->done, 6);
    assert_int_equal(table->total, 6);
    mem_free(table);
    mem_free(grid);
}

/* A rank too large for the model is found before anything is trained. */
static void mistakes_are_found_first(void **state)
{
    const char *sets[] = {"grid.rows.r2.rank=17"};
    (void)state;
    struct grid *grid = small_grid(sets, 1);
    struct sweep_options options = options_of(fixture_path("never"), 1);
    struct err err = {{0}};
    assert_int_equal(sweep_check(grid, &options, &err), -1);
    assert_non_null(strstr(err.text, "row r2"));
    assert_non_null(strstr(err.text, "1..16"));
    assert_false(file_exists(fixture_path("never")));
    mem_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(only_what_is_missing_is_done),
        cmocka_unit_test(the_last_of_so_many_is_so_many),
        cmocka_unit_test(shards_do_every_cell_once),
        cmocka_unit_test(stopped_and_called_again),
        cmocka_unit_test(locks_are_kept_and_dead_ones_taken),
        cmocka_unit_test(the_search_alone_chooses),
        cmocka_unit_test(choice_of),
        cmocka_unit_test(reports_are_written_answers),
        cmocka_unit_test(diverged_cells_are_said),
        cmocka_unit_test(mistakes_are_found_first),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
