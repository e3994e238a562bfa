/*
 * Cells: clipping, columns, broken and hostile text, the ASCII twins, and
 * what comes out as text and as a picture.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fake_snapshot.h"
#include "tui/ui.h"

static char *text_of(const struct canvas *canvas, bool is_svg)
{
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    int status = is_svg ? canvas_svg(canvas, to) : canvas_text(canvas, to);
    assert_int_equal(status, 0);
    fclose(to);
    return text;
}

static void assert_canvas(const struct canvas *canvas, const char *want)
{
    char *text = text_of(canvas, false);
    assert_string_equal(text, want);
    free(text);
}

static void clips_everything(void **state)
{
    (void)state;
    struct canvas canvas = canvas_new(6, 3, GLYPHS_BRAILLE, 0);
    struct rect old = canvas_clip(&canvas, (struct rect){1, 1, 3, 1});
    canvas_fill(&canvas, (struct rect){-9, -9, 99, 99}, style_of(ROLE_NONE));
    canvas_put(&canvas, -1, 1, 99, style_of(ROLE_NONE), "abcdefgh");
    canvas_put(&canvas, 0, 2, 99, style_of(ROLE_NONE), "xxxxxx");
    assert_canvas(&canvas, "\n cde\n\n");
    canvas_unclip(&canvas, old);
    canvas_box(&canvas, (struct rect){0, 0, 6, 3}, style_of(ROLE_NONE));
    assert_canvas(&canvas, "╭────╮\n│cde │\n╰────╯\n");
    canvas_free(&canvas);
}

static void cuts_by_columns(void **state)
{
    (void)state;
    struct canvas canvas = canvas_new(8, 1, GLYPHS_BRAILLE, 0);
    assert_int_equal(
        canvas_put(&canvas, 0, 0, 5, style_of(ROLE_NONE), "‖ΔW‖_F"), 5);
    assert_canvas(&canvas, "‖ΔW‖…\n");
    canvas_clear(&canvas);
    /* A wide glyph has two columns or none. */
    assert_int_equal(
        canvas_put(&canvas, 0, 0, 4, style_of(ROLE_NONE), "a漢字b"), 4);
    assert_canvas(&canvas, "a漢…\n");
    canvas_glyph(&canvas, 2, 0, style_of(ROLE_NONE), 'x');
    assert_canvas(&canvas, "a x…\n");
    canvas_free(&canvas);
}

static void hostile_names_are_harmless(void **state)
{
    (void)state;
    struct canvas canvas = canvas_new(20, 1, GLYPHS_BRAILLE, 0);
    /* An escape, a C1 control, a lone continuation, an overlong slash, a
     * right-to-left override (no columns: dropped), a cut-off sequence. */
    canvas_put(&canvas, 0, 0, 20, style_of(ROLE_NONE),
               "\033[2J\302\233\200\300\257\342\200\256e\342\200");
    assert_canvas(&canvas, "?[2J?\xef\xbf\xbd\xef\xbf\xbd"
                           "e\xef\xbf\xbd\xef\xbf\xbd\n");
    canvas_free(&canvas);
}

static void right_and_wrap(void **state)
{
    (void)state;
    struct canvas canvas = canvas_new(10, 3, GLYPHS_BRAILLE, 0);
    canvas_right(&canvas, 0, 0, 10, style_of(ROLE_NONE), "%d", 42);
    int rows = canvas_wrap(&canvas, (struct rect){0, 1, 10, 2},
                           style_of(ROLE_NONE), "the loss does not jump");
    assert_int_equal(rows, 2);
    assert_canvas(&canvas, "        42\nthe loss\ndoes not …\n");
    canvas_free(&canvas);
}

/* Whatever the views draw has a twin; '?' would show one that is missing. */
static void every_glyph_has_a_twin(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(320);
    struct canvas canvas = canvas_new(200, 60, GLYPHS_BLOCK, 0);
    for (int view = 0; view < VIEW_COUNT; view++) {
        struct ui ui;
        ui_start(&ui, NULL, GLYPHS_BRAILLE, true);
        ui.view = (enum view_id)view;
        ui_draw(&canvas, &ui, snapshot, NULL);
        for (int y = 0; y < canvas.rows; y++)
            for (int x = 0; x < canvas.cols; x++) {
                uint32_t glyph = canvas_at(&canvas, x, y)->glyph;
                if (glyph != '?' && glyph_twin(glyph) == '?')
                    fail_msg("U+%04X has no twin", (unsigned)glyph);
            }
    }
    canvas_free(&canvas);
    fake_snapshot_free(snapshot);
}

static void picture_is_well_formed(void **state)
{
    (void)state;
    struct canvas canvas = canvas_new(12, 2, GLYPHS_BRAILLE, 256);
    canvas_put(&canvas, 0, 0, 12, style_of(ROLE_RUN), "a<b&c>");
    canvas_glyph(&canvas, 0, 1, style_of(ROLE_RUN), 0x2801);
    canvas_glyph(&canvas, 1, 1, style_of(ROLE_RUN), 0x2584);
    char *svg = text_of(&canvas, true);
    assert_non_null(strstr(svg, "&lt;"));
    assert_non_null(strstr(svg, "&amp;"));
    assert_null(strstr(svg, "><<"));
    assert_non_null(strstr(svg, "<circle"));
    assert_non_null(strstr(svg, "#5fafd7")); /* xterm 74 */
    assert_string_equal(svg + strlen(svg) - 7, "</svg>\n");
    free(svg);
    canvas_free(&canvas);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clips_everything),
        cmocka_unit_test(cuts_by_columns),
        cmocka_unit_test(hostile_names_are_harmless),
        cmocka_unit_test(right_and_wrap),
        cmocka_unit_test(every_glyph_has_a_twin),
        cmocka_unit_test(picture_is_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
