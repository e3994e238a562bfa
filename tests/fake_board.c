/* See fake_board.h. */
#include "tests/fake_board.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

static const char yaml[] =
    "title: Table 4 by hand\n"
    "base: bundled\n"
    "task: {name: sql}\n"
    "steps: 600\n"
    "grid:\n"
    "  tasks: [sql, nli, summary]\n"
    "  seeds: [1, 2, 3]\n"
    "  paper: table4\n"
    "  search: {examples: 128}\n"
    "  report: {examples: 256, generate: true}\n"
    "  rows:\n"
    "    - {name: full, method: full, lr: [0.0005, 0.001], paper: ft}\n"
    "    - {name: preembed, method: prefix_embed, prefix: 16, lr: [0.005, "
    "0.01], paper: preembed}\n"
    "    - {name: adapter-r8, method: adapter_h, rank: 8, paper: "
    "adapter-40.1m}\n"
    "    - {name: lora-r1, rank: 1, lr: [0.002, 0.004], paper: lora-4.7m}\n"
    "    - {name: lora-r8, rank: 8, lr: [0.002, 0.004], paper: lora-37.7m}\n"
    "    - {name: lora-r8-all, rank: 8, targets: all, lr: [0.002, 0.004]}\n";

enum { ROWS = 6, TASKS = 3, SEEDS = 3 };

static const double score[ROWS][TASKS] = {
    {0.973, 0.812, 0.988}, {0.042, 0.402, 0.551}, {0.861, 0.704, 0.962},
    {0.624, 0.655, 0.931}, {0.938, 0.781, 0.985}, {0.978, 0.826, 0.991}};
static const long trainable[ROWS] = {990000, 2048, 17472, 2048, 16384, 73728};

static struct cell_result result_of(int row, int task, double shift)
{
    static const char *const metric[TASKS] = {"logical form", "accuracy", "R1"};
    struct cell_result to = {.state = CELL_DONE,
                             .loss = 1.1 - score[row][task] - shift,
                             .train_loss = 0.9 - 0.9 * score[row][task],
                             .scores = task == 2 ? 3 : 1,
                             .is_written = true,
                             .examples = 256,
                             .trainable = trainable[row],
                             .parameters = 990000,
                             .stored = 4 * trainable[row],
                             .seconds = 21 + row,
                             .peak_mib = 110 + 9 * row,
                             .threads = 2};
    snprintf(to.score[0].name, sizeof to.score[0].name, "%s", metric[task]);
    snprintf(to.score[1].name, sizeof to.score[1].name, "R2");
    snprintf(to.score[2].name, sizeof to.score[2].name, "RL");
    to.score[0].value = score[row][task] + shift;
    to.score[1].value = 0.95 * score[row][task] + shift;
    to.score[2].value = 0.98 * score[row][task] + shift;
    return to;
}

/* So many cells of a pair, in the order they are done. */
static void fill(struct pair_results *to, const struct grid *grid, int pair,
                 int cells)
{
    int row = pair / TASKS, task = pair % TASKS;
    int searches = pair_searches(grid, pair);
    *to = (struct pair_results){.best = -1};
    for (int i = 0; i < searches && i < cells; i++)
        to->search[i] = result_of(row, task, i == 1 ? 0.004 : -0.05);
    to->best = pair_choose(to->search, searches, &to->hopeless);
    for (int i = 0; i < SEEDS && searches + i < cells; i++)
        to->report[i] = result_of(row, task, 0.006 * (i - 1));
}

static void diverge(struct pair_results *results)
{
    for (int i = 0; i < 2; i++)
        results->search[i].state = CELL_DIVERGED;
    for (int i = 0; i < SEEDS; i++)
        results->report[i].state = CELL_MISSING;
    results->best = -1;
    results->hopeless = true;
}

/* At half: what stands before row 3, that row's sql in part, and one pair
 * that came to nothing. */
static int cells_of(enum fake_board kind, int pair)
{
    if (kind == FAKE_BOARD_DONE || (kind == FAKE_BOARD_HALF && pair < 9))
        return 9;
    return kind == FAKE_BOARD_HALF && pair == 9 ? 4 : 0;
}

static struct board_work work_of(enum fake_board kind, const struct grid *grid)
{
    struct board_work work = {.is_on = kind != FAKE_BOARD_DONE,
                              .steps = 600,
                              .step = 270,
                              .loss = 0.8125};
    work.cell = kind == FAKE_BOARD_HALF ? pair_report(grid, 9, 2, 1)
                                        : pair_search(grid, 0, 0);
    return work;
}

const struct snapshot *fake_board(enum fake_board kind)
{
    struct err err = {{0}};
    struct grid *grid =
        grid_parse(yaml, sizeof yaml - 1, "by hand", NULL, 0, false, &err);
    assert(grid);
    struct table *table = table_new(grid);
    struct pair_results *results = xcalloc(1, sizeof *results);
    for (int pair = 0; pair < pair_count(grid); pair++) {
        fill(results, grid, pair, cells_of(kind, pair));
        if (kind == FAKE_BOARD_HALF && pair == 5) /* preembed at summary */
            diverge(results);
        table_take(table, pair, results);
    }
    table_finish(table);
    struct board *board = xcalloc(1, sizeof *board);
    board->table = table;
    board->state = kind == FAKE_BOARD_DONE ? BOARD_DONE : BOARD_SWEEPING;
    board->left = kind == FAKE_BOARD_HALF ? 760 : NAN;
    board->work = work_of(kind, grid);
    board->is_busy[4][1] = kind == FAKE_BOARD_HALF; /* somebody else */
    struct event event = {.step = 600, .run = -1};
    snprintf(event.text, sizeof event.text,
             "lora-r1@sql@seed-2: 0.3760 nats, logical form 62.4 %%, 24.0 s");
    const struct snapshot *snapshot = board_snapshot(
        board, "by-hand.sweep", "", &event, kind != FAKE_BOARD_EMPTY);
    mem_free(board);
    mem_free(results);
    mem_free(table);
    return snapshot;
}

void fake_board_free(const struct snapshot *snapshot)
{
    struct grid *grid = (struct grid *)snapshot->board->table->grid;
    snapshot_release(snapshot);
    mem_free(grid);
}
