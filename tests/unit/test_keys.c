/*
 * The key table against itself, and keys pressed without a terminal: which
 * commands come out, what is refused and how.
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
#include "tests/fake_studies.h"
#include "tests/near.h"
#include "tui/form.h"
#include "tui/keys.h"

struct desk {
    struct snapshot *snapshot;
    struct ui ui;
};

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    struct run_spec run;
    run_defaults(&run, NULL);
    desk->snapshot = fake_snapshot(320);
    ui_start(&desk->ui, &run, GLYPHS_BRAILLE, true);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    fake_snapshot_free(desk->snapshot);
    free(desk);
    return 0;
}

static void press(struct desk *desk, const char *keys)
{
    for (; *keys; keys++)
        ui_key(&desk->ui, desk->snapshot, *keys);
}

/* The only command that waits; it is taken, and as good as answered. */
static const struct command *sent(struct desk *desk)
{
    assert_int_equal(desk->ui.out_count, 1);
    desk->ui.out_count = 0;
    desk->ui.asked.until = 0;
    return &desk->ui.out[0];
}

static void refused(struct desk *desk, const char *part)
{
    assert_int_equal(desk->ui.out_count, 0);
    if (!strstr(desk->ui.message, part))
        fail_msg("\"%s\" does not say \"%s\"", desk->ui.message, part);
}

static void table_has_no_doubles(void **state)
{
    (void)state;
    for (int i = 0; i < key_count; i++) {
        const struct key *a = &key_table[i];
        assert_non_null(a->act);
        assert_true(a->code[0] && a->label[0] && a->name[0] && a->help[0]);
        for (int j = 0; j < i; j++) {
            const struct key *b = &key_table[j];
            if (!(a->scope & b->scope))
                continue;
            for (int k = 0; k < KEY_CODES * KEY_CODES; k++) {
                int x = a->code[k / KEY_CODES], y = b->code[k % KEY_CODES];
                if (x && x == y)
                    fail_msg("%s and %s share a key", a->name, b->name);
            }
        }
    }
}

static void way_out_works_everywhere(void **state)
{
    struct desk *desk = *state;
    static const char keys[] = "q?";
    for (int view = 0; view < VIEW_COUNT; view++) {
        for (const char *key = keys; *key; key++)
            assert_non_null(keys_find(1u << view, *key));
        assert_non_null(keys_find(1u << view, INPUT_CTRL_L));
    }
    for (unsigned scope = IN_HELP; scope <= IN_QUESTION; scope <<= 1)
        assert_non_null(keys_find(scope, INPUT_ESCAPE));
    press(desk, "2q");
    assert_true(desk->ui.quit);
}

static void dial_turns(void **state)
{
    struct desk *desk = *state;
    press(desk, "4+");
    const struct command *command = sent(desk);
    assert_int_equal(command->kind, COMMAND_RANK);
    assert_int_equal(command->run, 1); /* r8: it has most to turn */
    assert_int_equal(command->site, -1);
    assert_int_equal(command->rank, 17);
    ui_key(&desk->ui, desk->snapshot, INPUT_DOWN); /* h.0.attn.q, rank 8 */
    press(desk, "p>");
    command = sent(desk);
    assert_int_equal(command->site, 0);
    assert_int_equal(command->rank, 16);
    assert_int_equal(command->policy, RANK_ALPHA_R);
    press(desk, "<");
    assert_int_equal(sent(desk)->rank, 4);
    press(desk, "-");
    assert_int_equal(sent(desk)->rank, 7);
    press(desk, "r32\n");
    assert_int_equal(sent(desk)->rank, 32);
    press(desk, "u");
    assert_int_equal(sent(desk)->kind, COMMAND_UNDO);
    press(desk, "f");
    assert_int_equal(sent(desk)->kind, COMMAND_FORK);
}

/* Three presses before the session answers are three ranks. */
static void quick_turns_add_up(void **state)
{
    struct desk *desk = *state;
    ui_key(&desk->ui, desk->snapshot, '4');
    ui_key(&desk->ui, desk->snapshot, INPUT_DOWN); /* h.0.attn.q, rank 8 */
    press(desk, "+++<");
    assert_int_equal(desk->ui.out_count, 4);
    static const int ranks[] = {9, 10, 11, 5};
    for (int i = 0; i < 4; i++)
        assert_int_equal(desk->ui.out[i].rank, ranks[i]);
    desk->ui.out_count = 0;
    desk->snapshot->event_count += 4; /* answered: the screen is right again */
    press(desk, "+");
    assert_int_equal(desk->ui.out[0].rank, 9);
}

