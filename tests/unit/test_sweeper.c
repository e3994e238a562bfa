/*
 * A grid swept on a thread while somebody looks: the cells of sweep_run(),
 * boards that only grow, a stop that can be gone on from, a folder that is
 * only watched; and the recipe kept beside the results.
 */
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "experiments/kept_grid.h"
#include "experiments/sweeper.h"
#include "tests/unit/session_fixture.h"

static const char small[] =
    "title: a small grid\n"
    "base: {layers: 2, width: 16, heads: 2, inner: 24, vocab: 300, "
    "context: 64}\n"
    "task: {name: cipher}\n"
    "seed: 3\n"
    "steps: 5\n"
    "batch: 4\n"
    "slices: 2\n"
    "optimizer: {lr: 0.01, warmup: 1}\n"
    "grid:\n"
    "  seeds: [1, 2]\n"
    "  rows:\n"
    "    - {name: r1, rank: 1, lr: [0.01, 0.02]}\n"
    "    - {name: full, method: full}\n"
    "  search: {examples: 3}\n"
    "  report: {examples: 9, generate: true}\n";
enum { CELLS = 6 };

static struct grid *kept_grid(const char *folder)
{
    const char *path = fixture_path("grid.yaml");
    const char *sets[] = {"steps=4"};
    struct err err = {{0}};
    assert_int_equal(file_write(path, small, sizeof small - 1, &err), 0);
    assert_int_equal(kept_grid_write(folder, path, sets, 1, false, &err), 0);
    assert_true(kept_grid_is(folder));
    struct grid *grid = kept_grid_read(folder, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(grid->session.steps, 4); /* as --set had it */
    return grid;
}

static struct sweep_options options_of(const char *out)
{
    return (struct sweep_options){.out = out,
                                  .assets = fixture_assets(),
                                  .tokenizer = fixture_path("tokenizer.json"),
                                  .threads = 2,
                                  .shards = 1};
}

static const struct board *board_of(const struct snapshot *snapshot)
{
    assert_non_null(snapshot->board);
    assert_int_equal(snapshot->run_count, 0);
    return snapshot->board;
}

/* Until the board is in that state; returns cells done. */
static int wait_for(struct sweeper *sweeper, enum board_state state)
{
    for (int turn = 0, before = 0; turn < 1200; turn++) {
        struct pollfd wake = {sweeper_wake_fd(sweeper), POLLIN, 0};
        char bytes[64];
        if (poll(&wake, 1, 100) > 0)
            (void)!read(wake.fd, bytes, sizeof bytes); /* only a bell */
        const struct snapshot *snapshot = sweeper_look(sweeper);
        const struct board *board = board_of(snapshot);
        int done = board->table->done;
        bool is_there = board->state == state;
        assert_string_equal(snapshot->message, "");
        assert_true(done >= before);
        before = done;
        snapshot_release(snapshot);
        if (is_there)
            return done;
    }
    fail_msg("the board never came to its state");
    return 0;
}

static struct sweeper *begin(const struct grid *grid,
                             const struct sweep_options *options, bool trains)
{
    struct err err = {{0}};
    struct sweeper *sweeper = sweeper_new(grid, options, trains, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(sweeper_start(sweeper, &err), 0);
    return sweeper;
}

static void sweeps_to_the_end(void **state)
{
    (void)state;
    const char *out = fixture_path("end");
    struct grid *grid = kept_grid(out);
    struct sweep_options options = options_of(out);
    struct sweeper *sweeper = begin(grid, &options, true);
    assert_int_equal(wait_for(sweeper, BOARD_DONE), CELLS);
    const struct snapshot *snapshot = sweeper_look(sweeper);
    const struct board *board = board_of(snapshot);
    assert_true(snapshot->finished);
    assert_int_equal(snapshot->event_count, CELLS);
    assert_false(board->work.is_on);
    assert_int_equal(board->table->entry[1][0].known, 2);
    assert_string_equal(board->table->metric[0][0], "exact match");
    snapshot_release(snapshot);
    sweeper_close(sweeper);
    /* Called again there is nothing to do; and looking needs no thread. */
    sweeper = begin(grid, &options, true);
    assert_int_equal(wait_for(sweeper, BOARD_DONE), CELLS);
    sweeper_close(sweeper);
    struct err err = {{0}};
    snapshot = board_read(grid, out, &err);
    assert_int_equal(board_of(snapshot)->state, BOARD_DONE);
    snapshot_release(snapshot);
    mem_free(grid);
}

static void stopped_and_gone_on(void **state)
{
    (void)state;
    const char *out = fixture_path("stopped");
    struct grid *grid = kept_grid(out);
    struct sweep_options options = options_of(out);
    struct sweeper *sweeper = begin(grid, &options, true);
    sweeper_close(sweeper); /* at once */
    sweeper = begin(grid, &options, true);
    assert_int_equal(wait_for(sweeper, BOARD_DONE), CELLS);
    sweeper_close(sweeper);
    mem_free(grid);
}

/* Somebody else fills the folder; the watcher trains nothing. */
static void watched(void **state)
{
    (void)state;
    const char *out = fixture_path("watched");
    struct grid *grid = kept_grid(out);
    struct sweep_options options = options_of(out);
    struct err err = {{0}};
    int done;
    struct sweeper *sweeper = begin(grid, &options, false);
    assert_int_equal(wait_for(sweeper, BOARD_LOOKING), 0);
    assert_int_equal(sweep_run(grid, &options, &done, &err), SWEEP_DONE);
    assert_int_equal(done, CELLS);
    assert_int_equal(wait_for(sweeper, BOARD_DONE), CELLS);
    sweeper_close(sweeper);
    mem_free(grid);
}

/* A mistake is on the board, and the screen stays. */
static void trouble_is_said(void **state)
{
    (void)state;
    const char *out = fixture_path("trouble");
    struct grid *grid = kept_grid(out);
    grid->row[0].run.rank = 99;
    struct sweep_options options = options_of(out);
    struct sweeper *sweeper = begin(grid, &options, true);
    bool said = false;
    for (int turn = 0; turn < 600 && !said; turn++) {
        const struct timespec tenth = {0, 100000000};
        const struct snapshot *snapshot = sweeper_look(sweeper);
        said = snapshot->board->state == BOARD_STOPPED;
        if (said)
            assert_non_null(strstr(snapshot->message, "1..16"));
        snapshot_release(snapshot);
        (void)nanosleep(&tenth, NULL);
    }
    assert_true(said);
    sweeper_close(sweeper);
    mem_free(grid);
}

static void folders_that_keep_nothing(void **state)
{
    static const char *const damaged[] = {"", "{", "[]", "{\"text\": 3}",
                                          "{\"text\": \"a: b\", \"set\": []}"};
    const char *out = fixture_path("kept");
    char path[1024];
    struct err err = {{0}};
    (void)state;
    assert_false(kept_grid_is(out));
    assert_null(kept_grid_read(out, &err));
    assert_non_null(strstr(err.text, "open RECIPE --out"));
    assert_int_equal(file_make_folder(out, &err), 0);
    file_join(path, sizeof path, out, "sweep.json");
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct err why = {{0}};
        assert_int_equal(file_write(path, damaged[i], strlen(damaged[i]), &err),
                         0);
        assert_null(kept_grid_read(out, &why));
        assert_true(why.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sweeps_to_the_end),
        cmocka_unit_test(stopped_and_gone_on),
        cmocka_unit_test(watched),
        cmocka_unit_test(trouble_is_said),
        cmocka_unit_test(folders_that_keep_nothing),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
