/*
 * View 7 and what views 2 and 3 make of files, at every size, as text;
 * compared with stored frames as in test_frames.c.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/fake_files.h"
#include "tests/golden/golden.h"
#include "tui/keys.h"

static const struct {
    const char *name;
    int cols, rows;
    enum glyphs glyphs;
} sizes[] = {{"80x24", 80, 24, GLYPHS_BRAILLE},
             {"100x30", 100, 30, GLYPHS_BRAILLE},
             {"200x60", 200, 60, GLYPHS_BRAILLE},
             {"80x24_ascii", 80, 24, GLYPHS_ASCII}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void draw(const char *name, const char *keys,
                 const struct snapshot *snapshot, int cols, int rows,
                 enum glyphs glyphs)
{
    struct ui ui;
    ui_start(&ui, NULL, glyphs, true);
    ui.view = VIEW_FILES;
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

static const struct scene {
    const char *name, *keys;
    enum fake_files kind;
} scenes[] = {{"files_adapter", "", FAKE_ADAPTER},
              {"files_refused", "jjjjjjj", FAKE_ADAPTER},
              {"files_sorted", "ssjjj", FAKE_ADAPTER},
              {"files_half", "", FAKE_HALF_KNOWN},
              {"files_two", "\t", FAKE_TWO},
              {"files_checkpoint", "m", FAKE_CHECKPOINT},
              {"files_plan", "v", FAKE_ADAPTER},
              {"files_plan_rank", "ve+", FAKE_ADAPTER},
              {"files_spectrum", "2", FAKE_TWO},
              {"files_spectrum_w", "2", FAKE_CHECKPOINT},
              {"files_time", "2vvv", FAKE_ADAPTER},
              {"files_twins", "3vvv", FAKE_TWO},
              {"files_help", "?", FAKE_ADAPTER}};

static void files_are_drawn_as_stored(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        for (int size = 0; size < SIZES; size++) {
            const struct snapshot *snapshot = fake_files(scenes[i].kind);
            char name[64];
            snprintf(name, sizeof name, "%s_%s", scenes[i].name,
                     sizes[size].name);
            draw(name, scenes[i].keys, snapshot, sizes[size].cols,
                 sizes[size].rows, sizes[size].glyphs);
            snapshot_release(snapshot);
        }
    fake_files_free();
}

/* Views that a file has nothing for say so, and nothing changes. */
static void training_is_refused_in_a_sentence(void **state)
{
    (void)state;
    static const char keys[] = "1460+ .aAxLuf{";
    const struct snapshot *snapshot = fake_files(FAKE_ADAPTER);
    for (const char *key = keys; *key; key++) {
        struct ui ui;
        ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
        ui.view = VIEW_FILES;
        ui_key(&ui, snapshot, *key);
        assert_int_equal(ui.view, VIEW_FILES);
        assert_int_equal(ui.out_count, 0);
        assert_true(ui.message_bad);
        assert_true(ui.message[0] != '\0');
    }
    snapshot_release(snapshot);
    fake_files_free();
}

/* Every size has a frame, whatever is chosen. */
static void every_size_is_drawn(void **state)
{
    (void)state;
    const struct snapshot *snapshot = fake_files(FAKE_TWO);
    static const char *const keys[] = {"", "v", "2", "3", "\tjjj"};
    for (int cols = 1; cols <= 220; cols += 7)
        for (int rows = 1; rows <= 70; rows += 5)
            for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
                struct ui ui;
                ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
                ui.view = VIEW_FILES;
                for (const char *key = keys[i]; *key; key++)
                    ui_key(&ui, snapshot, *key);
                struct canvas canvas =
                    canvas_new(cols, rows, GLYPHS_BRAILLE, 256);
                ui_draw(&canvas, &ui, snapshot, NULL);
                canvas_free(&canvas);
            }
    snapshot_release(snapshot);
    fake_files_free();
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_drawn_as_stored),
        cmocka_unit_test(training_is_refused_in_a_sentence),
        cmocka_unit_test(every_size_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
