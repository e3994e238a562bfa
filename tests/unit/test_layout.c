/*
 * For every size: no part overlaps another, none leaves its frame, and what
 * must have room has it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tui/layout.h"

static bool overlap(struct rect a, struct rect b)
{
    return a.w > 0 && a.h > 0 && b.w > 0 && b.h > 0 && a.x < b.x + b.w &&
           b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static void check(const struct rect *part, int count, struct rect frame)
{
    for (int i = 0; i < count; i++) {
        assert_true(part[i].w >= 0 && part[i].h >= 0);
        if (part[i].w == 0 || part[i].h == 0)
            continue;
        assert_true(part[i].x >= frame.x && part[i].y >= frame.y);
        assert_true(part[i].x + part[i].w <= frame.x + frame.w);
        assert_true(part[i].y + part[i].h <= frame.y + frame.h);
        for (int j = 0; j < i; j++)
            assert_false(overlap(part[i], part[j]));
    }
}

static void every_size_is_laid_out(void **state)
{
    (void)state;
    enum { COLS = 300, ROWS = 100, MOST = 8 };
    for (int cols = 1; cols <= COLS; cols++) {
        for (int rows = 1; rows <= ROWS; rows++) {
            struct rect frame[FRAME_PARTS], part[MOST];
            layout_frame(frame, cols, rows);
            check(frame, FRAME_PARTS, (struct rect){0, 0, cols, rows});
            struct rect body = frame[FRAME_BODY];
            for (int runs = 0; runs <= 16; runs += 4) {
                layout_train(part, body, runs);
                check(part, TRAIN_PARTS, body);
                layout_spectrum(part, body, runs);
                check(part, SPECTRUM_PARTS, body);
                layout_ranks(part, body, 7 * runs);
                check(part, RANKS_PARTS, body);
            }
            struct rect box = layout_middle(cols, rows, 72, 13);
            check(&box, 1, (struct rect){0, 0, cols, rows});
        }
    }
}

static void eighty_by_twenty_four_is_complete(void **state)
{
    (void)state;
    struct rect frame[FRAME_PARTS], part[SPECTRUM_PARTS + RANKS_PARTS];
    layout_frame(frame, 80, 24);
    for (int i = 0; i < FRAME_PARTS; i++)
        assert_true(frame[i].h > 0);
    struct rect body = frame[FRAME_BODY];
    layout_train(part, body, 3);
    assert_true(part[TRAIN_PLOT].h >= 10);
    assert_int_equal(part[TRAIN_LIST].h, 4);
    assert_int_equal(part[TRAIN_WORDS].h, 1);
    layout_spectrum(part, body, 3);
    for (int i = 0; i < SPECTRUM_PARTS; i++)
        assert_true(part[i].h > 0 && part[i].w > 0);
    layout_ranks(part, body, 25);
    for (int i = 0; i < RANKS_PARTS; i++)
        assert_true(part[i].h > 0 && part[i].w > 0);
}

static void wide_screens_are_used(void **state)
{
    (void)state;
    struct rect frame[FRAME_PARTS], part[TRAIN_PARTS];
    layout_frame(frame, 200, 60);
    layout_train(part, frame[FRAME_BODY], 3);
    assert_true(part[TRAIN_SPECTRUM].h > 10 && part[TRAIN_RANKS].h > 10);
    layout_frame(frame, 39, 24);
    assert_int_equal(frame[FRAME_BODY].h, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_laid_out),
        cmocka_unit_test(eighty_by_twenty_four_is_complete),
        cmocka_unit_test(wide_screens_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
