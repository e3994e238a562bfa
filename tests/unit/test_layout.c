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

/* Pages lie within the main part of their view, and in a body as small. */
static void check_pages(struct rect body, int runs)
{
    struct rect page[PAGE_PARTS], part[SPECTRUM_PARTS + CUTS_PARTS];
    layout_page(page, body);
    check(page, PAGE_PARTS, body);
    struct rect main = page[PAGE_MAIN];
    layout_spectrum(part, main, runs);
    check(part, SPECTRUM_PARTS, main);
    layout_energy(part, main, 2 * runs);
    check(part, ENERGY_PARTS, main);
    layout_family(part, main, runs);
    check(part, FAMILY_PARTS, main);
    layout_time(part, main, 3 * runs, runs);
    check(part, TIME_PARTS, main);
    layout_cuts(part, body, 7 * runs);
    check(part, CUTS_PARTS, body);
    layout_files(part, body, 5 * runs, 9 * runs);
    check(part, FILES_PARTS, body);
    layout_keep(part, body, 11);
    check(part, KEEP_PARTS, body);
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
                check_pages(body, runs);
                layout_ranks(part, body, 7 * runs);
                check(part, RANKS_PARTS, body);
                layout_phi(part, body, 16 * runs);
                check(part, PHI_PARTS, body);
                layout_base(part, body, runs);
                check(part, BASE_PARTS, body);
                layout_grid(part, body, 3 * runs);
                check(part, GRID_PARTS, body);
                layout_twins(part, body, 20 * runs);
                check(part, TWINS_PARTS, body);
            }
            layout_intruders(part, body);
            check(part, INTRUDER_PARTS, body);
            layout_section7(part, body);
            check(part, SECTION7_PARTS, body);
            struct rect box = layout_middle(cols, rows, 72, 13);
            check(&box, 1, (struct rect){0, 0, cols, rows});
        }
    }
}

static void check_all(const struct rect *part, int count)
{
    for (int i = 0; i < count; i++)
        assert_true(part[i].h > 0 && part[i].w > 0);
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
    layout_page(part, body);
    struct rect main = part[PAGE_MAIN];
    layout_spectrum(part, main, 3);
    check_all(part, SPECTRUM_PARTS);
    assert_true(part[SPECTRUM_PLOT].h >= 10);
    layout_energy(part, main, 24);
    check_all(part, ENERGY_PARTS);
    layout_family(part, main, 3);
    check_all(part, FAMILY_PARTS);
    layout_time(part, main, 4, 2);
    check_all(part, TIME_PARTS);
    layout_cuts(part, body, 25);
    check_all(part, CUTS_DIAL); /* the dial is for wide screens */
    layout_ranks(part, body, 25);
    for (int i = 0; i < RANKS_PARTS; i++)
        assert_true(i == RANKS_COST || (part[i].h > 0 && part[i].w > 0));
}

/* Nothing a page needs is left out at the size everybody has. */
static void pages_are_complete(void **state)
{
    (void)state;
    enum { VERDICT = 300 };
    struct rect frame[FRAME_PARTS], part[INTRUDER_PARTS];
    layout_frame(frame, 80, 24);
    struct rect body = frame[FRAME_BODY];
    layout_phi(part, body, 64);
    assert_true(part[PHI_MAP].h >= 12 && part[PHI_PLOT].w >= 38);
    assert_int_equal(part[PHI_NUMBERS].h, 4);
    assert_int_equal(part[PHI_WORDS].h, 2);
    layout_base(part, body, 4);
    assert_true(part[BASE_TABLE].h >= 8 && part[BASE_PLOT].h >= 7);
    layout_intruders(part, body);
    assert_int_equal(part[INTRUDER_LAMBDA].h, 4);
    assert_true(part[INTRUDER_COUNT].w >= 38 && part[INTRUDER_COUNT].h >= 10);
    layout_twins(part, body, VERDICT);
    assert_true(part[TWINS_LOSS].h >= 7 && part[TWINS_VERDICT].h >= 5);
    assert_int_equal(part[TWINS_NUMBERS].h, 4);
    layout_section7(part, body);
    assert_true(part[SECTION7_FIGURE3].h >= 11 && part[SECTION7_TABLE].h == 1);
    assert_int_equal(part[SECTION7_VERDICTS].h, 6);
}

static void wide_screens_are_used(void **state)
{
    (void)state;
    struct rect frame[FRAME_PARTS], part[TRAIN_PARTS + PAGE_PARTS];
    layout_frame(frame, 200, 60);
    layout_train(part, frame[FRAME_BODY], 3);
    assert_true(part[TRAIN_SPECTRUM].h > 10 && part[TRAIN_RANKS].h > 10);
    struct rect page[INTRUDER_PARTS];
    layout_phi(page, frame[FRAME_BODY], 8);
    assert_true(page[PHI_TRAIL].w > 80 && page[PHI_PLOT].w > 80);
    layout_section7(page, frame[FRAME_BODY]);
    assert_true(page[SECTION7_PLOT].h > 15 && page[SECTION7_FIGURE4].h > 15);
    layout_page(part, frame[FRAME_BODY]);
    check_all(part, PAGE_PARTS);
    layout_cuts(part, frame[FRAME_BODY], 25);
    check_all(part, CUTS_PARTS);
    layout_ranks(part, frame[FRAME_BODY], 25);
    check_all(part, RANKS_PARTS);
    layout_frame(frame, 39, 24);
    assert_int_equal(frame[FRAME_BODY].h, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_laid_out),
        cmocka_unit_test(eighty_by_twenty_four_is_complete),
        cmocka_unit_test(pages_are_complete),
        cmocka_unit_test(wide_screens_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
