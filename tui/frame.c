/*
 * A whole frame: header, tabs, the view, the message, the footer, and an
 * overlay.  Every size down to 1x1 shows something true.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/board.h"
#include "experiments/file_view.h"
#include "tui/form.h"
#include "tui/help.h"
#include "tui/layout.h"
#include "tui/views/view.h"

/* What no layout fits: the longest sentence that does, in the middle. */
static void draw_tiny(struct canvas *canvas, const struct snapshot *snapshot)
{
    char longest[160], shorter[64], done[80];
    if (snapshot->file_count > 0)
        snprintf(done, sizeof done, "%.60s", snapshot->title);
    else if (snapshot->board && snapshot->board->search)
        snprintf(done, sizeof done, "trainings %ld", snapshot->tick);
    else
        snprintf(done, sizeof done, "%s %ld/%ld",
                 snapshot->board ? "cells" : "step", snapshot->tick,
                 snapshot->steps);
    snprintf(longest, sizeof longest, "%s · needs %dx%d · q quits", done,
             LAYOUT_MIN_COLS, LAYOUT_MIN_ROWS);
    snprintf(shorter, sizeof shorter, "%dx%d needed", LAYOUT_MIN_COLS,
             LAYOUT_MIN_ROWS);
    const char *const line[] = {longest, shorter, "q quits", "q"};
    for (int i = 0; i < 4; i++) {
        int width = glyph_columns(line[i]);
        if (width > canvas->cols && i < 3)
            continue;
        canvas_put(canvas, (canvas->cols - width) / 2, canvas->rows / 2,
                   canvas->cols, style_of(ROLE_NONE), line[i]);
        return;
    }
}

/* The files' names, and how many of their sites have been looked at. */
static void draw_file_header(struct canvas *canvas, struct rect rect,
                             const struct snapshot *snapshot)
{
    struct style bar = style_with(ROLE_NONE, ATTR_REVERSE | ATTR_BOLD);
    int known = 0, count = 0;
    char state[64];
    for (int f = 0; f < snapshot->file_count; f++) {
        known += snapshot->file[f].known;
        count += snapshot->file[f].count;
    }
    if (known < count)
        snprintf(state, sizeof state, "%d of %d sites · ▶ looking ", known,
                 count);
    else
        snprintf(state, sizeof state, "%d site%s · ✓ all known ", count,
                 count == 1 ? "" : "s");
    canvas_fill(canvas, rect, bar);
    canvas_right(canvas, rect.x, rect.y, rect.w, bar, "%s", state);
    canvas_print(canvas, rect.x + 1, rect.y, rect.w - glyph_columns(state) - 2,
                 bar, "%s · %s", snapshot->title,
                 snapshot->file->kind == STORED_LORA    ? "adapter"
                 : snapshot->file->kind == STORED_DELTA ? "W against its base"
                                                        : "checkpoint");
}

static void draw_header(struct canvas *canvas, struct rect rect,
                        const struct snapshot *snapshot)
{
    struct style bar = style_with(ROLE_NONE, ATTR_REVERSE | ATTR_BOLD);
    char state[96], speed[32] = "";
    if (!isnan(snapshot->ticks_per_second) && !snapshot->paused &&
        !snapshot->finished)
        snprintf(speed, sizeof speed, "%.1f/s · ", snapshot->ticks_per_second);
    snprintf(state, sizeof state, "step %ld/%ld · %s%s ", snapshot->tick,
             snapshot->steps, speed,
             snapshot->finished ? "✓ done"
             : snapshot->paused ? "‖ paused"
                                : "▶ running");
    if (snapshot->board)
        board_words(state, sizeof state, snapshot->board);
    if (snapshot->file_count > 0) {
        draw_file_header(canvas, rect, snapshot);
        return;
    }
    canvas_fill(canvas, rect, bar);
    int width = glyph_columns(state);
    canvas_right(canvas, rect.x, rect.y, rect.w, bar, "%s", state);
    canvas_print(canvas, rect.x + 1, rect.y, rect.w - width - 2, bar,
                 "%s · %s · %s", snapshot->title, snapshot->base,
                 snapshot->task);
}

