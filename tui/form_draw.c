/*
 * The form on the screen: on a small one the list of methods or the fields of
 * the chosen one, whichever has the keys; on a large one both.
 */
#include <stdio.h>
#include <string.h>

#include "experiments/rival.h"
#include "tui/form.h"
#include "tui/layout.h"

enum { LABEL = 12, TEXT = 22 };

/* The rows of the form, without its border. */
enum part { PART_LIST, PART_FIELDS, PART_SUMMARY, PART_WORDS, PARTS };

static const struct method_ops *chosen(const struct ui *ui)
{
    return method_find(ui->form.text[FORM_METHOD]);
}

static const char *hint_of(const struct ui *ui, enum form_field field)
{
    const char *method = ui->form.text[FORM_METHOD];
    if (field == FORM_LR)
        return ui->form.typed & 1U << FORM_LR
                   ? "peak; ← → halve and double"
                   : rival_lr_from(method, &ui->new_run);
    return form_rows[field].hint;
}

static void draw_field(struct canvas *canvas, struct rect row,
                       const struct ui *ui, enum form_field field)
{
    bool is_here = field == ui->form.field;
    int x = row.x, end = row.x + row.w;
    if (is_here)
        canvas_glyph(canvas, x, row.y, style_with(ROLE_KEY, ATTR_BOLD), 0x25b8);
    x += 2;
    canvas_put(canvas, x, row.y, LABEL, style_of(ROLE_DIM),
               form_rows[field].label);
    x += LABEL;
    struct style style =
        style_with(ROLE_NONE, is_here ? ATTR_BOLD | ATTR_UNDERLINE : 0);
    canvas_fill(canvas, (struct rect){x, row.y, TEXT, 1}, style);
    int used = canvas_put(canvas, x, row.y, TEXT, style, ui->form.text[field]);
    if (is_here) {
        canvas->is_typing = field != FORM_METHOD;
        canvas->cursor_x = x + used;
        canvas->cursor_y = row.y;
    }
    x += TEXT + 1;
    canvas_put(canvas, x, row.y, end - x, style_of(ROLE_DIM),
               field == FORM_METHOD ? chosen(ui)->formula : hint_of(ui, field));
}

/* Those the method uses; where they do not fit, those around the keys. */
static void draw_fields(struct canvas *canvas, struct rect rect,
                        const struct ui *ui)
{
    enum form_field shown[FORM_FIELDS];
    int count = 0, here = 0;
    for (int f = 0; f < FORM_FIELDS; f++) {
        if (!form_shows(ui, (enum form_field)f))
            continue;
        here = f == (int)ui->form.field ? count : here;
        shown[count++] = (enum form_field)f;
    }
    int first = here >= rect.h ? here - rect.h + 1 : 0;
    for (int i = first; i < count && i < first + rect.h; i++) {
        struct rect row = {rect.x, rect.y + i - first, rect.w, 1};
        draw_field(canvas, row, ui, shown[i]);
    }
}

static int fields_of(const struct ui *ui)
{
    int count = 0;
    for (int f = 0; f < FORM_FIELDS; f++)
        count += form_shows(ui, (enum form_field)f);
    return count;
}

static void draw_summary(struct canvas *canvas, struct rect rect,
                         const struct ui *ui)
{
    char line[256];
    snprintf(line, sizeof line, "%s; %s", chosen(ui)->summary,
             chosen(ui)->paper);
    canvas_wrap(canvas, rect, style_of(ROLE_DIM), line);
}

/* What it would train, or why it would not. */
static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct ui *ui, const struct snapshot *snapshot)
{
    struct command filled;
    struct err err = {""};
    enum form_field at = FORM_METHOD;
    bool is_list = ui->form.field == FORM_METHOD;
    if (form_read(&filled, ui, snapshot, &at, &err) != 0) {
        canvas_wrap(canvas, rect,
                    style_with(ui->form.refused ? ROLE_BAD : ROLE_WARN,
                               ui->form.refused ? ATTR_BOLD : 0),
                    err.text);
        return;
    }
    long count = rival_count(snapshot, &filled.spec);
    double all =
        snapshot->shape ? (double)model_parameters(snapshot->shape) : 1;
    if (count >= 0)
        canvas_print(canvas, rect.x, rect.y, rect.w, style_of(ROLE_NONE),
                     "%s would train %ld numbers, %.3g %% of the base's %.0f",
                     filled.spec.name, count, 100 * (double)count / all, all);
    rect.y++, rect.h--;
    canvas_wrap(canvas, rect, style_of(ROLE_DIM),
                is_list ? "Enter starts it on the same batches; Tab: its "
                          "fields; letters find one"
                        : "Enter starts it from step 0 on the same batches; "
                          "Tab goes on, Esc leaves");
}

/* From the top; what does not fit is cut from list and fields, never from
 * the words. */
static struct rect lay_out(struct rect part[PARTS], const struct canvas *canvas,
                           const struct ui *ui)
{
    enum { EDGES = 2, SUMMARY = 2, WORDS = 2, SMALL = 84, LARGE = 168 };
    enum { BOTH_ROWS = 44, BOTH_COLS = 100 };
    bool is_both = canvas->rows >= BOTH_ROWS && canvas->cols >= BOTH_COLS;
    bool is_list = is_both || ui->form.field == FORM_METHOD;
    bool is_fields = is_both || !is_list;
    int height[PARTS] = {is_list ? form_list_rows() : 0,
                         (is_fields ? fields_of(ui) : 0) + 2 * is_both, SUMMARY,
                         WORDS};
    int width = is_both ? LARGE : SMALL, total = EDGES;
    for (int i = 0; i < PARTS; i++)
        total += height[i];
    width = width < canvas->cols - 2 ? width : canvas->cols - 2;
    struct rect box = layout_middle(canvas->cols, canvas->rows, width, total);
    int missing = total - box.h;
    height[is_list ? PART_LIST : PART_FIELDS] -= missing > 0 ? missing : 0;
    int y = box.y + 1;
    for (int i = 0; i < PARTS; i++) {
        int h = height[i] > 0 ? height[i] : 0;
        part[i] = (struct rect){box.x + 2, y, box.w - 4, h};
        y += h;
    }
    if (is_both) { /* a blank line before and behind */
        part[PART_FIELDS].y++;
        part[PART_FIELDS].h -= 2;
    }
    return box;
}

void form_draw(struct canvas *canvas, const struct ui *ui,
               const struct snapshot *snapshot)
{
    struct rect part[PARTS];
    struct rect box = lay_out(part, canvas, ui);
    canvas_fill(canvas, box, style_of(ROLE_NONE));
    canvas_box(canvas, box, style_of(ROLE_KEY));
    canvas_put(canvas, box.x + 2, box.y, box.w - 4,
               style_with(ROLE_TITLE, ATTR_BOLD), " add a run ");
    struct rect inner = {box.x + 1, box.y + 1, box.w - 2, box.h - 2};
    struct rect old = canvas_clip(canvas, inner);
    form_draw_list(canvas, part[PART_LIST], ui, snapshot);
    draw_fields(canvas, part[PART_FIELDS], ui);
    draw_summary(canvas, part[PART_SUMMARY], ui);
    draw_words(canvas, part[PART_WORDS], ui, snapshot);
    canvas_unclip(canvas, old);
}
