/*
 * Heat maps: numbers are whole or left out, unknown is a dash, a strip of
 * time keeps the names of its columns, at every size.
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/bars.h"

enum { ROWS = 3, COLS = 40 };

static char *text_of(const struct canvas *canvas)
{
    char *all = NULL;
    size_t length;
    FILE *to = open_memstream(&all, &length);
    canvas_text(canvas, to);
    fclose(to);
    return all;
}

static void fill(struct heat *heat, double *value, const char **name)
{
    static char text[COLS][8];
    static const char *const row[ROWS] = {"h.0.attn.q", "h.1.attn.q",
                                          "h.2.attn.q"};
    for (int c = 0; c < COLS; c++) {
        snprintf(text[c], sizeof text[c], "%d", 100 * c);
        name[c] = text[c];
    }
    *heat = (struct heat){.rows = ROWS,
                          .cols = COLS,
                          .value = value,
                          .low = 1,
                          .high = 2,
                          .chosen = -1,
                          .row_name = row,
                          .col_name = name,
                          .name_width = 11,
                          .is_strip = true};
}

static void numbers_are_whole(void **state)
{
    (void)state;
    double value[] = {1.25, NAN, DBL_MAX, 123456};
    const char *const row[] = {"row"};
    const char *const col[] = {"a", "b", "c", "d"};
    struct heat heat = {.rows = 1,
                        .cols = 4,
                        .value = value,
                        .low = 1.25,
                        .high = 123456,
                        .chosen = -1,
                        .row_name = row,
                        .col_name = col};
    struct canvas canvas = canvas_new(40, 3, GLYPHS_BRAILLE, 0);
    heat_draw(&canvas, (struct rect){0, 0, 40, 3}, &heat);
    char *text = text_of(&canvas);
    assert_non_null(strstr(text, "–"));
    assert_non_null(strstr(text, "inf"));
    assert_non_null(strstr(text, "123k")); /* 123456 has no room */
    assert_null(strstr(text, "12345"));
    free(text);
    canvas_free(&canvas);
}

static void a_strip_keeps_its_names(void **state)
{
    (void)state;
    double value[ROWS * COLS];
    const char *name[COLS];
    for (int i = 0; i < ROWS * COLS; i++)
        value[i] = i % 7 ? 1 + i % 5 / 4.0 : NAN;
    struct heat heat;
    fill(&heat, value, name);
    heat.marked = 18;
    name[17] = "▸1700";
    struct canvas canvas = canvas_new(100, 6, GLYPHS_BRAILLE, 0);
    heat_draw(&canvas, (struct rect){0, 0, 100, 6}, &heat);
    char *text = text_of(&canvas);
    static const char *const want[] = {"h.2.attn.q", " 0 ", "▸1700", "3900"};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_non_null(strstr(text, want[i]));
    assert_null(strstr(text, "1600")); /* would touch the mark */
    free(text);
    canvas_free(&canvas);
}

static void every_size_is_drawn(void **state)
{
    (void)state;
    double value[ROWS * COLS];
    const char *name[COLS];
    for (int i = 0; i < ROWS * COLS; i++)
        value[i] = i;
    struct heat heat;
    fill(&heat, value, name);
    for (int colours = 0; colours <= 256; colours += 256)
        for (int cols = 1; cols <= 400; cols += cols < 80 ? 1 : 40)
            for (int rows = 1; rows <= 8; rows++) {
                struct canvas canvas =
                    canvas_new(cols, rows, GLYPHS_BRAILLE, colours);
                heat.marked = cols % (COLS + 1);
                heat_draw(&canvas, (struct rect){0, 0, cols, rows}, &heat);
                canvas_free(&canvas);
            }
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole),
        cmocka_unit_test(a_strip_keeps_its_names),
        cmocka_unit_test(every_size_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
