/*
 * Series: nothing moves while it grows, and the road taken after undos.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "core/base/mem.h"
#include "experiments/series.h"
#include "tests/near.h"

static void many_points_come_back(void **state)
{
    (void)state;
    enum { POINTS = 100000 };
    struct series *series = series_new();
    for (long i = 0; i < POINTS; i++)
        series_add(series, i, (double)i / 7, 0);
    assert_int_equal(series_length(series), POINTS);
    for (long i = 0; i < POINTS; i++) {
        struct point point = series_at(series, i);
        assert_int_equal(point.step, i);
        assert_true(point.value == (double)i / 7);
    }
    series_release(series);
}

static void the_road_taken_leaves_out_what_was_undone(void **state)
{
    (void)state;
    /* Undone from 5 to 2, then from 4 to 1: branch 2 begins at 1. */
    static const struct point points[] = {
        {0, 0, 0},  {1, 1, 0},  {2, 2, 0},  {3, 3, 0},  {4, 4, 0}, {5, 5, 0},
        {2, 12, 1}, {3, 13, 1}, {4, 14, 1}, {1, 21, 2}, {2, 22, 2}};
    struct series *series = series_new();
    for (int i = 0; i < 11; i++)
        series_add(series, points[i].step, points[i].value, points[i].branch);
    struct series_view view = {series, 11};
    long count;
    struct point *road = series_copy(&view, -1, &count);
    static const double want[] = {0, 21, 22};
    assert_int_equal(count, 3);
    for (long i = 0; i < count; i++)
        assert_true(road[i].value == want[i]);
    mem_free(road);
    view.length = 9; /* as a snapshot before the second undo saw it */
    road = series_copy(&view, -1, &count);
    static const double before[] = {0, 1, 12, 13, 14};
    assert_int_equal(count, 5);
    for (long i = 0; i < count; i++)
        assert_true(road[i].value == before[i]);
    mem_free(road);
    road = series_copy(&view, 0, &count);
    assert_int_equal(count, 6);
    mem_free(road);
    series_release(series);
}

static void nothing_measured_is_nothing(void **state)
{
    (void)state;
    struct series_view view = {0};
    long count = 7;
    assert_null(series_copy(&view, -1, &count));
    assert_int_equal(count, 0);
}

struct shared {
    struct series *series;
    atomic_long length; /* as a snapshot carries it */
};

enum { RACED = 200000 };

static void *write_points(void *ctx)
{
    struct shared *shared = ctx;
    for (long i = 0; i < RACED; i++) {
        series_add(shared->series, i, (double)i, 0);
        atomic_store(&shared->length, i + 1);
    }
    return NULL;
}

/* For ThreadSanitizer: reading below a published length needs no lock. */
static void readers_need_no_lock(void **state)
{
    (void)state;
    struct shared shared = {.series = series_new()};
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_points, &shared), 0);
    long wrong = 0;
    for (long seen = 0; seen < RACED;) {
        seen = atomic_load(&shared.length);
        if (seen > 0)
            wrong += series_at(shared.series, seen - 1).step != seen - 1;
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(wrong, 0);
    series_release(shared.series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_points_come_back),
        cmocka_unit_test(the_road_taken_leaves_out_what_was_undone),
        cmocka_unit_test(nothing_measured_is_nothing),
        cmocka_unit_test(readers_need_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
