/*
 * View 5, a grid's table: its pages at three sizes, in UTF-8 and in ASCII,
 * before, while and after it fills, and what the arrow keys choose.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/fake_board.h"
#include "tests/golden/golden.h"
#include "tui/keys.h"

static const struct {
    int cols, rows;
} sizes[] = {{80, 24}, {100, 30}, {200, 60}};
enum { SIZES = sizeof sizes / sizeof *sizes };

enum { DOWN = '\1', UP, LEFT, RIGHT, ESCAPE }; /* in a string of keys */

static int code_of(char key)
{
    static const int codes[] = {[DOWN] = INPUT_DOWN,
                                [UP] = INPUT_UP,
                                [LEFT] = INPUT_LEFT,
                                [RIGHT] = INPUT_RIGHT,
                                [ESCAPE] = INPUT_ESCAPE};
    return key > 0 && key <= ESCAPE ? codes[(int)key] : key;
}

static void draw_keyed(const char *name, const char *keys,
                       const struct snapshot *snapshot, int cols, int rows,
                       enum glyphs glyphs)
{
    struct ui ui;
    ui_start(&ui, NULL, glyphs, true);
    ui.view = VIEW_TABLE;
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
        enum fake_board kind;
    } scene[] = {{"table", "", FAKE_BOARD_HALF},
                 {"table_figure2", "v", FAKE_BOARD_HALF},
                 {"table_findings", "vv", FAKE_BOARD_HALF},
                 {"table_done", "", FAKE_BOARD_DONE}};
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++) {
        const struct snapshot *snapshot = fake_board(scene[i].kind);
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
        fake_board_free(snapshot);
    }
}

static void keyed_frames_are_as_stored(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        char keys[12];
        enum fake_board kind;
    } scene[] = {
        {"table_empty", "", FAKE_BOARD_EMPTY},
        {"table_chosen", {UP, UP, UP, RIGHT, RIGHT}, FAKE_BOARD_HALF},
        {"table_diverged", {UP, UP, RIGHT, RIGHT}, FAKE_BOARD_HALF},
        {"table_no_paper", {DOWN, DOWN, DOWN}, FAKE_BOARD_HALF},
        {"table_followed", {DOWN, DOWN, ESCAPE}, FAKE_BOARD_HALF},
        {"table_figure2_summary", {'v', RIGHT, RIGHT}, FAKE_BOARD_HALF},
        {"table_scrolled",
         {'v', 'v', DOWN, DOWN, DOWN, DOWN, DOWN, DOWN},
         FAKE_BOARD_DONE},
        {"table_help", "?", FAKE_BOARD_HALF},
        {"table_refused", "2", FAKE_BOARD_HALF},
        {"table_log", "0", FAKE_BOARD_HALF}};
    for (size_t i = 0; i < sizeof scene / sizeof *scene; i++) {
        const struct snapshot *snapshot = fake_board(scene[i].kind);
        draw_keyed(scene[i].name, scene[i].keys, snapshot, 80, 24,
                   GLYPHS_BRAILLE);
        fake_board_free(snapshot);
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
