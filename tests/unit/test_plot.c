/*
 * Ticks, short numbers, lines in every glyph set, gaps, zeros on a log axis,
 * labels, bars.
 */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/near.h"
#include "tui/bars.h"
#include "tui/plot.h"
#include "tui/ticks.h"

/* Ticks are products of small integers and powers of ten. */
static const double ROUNDING = 1e-9;

static void linear_ticks_are_1_2_5(void **state)
{
    (void)state;
    static const double ranges[][2] = {{0, 1},       {0, 7},     {-3, 4},
                                       {1e-5, 9e-5}, {120, 640}, {0.11, 4.2}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        for (int wanted = 1; wanted <= 12; wanted++) {
            double low = ranges[i][0], high = ranges[i][1];
            struct ticks t = ticks_linear(low, high, wanted);
            assert_true(t.count <= wanted + 1);
            for (int k = 0; k < t.count; k++)
                assert_true(t.at[k] >= low - ROUNDING &&
                            t.at[k] <= high + ROUNDING);
            if (t.count < 2)
                continue;
            double step = t.at[1] - t.at[0];
            double lead = step / pow(10, floor(log10(step) + ROUNDING));
            assert_true(fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 ||
                        fabs(lead - 5) < 1e-6);
        }
    }
}

static void log_ticks_are_decades(void **state)
{
    (void)state;
    struct ticks t = ticks_log(0.008, 120, 5);
    static const double want[] = {0.01, 0.1, 1, 10, 100};
    assert_int_equal(t.count, 5);
    for (int i = 0; i < 5; i++)
        assert_near(t.at[i], want[i], ROUNDING);
    t = ticks_log(1, 128, 8);
    static const double finer[] = {1, 2, 5, 10, 20, 50, 100};
    assert_int_equal(t.count, 7);
    for (int i = 0; i < 7; i++)
        assert_near(t.at[i], finer[i], 1e-6);
    t = ticks_log(1e-300, 1e300, 6); /* decades are skipped evenly */
    assert_true(t.count >= 2 && t.count <= 6);
}

static void numbers_are_short(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } want[] = {{0, "0"},          {0.01234, "0.0123"}, {0.2514, "0.251"},
                {1.2345, "1.23"},  {12.345, "12.3"},    {123.4, "123"},
                {1e-5, "1.0e-05"}, {NAN, "–"},          {-2.5, "-2.50"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        char text[32];
        assert_string_equal(number_text(text, sizeof text, want[i].value),
                            want[i].text);
    }
    char text[32];
    assert_string_equal(count_text(text, sizeof text, 950), "950");
    assert_string_equal(count_text(text, sizeof text, 12288), "12.3k");
    assert_string_equal(count_text(text, sizeof text, 1053312), "1.05M");
}

static char *draw(const struct plot *plot, enum glyphs glyphs, int cols,
                  int rows)
{
    struct canvas canvas = canvas_new(cols, rows, glyphs, 0);
    plot_draw(&canvas, (struct rect){0, 0, cols, rows}, plot);
    enum { BYTES = 1 << 14 };
    char *text = calloc(BYTES, 1);
    FILE *to = fmemopen(text, BYTES, "w");
    assert_int_equal(canvas_text(&canvas, to), 0);
    assert_int_equal(fclose(to), 0);
    canvas_free(&canvas);
    return text;
}

static struct plot *line(const double *y, int count, bool log_y)
{
    static double x[64];
    struct plot *plot = calloc(1, sizeof *plot);
    plot_start(plot, "step");
    plot->log_y = log_y;
    struct plot_series *series = plot_add(plot);
    for (int i = 0; i < 64; i++)
        x[i] = i;
    series->x = x;
    series->y = y;
    series->count = count;
    series->pen.line = '*';
    return plot;
}

static void a_line_is_a_line(void **state)
{
    (void)state;
    static const double y[] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct plot *plot = line(y, 8, false);
    assert_true(plot_fit(plot));
    char *text = draw(plot, GLYPHS_ASCII, 20, 10);
    assert_string_equal(text, " |                **\n"
                              "6+              **\n"
                              " |           ***\n"
                              "4+         **\n"
                              " |      ***\n"
                              "2+    **\n"
                              " | ***\n"
                              "0+*\n"
                              " ++-----------+-----\n"
                              "  0           5 step\n");
    free(text);
    text = draw(plot, GLYPHS_BRAILLE, 20, 10);
    assert_non_null(strstr(text, "⣀"));
    free(text);
    free(plot);
}

