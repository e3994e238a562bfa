/*
 * Help and palette; see help.h.
 */
#include "tui/help.h"

#include <stdio.h>
#include <string.h>

#include "analysis/metric_table.h"
#include "experiments/board.h"
#include "tui/help_terms.h"
#include "tui/layout.h"
#include "tui/views/measure.h"
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

/* A label and its text, over as many rows as the text needs. */
static void sheet_field(struct sheet *sheet, const char *label,
                        const char *text)
{
    enum { INDENT = 2, LABEL = 14, MOST = 4 };
    int y;
    if (!text[0])
        return;
    (void)sheet_row(sheet, &y); /* the clip hides what has scrolled off */
    canvas_put(sheet->canvas, sheet->area.x + INDENT, y, LABEL - INDENT,
               style_of(ROLE_DIM), label);
    struct rect rest = {sheet->area.x + LABEL, y, sheet->area.w - LABEL, MOST};
    sheet->line +=
        canvas_wrap(sheet->canvas, rest, style_of(ROLE_NONE), text) - 1;
}

static void sheet_metric(struct sheet *sheet, const struct metric *metric)
{
    int y;
    if (sheet_row(sheet, &y))
        canvas_put(sheet->canvas, sheet->area.x, y, sheet->area.w,
                   style_with(ROLE_NONE, ATTR_BOLD), metric->name);
    sheet_field(sheet, "formula", metric->formula);
    sheet_field(sheet, "range", metric->range);
    sheet_field(sheet, "by chance", metric->chance);
    sheet_field(sheet, "also called", metric->others);
    sheet_field(sheet, "paper", metric->paper);
}

/* The number that is looked at, beside chance. */
static void sheet_here(struct sheet *sheet, const struct ui *ui,
                       const struct snapshot *snapshot)
{
    const struct view_context context = {ui, snapshot};
    const struct run_view *run = ui_run(ui, snapshot);
    char words[192], line[256];
    if (!run || snapshot->site_count == 0)
        return;
    int site = ui_site(ui, snapshot);
    struct site_view view = view_site(&context, run, site);
    snprintf(line, sizeof line, "%s, %s: %s", run->name,
             snapshot->site[site].name,
             measure_words(words, sizeof words, &view, &snapshot->site[site],
                           ui->measure));
    sheet_field(sheet, "here", line);
}

static void sheet_keys(struct sheet *sheet, const struct ui *ui,
                       const struct snapshot *snapshot, bool everywhere)
{
    for (int i = 0; i < key_count; i++) {
        const struct key *key = &key_table[i];
        bool is_wide = (key->scope & IN_VIEWS) == IN_VIEWS;
        if ((key->scope & 1u << ui->view) && is_wide == everywhere &&
            keys_exist(key, ui, snapshot))
            sheet_key(sheet, key, ui, snapshot);
    }
}

static void sheet_terms(struct sheet *sheet, const struct ui *ui)
{
    int said = 0;
    for (int i = 0; i < help_term_count; i++) {
        if (!(help_term[i].views & 1U << ui->view))
            continue;
        if (said++ == 0)
            sheet_title(sheet, "What the numbers mean");
        sheet_field(sheet, help_term[i].name, help_term[i].text);
    }
    sheet->line += said > 0;
}

/* A grid's metrics with an example each. */
static void sheet_scores(struct sheet *sheet, const struct table *table)
{
    int y;
    for (int task = 0; task < table->grid->task_count; task++)
        for (int k = 0; k < table->measures[task]; k++) {
            const struct score_kind *kind = score_find(table->metric[task][k]);
            if (!kind)
                continue;
            if (sheet_row(sheet, &y))
                canvas_print(sheet->canvas, sheet->area.x, y, sheet->area.w,
                             style_with(ROLE_NONE, ATTR_BOLD), "%s · %s",
                             kind->name, table->grid->task[task].label);
            sheet_field(sheet, "formula", kind->formula);
            sheet_field(sheet, "range", kind->range);
            sheet_field(sheet, "example", kind->example);
        }
    sheet->line++;
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
    if (ui->view == VIEW_SPECTRUM) {
        sheet_title(&sheet, "The chosen measure (m)");
        sheet_here(&sheet, ui, snapshot);
        sheet_metric(&sheet, &metric_table[ui->measure]);
        sheet.line++;
    }
    bool has_numbers = ui->view == VIEW_SPECTRUM || ui->view == VIEW_RANKS;
    sheet_title(&sheet, "In this view");
    sheet_keys(&sheet, ui, snapshot, false);
    sheet.line++;
    sheet_terms(&sheet, ui);
    if (ui->view == VIEW_TABLE && snapshot->board)
        sheet_scores(&sheet, snapshot->board->table);
    if (has_numbers) {
        sheet_title(&sheet, "What the numbers mean");
        sheet_field(&sheet, "of", "sigma_1 >= ... >= sigma_q of dW (out, in)");
        sheet_field(&sheet, "beta", "min(out, in) / max(out, in)");
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
    int count = keys_match(index, MOST, ui->typed, ui, snapshot);
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
