/* See fake_search.h. */
#include "tests/fake_search.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

static const char yaml[] =
    "title: d90 by hand\n"
    "base: bundled\n"
    "task: {name: sql}\n"
    "steps: 600\n"
    "intrinsic:\n"
    "  first: 512\n"
    "  ratio: 1.5\n"
    "  lr_dims: 1024\n"
    "  seeds: [1, 2, 3]\n"
    "  rows:\n"
    "    - {name: full, method: full, lr: 0.002}\n"
    "    - {name: did, method: subspace, lr: 0.35}\n"
    "    - {name: said, method: subspace, layered: true, lr: 0.35}\n";

enum { SEEDS = 3, CURVES = 2 };

/* Score = height d / (d + half), with seeds beside it. */
static const double half[CURVES] = {900, 500};
static const int did[] = {512,  1024, 1024, 1024, 2048, 4096,
                          8192, 5793, 5793, 5793, 8192, 8192};
static const int said[] = {512,  1024, 2048, 4096, 8192,
                           5793, 4096, 4096, 5793, 5793};
enum { DID = sizeof did / sizeof *did, SAID = sizeof said / sizeof *said };

static void add_run(struct intrinsic_search *to, int curve, int d)
{
    struct intrinsic_curve *of = &to->curve[curve];
    int number = 0;
    for (int i = 0; i < of->count; i++)
        number += of->run[i].d == d;
    double score = 0.97 * d / (d + half[curve]) + 0.008 * (number - 1);
    bool diverges = curve == 0 && d == 1024;
    of->rate[of->count] = 0.35 * sqrt(1024.0 / d);
    of->run[of->count++] =
        (struct intrinsic_run){d, (uint64_t)number + 1, diverges ? NAN : score};
}

static void take_baseline(struct intrinsic_search *to)
{
    snprintf(to->metric, sizeof to->metric, "exact match");
    for (int i = 0; i < SEEDS; i++)
        to->baseline.run[to->baseline.count++] =
            (struct intrinsic_run){0, (uint64_t)i + 1, 0.95 + 0.01 * i};
    to->goal.start = 0.004;
    to->goal.baseline = 0.96;
    to->deviation = 0.01;
    to->cells = 1 + SEEDS;
}

static void answer(struct intrinsic_search *to)
{
    for (int i = 0; i < to->curves; i++) {
        struct intrinsic_curve *of = &to->curve[i];
        of->points = intrinsic_points(of->point, of->run, of->count);
        to->cells += of->count;
        for (int rule = 0; rule < INTRINSIC_RULES; rule++)
            of->answer[rule] = intrinsic_answer(
                of->run, of->count,
                intrinsic_search_threshold(to, (enum intrinsic_rule)rule), 1);
    }
}

static void fill(struct intrinsic_search *to, enum fake_search kind)
{
    to->counts = (struct intrinsic_counts){
        .baseline = 990000,
        .bitfit = 9856,
        .lora = {2048, 4096, 8192, 16384, 32768, 65536, 131072},
        .loras = 7,
        .parameters = {990000, 990000},
        .least = {1, 7}};
    to->next = (struct intrinsic_place){.row = -1};
    if (kind == FAKE_SEARCH_EMPTY)
        return;
    take_baseline(to);
    for (int i = 0; i < DID; i++)
        add_run(to, 0, did[i]);
    for (int i = 0; i < (kind == FAKE_SEARCH_HALF ? 4 : SAID); i++)
        add_run(to, 1, said[i]);
    to->curve[0].end = INTRINSIC_FOUND;
    to->next = (struct intrinsic_place){2, 8192, 1, 0, 0.0619};
    to->is_over = kind == FAKE_SEARCH_DONE;
    if (to->is_over)
        to->curve[1].end = INTRINSIC_FOUND;
    to->seconds = 17 * to->cells;
}

const struct snapshot *fake_search(enum fake_search kind)
{
    struct err err = {{0}};
    struct intrinsic_recipe *recipe = intrinsic_recipe_parse(
        yaml, sizeof yaml - 1, "by hand", NULL, 0, false, &err);
    assert(recipe);
    struct intrinsic_search *search = xcalloc(1, sizeof *search);
    search->recipe = recipe;
    search->goal = recipe->goal;
    search->deviation = NAN;
    search->curves = CURVES;
    fill(search, kind);
    answer(search);
    struct board *board = xcalloc(1, sizeof *board);
    board->search = search;
    board->state = kind == FAKE_SEARCH_DONE ? BOARD_DONE : BOARD_SWEEPING;
    board->left = NAN;
    board->work = (struct board_work){.is_on = kind != FAKE_SEARCH_DONE,
                                      .step = 270,
                                      .steps = 600,
                                      .loss = 0.8125};
    struct event event = {.step = 600, .run = -1};
    snprintf(event.text, sizeof event.text,
             "said-d4096@sql@seed-1: 0.3760 nats, exact match 86.4 %%, 17.0 s");
    const struct snapshot *snapshot = board_snapshot(
        board, "by-hand.intrinsic", "", &event, kind != FAKE_SEARCH_EMPTY);
    mem_free(board);
    mem_free(search);
    return snapshot;
}

void fake_search_free(const struct snapshot *snapshot)
{
    struct intrinsic_recipe *recipe =
        (struct intrinsic_recipe *)snapshot->board->search->recipe;
    snapshot_release(snapshot);
    mem_free(recipe);
}
