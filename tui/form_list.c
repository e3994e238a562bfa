/*
 * The list of methods: name, numbers it would train with the form as it is,
 * share of the base, formula; where there is room the summary too.  Of a
 * method that does not fit, why.
 */
#include <stdio.h>
#include <string.h>

#include "experiments/rival.h"
#include "tui/form.h"
#include "tui/ticks.h"

enum { MARK = 2, NAME = 14, COUNT = 7, SHARE = 9, FORMULA = 39, GAP = 2 };
enum { WORDS = 20 }; /* too few columns for a summary */

static int method_at(const char *name)
{
    for (int i = 0; method_table[i]; i++)
        if (strcmp(method_table[i]->name, name) == 0)
            return i;
    return 0;
}

int form_list_rows(void)
{
    int heading = 1, count = 0;
    while (method_table[count])
        count++;
    return heading + count;
}

static void draw_count(struct canvas *canvas, int x, int y, struct style style,
                       const struct run_spec *spec,
                       const struct snapshot *snapshot)
{
    char text[32];
    long count = rival_count(snapshot, spec);
    if (count < 0) {
        canvas_right(canvas, x, y, COUNT, style, "–");
        return;
    }
    double share =
        100 * (double)count / (double)model_parameters(snapshot->shape);
    canvas_right(canvas, x, y, COUNT, style, "%s",
                 count_text(text, sizeof text, (double)count));
    canvas_right(canvas, x + COUNT, y, SHARE, style, "%s %%",
                 number_text(text, sizeof text, share));
}

static void draw_method(struct canvas *canvas, struct rect row,
                        const struct method_ops *ops, const struct ui *ui,
                        const struct snapshot *snapshot)
{
    bool is_chosen = strcmp(ops->name, ui->form.text[FORM_METHOD]) == 0;
    bool is_here = is_chosen && ui->form.field == FORM_METHOD;
    struct style style = style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
    struct run_spec spec;
    struct err err = {""};
    enum form_field at;
    int x = row.x, end = row.x + row.w;
    if (is_chosen)
        canvas_glyph(canvas, x, row.y, style_with(ROLE_KEY, ATTR_BOLD), 0x25b8);
    if (is_here) {
        canvas->cursor_x = x;
        canvas->cursor_y = row.y;
    }
    x += MARK;
    canvas_put(canvas, x, row.y, NAME - 1, style, ops->name);
    x += NAME;
    bool fits = form_spec(&spec, ui, ops->name, &at, &err) == 0 &&
                rival_fits(snapshot, &spec, &err) == 0;
    if (fits)
        draw_count(canvas, x, row.y, style, &spec, snapshot);
    else
        canvas_right(canvas, x, row.y, COUNT, style_of(ROLE_DIM), "–");
    x += COUNT + SHARE + GAP;
    if (!fits) {
        canvas_put(canvas, x, row.y, end - x, style_of(ROLE_WARN), err.text);
        return;
    }
    canvas_put(canvas, x, row.y, end - x, style, ops->formula);
    x += FORMULA;
    if (end - x >= WORDS)
        canvas_put(canvas, x, row.y, end - x, style_of(ROLE_DIM), ops->summary);
}

void form_draw_list(struct canvas *canvas, struct rect rect,
                    const struct ui *ui, const struct snapshot *snapshot)
{
    struct style dim = style_of(ROLE_DIM);
    int x = rect.x + MARK, count = form_list_rows() - 1;
    if (rect.h < 1)
        return;
    canvas_put(canvas, x, rect.y, NAME, dim, "method");
    canvas_right(canvas, x + NAME, rect.y, COUNT, dim, "trains");
    canvas_right(canvas, x + NAME + COUNT, rect.y, SHARE, dim, "of base");
    x += NAME + COUNT + SHARE + GAP;
    canvas_put(canvas, x, rect.y, rect.x + rect.w - x, dim, "formula");
    x += FORMULA;
    if (rect.x + rect.w - x >= WORDS)
        canvas_put(canvas, x, rect.y, WORDS, dim, "in words");
    int shown = rect.h - 1;
    int chosen = method_at(ui->form.text[FORM_METHOD]);
    int first = chosen >= shown ? chosen - shown + 1 : 0;
    for (int i = first; i < count && i < first + shown; i++) {
        struct rect row = {rect.x, rect.y + 1 + i - first, rect.w, 1};
        draw_method(canvas, row, method_table[i], ui, snapshot);
    }
}