/* One "key name" pair; returns the columns it takes. */
static int draw_hint(struct canvas *canvas, int x, int y, const char *label,
                     const char *name, bool is_on)
{
    int used =
        canvas_put(canvas, x, y, 20,
                   style_with(is_on ? ROLE_KEY : ROLE_DIM, ATTR_BOLD), label);
    used += 1 + canvas_put(canvas, x + used + 1, y, 20,
                           style_of(is_on ? ROLE_NONE : ROLE_DIM), name);
    return used;
}

static int hint_columns(const char *label, const char *name)
{
    return glyph_columns(label) + 1 + glyph_columns(name);
}

static const char *const tab_hint[][2] = {
    {":", "find"}, {"?", "help"}, {"q", "quit"}};
enum { TAB_HINTS = sizeof tab_hint / sizeof *tab_hint };

static bool has_tab(enum view_id view, const struct ui *ui,
                    const struct snapshot *snapshot)
{
    bool is_sessions = ui->has_guest && view != VIEW_TABLE;
    return is_sessions || view_is_there(view, snapshot);
}

/* Columns between tabs: fewer where the hints would have no room. */
static int tab_gap(int width, const struct ui *ui,
                   const struct snapshot *snapshot)
{
    enum { WIDE = 2, TIGHT = 1 };
    int used = 2;
    for (int v = 0; v < VIEW_COUNT; v++)
        if (has_tab((enum view_id)v, ui, snapshot))
            used += 3 + glyph_columns(view_table[v].name) + WIDE;
    for (int i = 0; i < TAB_HINTS; i++)
        used += hint_columns(tab_hint[i][0], tab_hint[i][1]) + 2;
    return used <= width ? WIDE : TIGHT;
}

static void draw_tabs(struct canvas *canvas, struct rect rect,
                      const struct ui *ui, const struct snapshot *snapshot)
{
    int x = rect.x, gap = tab_gap(rect.w, ui, snapshot);
    for (int v = 0; v < VIEW_COUNT && rect.h; v++) {
        if (!has_tab((enum view_id)v, ui, snapshot))
            continue;
        bool is_here = v == (int)ui->view;
        struct style style =
            style_with(ROLE_NONE, is_here ? ATTR_BOLD | ATTR_UNDERLINE : 0);
        canvas_print(canvas, x + 1, rect.y, 2, style_with(ROLE_KEY, ATTR_BOLD),
                     "%c", view_table[v].key);
        x += 3 +
             canvas_put(canvas, x + 3, rect.y, 12, style, view_table[v].name);
        x += gap;
    }
    int end = rect.x + rect.w - 1;
    for (int i = TAB_HINTS - 1; i >= 0 && rect.h; i--) {
        int width = hint_columns(tab_hint[i][0], tab_hint[i][1]);
        if (end - width < x)
            return;
        draw_hint(canvas, end - width, rect.y, tab_hint[i][0], tab_hint[i][1],
                  true);
        end -= width + 2;
    }
}

/* The keys that matter here, most important first, as many as fit. */
static void draw_footer(struct canvas *canvas, struct rect rect,
                        const struct ui *ui, const struct snapshot *snapshot)
{
    enum { PLACES = 12, SHOWN = 8 };
    unsigned scope = keys_scope(ui);
    int x = rect.x + 1, shown = 0;
    for (int place = 1; place <= PLACES; place++) {
        for (int i = 0; i < key_count && shown < SHOWN; i++) {
            const struct key *key = &key_table[i];
            char why[WHY];
            if (key->footer != place || !(key->scope & scope) ||
                !keys_of_page(key, ui) || !keys_exist(key, ui, snapshot))
                continue;
            int width = hint_columns(key->label, key->name);
            if (x + width > rect.x + rect.w)
                continue;
            draw_hint(canvas, x, rect.y, key->label, key->name,
                      keys_enabled(key, ui, snapshot, why));
            x += width + 2;
            shown++;
        }
    }
}

