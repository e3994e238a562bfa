/*
 * Page 2 of view 7: which ranks rankscope resize would keep, and what that
 * loses, site by site; beside it what other tools keep for the same number.
 */
#include <math.h>
#include <stdio.h>

#include "tui/files_keep.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/files_parts.h"

enum { MARK = 2, KEPT = 12, SHARE = 14, TOOL = 26, RANKS = 9, COUNT = 12 };

static void percent(char to[16], double part, double whole)
{
    (void)snprintf(to, 16, whole > 0 ? "%.2f %%" : "–", 100 * part / whole);
}

static void ranks_text(char to[16], const struct keep_total *total)
{
    if (total->sites == 0)
        (void)snprintf(to, 16, "–");
    else if (total->low == total->high)
        (void)snprintf(to, 16, "%d", total->low);
    else
        (void)snprintf(to, 16, "%d to %d", total->low, total->high);
}

/* --- site by site -----------------------------------------------------------
 */

static void draw_site(struct canvas *canvas, struct rect rect, int y, int name,
                      const struct view_context *context, int site)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    struct style style = files_row(canvas, rect, y, context, site);
    struct plan_site of = keep_site(snapshot, run, site);
    char text[24];
    int x = rect.x + MARK;
    files_name(canvas, x, y, name - 1, style, snapshot, site);
    x += name;
    if (of.count == 0) {
        canvas_put(canvas, x + 2, y, rect.x + rect.w - x - 2,
                   style_of(ROLE_DIM),
                   run->site[site].sigma_count ? "zero: no update" : "…");
        return;
    }
    int rank = keep_rank(context->ui, &of);
    (void)snprintf(text, sizeof text, "%d → %d", of.count, rank);
    canvas_right(canvas, x, y, KEPT, style, "%s", text);
    x += KEPT;
    percent(text, plan_frobenius_error(&of, rank), plan_norm(&of));
    canvas_right(canvas, x, y, SHARE, style, "%s", text);
    x += SHARE;
    percent(text, plan_spectral_error(&of, rank), of.sigma[0]);
    canvas_right(canvas, x, y, SHARE, style, "%s", text);
}

static void draw_sites(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    enum { HEADING = 2 };
    const char *update = view_update(context->snapshot);
    struct style dim = style_of(ROLE_DIM);
    if (rect.h < HEADING + 1)
        return;
    int name =
        files_name_columns(context->snapshot, rect.w - MARK - KEPT - 2 * SHARE);
    int x = rect.x + MARK, y = rect.y + 1;
    canvas_put(canvas, x, y, name, dim, "site");
    x += name;
    canvas_right(canvas, x, rect.y, KEPT, dim, "rank");
    canvas_right(canvas, x, y, KEPT, dim, "kept");
    x += KEPT;
    canvas_right(canvas, x, rect.y, SHARE, dim, "lost of");
    canvas_right(canvas, x, y, SHARE, dim, "‖%s‖_F", update);
    x += SHARE;
    canvas_right(canvas, x, rect.y, SHARE, dim, "largest lost");
    canvas_right(canvas, x, y, SHARE, dim, "of σ_1");
    struct files_list list = files_list_new(context, rect.h - HEADING);
    for (int i = 0; i < list.shown; i++)
        draw_site(canvas, rect, rect.y + HEADING + i, name, context,
                  list.site[list.first + i]);
    files_list_free(&list);
}

/* --- all sites, ours and the others -----------------------------------------
 */

static void draw_choice(struct canvas *canvas, struct rect rect, int y,
                        struct style style, const char *name, const char *keeps,
                        const struct keep_total *total)
{
    char text[16], count[16];
    int x = rect.x + MARK, end = rect.x + rect.w;
    canvas_put(canvas, x, y, TOOL - 1, style, name);
    x += TOOL;
    ranks_text(text, total);
    canvas_right(canvas, x, y, RANKS, style, "%s", text);
    x += RANKS;
    canvas_right(canvas, x, y, COUNT, style, "%s",
                 count_text(count, sizeof count, (double)total->parameters));
    x += COUNT;
    percent(text, total->error, total->norm);
    canvas_right(canvas, x, y, SHARE, style, "%s", text);
    x += SHARE;
    if (x + 2 < end)
        canvas_put(canvas, x + 2, y, end - x - 2, style_of(ROLE_DIM), keeps);
}

