/*
 * Commands as journal lines, there and back.  What is refused is tested with
 * the journal, in test_session.c.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/command.h"
#include "experiments/recipe_field.h"
#include "tests/near.h"

static void there_and_back(const struct command *command, const char *want)
{
    char line[4096], again[4096];
    struct command back;
    long tick;
    struct err err = {{0}};
    assert_true(command_format(line, sizeof line, 42, command) > 0);
    if (want)
        assert_string_equal(line, want);
    assert_int_equal(command_parse(&back, &tick, line, &err), 0);
    assert_string_equal(err.text, "");
    assert_int_equal(tick, 42);
    assert_int_equal(back.kind, command->kind);
    assert_true(command_format(again, sizeof again, tick, &back) > 0);
    assert_string_equal(line, again);
}

static void every_kind_reads_as_it_was_written(void **state)
{
    (void)state;
    struct command rank = {.kind = COMMAND_RANK,
                           .run_name = "r8",
                           .site_name = "h.3.attn.q",
                           .rank = 16,
                           .policy = RANK_ALPHA_SQRT_R};
    char want[200];
    snprintf(want, sizeof want,
             "42\trank\trun=r8\tsite=h.3.attn.q\trank=16\tpolicy=%s",
             rank_policy_name(RANK_ALPHA_SQRT_R));
    there_and_back(&rank, want);
    struct command undo = {.kind = COMMAND_UNDO, .run_name = "full"};
    there_and_back(&undo, "42\tundo\trun=full");
    undo.kind = COMMAND_FORK;
    there_and_back(&undo, "42\tfork\trun=full");
    undo.kind = COMMAND_REMOVE;
    there_and_back(&undo, "42\tremove\trun=full");
    struct command lr = {.kind = COMMAND_LR, .run_name = "r1", .value = 0.1};
    there_and_back(&lr, "42\tlr\trun=r1\tvalue=0.10000000000000001");
    lr.kind = COMMAND_STEPS;
    lr.value = 900;
    there_and_back(&lr, "42\tsteps\tvalue=900");
    struct command add = {.kind = COMMAND_ADD};
    run_defaults(&add.spec, NULL);
    snprintf(add.spec.name, sizeof add.spec.name, "new");
    add.spec.optimizer.lr = 0.3;
    there_and_back(&add, NULL);
}

static void a_short_buffer_is_told(void **state)
{
    (void)state;
    struct command undo = {.kind = COMMAND_UNDO, .run_name = "full"};
    char line[20];
    assert_int_equal(command_format(line, 16, 42, &undo), -1);
    assert_int_equal(command_format(line, 17, 42, &undo), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_reads_as_it_was_written),
        cmocka_unit_test(a_short_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
