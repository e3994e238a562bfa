/*
 * Help and palette; see help.h.
 */
#include "tui/help.h"

#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "tui/layout.h"
#include "tui/views/view.h"

/* Lines are laid out from the top; those above the scroll fall off. */
struct sheet {
    struct canvas *canvas;
    struct rect area;
    int line, skip;
};

static bool sheet_row(struct sheet *sheet, int *y)
{
    int row = sheet->line++ - sheet->skip;
    *y = sheet->area.y + row;
    return row >= 0 && row < sheet->area.h;
}

static void sheet_title(struct sheet *sheet, const char *title)
{
    int y;
    if (sheet_row(sheet, &y))
        canvas_put(sheet->canvas, sheet->area.x, y, sheet->area.w,
                   style_with(ROLE_TITLE, ATTR_BOLD | ATTR_UNDERLINE), title);
}

static void sheet_key(struct sheet *sheet, const struct key *key,
                      const struct ui *ui, const struct snapshot *snapshot)
{
    enum { LABEL = 10, NAME = 15 };
    char why[WHY];
    int y, x = sheet->area.x;
    if (!sheet_row(sheet, &y))
        return;
    bool is_on = keys_enabled(key, ui, snapshot, why);
    canvas_put(sheet->canvas, x, y, LABEL - 1,
               style_with(is_on ? ROLE_KEY : ROLE_DIM, ATTR_BOLD), key->label);
    x += LABEL;
    canvas_put(sheet->canvas, x, y, NAME - 1,
               style_of(is_on ? ROLE_NONE : ROLE_DIM), key->name);
    x += NAME;
    canvas_print(sheet->canvas, x, y, sheet->area.x + sheet->area.w - x,
                 style_of(ROLE_DIM), "%s%s",
                 is_on ? "" : "not now: ", is_on ? key->help : why);
}

static void sheet_metric(struct sheet *sheet, const struct metric *metric)
{
    const struct {
        const char *label, *text;
    } line[] = {{"formula", metric->formula},
                {"range", metric->range},
                {"also called", metric->others},
                {"paper", metric->paper}};
    int y;
    if (sheet_row(sheet, &y))
        canvas_put(sheet->canvas, sheet->area.x, y, sheet->area.w,
                   style_with(ROLE_NONE, ATTR_BOLD), metric->name);
    for (int i = 0; i < 4; i++) {
        if (!line[i].text || !line[i].text[0] || !sheet_row(sheet, &y))
            continue;
        canvas_put(sheet->canvas, sheet->area.x + 2, y, 12, style_of(ROLE_DIM),
                   line[i].label);
        canvas_put(sheet->canvas, sheet->area.x + 14, y, sheet->area.w - 14,
                   style_of(ROLE_NONE), line[i].text);
    }
}

static void sheet_keys(struct sheet *sheet, const struct ui *ui,
                       const struct snapshot *snapshot, bool everywhere)
{
    for (int i = 0; i < key_count; i++) {
        const struct key *key = &key_table[i];
        bool is_wide = (key->scope & IN_VIEWS) == IN_VIEWS;
        if ((key->scope & 1u << ui->view) && is_wide == everywhere)
            sheet_key(sheet, key, ui, snapshot);
    }
}

void help_draw(struct canvas *canvas, const struct ui *ui,
               const struct snapshot *snapshot)
{
    enum { MOST_COLS = 96, MARGIN = 2 };
    struct rect box = layout_middle(
        canvas->cols, canvas->rows,
        canvas->cols - 2 > MOST_COLS ? MOST_COLS : canvas->cols - 2,
        canvas->rows - 3);
    canvas_fill(canvas, box, style_of(ROLE_NONE));
    canvas_box(canvas, box, style_of(ROLE_KEY));
    canvas_print(
        canvas, box.x + 2, box.y, box.w - 4, style_with(ROLE_TITLE, ATTR_BOLD),
        " help · %s · Up Down scroll, Esc closes ", view_table[ui->view].name);
    struct rect inner = {box.x + MARGIN, box.y + 1, box.w - 2 * MARGIN,
                         box.h - 2};
    struct rect old = canvas_clip(canvas, inner);
    struct sheet sheet = {canvas, inner, 0, ui->scroll};
    bool has_numbers = ui->view == VIEW_SPECTRUM || ui->view == VIEW_RANKS;
    sheet_title(&sheet, "In this view");
    sheet_keys(&sheet, ui, snapshot, false);
    sheet.line++;
    if (has_numbers) {
        sheet_title(&sheet, "What the numbers mean");
        for (int m = 0; m < metric_count; m++)
            sheet_metric(&sheet, &metric_table[m]);
        sheet.line++;
    }
    sheet_title(&sheet, "Everywhere");
    sheet_keys(&sheet, ui, snapshot, true);
    canvas_unclip(canvas, old);
    if (sheet.line - sheet.skip > inner.h)
        canvas_right(canvas, box.x, box.y + box.h - 1, box.w - 2,
                     style_of(ROLE_KEY), " more below ");
}

void palette_draw(struct canvas *canvas, const struct ui *ui,
                  const struct snapshot *snapshot)
{
    enum { WIDTH = 74, HEIGHT = 14, MOST = 100, LABEL = 10, NAME = 16 };
    int index[MOST];
    int count = keys_match(index, MOST, ui->typed, 1u << ui->view);
    struct rect box = layout_middle(canvas->cols, canvas->rows, WIDTH, HEIGHT);
    canvas_fill(canvas, box, style_of(ROLE_NONE));
    canvas_box(canvas, box, style_of(ROLE_KEY));
    int x = box.x + 2, end = box.x + box.w - 2;
    int used =
        canvas_print(canvas, x, box.y + 1, end - x,
                     style_with(ROLE_NONE, ATTR_BOLD), ": %s", ui->typed);
    canvas->is_typing = true;
    canvas->cursor_x = x + used;
    canvas->cursor_y = box.y + 1;
    int shown = box.h - 3;
    int first = ui->choice >= shown ? ui->choice - shown + 1 : 0;
    for (int i = first; i < count && i < first + shown; i++) {
        const struct key *key = &key_table[index[i]];
        char why[WHY];
        bool is_on = keys_enabled(key, ui, snapshot, why);
        unsigned attr = i == ui->choice ? ATTR_REVERSE : 0;
        int y = box.y + 2 + i - first;
        enum role role = is_on ? ROLE_NONE : ROLE_DIM;
        canvas_fill(canvas, (struct rect){x, y, end - x, 1},
                    style_with(role, attr));
        canvas_right(canvas, x, y, LABEL, style_with(role, attr | ATTR_BOLD),
                     "%s", key->label);
        canvas_put(canvas, x + LABEL + 2, y, NAME - 1, style_with(role, attr),
                   key->name);
        int at = x + LABEL + NAME + 2;
        canvas_put(canvas, at, y, end - at, style_with(ROLE_DIM, attr),
                   is_on ? key->help : why);
    }
    if (count == 0)
        canvas_put(canvas, x + 2, box.y + 3, end - x - 2, style_of(ROLE_DIM),
                   "nothing here has that name; Backspace, or Esc");
}
