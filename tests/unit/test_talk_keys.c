/*
 * Keys of view 6, pressed without a terminal: what is then asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake_snapshot.h"
#include "tests/near.h"
#include "tui/keys.h"

static struct snapshot *snapshot;
static struct ui ui;

static int open_view(void **state)
{
    (void)state;
    snapshot = fake_snapshot(320);
    ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
    ui_key(&ui, snapshot, '6');
    return 0;
}

static int close_view(void **state)
{
    (void)state;
    fake_snapshot_free(snapshot);
    return 0;
}

static void press(const char *keys)
{
    for (; *keys; keys++)
        ui_key(&ui, snapshot, *keys);
}

static struct talk_question asked(void)
{
    struct question question = ui_question(&ui, snapshot);
    assert_true(question.is_asked);
    assert_int_equal(question.kind, STUDY_TALK);
    return question.talk;
}

static void examples_have_a_first_and_no_last(void **state)
{
    (void)state;
    assert_int_equal(asked().example, 0);
    ui_key(&ui, snapshot, INPUT_LEFT);
    assert_int_equal(asked().example, 0);
    for (int i = 0; i < 3; i++)
        ui_key(&ui, snapshot, INPUT_RIGHT);
    assert_int_equal(asked().example, 3);
}

static void strength_goes_from_0_to_2(void **state)
{
    (void)state;
    assert_near(asked().strength, 1, 1e-12);
    press("---");
    assert_near(asked().strength, 0.7, 1e-12);
    press("--------------");
    assert_near(asked().strength, 0, 1e-12);
    press("+++++++++++++++++++++++++++");
    assert_near(asked().strength, 2, 1e-12);
}

/* A sigma in hand that is not turned changes nothing: no new question. */
static void a_turn_needs_an_index_and_goes_back(void **state)
{
    (void)state;
    press("]]");
    assert_int_equal(asked().index, 0);
    press("z");
    assert_int_equal(asked().index, 2);
    assert_int_equal(asked().turn, TURN_ZERO);
    press("n");
    assert_int_equal(asked().turn, TURN_FLIP);
    press("n");
    assert_int_equal(asked().turn, TURN_NONE);
    assert_int_equal(asked().index, 0);
    press("[[[[[d");
    assert_int_equal(asked().index, 1);
    assert_int_equal(asked().turn, TURN_DOUBLE);
}

static void a_prompt_is_typed_in_any_language(void **state)
{
    (void)state;
    press("pMia ha");
    ui_key(&ui, snapshot, 0xfc); /* u with two dots */
    ui_key(&ui, snapshot, INPUT_BACKSPACE);
    ui_key(&ui, snapshot, 0xe9); /* e with an accent */
    assert_string_equal(ui.typed, "Mia ha\xc3\xa9");
    assert_string_equal(asked().prompt, ""); /* not before Enter */
    ui_key(&ui, snapshot, INPUT_ENTER);
    assert_string_equal(asked().prompt, "Mia ha\xc3\xa9");
    /* It has no next one, and says so. */
    ui_key(&ui, snapshot, INPUT_RIGHT);
    assert_true(ui.message_bad);
    press("-");
    ui_key(&ui, snapshot, INPUT_ESCAPE);
    assert_string_equal(asked().prompt, "");
    assert_near(asked().strength, 1, 1e-12);
}

/* What is typed never runs over, and ends between two characters. */
static void a_prompt_has_an_end(void **state)
{
    (void)state;
    press("p");
    for (int i = 0; i < 2 * TALK_PROMPT_BYTES; i++)
        ui_key(&ui, snapshot, i % 3 ? 0x4e2d : 'a');
    assert_true(strlen(ui.typed) < TALK_PROMPT_BYTES);
    ui_key(&ui, snapshot, INPUT_ENTER);
    assert_string_equal(asked().prompt, ui.typed);
}

static void the_curve_is_asked_where_it_is_seen(void **state)
{
    (void)state;
    ui_size(&ui, 80, 24);
    assert_false(asked().wants_curve);
    ui_size(&ui, 200, 60);
    assert_true(asked().wants_curve);
    ui_size(&ui, 80, 24);
    press("v");
    assert_true(asked().wants_curve);
}

static void sites_are_those_with_an_update(void **state)
{
    (void)state;
    const struct run_view *run = ui_run(&ui, snapshot);
    for (int i = 0; i < snapshot->site_count; i++) {
        press(">");
        assert_true(run->site[ui_site(&ui, snapshot)].adapted);
    }
    press("<");
    assert_true(run->site[ui_site(&ui, snapshot)].adapted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(examples_have_a_first_and_no_last,
                                        open_view, close_view),
        cmocka_unit_test_setup_teardown(strength_goes_from_0_to_2, open_view,
                                        close_view),
        cmocka_unit_test_setup_teardown(a_turn_needs_an_index_and_goes_back,
                                        open_view, close_view),
        cmocka_unit_test_setup_teardown(a_prompt_is_typed_in_any_language,
                                        open_view, close_view),
        cmocka_unit_test_setup_teardown(a_prompt_has_an_end, open_view,
                                        close_view),
        cmocka_unit_test_setup_teardown(the_curve_is_asked_where_it_is_seen,
                                        open_view, close_view),
        cmocka_unit_test_setup_teardown(sites_are_those_with_an_update,
                                        open_view, close_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
