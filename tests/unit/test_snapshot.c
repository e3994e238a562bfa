/*
 * Snapshots: storage lives as long as the last holder, whoever that is.
 */
#include <pthread.h>
#include <string.h>

#include "experiments/snapshot_owned.h"
#include "tests/near.h"

static void storage_lives_with_the_last_holder(void **state)
{
    (void)state;
    struct snapshot *made = snapshot_new();
    struct series *series = series_new();
    double *numbers = snapshot_take(made, 10000, sizeof *numbers);
    char *bytes = snapshot_take(made, 3, 1);
    double *more = snapshot_take(made, 5, sizeof *more);
    assert_null(snapshot_take(made, 0, 8));
    numbers[9999] = 1.5;
    memcpy(bytes, "ab", 3);
    more[4] = 2.5;
    series_add(series, 1, 3.5, 0);
    made->run[0].train = snapshot_view(made, series);
    series_add(series, 2, 4.5, 0); /* after the picture was taken */
    series_release(series);
    const struct snapshot *held = snapshot_hold(made);
    snapshot_release(made);
    assert_true(numbers[9999] == 1.5 && numbers[0] == 0 && more[4] == 2.5);
    assert_string_equal(bytes, "ab");
    assert_int_equal(held->run[0].train.length, 1);
    assert_true(series_at(held->run[0].train.series, 0).value == 3.5);
    snapshot_release(held);
}

static void a_series_without_points_is_unknown(void **state)
{
    (void)state;
    struct snapshot *made = snapshot_new();
    struct series *series = series_new();
    assert_null(snapshot_view(made, series).series);
    assert_null(snapshot_view(made, NULL).series);
    series_release(series);
    snapshot_release(made);
}

static void *hold_and_release(void *ctx)
{
    for (int i = 0; i < 20000; i++)
        snapshot_release(snapshot_hold(ctx));
    snapshot_release(ctx);
    return NULL;
}

/* For the sanitizers: four threads, the last one frees. */
static void holders_may_be_on_any_thread(void **state)
{
    (void)state;
    struct snapshot *made = snapshot_new();
    pthread_t thread[4];
    int failed = 0;
    snapshot_take(made, 100, 8);
    for (int i = 0; i < 4; i++) {
        void *mine = (void *)snapshot_hold(made);
        failed |= pthread_create(&thread[i], NULL, hold_and_release, mine);
    }
    snapshot_release(made);
    for (int i = 0; i < 4; i++)
        failed |= pthread_join(thread[i], NULL);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(storage_lives_with_the_last_holder),
        cmocka_unit_test(a_series_without_points_is_unknown),
        cmocka_unit_test(holders_may_be_on_any_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