static void nan_is_a_gap(void **state)
{
    (void)state;
    static const double y[] = {1, 1, NAN, NAN, 1, 1};
    struct plot *plot = line(y, 6, false);
    assert_true(plot_fit(plot));
    char *text = draw(plot, GLYPHS_ASCII, 30, 6);
    const char *row = strchr(text, '*');
    assert_non_null(row);
    assert_non_null(strstr(row, "      *")); /* nothing in between */
    free(text);
    free(plot);
    static const double unknown[] = {NAN, INFINITY};
    plot = line(unknown, 2, false);
    assert_false(plot_fit(plot));
    free(plot);
}

static void zeros_stay_on_a_log_axis(void **state)
{
    (void)state;
    static const double y[] = {10, 1, 0.1, 0, 0};
    struct plot *plot = line(y, 5, true);
    assert_true(plot_fit(plot));
    assert_true(plot->y_low > 0 && plot->y_low <= 0.1);
    char *text = draw(plot, GLYPHS_ASCII, 30, 8);
    char *bottom = text;
    for (int row = 0; row < 5; row++)
        bottom = strchr(bottom, '\n') + 1;
    *strchr(bottom, '\n') = '\0';
    assert_non_null(strchr(
        strchr(bottom, '|') ? strchr(bottom, '|') : strchr(bottom, '+'), '0'));
    free(text);
    free(plot);
}

static void labels_do_not_collide(void **state)
{
    (void)state;
    static const double x[] = {0, 1},
                        y[3][2] = {{1, 1}, {1.001, 1.001}, {0, 0}};
    struct plot *plot = calloc(1, sizeof *plot);
    plot_start(plot, "step");
    for (int i = 0; i < 3; i++) {
        struct plot_series *series = plot_add(plot);
        series->x = x;
        series->y = y[i];
        series->count = 2;
        series->pen.line = '.';
        snprintf(series->label, sizeof series->label, "run%d", i);
    }
    assert_true(plot_fit(plot));
    for (int rows = 5; rows < 20; rows++) {
        char *text = draw(plot, GLYPHS_ASCII, 40, rows);
        assert_non_null(strstr(text, "run0"));
        assert_non_null(strstr(text, "run1"));
        assert_non_null(strstr(text, "run2"));
        free(text);
    }
    free(plot);
}