static void dial_refuses(void **state)
{
    struct desk *desk = *state;
    ui_key(&desk->ui, desk->snapshot, '4');
    ui_key(&desk->ui, desk->snapshot, INPUT_DOWN);
    press(desk, "r0\n");
    refused(desk, "rank 1 is the least");
    press(desk, "r1000000000\n");
    refused(desk, "at most 128");
    press(desk, "r99999999999999999999\n");
    refused(desk, "no rank");
    press(desk, "r2.5\n");
    refused(desk, "whole number");
    press(desk, "reight\n");
    refused(desk, "not a number");
    ui_key(&desk->ui, desk->snapshot, INPUT_DOWN); /* not adapted */
    press(desk, "+");
    refused(desk, "has no rank here");
    press(desk, "\t+"); /* full */
    refused(desk, "has no rank to turn");
    press(desk, "u");
    refused(desk, "nothing of full to undo");
    press(desk, "Z");
    refused(desk, "does nothing here");
}

static void runs_are_added_removed_slowed(void **state)
{
    struct desk *desk = *state;
    press(desk, "L3e-4\n");
    const struct command *command = sent(desk);
    assert_int_equal(command->kind, COMMAND_LR);
    assert_true(command->value > 2.9e-4 && command->value < 3.1e-4);
    press(desk, "L-1\n");
    refused(desk, "not allowed");
    press(desk, "x");
    assert_int_equal(desk->ui.overlay, OVERLAY_REMOVE);
    press(desk, "n");
    assert_int_equal(desk->ui.out_count, 0);
    press(desk, "xy");
    assert_int_equal(sent(desk)->kind, COMMAND_REMOVE);
    press(desk, "a\t2\n"); /* in the field of the name */
    command = sent(desk);
    assert_int_equal(command->kind, COMMAND_ADD);
    assert_string_equal(command->spec.name, "lora2");
    assert_string_equal(command->spec.method, "lora");
    assert_true(command->spec.targets[SITE_V]);
    assert_false(command->spec.targets[SITE_K]);
    press(desk, " ");
    assert_int_equal(sent(desk)->kind, COMMAND_PAUSE);
    press(desk, ".");
    assert_int_equal(sent(desk)->kind, COMMAND_STEP);
}

static void form_refuses(void **state)
{
    struct desk *desk = *state;
    static const struct {
        enum form_field field;
        const char *text, *part;
    } wrong[] = {
        {FORM_NAME, "", "name \"\" is not allowed"},
        {FORM_NAME, "../x", "begin with a letter"},
        {FORM_NAME, "a/b", "use letters"},
        {FORM_NAME, "a-name-of-forty-bytes-that-fits-in-a-line", "at most 31"},
        {FORM_NAME, "r8", "taken"},
        {FORM_METHOD, "loar", "did you mean lora"},
        {FORM_RANK, "0", "use 1..1000000"},
        {FORM_RANK, "129", "h.0.attn.q: rank 129 is not allowed; use 1..128"},
        {FORM_RANK, "2.5", "not a whole number"},
        {FORM_ALPHA, "x", "alpha x is not a number"},
        {FORM_SCALE, "alpha", "alpha/r"},
        {FORM_TARGETS, "q w", "unknown target w"},
        {FORM_TARGETS, "q q", "twice"},
        {FORM_TARGETS, "", "at least one"},
        {FORM_ALSO, "nose", "unknown also nose"},
        {FORM_LR, "nan", "lr nan is not a number"},
        {FORM_SEED, "-1", "whole number"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct command command;
        struct err err = {""};
        enum form_field at = FORM_SEED;
        press(desk, "a");
        snprintf(desk->ui.form.text[wrong[i].field], UI_TEXT, "%s",
                 wrong[i].text);
        press(desk, "\n");
        assert_int_equal(desk->ui.out_count, 0);
        assert_int_equal(desk->ui.overlay, OVERLAY_FORM);
        assert_true(desk->ui.form.refused);
        assert_int_equal(
            form_read(&command, &desk->ui, desk->snapshot, &at, &err), -1);
        if (!strstr(err.text, wrong[i].part))
            fail_msg("\"%s\" does not say \"%s\"", err.text, wrong[i].part);
        ui_key(&desk->ui, desk->snapshot, INPUT_ESCAPE);
    }
}

/* What the form adds for every method of the table, with what the method
 * alone uses; and what is counted is what the command would train. */
static void form_adds_every_method(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; method_table[i]; i++) {
        const struct method_ops *ops = method_table[i];
        press(desk, "a");
        while (strcmp(desk->ui.form.text[FORM_METHOD], ops->name) != 0)
            ui_key(&desk->ui, desk->snapshot, INPUT_DOWN);
        assert_int_equal(form_shows(&desk->ui, FORM_RANK),
                         (ops->uses & USES_RANK) != 0);
        assert_int_equal(form_shows(&desk->ui, FORM_PREFIX),
                         (ops->uses & USES_PREFIX) != 0);
        assert_int_equal(form_shows(&desk->ui, FORM_BUDGET_EVERY),
                         (ops->uses & USES_BUDGET) != 0);
        assert_true(form_shows(&desk->ui, FORM_LR));
        press(desk, "\n");
        const struct command *command = sent(desk);
        assert_string_equal(command->spec.method, ops->name);
        /* full runs here already; the recipe's own method keeps its rate */
        assert_string_equal(command->spec.name,
                            strcmp(ops->name, "full") ? ops->name : "full-2");
        assert_near(command->spec.optimizer.lr,
                    strcmp(ops->name, "lora") ? ops->lr : 1e-3, 1e-12);
        struct method_conf conf = recipe_method(&command->spec);
        assert_true(method_count(desk->snapshot->shape, &conf) > 0);
    }
}

