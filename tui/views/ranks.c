/*
 * View 4: the rank dial.  Every site of the chosen run with its rank, the
 * measures of what it uses of it, and where its gradient goes; what cutting
 * it would cost; and the loss, so that nobody has to look away while turning.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/bars.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/curves.h"

/* "You could stop at k": the loss there is at most this much above the loss
 * at full rank; a difference nobody would see on the curve. */
static const double STOP_NATS = 0.01;

enum { SITE = 15, HEADING = 2 };

static const struct column {
    const char *upper, *lower;
    int width;
    int from; /* shown when the table is at least so wide */
} columns[] = {
    {"", "rank", 6, 0},         {"", "max", 5, 0},
    {"stable", "rank", 8, 36},  {"participation", "ratio", 14, 56},
    {"entropy", "rank", 9, 44}, {"scale", "s", 7, 64},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void draw_heading(struct canvas *canvas, struct rect rect)
{
    struct style style = style_of(ROLE_DIM);
    canvas_put(canvas, rect.x + 2, rect.y + 1, SITE - 2, style, "site");
    int x = rect.x + SITE;
    for (int c = 0; c < COLUMNS; c++) {
        if (rect.w < columns[c].from)
            continue;
        canvas_right(canvas, x, rect.y, columns[c].width, style, "%s",
                     columns[c].upper);
        canvas_right(canvas, x, rect.y + 1, columns[c].width, style, "%s",
                     columns[c].lower);
        x += columns[c].width;
    }
    int room = rect.x + rect.w - x - 2;
    if (room < 8)
        return;
    canvas_put(canvas, x + 2, rect.y, room, style, "gradient share");
    canvas_put(canvas, x + 2, rect.y + 1, room, style, "by direction");
}

static void draw_numbers(struct canvas *canvas, struct rect rect, int y,
                         struct style style, const struct site_view *site)
{
    const double value[COLUMNS] = {site->rank ? site->rank : NAN,
                                   site->max_rank ? site->max_rank : NAN,
                                   site->stable_rank,
                                   site->participation_ratio,
                                   site->entropy_rank,
                                   site->scale};
    int x = rect.x + SITE;
    for (int c = 0; c < COLUMNS; c++) {
        if (rect.w < columns[c].from)
            continue;
        char text[16];
        if (c < 2 && !isnan(value[c]))
            snprintf(text, sizeof text, "%.0f", value[c]);
        else
            number_text(text, sizeof text, value[c]);
        canvas_right(canvas, x, y, columns[c].width,
                     c == 1 ? style_of(ROLE_DIM) : style, "%s", text);
        x += columns[c].width;
    }
    int room = rect.x + rect.w - x - 2;
    if (room >= 8)
        bars_draw(canvas, x + 2, y, room, style, site->gradient_share,
                  site->direction_count);
}

/* The row above the sites: the dial turns them all. */
static void draw_all(struct canvas *canvas, struct rect rect, int y,
                     struct style style, const struct run_view *run)
{
    canvas_put(canvas, rect.x + 2, y, SITE - 2, style, "all sites");
    if (run->rank_high == 0)
        canvas_right(canvas, rect.x + SITE, y, columns[0].width, style, "–");
    else if (run->rank_low == run->rank_high)
        canvas_right(canvas, rect.x + SITE, y, columns[0].width, style, "%d",
                     run->rank_high);
    else
        canvas_right(canvas, rect.x + SITE, y, columns[0].width, style, "%d–%d",
                     run->rank_low, run->rank_high);
}

static void draw_site(struct canvas *canvas, struct rect rect, int y,
                      struct style style, const struct site *site,
                      const struct site_view *view)
{
    if (!view->adapted)
        style.fg = ROLE_DIM;
    canvas_put(canvas, rect.x + 2, y, SITE - 2, style, site->name);
    if (view->adapted)
        draw_numbers(canvas, rect, y, style, view);
    else
        canvas_put(canvas, rect.x + SITE + 2, y, rect.w - SITE - 2,
                   style_of(ROLE_DIM), "not adapted");
}

void ranks_table(struct canvas *canvas, struct rect rect,
                 const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    if (rect.h < HEADING + 1 || !run)
        return;
    bool is_borrowed = context->ui->view != VIEW_RANKS;
    if (is_borrowed) {
        view_rule(canvas, rect, "ranks", "%s", run->name);
        rect.y++;
        rect.h--;
    }
    draw_heading(canvas, rect);
    int shown = rect.h - HEADING, rows = snapshot->site_count + 1;
    bool is_all = context->ui->all_sites && !is_borrowed;
    int chosen = is_all ? 0 : 1 + ui_site(context->ui, snapshot);
    int first = chosen > shown / 2 ? chosen - shown / 2 : 0;
    if (first > rows - shown)
        first = rows > shown ? rows - shown : 0;
    for (int row = first; row < rows && row < first + shown; row++) {
        int y = rect.y + HEADING + row - first;
        bool is_chosen = row == chosen;
        struct style style = style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
        if (is_chosen) {
            canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                         0x25b8);
            canvas->cursor_x = rect.x;
            canvas->cursor_y = y;
        }
        if (row == 0)
            draw_all(canvas, rect, y, style, run);
        else
            draw_site(canvas, rect, y, style, &snapshot->site[row - 1],
                      &run->site[row - 1]);
    }
}

