/*
 * Views at every size and in every state: nothing crashes, unknown is drawn
 * as unknown, something true is always there; words and show's refusals.
 */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "tests/fake_board.h"
#include "tests/fake_snapshot.h"
#include "tests/fake_studies.h"
#include "tui/keys.h"
#include "tui/show.h"

static bool has(const struct canvas *canvas, const char *text)
{
    char *all = NULL;
    size_t length;
    FILE *to = open_memstream(&all, &length);
    canvas_text(canvas, to);
    fclose(to);
    bool found = strstr(all, text) != NULL;
    free(all);
    return found;
}

/* The same of a grid's table, in every state. */
static void every_size_draws_a_grid(void **state)
{
    static const char *const keys[] = {"", "v", "vv", "0", "?", "jjl", "vll"};
    struct canvas canvas = canvas_new(1, 1, GLYPHS_BRAILLE, 256);
    (void)state;
    for (int kind = FAKE_BOARD_EMPTY; kind <= FAKE_BOARD_DONE; kind++) {
        const struct snapshot *snapshot = fake_board((enum fake_board)kind);
        for (int cols = 1; cols <= 220; cols += cols < 45 ? 1 : 13)
            for (int rows = 1; rows <= 60; rows += rows < 14 ? 1 : 9)
                for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
                    struct ui ui;
                    ui_start(&ui, NULL, (enum glyphs)(k % 3), true);
                    ui.view = VIEW_TABLE;
                    for (const char *key = keys[k]; *key; key++)
                        ui_key(&ui, snapshot, *key);
                    canvas_size(&canvas, cols, rows);
                    ui_draw(&canvas, &ui, snapshot, "a note");
                    bool any = false;
                    for (int i = 0; i < cols * rows; i++)
                        any = any || canvas.cell[i].glyph != ' ';
                    assert_true(any);
                    if (kind == FAKE_BOARD_HALF && cols >= 45 && rows >= 12 &&
                        k == 0) /* the row at work */
                        assert_true(has(&canvas, "lora-r1"));
                }
        fake_board_free(snapshot);
    }
    canvas_free(&canvas);
}

static void every_size_draws(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    struct canvas canvas = canvas_new(1, 1, GLYPHS_BRAILLE, 256);
    static const char *const keys[] = {
        "1",     "2", "2v", "2vv", "2vvv", "3", "3v", "3vv", "3vvv",
        "3vvvv", "4", "4v", "2{{", "0",    "?", ":",  "a"};
    for (int cols = 1; cols <= 150; cols += cols < 45 ? 1 : 13)
        for (int rows = 1; rows <= 60; rows += rows < 14 ? 1 : 9)
            for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
                struct ui ui;
                ui_start(&ui, NULL, (enum glyphs)(k % 3), true);
                for (const char *key = keys[k]; *key; key++)
                    ui_key(&ui, snapshot, *key);
                canvas_size(&canvas, cols, rows);
                ui_draw(&canvas, &ui, snapshot, "a note");
                bool any = false;
                for (int i = 0; i < cols * rows; i++)
                    any = any || canvas.cell[i].glyph != ' ';
                assert_true(any);
            }
    canvas_size(&canvas, 20, 5);
    struct ui ui;
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "40x10 needed"));
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void random_keys_never_crash(void **state)
{
    (void)state;
    enum { KEYS = 4000, SPECIAL = INPUT_BACKSPACE - INPUT_UP + 1 };
    struct snapshot *snapshot = fake_snapshot(320);
    struct run_spec run = {.method = "lora", .rank = 8, .alpha = 16};
    struct canvas canvas = canvas_new(80, 24, GLYPHS_BRAILLE, 0);
    struct rng rng = rng_make(3, STREAM_TEST, 0);
    struct ui ui;
    ui_start(&ui, &run, GLYPHS_BRAILLE, true);
    for (int i = 0; i < KEYS; i++) {
        int code = (int)rng_below(&rng, 128 + SPECIAL);
        ui_key(&ui, snapshot, code < 128 ? code : INPUT_UP + code - 128);
        ui.out_count = 0;
        if (i % 10 == 0)
            ui_draw(&canvas, &ui, snapshot, NULL);
    }
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void no_run_no_site_still_draws(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    int runs = snapshot->run_count, sites = snapshot->site_count;
    struct canvas canvas = canvas_new(80, 24, GLYPHS_BRAILLE, 0);
    for (int empty = 0; empty < 2; empty++) {
        snapshot->run_count = 0;
        snapshot->site_count = empty ? 0 : sites;
        for (const char *key = "12340?"; *key; key++) {
            struct ui ui;
            ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
            ui_key(&ui, snapshot, *key);
            for (const char *more = "+-ufxL\t vvvbdw[]<>ST"; *more; more++) {
                ui_key(&ui, snapshot, *more);
                ui_draw(&canvas, &ui, snapshot, NULL);
            }
        }
    }
    struct ui ui;
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "no run yet"));
    snapshot->run_count = runs;
    snapshot->site_count = sites;
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void trouble_is_said(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    struct canvas canvas = canvas_new(80, 24, GLYPHS_BRAILLE, 0);
    snapshot->run[0].state = RUN_DIVERGED;
    snapshot->run[0].train_loss = NAN;
    snprintf(snapshot->message, sizeof snapshot->message,
             "metrics.tsv: no space left; training goes on");
    struct ui ui;
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "diverged"));
    assert_true(has(&canvas, "no space left"));
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void words_tell_the_values(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    struct canvas canvas = canvas_new(120, 24, GLYPHS_BRAILLE, 0);
    struct ui ui;
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    ui_key(&ui, snapshot, INPUT_LEFT);
    ui_key(&ui, snapshot, INPUT_LEFT);
    assert_int_equal(ui.cursor, 314);
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "step 314: r1 "));
    ui_key(&ui, snapshot, INPUT_ESCAPE);
    ui_key(&ui, snapshot, '2');
    ui_key(&ui, snapshot, ']');
    ui_key(&ui, snapshot, ']');
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "singular value 2: r1 –, r8 "));
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