/* What was written stays; what was not follows the method. */
static void form_keeps_what_was_written(void **state)
{
    struct desk *desk = *state;
    press(desk, "adora\t");
    assert_string_equal(desk->ui.form.text[FORM_METHOD], "dora");
    assert_int_equal(desk->ui.form.field, FORM_NAME);
    press(desk, "-x");
    ui_key(&desk->ui, desk->snapshot, INPUT_DOWN);
    assert_int_equal(desk->ui.form.field, FORM_RANK);
    ui_key(&desk->ui, desk->snapshot, INPUT_RIGHT);
    assert_string_equal(desk->ui.form.text[FORM_RANK], "16");
    ui_key(&desk->ui, desk->snapshot, INPUT_LEFT);
    ui_key(&desk->ui, desk->snapshot, INPUT_LEFT);
    assert_string_equal(desk->ui.form.text[FORM_RANK], "4");
    for (int i = 0; i < 2; i++)
        ui_key(&desk->ui, desk->snapshot, INPUT_UP);
    assert_int_equal(desk->ui.form.field, FORM_METHOD);
    press(desk, "bi\n"); /* bitfit has no rank */
    const struct command *command = sent(desk);
    assert_string_equal(command->spec.method, "bitfit");
    assert_string_equal(command->spec.name, "dora-x");
    assert_near(command->spec.optimizer.lr, method_find("bitfit")->lr, 1e-12);
    press(desk, "aprefix_l"); /* the first four letters make two names */
    assert_string_equal(desk->ui.form.text[FORM_METHOD], "prefix_layer");
    press(desk, "v"); /* none goes on with v: it begins anew */
    assert_string_equal(desk->ui.form.text[FORM_METHOD], "vera");
}

/* Another optimiser has other rates, and nobody searched them. */
static void rates_are_of_their_optimiser(void **state)
{
    struct desk *desk = *state;
    desk->ui.new_run.optimizer.kind = OPTIMIZER_SGD;
    press(desk, "abitfit\n");
    assert_near(sent(desk)->spec.optimizer.lr, 1e-3, 1e-12);
}

static void rivals_come_by_one_key(void **state)
{
    struct desk *desk = *state;
    static const char *const expected[] = {
        "bitfit", "adapter_h", "prefix_layer", "prefix_embed", "full_top2"};
    struct snapshot *snapshot = desk->snapshot;
    for (int i = 0; i < 5; i++) {
        press(desk, "A");
        const struct command *command = sent(desk);
        assert_int_equal(command->kind, COMMAND_ADD);
        assert_string_equal(command->spec.method, expected[i]);
        assert_string_equal(command->spec.name, expected[i]);
        assert_near(command->spec.optimizer.lr, method_find(expected[i])->lr,
                    1e-12);
        assert_non_null(strstr(desk->ui.message, expected[i]));
        assert_non_null(strstr(desk->ui.message, "r8"));
        /* of the chosen run: not the rank of the recipe's */
        assert_int_equal(command->spec.rank, 16);
        assert_true(command->spec.targets[SITE_UP]);
        assert_false(command->spec.targets[SITE_K]);
        snapshot->run[snapshot->run_count] = snapshot->run[0];
        snprintf(snapshot->run[snapshot->run_count++].method, 32, "%s",
                 expected[i]);
    }
    snapshot->run_count = 3;
    static const char gone[1][32] = {"bitfit"};
    snapshot->removed = gone;
    snapshot->removed_count = 1;
    press(desk, "A");
    assert_string_equal(sent(desk)->spec.name, "bitfit-2");
    snapshot->removed_count = 0;
    memset(&desk->ui.new_run, 0, sizeof desk->ui.new_run);
    press(desk, "A");
    refused(desk, "only looked at");
}

