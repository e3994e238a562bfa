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

#include "experiments/recipe_field.h"
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
        if (!view_is_there((enum view_id)view, snapshot))
            continue;
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
    struct run_spec run;
    struct ui ui;
    run_defaults(&run, NULL);
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
                 {"help_train_terms", "? ", STEP},
                 {"help_spectrum", "2?", STEP},
                 {"palette", ":ra", STEP},
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

/* At every size, and the smallest in ASCII. */
static void draw_sizes(const char *name, const char *keys,
                       const struct snapshot *snapshot)
{
    for (int size = 0; size <= SIZES; size++) {
        bool is_ascii = size == SIZES;
        int cols = sizes[size % SIZES].cols, rows = sizes[size % SIZES].rows;
        char sized[64];
        snprintf(sized, sizeof sized, "%s_%dx%d%s", name, cols, rows,
                 is_ascii ? "_ascii" : "");
        draw_keyed(sized, keys, snapshot, cols, rows,
                   is_ascii ? GLYPHS_ASCII : GLYPHS_BRAILLE);
    }
}

/* The list of methods, and the fields of several of them. */
static void forms_are_as_stored(void **state)
{
    (void)state;
    static const struct {
        const char *name, *keys;
    } scene[] = {{"form", "a"},
                 {"form_lora", "a\t"},
                 {"form_full", "afull\t"},
                 {"form_dora", "adora\t"},
                 {"form_adalora", "aadal\t\t"},
                 {"form_prefix_layer", "aprefix_l\t\t"},
                 {"form_lora_plus", "alora_p\t\t\t"},
                 {"form_wrong", "a\t\t00\n"},
                 {"form_list_end", "aadal"}};
    struct snapshot *snapshot = fake_snapshot(STEP);
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++)
        draw_sizes(scene[i].name, scene[i].keys, snapshot);
    /* Too much for the list's neighbour: the reason stands in the list. */
    draw_keyed("form_list_wrong", "a\t\t00\t\t\t\t\t\t\t", snapshot, 80, 24,
               GLYPHS_BRAILLE);
    draw_keyed("form_40x12", "a\t", snapshot, 40, 12, GLYPHS_BRAILLE);
    draw_keyed("form_list_40x12", "aadal", snapshot, 40, 12, GLYPHS_BRAILLE);
    fake_snapshot_free(snapshot);
}

/* A race of methods whose names are long. */
static void long_names_are_seen(void **state)
{
    (void)state;
    static const char *const name[][2] = {{"adapter_h", "adapter_h"},
                                          {"lora-of-rank-eight", "lora"},
                                          {"prefix_layer-2", "prefix_layer"}};
    struct snapshot *snapshot = fake_snapshot(STEP);
    for (int r = 0; r < snapshot->run_count; r++) {
        struct run_view *run = &snapshot->run[r];
        snprintf(run->name, sizeof run->name, "%s", name[r][0]);
        snprintf(run->method, sizeof run->method, "%s", name[r][1]);
    }
    snapshot->run[0].state = RUN_CATCHING_UP;
    static const struct {
        const char *name, *keys;
    } scene[] = {
        {"long_train", ""},     {"long_spectrum", "2"},   {"long_energy", "2v"},
        {"long_family", "2vv"}, {"long_time", "2vvv"},    {"long_ranks", "4"},
        {"long_cuts", "4v"},    {"long_log", "0"},        {"long_phi", "3"},
        {"long_base", "3v"},    {"long_intruders", "3vv"}};
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++)
        draw_keyed(scene[i].name, scene[i].keys, snapshot, 80, 24,
                   GLYPHS_BRAILLE);
    draw_keyed("long_train_200x60", "", snapshot, 200, 60, GLYPHS_BRAILLE);
    fake_snapshot_free(snapshot);
}

/* Pages behind v, moments behind {. */
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
        draw_sizes(scene[i].name, scene[i].keys, snapshot);
    fake_snapshot_free(snapshot);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_as_stored),
        cmocka_unit_test(keyed_frames_are_as_stored),
        cmocka_unit_test(pages_are_as_stored),
        cmocka_unit_test(forms_are_as_stored),
        cmocka_unit_test(long_names_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
