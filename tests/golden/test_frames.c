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
#include "tui/keys.h"
#include "tui/show.h"
#include "tui/views/view.h"

enum { STEP = 320 };

static const struct {
    int cols, rows;
} sizes[] = {{80, 24}, {100, 30}, {200, 60}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* The program may be started from anywhere. */
static void golden_path(char *path, size_t size, const char *name)
{
    const char *root = getenv("RANKSCOPE_ROOT");
    snprintf(path, size, "%s/tests/golden/%s.txt", root ? root : ".", name);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    enum { MOST = 1 << 20 };
    char *text = calloc(MOST + 1, 1);
    if (file && text)
        text[fread(text, 1, MOST, file)] = '\0';
    if (file)
        fclose(file);
    return text;
}

static void compare(const char *name, const char *frame)
{
    char path[512];
    golden_path(path, sizeof path, name);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(frame, file);
        assert_int_equal(fclose(file), 0);
        return;
    }
    char *stored = read_all(path);
    if (strcmp(stored, frame) != 0)
        print_error("%s differs; it is now:\n%s", path, frame);
    assert_string_equal(frame, stored);
    free(stored);
}

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
            compare(name, frame);
            for (const char *at = frame; is_ascii && *at; at++)
                assert_true((unsigned char)*at < 0x80);
            free(frame);
        }
    }
    fake_snapshot_free(snapshot);
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
        struct run_spec run = {.method = "lora", .rank = 8, .alpha = 16};
        run.targets[SITE_Q] = run.targets[SITE_V] = true;
        run.optimizer.lr = 1e-3;
        struct ui ui;
        ui_start(&ui, &run, GLYPHS_BRAILLE, true);
        for (const char *key = scene[i].keys; *key; key++)
            ui_key(&ui, snapshot, *key);
        struct canvas canvas = canvas_new(80, 24, ui.glyphs, 0);
        ui_draw(&canvas, &ui, snapshot, NULL);
        char *frame = NULL;
        size_t length;
        FILE *to = open_memstream(&frame, &length);
        assert_int_equal(canvas_text(&canvas, to), 0);
        fclose(to);
        compare(scene[i].name, frame);
        free(frame);
        canvas_free(&canvas);
        fake_snapshot_free(snapshot);
    }
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_as_stored),
        cmocka_unit_test(keyed_frames_are_as_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