static struct desk *on_page(void **state, int page)
{
    struct desk *desk = *state;
    desk->ui.view = VIEW_OVERLAP;
    desk->ui.page[VIEW_OVERLAP] = page;
    return desk;
}

static void pages_turn(void **state)
{
    struct desk *desk = *state;
    press(desk, "3");
    for (int page = 0; page < 2 * OVERLAP_PAGES; page++) {
        assert_int_equal(desk->ui.page[VIEW_OVERLAP], page % OVERLAP_PAGES);
        press(desk, "v");
    }
    press(desk, "2v4v3");
    assert_int_equal(desk->ui.page[VIEW_OVERLAP], PAGE_PHI); /* each its own */
    assert_int_equal(desk->ui.page[VIEW_SPECTRUM], 1);
    assert_int_equal(desk->ui.page[VIEW_RANKS], 1);
}

/* Of r8: r1 unasked, then full, r8 itself, W0, random, and r1 again. */
static void partner_goes_round(void **state)
{
    struct desk *desk = on_page(state, PAGE_PHI);
    static const struct operand expected[] = {
        {OPERAND_RUN, 0, -1},   {OPERAND_RUN, 2, -1},     {OPERAND_RUN, 1, -1},
        {OPERAND_BASE, -1, -1}, {OPERAND_RANDOM, -1, -1}, {OPERAND_RUN, 0, -1}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct question asked = ui_question(&desk->ui, desk->snapshot);
        assert_true(asked.is_asked);
        assert_int_equal(asked.a.run, 1);
        assert_int_equal(asked.b.kind, expected[i].kind);
        assert_int_equal(asked.b.run, expected[i].run);
        press(desk, "b");
    }
    assert_int_equal(desk->ui.out_count, 0);
    press(desk, "vb");
    refused(desk, "v turns the pages");
}

static void sliders_have_ends(void **state)
{
    struct desk *desk = on_page(state, PAGE_INTRUDERS);
    for (int i = 0; i < 30; i++)
        press(desk, "enc");
    assert_true(desk->ui.epsilon > 0.04 && desk->ui.epsilon < 0.06);
    assert_int_equal(desk->ui.top, 1);
    assert_true(desk->ui.lambda > -0.01 && desk->ui.lambda < 0.01);
    for (int i = 0; i < 30; i++)
        press(desk, "ENC");
    assert_true(desk->ui.epsilon > 0.99 && desk->ui.epsilon < 1.01);
    assert_int_equal(desk->ui.top, 100);
    assert_true(desk->ui.lambda > 1.49 && desk->ui.lambda < 1.51);
    press(desk, "vvve");
    refused(desk, "page of intruders");
}

/* The intruders are of the output side, as in their paper; everything else of
 * the input side; d turns the side of what is on the screen. */
static void sides_are_two(void **state)
{
    struct desk *desk = on_page(state, PAGE_INTRUDERS);
    struct question asked = ui_question(&desk->ui, desk->snapshot);
    assert_int_equal(asked.side, SIDE_OUTPUT);
    press(desk, "d");
    assert_int_equal(desk->ui.intruder_side, SIDE_INPUT);
    assert_int_equal(desk->ui.side, SIDE_INPUT);
    desk->ui.page[VIEW_OVERLAP] = PAGE_PHI;
    press(desk, "d");
    asked = ui_question(&desk->ui, desk->snapshot);
    assert_int_equal(asked.side, SIDE_OUTPUT);
    desk->ui.page[VIEW_OVERLAP] = PAGE_TWINS;
    struct question before = ui_question(&desk->ui, desk->snapshot);
    press(desk, "d");
    refused(desk, "first three pages");
    asked = ui_question(&desk->ui, desk->snapshot);
    assert_true(question_same(&before, &asked));
}