/* The least rank whose loss nobody could tell from that of the full rank. */
static int stop_at(const struct site_view *site)
{
    int last = site->truncation_count - 1;
    for (int k = 0; k < last; k++)
        if (site->truncation_loss[k] - site->truncation_loss[last] <= STOP_NATS)
            return k;
    return last;
}

static void draw_cut(struct canvas *canvas, struct rect rect,
                     const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    if (!run || rect.h < 1 || snapshot->site_count == 0)
        return;
    int at = ui_site(context->ui, snapshot);
    const struct site_view *site = &run->site[at];
    struct style dim = style_of(ROLE_DIM);
    int x = rect.x + 2, end = rect.x + rect.w - 1;
    if (context->ui->all_sites || site->truncation_count < 2) {
        canvas_put(canvas, x, rect.y, end - x, dim,
                   context->ui->all_sites
                       ? "choose a site to see what cutting its rank costs"
                       : "loss at every truncation: not computed yet");
        return;
    }
    int last = site->truncation_count - 1, stop = stop_at(site);
    x += canvas_print(canvas, x, rect.y, end - x, dim,
                      "%s at step %ld, cut to 0..%d: ",
                      snapshot->site[at].name, site->truncation_step, last);
    double above[64];
    int count = last + 1 > 64 ? 64 : last + 1;
    for (int k = 0; k < count; k++)
        above[k] = site->truncation_loss[k] - site->truncation_loss[last];
    x +=
        bars_draw(canvas, x, rect.y, 24, view_run_style(run->id), above, count);
    canvas_print(canvas, x + 2, rect.y, end - x - 2,
                 style_with(ROLE_NONE, ATTR_BOLD),
                 stop < last ? "could stop at %d: %+.4f nats"
                             : "it uses all %d: %+.4f nats",
                 stop, above[stop < count ? stop : count - 1]);
}

static void draw_event(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    if (!run || rect.h < 1)
        return;
    const struct event *event = view_last_change(context->snapshot, run->id);
    char words[SNAPSHOT_EVENT_TEXT + 32];
    if (event) {
        snprintf(words, sizeof words, "step %ld: %s", event->step, event->text);
        rect.x += 2;
        rect.w -= 3;
        canvas_wrap(canvas, rect, style_of(ROLE_NONE), words);
    } else
        canvas_put(canvas, rect.x + 2, rect.y, rect.w - 3, style_of(ROLE_DIM),
                   run->rank_high
                       ? "turn the dial with + and -: the loss will not jump"
                       : "this method has no rank to turn");
}

void ranks_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    struct rect part[RANKS_PARTS];
    layout_ranks(part, rect, snapshot->site_count);
    char sign[5] = "";
    if (run)
        glyph_encode(sign,
                     canvas->glyphs == GLYPHS_ASCII
                         ? (unsigned char)glyph_twin(glyph_marker(run->id))
                         : glyph_marker(run->id));
    view_rule(canvas, part[RANKS_TITLE], "rank dial",
              "%s %s · scale when turned: %s (p) · %d to undo", sign,
              run ? run->name : "no run", rank_policy_name(context->ui->policy),
              run ? run->undo_depth : 0);
    ranks_table(canvas, part[RANKS_TABLE], context);
    draw_cut(canvas, part[RANKS_CUT], context);
    draw_event(canvas, part[RANKS_EVENT], context);
    struct rect plot = part[RANKS_PLOT];
    if (plot.h < 4)
        return;
    view_rule(canvas, plot, curves_title(snapshot, CURVE_LOSS), "%s", "");
    plot.y++;
    plot.h--;
    curves_draw(canvas, plot, context, CURVE_LOSS, context->ui->axes);
}