/* The end of what is typed, where not all of it fits. */
static int draw_prompt(struct canvas *canvas, int x, int y, int width,
                       struct style style, const char *label, const char *typed)
{
    int used = canvas_put(canvas, x, y, width, style, label);
    const char *from = typed;
    while (*from && glyph_columns(from) > width - used - 1)
        (void)glyph_next(&from);
    return used + canvas_put(canvas, x + used, y, width - used, style, from);
}

/* The answer to a key, or a number being typed, or the newest trouble. */
static void draw_message(struct canvas *canvas, struct rect rect,
                         const struct ui *ui, const struct snapshot *snapshot,
                         const char *note)
{
    const struct run_view *run = ui_run(ui, snapshot);
    int x = rect.x + 1, width = rect.w - 2;
    struct style strong = style_with(ROLE_NONE, ATTR_BOLD);
    int used = -1;
    if (ui->overlay == OVERLAY_RANK && run)
        used = canvas_print(
            canvas, x, rect.y, width, strong, "rank of %s in %s: %s",
            ui->all_sites ? "all sites"
                          : snapshot->site[ui_site(ui, snapshot)].name,
            run->name, ui->typed);
    else if (ui->overlay == OVERLAY_LR && run)
        used = canvas_print(canvas, x, rect.y, width, strong,
                            "peak learning rate of %s, now %g: %s", run->name,
                            run->lr_peak, ui->typed);
    else if (ui->overlay == OVERLAY_PROMPT)
        used = draw_prompt(canvas, x, rect.y, width, strong,
                           "go on with: ", ui->typed);
    else if (ui->overlay == OVERLAY_PATH)
        used =
            draw_prompt(canvas, x, rect.y, width, strong, "open: ", ui->typed);
    else if (ui->overlay == OVERLAY_REMOVE && run)
        used = canvas_print(canvas, x, rect.y, width, strong,
                            "remove %s? Its curve goes too. y or n", run->name);
    else if (ui->message[0])
        canvas_put(canvas, x, rect.y, width,
                   style_of(ui->message_bad ? ROLE_WARN : ROLE_NONE),
                   ui->message);
    else if (snapshot->message[0])
        canvas_put(canvas, x, rect.y, width, style_of(ROLE_BAD),
                   snapshot->message);
    else if (note && note[0])
        canvas_put(canvas, x, rect.y, width, style_of(ROLE_WARN), note);
    else if (snapshot->event_count > 0)
        canvas_put(canvas, x, rect.y, width, style_of(ROLE_DIM),
                   snapshot->event[snapshot->event_count - 1].text);
    if (used >= 0) {
        canvas->is_typing = true;
        canvas->cursor_x = x + used;
        canvas->cursor_y = rect.y;
    }
}

void ui_draw(struct canvas *canvas, const struct ui *ui,
             const struct snapshot *snapshot, const char *note)
{
    struct rect part[FRAME_PARTS];
    canvas->glyphs = ui->glyphs;
    canvas_clear(canvas);
    layout_frame(part, canvas->cols, canvas->rows);
    if (part[FRAME_BODY].h == 0) {
        draw_tiny(canvas, snapshot);
        return;
    }
    struct view_context context = {ui, snapshot};
    draw_header(canvas, part[FRAME_HEADER], snapshot);
    draw_tabs(canvas, part[FRAME_TABS], ui, snapshot);
    struct rect old = canvas_clip(canvas, part[FRAME_BODY]);
    view_table[ui->view].draw(canvas, part[FRAME_BODY], &context);
    canvas_unclip(canvas, old);
    if (ui->overlay == OVERLAY_HELP)
        help_draw(canvas, ui, snapshot);
    else if (ui->overlay == OVERLAY_PALETTE)
        palette_draw(canvas, ui, snapshot);
    else if (ui->overlay == OVERLAY_FORM)
        form_draw(canvas, ui, snapshot);
    draw_message(canvas, part[FRAME_MESSAGE], ui, snapshot, note);
    draw_footer(canvas, part[FRAME_FOOTER], ui, snapshot);
}
