/*
 * The pages that ask the analyst, views 3 and 6, as text, compared with stored
 * frames: answered, being computed, refused, and with runs missing.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/fake_snapshot.h"
#include "tests/fake_studies.h"
#include "tests/golden/golden.h"
#include "tui/keys.h"

enum answer { ANSWERED, COMPUTING, REFUSED, OUTDATED };
enum runs { RACE, SEVEN };

struct scene {
    const char *name, *keys;
    enum answer answer;
    enum runs runs;
    bool is_small_only; /* not at 200x60 and in ASCII */
};

static const struct scene scenes[] = {
    {"overlap_phi", "3b", ANSWERED, RACE, false},
    {"overlap_phi_cursor", "3b]]]>>>>", ANSWERED, RACE, true},
    {"overlap_phi_single", "3", ANSWERED, RACE, true},
    {"overlap_phi_seeds", "3bbb", ANSWERED, SEVEN, false},
    {"overlap_phi_random", "3bbbbdw", ANSWERED, RACE, true},
    {"overlap_phi_itself", "3bb", ANSWERED, RACE, true},
    {"overlap_phi_computing", "3", COMPUTING, RACE, true},
    {"overlap_phi_refused", "3", REFUSED, RACE, true},
    {"overlap_phi_outdated", "3", OUTDATED, RACE, true},
    {"overlap_base", "3v", ANSWERED, RACE, false},
    {"overlap_base_full", "3v\t", ANSWERED, RACE, true},
    {"overlap_intruders", "3vvcc", ANSWERED, RACE, false},
    {"overlap_intruders_outdated", "3vvE", OUTDATED, RACE, true},
    {"overlap_intruders_input", "3vvdeeeeee", ANSWERED, RACE, true},
    {"overlap_twins", "3vvv", ANSWERED, RACE, false},
    {"overlap_twins_computing", "3vvv", COMPUTING, RACE, true},
    {"overlap_section7", "3vvvv", ANSWERED, SEVEN, false},
    {"overlap_section7_missing", "3vvvv", COMPUTING, RACE, false},
    {"overlap_section7_computing", "3vvvv", COMPUTING, SEVEN, true},
    {"talk_answers", "6", ANSWERED, RACE, false},
    {"talk_turned", "6--]]z", ANSWERED, RACE, false},
    {"talk_prompt", "6ptell me\n", ANSWERED, RACE, true},
    {"talk_typing", "6ptell me", ANSWERED, RACE, true},
    {"talk_refused", "6", REFUSED, RACE, true},
    {"talk_microscope", "6v", ANSWERED, RACE, false},
    {"talk_microscope_turned", "6v++]]]d", ANSWERED, RACE, false},
};

static struct snapshot *snapshot_of(const struct scene *scene)
{
    enum { STEP = 320, BEFORE_GROWN = 200 };
    struct snapshot *snapshot =
        fake_snapshot(scene->runs == SEVEN ? BEFORE_GROWN : STEP);
    if (scene->runs == SEVEN) {
        fake_snapshot_add(snapshot, "r64", 64, 1, BEFORE_GROWN);
        fake_snapshot_add(snapshot, "r64-seed", 64, 2, BEFORE_GROWN);
    }
    fake_studies_release(snapshot);
    return snapshot;
}

static void press(struct ui *ui, struct snapshot *snapshot,
                  const struct scene *scene, int cols, int rows)
{
    struct run_spec run = {
        .name = "run4", .method = "lora", .rank = 8, .alpha = 16, .seed = 1};
    run.targets[SITE_Q] = run.targets[SITE_V] = true;
    run.optimizer.lr = 4e-3;
    ui_start(ui, &run, GLYPHS_BRAILLE, true);
    ui_size(ui, cols, rows);
    for (const char *key = scene->keys; *key; key++) {
        ui_key(ui, snapshot, *key);
        /* What was known before the last key is still there. */
        if (scene->answer == ANSWERED || (scene->answer == OUTDATED && key[1]))
            fake_studies_answer(snapshot, ui);
    }
    if (scene->answer == REFUSED)
        fake_studies_refuse(snapshot, ui,
                            "r8 has no update at h.2.attn.v yet (step 0): "
                            "there is nothing to compare");
    if (scene->answer == OUTDATED && !snapshot->study[STUDY_BASE]) {
        struct ui before = *ui;
        before.time = 200;
        fake_studies_answer(snapshot, &before);
    }
}

/* Returns how many question marks there are. */
static int draw(const struct scene *scene, int cols, int rows, bool is_ascii)
{
    int marks = 0;
    struct snapshot *snapshot = snapshot_of(scene);
    struct ui ui;
    press(&ui, snapshot, scene, cols, rows);
    ui.glyphs = is_ascii ? GLYPHS_ASCII : GLYPHS_BRAILLE;
    struct canvas canvas = canvas_new(cols, rows, ui.glyphs, 0);
    ui_draw(&canvas, &ui, snapshot, NULL);
    char name[64], *frame = NULL;
    size_t length;
    FILE *to = open_memstream(&frame, &length);
    assert_int_equal(canvas_text(&canvas, to), 0);
    fclose(to);
    snprintf(name, sizeof name, "%s_%dx%d%s", scene->name, cols, rows,
             is_ascii ? "_ascii" : "");
    golden_compare(name, frame);
    for (const char *at = frame; *at; at++) {
        assert_true(!is_ascii || (unsigned char)*at < 0x80);
        marks += *at == '?';
    }
    free(frame);
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
    return marks;
}

static void pages_are_as_stored(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        int marks = draw(&scenes[i], 80, 24, false);
        if (scenes[i].is_small_only)
            continue;
        draw(&scenes[i], 100, 30, false);
        draw(&scenes[i], 200, 60, false);
        /* A glyph without a twin would be one more. */
        assert_int_equal(draw(&scenes[i], 80, 24, true), marks);
    }
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_as_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