static void a_band_lies_under_its_line(void **state)
{
    (void)state;
    static const double y[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const double x[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const double low[] = {-2, -2, -2, -2, NAN, NAN, -2, -2};
    static const double high[] = {2, 2, 2, 2, NAN, NAN, 2, 2};
    struct plot *plot = line(y, 8, false);
    struct plot_band *band = plot_add_band(plot);
    band->x = x;
    band->low = low;
    band->high = high;
    band->count = 8;
    band->no_fit = true;
    assert_true(plot_fit(plot));
    assert_true(plot->y_low >= 0);
    band->no_fit = false;
    snprintf(band->label, sizeof band->label, "chance");
    assert_true(plot_fit(plot));
    assert_true(plot->y_low <= -2 && plot->y_high >= 7);
    char *text = draw(plot, GLYPHS_ASCII, 32, 12);
    assert_string_equal(text, "  |                  **\n"
                              " 6+               ***\n"
                              "  |             **\n"
                              " 4+          ***\n"
                              "  |       ***\n"
                              " 2+ : :***:         : :\n"
                              "  |: **: : :         :\n"
                              " 0+** : : :         : :. chance\n"
                              "  |: : : : :         :\n"
                              "-2+ : : : :         : :\n"
                              "  ++-------------+-----\n"
                              "   0             5          step\n");
    free(text);
    free(draw(plot, GLYPHS_BRAILLE, 32, 12));
    for (int i = 1; i < PLOT_BANDS; i++)
        assert_non_null(plot_add_band(plot));
    assert_null(plot_add_band(plot));
    free(plot);
}

static void a_level_is_a_dashed_line_with_its_text(void **state)
{
    (void)state;
    static const double y[] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct plot *plot = line(y, 8, false);
    plot_add_level(plot, 2, style_of(ROLE_CHANCE), "edge 2");
    plot_add_level(plot, 50, style_of(ROLE_CHANCE), "far up");
    plot_add_level(plot, -50, style_of(ROLE_CHANCE), "far down");
    assert_true(plot_fit(plot));
    assert_true(plot->y_high < 8); /* levels have no say */
    char *text = draw(plot, GLYPHS_ASCII, 32, 12);
    assert_string_equal(text, " |                  ^ far up  **\n"
                              " |                          **\n"
                              "6+                       ***\n"
                              " |                   ****\n"
                              "4+               ****\n"
                              " |           ****\n"
                              " |         **             edge 2\n"
                              "2+- - - *** - - - - - - - - - -\n"
                              " |  ****\n"
                              "0+**                  v far down\n"
                              " ++-------+--------+------------\n"
                              "  0       2        4        step\n");
    free(text);
    text = draw(plot, GLYPHS_BRAILLE, 32, 12);
    assert_non_null(strstr(text, "↑ far up"));
    assert_non_null(strstr(text, "↓ far down"));
    assert_non_null(strstr(text, "╌╌╌"));
    free(text);
    for (int i = 0; i < PLOT_LEVELS; i++)
        plot_add_level(plot, 1, style_of(ROLE_CHANCE), "one");
    assert_int_equal(plot->level_count, PLOT_LEVELS);
    assert_string_equal(plot->level[0].text, "one");
    free(plot);
}

static void a_log_axis_has_no_level_at_zero(void **state)
{
    (void)state;
    static const double y[] = {10, 1, 0.1};
    struct plot *plot = line(y, 3, true);
    plot_add_level(plot, 0, style_of(ROLE_CHANCE), "none");
    plot_add_level(plot, NAN, style_of(ROLE_CHANCE), "none");
    plot_add_level(plot, 1, style_of(ROLE_CHANCE), "one");
    assert_true(plot_fit(plot));
    char *text = draw(plot, GLYPHS_BRAILLE, 40, 10);
    assert_null(strstr(text, "none"));
    assert_non_null(strstr(text, "one"));
    free(text);
    free(plot);
}

/* Sizes and values that make poor axes must not crash either. */
static void survives_odd_sizes_and_values(void **state)
{
    (void)state;
    static const double series[][4] = {{0, 0, 0, 0},
                                       {1e-300, 1e300, 1, 2},
                                       {-1e300, 1e300, 0, 1},
                                       {5, 5, 5, 5},
                                       {1e-12, 1e-12, 2e-12, 1e-12}};
    for (size_t s = 0; s < sizeof series / sizeof *series; s++)
        for (int is_log = 0; is_log < 2; is_log++) {
            struct plot *plot = line(series[s], 4, is_log);
            struct plot_band *band = plot_add_band(plot);
            band->x = plot->series[0].x;
            band->low = series[s];
            band->high = series[0];
            band->count = 4;
            plot_add_level(plot, series[s][1], style_of(ROLE_CHANCE), "level");
            bool is_shown = plot_fit(plot);
            for (int cols = 1; cols < 40 && is_shown; cols += 3)
                for (int rows = 1; rows < 12; rows++)
                    free(draw(plot, GLYPHS_BRAILLE, cols, rows));
            free(plot);
        }
}

static void bars_are_never_blank_above_zero(void **state)
{
    (void)state;
    static const double value[] = {1, 1e-9, 0, 0.5, NAN};
    struct canvas canvas = canvas_new(8, 1, GLYPHS_BRAILLE, 0);
    assert_int_equal(bars_draw(&canvas, 0, 0, 8, style_of(ROLE_NONE), value, 5),
                     5);
    static const uint32_t want[] = {0x2588, 0x2581, ' ', 0x2584, ' '};
    for (int i = 0; i < 5; i++)
        assert_int_equal(canvas_at(&canvas, i, 0)->glyph, want[i]);
    canvas_clear(&canvas);
    bars_draw(&canvas, 0, 0, 3, style_of(ROLE_NONE), value, 5);
    assert_int_equal(canvas_at(&canvas, 2, 0)->glyph, 0x2026);
    canvas_free(&canvas);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_ticks_are_1_2_5),
        cmocka_unit_test(log_ticks_are_decades),
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(a_line_is_a_line),
        cmocka_unit_test(nan_is_a_gap),
        cmocka_unit_test(zeros_stay_on_a_log_axis),
        cmocka_unit_test(labels_do_not_collide),
        cmocka_unit_test(a_band_lies_under_its_line),
        cmocka_unit_test(a_level_is_a_dashed_line_with_its_text),
        cmocka_unit_test(a_log_axis_has_no_level_at_zero),
        cmocka_unit_test(survives_odd_sizes_and_values),
        cmocka_unit_test(bars_are_never_blank_above_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
