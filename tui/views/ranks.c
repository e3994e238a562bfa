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
#include "tui/views/measure.h"
#include "tui/views/ranks_parts.h"

enum { SITE = 15, HEADING = 2 };

static const struct column {
    const char *upper, *lower;
    int width;
    int from; /* shown when the table is at least so wide */
} columns[] = {
    {"", "rank", 6, 0},
    {"", "max", 5, 90},
    {"", "uses", 8, 0},
    {"stable", "rank", 8, 36},
    {"participation", "ratio", 14, 56},
    {"entropy", "rank", 9, 44},
    {"scale", "s", 7, 64},
};
enum { COLUMNS = sizeof columns / sizeof *columns, USES = 2 };

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
    bool is_tight = room < glyph_columns("gradient share");
    canvas_put(canvas, x + 2, rect.y, room, style,
               is_tight ? "gradient" : "gradient share");
    canvas_put(canvas, x + 2, rect.y + 1, room, style,
               is_tight ? "share" : "by direction");
}

static void draw_numbers(struct canvas *canvas, struct rect rect, int y,
                         struct style style, const struct site *of,
                         const struct site_view *site,
                         const struct alarms *alarms)
{
    const double value[COLUMNS] = {site->rank ? site->rank : NAN,
                                   site->max_rank ? site->max_rank : NAN,
                                   alarms->of ? alarms->uses : NAN,
                                   view_measure(site, of, view_measure_at(0)),
                                   view_measure(site, of, view_measure_at(1)),
                                   view_measure(site, of, view_measure_at(2)),
                                   site->scale};
    int x = rect.x + SITE;
    for (int c = 0; c < COLUMNS; c++) {
        if (rect.w < columns[c].from)
            continue;
        char text[16];
        if (c == USES && alarms->of)
            snprintf(text, sizeof text, "%d/%d", alarms->uses, alarms->of);
        else if (c < 2 && !isnan(value[c]))
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
                      struct style style, const struct view_context *context,
                      int at)
{
    const struct site *site = &context->snapshot->site[at];
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    const struct site_view view = view_site(context, run, at);
    struct alarms alarms = measure_alarms(context, run, at);
    if (!view.adapted)
        style.fg = ROLE_DIM;
    if (alarms.count)
        canvas_glyph(canvas, rect.x + 1, y, style_with(ROLE_WARN, ATTR_BOLD),
                     '!');
    canvas_put(canvas, rect.x + 2, y, SITE - 2, style, site->name);
    if (view.adapted)
        draw_numbers(canvas, rect, y, style, site, &view, &alarms);
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
            draw_site(canvas, rect, y, style, context, row - 1);
    }
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
                       ? "choose a site to see what cutting its rank costs; v: "
                         "all sites cut"
                       : "loss at every truncation: not computed yet");
        return;
    }
    int last = site->truncation_count - 1,
        stop = ranks_stop(site->truncation_loss, last);
    x += canvas_print(canvas, x, rect.y, end - x, dim,
                      "%s at step %ld, cut to 0..%d: ", snapshot->site[at].name,
                      site->truncation_step, last);
    double above[64];
    int count = last + 1 > 64 ? 64 : last + 1;
    for (int k = 0; k < count; k++)
        above[k] = site->truncation_loss[k] - site->truncation_loss[last];
    x +=
        bars_draw(canvas, x, rect.y, 24, view_run_style(run->id), above, count);
    canvas_print(canvas, x + 2, rect.y, end - x - 2,
                 style_with(ROLE_NONE, ATTR_BOLD),
                 stop < last ? "could stop at %d: %+.4f %s"
                             : "it uses all %d: %+.4f %s",
                 stop, above[stop < count ? stop : count - 1],
                 snapshot_loss_unit(snapshot));
}

/* What asks for attention at the chosen site, or at which sites something
 * does. */
static void alarm_words(char *to, size_t size,
                        const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    int used = 0, sites = 0;
    to[0] = '\0';
    if (!context->ui->all_sites) {
        struct alarms one =
            measure_alarms(context, run, ui_site(context->ui, snapshot));
        if (one.of)
            used = snprintf(to, size, "uses %d of %d for 99 %% of its energy",
                            one.uses, one.of);
        for (int i = 0; i < one.count && used > 0 && (size_t)used < size; i++)
            used += snprintf(to + used, size - (size_t)used, "; ! %s",
                             one.alarm[i].text);
        return;
    }
    for (int s = 0; s < snapshot->site_count; s++)
        sites += measure_alarms(context, run, s).count > 0;
    if (sites)
        snprintf(to, size,
                 "! marks %d %s: dead directions, rank collapse or a single "
                 "spike",
                 sites, sites == 1 ? "site" : "sites");
}

static void draw_event(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    if (!run || rect.h < 1)
        return;
    const struct event *event = view_last_change(context->snapshot, run->id);
    char words[SNAPSHOT_EVENT_TEXT + 32], alarm[256];
    rect.x += 2;
    rect.w -= 3;
    alarm_words(alarm, sizeof alarm, context);
    if (alarm[0] && rect.h > 1) {
        rect.h--;
        canvas_put(canvas, rect.x, rect.y + rect.h, rect.w, style_of(ROLE_NONE),
                   alarm);
    }
    if (event) {
        snprintf(words, sizeof words, "step %ld: %s", event->step, event->text);
        canvas_wrap(canvas, rect, style_of(ROLE_NONE), words);
    } else
        canvas_put(canvas, rect.x, rect.y, rect.w, style_of(ROLE_DIM),
                   run->rank_high
                       ? "turn the dial with + and -: the loss will not jump"
                       : "this method has no rank to turn");
}

/* What cuts would cost, where the table leaves room. */
static void draw_cost(struct canvas *canvas, struct rect rect,
                      const struct view_context *context)
{
    enum { GAP = 2 };
    struct rect half = {rect.x, rect.y, (rect.w - GAP) / 2, rect.h};
    ranks_curve_draw(canvas, half, context);
    half.x += half.w + GAP;
    half.w = rect.x + rect.w - half.x;
    ranks_zeroed_draw(canvas, half, context);
}

static void draw_dial(struct canvas *canvas, struct rect rect,
                      const struct view_context *context)
{
    enum { ROOM = 96 };
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
    view_rule(canvas, part[RANKS_TITLE], "rank dial · page 1 of 2: v next",
              "%s %s · %s%s · %d to undo", sign, run ? run->name : "no run",
              part[RANKS_TITLE].w < ROOM ? "p: " : "scale when turned (p): ",
              rank_policy_name(context->ui->policy), run ? run->undo_depth : 0);
    ranks_table(canvas, part[RANKS_TABLE], context);
    draw_cut(canvas, part[RANKS_CUT], context);
    draw_event(canvas, part[RANKS_EVENT], context);
    draw_cost(canvas, part[RANKS_COST], context);
    /* So that nobody has to look away from it while turning. */
    curves_pane(canvas, part[RANKS_PLOT], context);
}

void ranks_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context)
{
    if (context->ui->page[VIEW_RANKS] == PAGE_CUTS)
        ranks_cuts_draw(canvas, rect, context);
    else
        draw_dial(canvas, rect, context);
}
