/*
 * Moments kept: how many, which go first, and that what was undone is gone.
 */
#include <string.h>

#include "core/base/mem.h"
#include "experiments/history.h"
#include "tests/near.h"

enum { EVERY = 10 };

static struct moment *moment_at(long step, size_t bytes)
{
    struct moment *moment = xcalloc(1, sizeof *moment);
    atomic_init(&moment->holders, 1);
    moment->step = step;
    moment->bytes = bytes;
    return moment;
}

static void add_until(struct history *history, long last, size_t bytes)
{
    for (long step = 1; step <= last; step++)
        if (history_due(history, step, EVERY))
            history_add(history, moment_at(step, bytes), EVERY);
}

static void steps_are_the_recipes(void **state)
{
    (void)state;
    struct history history = {.count = 0};
    assert_false(history_due(&history, 0, EVERY));
    add_until(&history, 95, 1);
    assert_int_equal(history.count, 9);
    for (int i = 0; i < history.count; i++)
        assert_int_equal(history.moment[i]->step, EVERY * (i + 1));
    assert_null(history_at(&history, 9));
    assert_int_equal(history_at(&history, 10)->step, 10);
    assert_int_equal(history_at(&history, 39)->step, 30);
    assert_int_equal(history_at(&history, 1000)->step, 90);
    history_free(&history);
    assert_int_equal(history.count, 0);
}

static void too_many_are_thinned(void **state)
{
    (void)state;
    struct history history = {.count = 0};
    add_until(&history, EVERY * (HISTORY_MOMENTS + 1), 1);
    assert_true(history.count <= HISTORY_MOMENTS);
    assert_int_equal(history.every, 2 * EVERY);
    for (int i = 0; i < history.count; i++)
        assert_int_equal(history.moment[i]->step, 2 * EVERY * (i + 1));
    assert_true(history_due(&history, 4 * EVERY, EVERY));
    assert_false(history_due(&history, 5 * EVERY, EVERY));
    history_free(&history);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct history history = {.count = 0};
    const size_t big = (size_t)40 << 20; /* two fit */
    add_until(&history, EVERY * 9, big);
    assert_in_range(history.count, 1, 2);
    long before = 0;
    for (int i = 0; i < history.count; i++) {
        assert_true(history.moment[i]->step > before);
        before = history.moment[i]->step;
    }
    history_free(&history);
}

static void what_was_undone_is_gone(void **state)
{
    (void)state;
    struct history history = {.count = 0};
    add_until(&history, 50, 1);
    struct moment *kept = moment_hold(history.moment[4]);
    history_rewind(&history, 30);
    assert_int_equal(history.count, 3);
    assert_int_equal(history_at(&history, 50)->step, 30);
    assert_int_equal(kept->step, 50); /* whoever held it still has it */
    moment_release(kept);
    history_free(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_the_recipes),
        cmocka_unit_test(too_many_are_thinned),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(what_was_undone_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
