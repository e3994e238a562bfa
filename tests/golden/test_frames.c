/*
 * Every view at three sizes, in UTF-8 and in ASCII, as text, compared with
 * stored frames.  UPDATE_GOLDEN=1 writes them anew: look at the difference.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake_snapshot.h"
#include "tests/golden/golden.h"
#include "tui/keys.h"
#include "tui/show.h"
#include "tui/views/view.h"

enum { STEP = 320 };

static const struct {
    int cols, rows;
} sizes[] = {{80, 24}, {100, 30}, {200, 60}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void frames_are_as_stored(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(STEP);
    for (int view = 0; view < VIEW_COUNT; view++) {
        for (int i = 0; i < 2 * SIZES; i++) {
            bool is_ascii = i >= SIZES;
            struct show_options options = {.view = view_table[view].name,
                                           .cols = sizes[i % SIZES].cols,
                                           .rows = sizes[i % SIZES].rows,
                                           .glyphs = is_ascii ? GLYPHS_ASCII
                                                              : GLYPHS_BRAILLE};
            char name[64], *frame = NULL;
            size_t length;
            struct err err = {""};
            FILE *to = open_memstream(&frame, &length);
            assert_int_equal(show_view(to, snapshot, &options, &err), 0);
            fclose(to);
            snprintf(name, sizeof name, "%s_%dx%d%s", options.view,
                     options.cols, options.rows, is_ascii ? "_ascii" : "");
            golden_compare(name, frame);
            for (const char *at = frame; is_ascii && *at; at++)
                assert_true((unsigned char)*at < 0x80);
            free(frame);
        }
    }
    fake_snapshot_free(snapshot);
}

/* The frame after some keys, compared with the stored one of that name. */
static void draw_keyed(const char *name, const char *keys,
                       const struct snapshot *snapshot, int cols, int rows,
                       enum glyphs glyphs)
{
    struct run_spec run = {.method = "lora", .rank = 8, .alpha = 16};
    run.targets[SITE_Q] = run.targets[SITE_V] = true;
    run.optimizer.lr = 1e-3;
    struct ui ui;
    ui_start(&ui, &run, glyphs, true);
    for (const char *key = keys; *key; key++)
        ui_key(&ui, snapshot, *key);
    struct canvas canvas = canvas_new(cols, rows, ui.glyphs, 0);
    ui_draw(&canvas, &ui, snapshot, NULL);
    char *frame = NULL;
    size_t length;
    FILE *to = open_memstream(&frame, &length);
    assert_int_equal(canvas_text(&canvas, to), 0);
    fclose(to);
    for (const char *at = frame; glyphs == GLYPHS_ASCII && *at; at++)
        assert_true((unsigned char)*at < 0x80);
    golden_compare(name, frame);
    free(frame);
    canvas_free(&canvas);
}

/* Overlays and the first second, at the size everybody has. */
static void keyed_frames_are_as_stored(void **state)
{
    (void)state;
    static const struct {
        const char *name, *keys;
        long step;
    } scene[] = {{"help_train", "?", STEP},
                 {"help_spectrum", "2?", STEP},
                 {"palette", ":ra", STEP},
                 {"form", "a", STEP},
                 {"fresh_train", "", 0},
                 {"fresh_spectrum", "2", 0},
                 {"fresh_ranks", "4", 0},
                 {"train_metric", "v", STEP},
                 {"train_forgotten", "vv", STEP},
                 {"train_log", "l", STEP},
                 {"ranks_site", "4jjjj", STEP},
                 {"blocks", "g", STEP},
                 {"done", "", 600}};
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++) {
        struct snapshot *snapshot = fake_snapshot(scene[i].step);
        draw_keyed(scene[i].name, scene[i].keys, snapshot, 80, 24,
                   GLYPHS_BRAILLE);
        fake_snapshot_free(snapshot);
    }
}

/* Pages behind v, moments behind {: at every size, and the smallest in ASCII.
 */
static void pages_are_as_stored(void **state)
{
    (void)state;
    static const struct {
        const char *name, *keys;
    } scene[] = {{"spectrum_full", "2\t"},
                 {"spectrum_index", "2]]"},
                 {"spectrum_energy", "2v"},
                 {"spectrum_energy_index", "2v]]mmmmm"},
                 {"spectrum_family", "2vv"},
                 {"spectrum_time", "2vvv"},
                 {"spectrum_before", "2{{"},
                 {"spectrum_time_before", "2vvv{{{"},
                 {"ranks_cuts", "4v"},
                 {"ranks_cuts_full", "4\tv"},
                 {"ranks_cuts_grown", "4jjjjjjjjjjjjjjjv"}};
    struct snapshot *snapshot = fake_snapshot(STEP);
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++)
        for (int size = 0; size <= SIZES; size++) {
            bool is_ascii = size == SIZES;
            int cols = sizes[size % SIZES].cols,
                rows = sizes[size % SIZES].rows;
            char name[64];
            snprintf(name, sizeof name, "%s_%dx%d%s", scene[i].name, cols, rows,
                     is_ascii ? "_ascii" : "");
            draw_keyed(name, scene[i].keys, snapshot, cols, rows,
                       is_ascii ? GLYPHS_ASCII : GLYPHS_BRAILLE);
        }
    fake_snapshot_free(snapshot);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_as_stored),
        cmocka_unit_test(keyed_frames_are_as_stored),
        cmocka_unit_test(pages_are_as_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