/* Every page with its answers, at sizes and in colours of all kinds. */
static void studies_draw_at_every_size(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(200);
    fake_snapshot_add(snapshot, "r64", 64, 1, 200);
    fake_snapshot_add(snapshot, "r64-seed", 64, 2, 200);
    struct canvas canvas = canvas_new(1, 1, GLYPHS_BRAILLE, 256);
    for (int page = 0; page < OVERLAP_PAGES; page++) {
        struct ui ui;
        ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
        ui.view = VIEW_OVERLAP;
        ui.page[VIEW_OVERLAP] = page;
        ui.row = ui.col = 1000; /* of a larger map, before */
        fake_studies_answer(snapshot, &ui);
        for (int cols = 40; cols <= 210; cols += 17)
            for (int rows = 10; rows <= 64; rows += 6) {
                canvas.colours = cols % 2 ? 256 : 0;
                ui.glyphs = (enum glyphs)(cols % 3);
                canvas_size(&canvas, cols, rows);
                ui_draw(&canvas, &ui, snapshot, NULL);
            }
    }
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void pages_tell_the_truth(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    struct canvas canvas = canvas_new(80, 24, GLYPHS_BRAILLE, 0);
    struct ui ui;
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    ui_key(&ui, snapshot, '3');
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "φ(1, 1) = 0.81, chance 0.008"));
    ui_key(&ui, snapshot, ']');
    ui_key(&ui, snapshot, ']');
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "φ(2, 1) = 0.82, chance 0.016"));
    ui_key(&ui, snapshot, 'b'); /* nobody has looked at those two yet */
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "computing"));
    fake_studies_refuse(snapshot, &ui, "for this reason");
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "for this reason"));
    fake_studies_answer(snapshot, &ui);
    ui.time = 100;
    ui_draw(&canvas, &ui, snapshot, NULL);
    assert_true(has(&canvas, "this is of step 320"));
    ui.time = -1;
    for (int i = 0; i < 4; i++)
        ui_key(&ui, snapshot, 'v');
    ui_draw(&canvas, &ui, snapshot, NULL); /* no defaults: a stored run */
    assert_true(has(&canvas, "only looked at"));
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void draw(struct canvas *canvas, const struct snapshot *snapshot,
                 const char *keys)
{
    struct ui ui;
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    for (const char *key = keys; *key; key++)
        ui_key(&ui, snapshot, *key);
    ui_draw(canvas, &ui, snapshot, NULL);
}