static void cursor_stays_in_the_map(void **state)
{
    struct desk *desk = on_page(state, PAGE_PHI);
    desk->ui.site = 0; /* r8 has rank 8 there, r1 1 */
    press(desk, "]");
    refused(desk, "no answer yet");
    fake_studies_answer(desk->snapshot, &desk->ui);
    press(desk, "]");
    assert_int_equal(desk->ui.row, 1);
    assert_int_equal(desk->ui.col, 1); /* a cursor is in both */
    for (int i = 0; i < 20; i++)
        press(desk, "]>");
    assert_int_equal(desk->ui.row, 8);
    assert_int_equal(desk->ui.col, 1);
    press(desk, "<"); /* and out of it by either */
    assert_int_equal(desk->ui.row, 0);
    press(desk, "[");
    assert_int_equal(desk->ui.row, 0);
    press(desk, "b>"); /* another partner: not looked at yet */
    refused(desk, "no answer yet");
}

static void time_has_stops(void **state)
{
    struct desk *desk = on_page(state, PAGE_PHI);
    static const struct moment_view moment[] = {{100, NULL}, {200, NULL}};
    struct run_view *run = &desk->snapshot->run[1];
    const struct run_view kept = *run;
    run->moment_count = 0;
    press(desk, "{");
    refused(desk, "no earlier moment");
    run->moment = moment;
    run->moment_count = 2;
    static const struct {
        const char *key;
        long time;
    } presses[] = {{"{", 200}, {"{", 100}, {"{", 100},
                   {"}", 200}, {"}", -1},  {"}", -1}};
    for (size_t i = 0; i < sizeof presses / sizeof *presses; i++) {
        press(desk, presses[i].key);
        assert_int_equal(desk->ui.time, presses[i].time);
    }
    press(desk, "{");
    struct question asked = ui_question(&desk->ui, desk->snapshot);
    assert_int_equal(asked.a.step, 200);
    assert_int_equal(asked.b.step, 200);
    desk->ui.other = (struct operand){OPERAND_RUN, 1, -1};
    asked = ui_question(&desk->ui, desk->snapshot);
    assert_int_equal(asked.a.step, 200); /* then, with now */
    assert_int_equal(asked.b.step, -1);
    *run = kept;
}

static void missing_runs_are_added(void **state)
{
    struct desk *desk = *state;
    fake_snapshot_free(desk->snapshot);
    desk->snapshot = fake_snapshot(200); /* r8 has rank 8 everywhere */
    press(desk, "S");
    assert_int_equal(desk->ui.view, VIEW_OVERLAP);
    assert_int_equal(desk->ui.page[VIEW_OVERLAP], PAGE_SECTION7);
    assert_int_equal(desk->ui.out_count, 2);
    static const char *const names[] = {"r64", "r64-seed"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(desk->ui.out[i].kind, COMMAND_ADD);
        assert_string_equal(desk->ui.out[i].spec.name, names[i]);
        assert_int_equal(desk->ui.out[i].spec.rank, 64);
    }
    assert_true(desk->ui.out[0].spec.seed != desk->ui.out[1].spec.seed);
    desk->ui.out_count = 0;
    press(desk, "T"); /* r8 and full are here */
    assert_int_equal(desk->ui.page[VIEW_OVERLAP], PAGE_TWINS);
    assert_int_equal(desk->ui.out_count, 0);
    desk->snapshot->run_count = 2; /* without full */
    press(desk, "T");
    assert_string_equal(sent(desk)->spec.method, "full");
    desk->snapshot->run_count = 3;
    memset(&desk->ui.new_run, 0, sizeof desk->ui.new_run);
    press(desk, "S");
    refused(desk, "only looked at");
}

static void palette_finds(void **state)
{
    struct desk *desk = *state;
    press(desk, "4:dbl\n");
    assert_int_equal(sent(desk)->rank, 32);
    press(desk, ":zzzz\n");
    refused(desk, "nothing here is called");
    press(desk, ":spectrum\n");
    assert_int_equal(desk->ui.view, VIEW_SPECTRUM);
}

static void docs_list_every_key(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    keys_markdown(to);
    fclose(to);
    for (int i = 0; i < key_count; i++) {
        bool is_listed =
            key_table[i].scope & (IN_VIEWS | IN_PALETTE | IN_FORM | IN_NUMBER);
        if (is_listed && !strstr(text, key_table[i].help))
            fail_msg("%s is not in the docs", key_table[i].name);
    }
    free(text);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(table_has_no_doubles, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(way_out_works_everywhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(dial_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(quick_turns_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dial_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(runs_are_added_removed_slowed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(form_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(form_adds_every_method, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(form_keeps_what_was_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rates_are_of_their_optimiser, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rivals_come_by_one_key, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pages_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partner_goes_round, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sliders_have_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sides_are_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cursor_stays_in_the_map, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(time_has_stops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_runs_are_added, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(palette_finds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(docs_list_every_key, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
