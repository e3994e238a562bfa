/*
 * View 5, a search: its pages at three sizes, in UTF-8 and in ASCII, before,
 * while and after it runs, and what the arrow keys choose.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/fake_search.h"
#include "tests/golden/golden.h"
#include "tui/keys.h"

static const struct {
    int cols, rows;
} sizes[] = {{80, 24}, {100, 30}, {200, 60}};
enum { SIZES = sizeof sizes / sizeof *sizes };

enum { DOWN = '\1', UP, ESCAPE }; /* in a string of keys */

static int code_of(char key)
{
    static const int codes[] = {
        [DOWN] = INPUT_DOWN, [UP] = INPUT_UP, [ESCAPE] = INPUT_ESCAPE};
    return key > 0 && key <= ESCAPE ? codes[(int)key] : key;
}

static void draw_keyed(const char *name, const char *keys,
                       const struct snapshot *snapshot, int cols, int rows,
                       enum glyphs glyphs)
{
    struct ui ui;
    ui_start(&ui, NULL, glyphs, true);
    ui.view = VIEW_INTRINSIC;
    for (const char *key = keys; *key; key++)
        ui_key(&ui, snapshot, code_of(*key));
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

static void pages_are_as_stored(void **state)
{
    (void)state;
    static const struct {
        const char *name, *keys;
        enum fake_search kind;
    } scene[] = {{"intrinsic", "", FAKE_SEARCH_HALF},
                 {"intrinsic_points", "v", FAKE_SEARCH_HALF},
                 {"intrinsic_done", "", FAKE_SEARCH_DONE}};
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++) {
        const struct snapshot *snapshot = fake_search(scene[i].kind);
        for (int size = 0; size < 2 * SIZES; size++) {
            bool is_ascii = size >= SIZES;
            int cols = sizes[size % SIZES].cols,
                rows = sizes[size % SIZES].rows;
            char name[64];
            snprintf(name, sizeof name, "%s_%dx%d%s", scene[i].name, cols, rows,
                     is_ascii ? "_ascii" : "");
            draw_keyed(name, scene[i].keys, snapshot, cols, rows,
                       is_ascii ? GLYPHS_ASCII : GLYPHS_BRAILLE);
        }
        fake_search_free(snapshot);
    }
}

static void keyed_frames_are_as_stored(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        char keys[12];
        enum fake_search kind;
    } scene[] = {{"intrinsic_empty", "", FAKE_SEARCH_EMPTY},
                 {"intrinsic_above", {UP}, FAKE_SEARCH_HALF},
                 {"intrinsic_below", {UP, UP, DOWN}, FAKE_SEARCH_DONE},
                 {"intrinsic_followed", {UP, ESCAPE}, FAKE_SEARCH_HALF},
                 {"intrinsic_points_did", {'v', UP}, FAKE_SEARCH_HALF},
                 {"intrinsic_help", "?", FAKE_SEARCH_HALF},
                 {"intrinsic_refused", "9", FAKE_SEARCH_HALF},
                 {"intrinsic_log", "0", FAKE_SEARCH_HALF}};
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++) {
        const struct snapshot *snapshot = fake_search(scene[i].kind);
        draw_keyed(scene[i].name, scene[i].keys, snapshot, 80, 24,
                   GLYPHS_BRAILLE);
        fake_search_free(snapshot);
    }
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_as_stored),
        cmocka_unit_test(keyed_frames_are_as_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
