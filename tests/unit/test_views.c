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
#include "tests/fake_snapshot.h"
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

static void every_size_draws(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    struct canvas canvas = canvas_new(1, 1, GLYPHS_BRAILLE, 256);
    static const char *const keys[] = {"1", "2", "4", "0", "?", ":", "a"};
    for (int cols = 1; cols <= 150; cols += cols < 45 ? 1 : 13)
        for (int rows = 1; rows <= 60; rows += rows < 14 ? 1 : 9)
            for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
                struct ui ui;
                ui_start(&ui, NULL, (enum glyphs)(k % 3), true);
                ui_key(&ui, snapshot, keys[k][0]);
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
        for (const char *key = "1240?"; *key; key++) {
            struct ui ui;
            ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
            ui_key(&ui, snapshot, *key);
            for (const char *more = "+-ufxL\t v"; *more; more++)
                ui_key(&ui, snapshot, *more);
            ui_draw(&canvas, &ui, snapshot, NULL);
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
        cmocka_unit_test(random_keys_never_crash),
        cmocka_unit_test(no_run_no_site_still_draws),
        cmocka_unit_test(trouble_is_said),
        cmocka_unit_test(words_tell_the_values),
        cmocka_unit_test(show_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