static void draw_tools(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    const struct ui *ui = context->ui;
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(ui, snapshot);
    struct style dim = style_of(ROLE_DIM);
    if (rect.h < 3)
        return;
    int x = rect.x + MARK, y = rect.y;
    canvas_put(canvas, x, y, TOOL, dim, "choice");
    x += TOOL;
    canvas_right(canvas, x, y, RANKS, dim, "ranks");
    canvas_right(canvas, x + RANKS, y, COUNT, dim, "numbers");
    canvas_right(canvas, x + RANKS + COUNT, y, SHARE, dim, "lost");
    x += RANKS + COUNT + SHARE;
    if (x + 8 < rect.x + rect.w)
        canvas_put(canvas, x + 2, y, rect.x + rect.w - x - 2, dim, "keeps");
    char words[96];
    struct keep_total ours = keep_sum(ui, snapshot, run, NULL);
    keep_words(words, sizeof words, ui);
    draw_choice(canvas, rect, ++y, style_with(ROLE_NONE, ATTR_BOLD),
                "rankscope resize", words, &ours);
    for (int i = 0; i < tool_rule_count && y + 1 < rect.y + rect.h; i++) {
        const struct tool_rule *rule = &tool_rules[i];
        struct keep_total total = keep_sum(ui, snapshot, run, rule);
        keep_tool_words(words, sizeof words, ui, rule);
        draw_choice(canvas, rect, ++y, style_of(ROLE_NONE), words, rule->keeps,
                    &total);
    }
}

/* --- the page ---------------------------------------------------------------
 */

/* What the choice keeps of all sites that are known, in one sentence. */
static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct run_view *run)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct file_view *file = &snapshot->file[run->id];
    struct keep_total total = keep_sum(context->ui, snapshot, run, NULL);
    char words[256], share[16], known[48] = "", count[16];
    if (rect.h < 1)
        return;
    percent(share, total.error, total.norm);
    if (file->known < file->count)
        (void)snprintf(known, sizeof known, ", of %d sites so far",
                       file->known);
    (void)snprintf(words, sizeof words,
                   "%s numbers in A and B, %s of ‖%s‖_F over all sites lost%s",
                   count_text(count, sizeof count, (double)total.parameters),
                   share, view_update(snapshot), known);
    view_sentence(canvas, rect.x + 2, rect.y, rect.w - 3,
                  style_with(ROLE_NONE, ATTR_BOLD), words);
    if (rect.h > 1)
        view_sentence(canvas, rect.x + 2, rect.y + 1, rect.w - 3,
                      style_of(ROLE_DIM),
                      "nothing is written here; rankscope resize does it, also "
                      "for a budget over all sites");
}

void files_plan_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context)
{
    struct rect part[KEEP_PARTS];
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    char words[96];
    layout_keep(part, rect, 1 + 1 + tool_rule_count);
    keep_words(words, sizeof words, context->ui);
    view_rule(canvas, part[KEEP_TITLE], "resize · page 2 of 2: v next", "%s",
              run->name);
    view_rule(canvas, part[KEEP_RULE], "keep", "%s · e: rule, + -: value",
              words);
    draw_sites(canvas, part[KEEP_SITES], context);
    view_rule(canvas, part[KEEP_TOOLS_RULE], "what other tools keep",
              "of the same sites, each by its own rule");
    draw_tools(canvas, part[KEEP_TOOLS], context);
    draw_words(canvas, part[KEEP_WORDS], context, run);
}