static void pages_say_what_is_true(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *words;
    } want[] = {
        {"2", "stable rank: 1.25, by chance 4.89 ("},
        {"2", "no noise edge: dW has exact rank 8"},
        {"2\t", "above the noise edge ("},
        {"2{{", "as at step 240"},
        {"2v", "energy entropy rank"},
        {"2v]]", "the first 2 of 8 hold "},
        {"2vM", "= sqrt(sum sigma^2 / (out in)), in [0, inf)"},
        {"2vv", "hard rank"},
        {"2vvv", "rank collapse: stable rank 1.05"},
        {"2vvv", "3 of 8 directions are dead"},
        {"2vvv", "uses 4 of 8 for 99 % of its energy"},
        {"2vvv{", "▸280"},
        {"4", "! marks 2 sites"},
        {"4v", "you could stop at 5 of 8, +0.0073 nats (at step 320)"},
        {"4v", "Spearman's correlation 0.98 (n = 8)"},
        {"4\tv", "no rank here to cut"},
    };
    struct snapshot *snapshot = fake_snapshot(320);
    struct canvas canvas = canvas_new(100, 30, GLYPHS_BRAILLE, 0);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        draw(&canvas, snapshot, want[i].keys);
        if (!has(&canvas, want[i].words))
            print_error("%s: no \"%s\"\n", want[i].keys, want[i].words);
        assert_true(has(&canvas, want[i].words));
    }
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

/* An update that is zero has norms and nothing else; no chance, no alarm. */
static void zero_updates_claim_nothing(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    for (int r = 0; r < snapshot->run_count; r++)
        for (int s = 0; s < snapshot->site_count; s++) {
            struct site_view *view = &snapshot->run[r].site[s];
            for (int i = 0; i < view->sigma_count; i++)
                ((double *)view->sigma)[i] = 0;
        }
    struct canvas canvas = canvas_new(100, 30, GLYPHS_BRAILLE, 0);
    draw(&canvas, snapshot, "2");
    assert_true(has(&canvas, "stable rank: dW is zero, no update yet"));
    assert_false(has(&canvas, "by chance 4"));
    draw(&canvas, snapshot, "2vvv");
    assert_true(has(&canvas, "no update to look at"));
    assert_true(has(&canvas, "stable rank: – now"));
    draw(&canvas, snapshot, "2v");
    assert_true(has(&canvas, "no update here yet"));
    draw(&canvas, snapshot, "2vv");
    assert_true(has(&canvas, "no update here yet"));
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void show_refuses(void **state)
{
    (void)state;
    static const struct {
        struct show_options options;
        const char *part;
    } wrong[] = {
        {{.view = "nope", .cols = 80, .rows = 24}, "no view"},
        {{.view = "train", .cols = 0, .rows = 24}, "0x24"},
        {{.view = "train", .cols = 80, .rows = 100000}, "not allowed"},
        {{.view = "train", .cols = 80, .rows = 24, .run = "r9"}, "no run"},
        {{.view = "train", .cols = 80, .rows = 24, .site = "x"}, "no site"}};
    struct snapshot *snapshot = fake_snapshot(320);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {""};
        assert_int_equal(show_view(stdout, snapshot, &wrong[i].options, &err),
                         -1);
        assert_non_null(strstr(err.text, wrong[i].part));
    }
    FILE *full = fopen("/dev/full", "w");
    if (full) {
        setvbuf(full, NULL, _IONBF, 0);
        struct show_options options = {.view = "log", .cols = 80, .rows = 24};
        struct err err = {""};
        assert_int_equal(show_view(full, snapshot, &options, &err), -1);
        fclose(full);
    }
    fake_snapshot_free(snapshot);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_draws),
        cmocka_unit_test(every_size_draws_a_grid),
        cmocka_unit_test(random_keys_never_crash),
        cmocka_unit_test(no_run_no_site_still_draws),
        cmocka_unit_test(trouble_is_said),
        cmocka_unit_test(words_tell_the_values),
        cmocka_unit_test(studies_draw_at_every_size),
        cmocka_unit_test(pages_tell_the_truth),
        cmocka_unit_test(pages_say_what_is_true),
        cmocka_unit_test(zero_updates_claim_nothing),
        cmocka_unit_test(show_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
