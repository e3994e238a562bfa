/*
 * View 7: a file on show.  What it is, and every site with its measures;
 * views 2 and 3 look into the chosen one.  A session without a file says how
 * to open one.
 */
#include <stdio.h>
#include <string.h>

#include "tui/layout.h"
#include "tui/views/files_parts.h"
#include "tui/views/measure.h"
#include "tui/views/spectrum_parts.h"

static void draw_nothing(struct canvas *canvas, struct rect rect)
{
    view_rule(canvas, rect, "files", "no file is open");
    rect.y++;
    rect.h--;
    view_notice(canvas, rect, style_of(ROLE_NONE),
                "o opens an adapter or a checkpoint beside the runs: a file "
                "(.safetensors, .bin, .pt, .pth), or a folder that holds one. "
                "From the shell: rankscope open PATH, or rankscope open PATH "
                "OTHER for what two of them share.");
}

/* How far the worker has come, at the end of a rule; nothing when it is done.
 */
static void draw_progress(struct canvas *canvas, struct rect rect,
                          const struct file_view *file)
{
    enum { BAR = 16, ROOM = 60 };
    char text[48];
    if (rect.h < 1 || rect.w < ROOM || file->known == file->count)
        return;
    int full = BAR * file->known / file->count;
    (void)snprintf(text, sizeof text, " %d of %d ", file->known, file->count);
    int x = rect.x + rect.w - BAR - glyph_columns(text) - 2;
    x += canvas_put(canvas, x, rect.y, 24, style_of(ROLE_NONE), text);
    for (int i = 0; i < BAR; i++)
        canvas_glyph(canvas, x + i, rect.y,
                     style_of(i < full ? ROLE_GOOD : ROLE_DIM),
                     i < full ? 0x2588 : 0x2591);
    canvas_glyph(canvas, x + BAR, rect.y, style_of(ROLE_NONE), ' ');
}

static void draw_title(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct run_view *run)
{
    const struct snapshot *snapshot = context->snapshot;
    char count[40] = "";
    if (snapshot->file_count > 1)
        (void)snprintf(count, sizeof count, " · file %d of %d: Tab next",
                       run->id + 1, snapshot->file_count);
    view_rule(canvas, rect, "file · page 1 of 2: v next", "%s%s", run->name,
              count);
}

/* What is wrong with the chosen site, or which tensor it is. */
static void draw_tensor(struct canvas *canvas, struct rect rect,
                        const struct file_site *of, double scale)
{
    char words[512];
    bool is_wrong = of->warning[0] || of->trouble[0];
    if (is_wrong)
        (void)snprintf(words, sizeof words, "! %s",
                       of->trouble[0] ? of->trouble : of->warning);
    else if (of->scale_from[0])
        (void)snprintf(words, sizeof words, "s = %.4g · tensor %s", scale,
                       of->tensor);
    else
        (void)snprintf(words, sizeof words, "tensor %s", of->tensor);
    canvas_put(canvas, rect.x, rect.y, rect.w,
               style_of(is_wrong ? ROLE_WARN : ROLE_DIM), words);
}

/* The chosen site in words: its measure beside chance. */
static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct run_view *run)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct ui *ui = context->ui;
    int site = ui_site(ui, snapshot);
    const struct file_site *of = &snapshot->file[run->id].site[site];
    const struct site_view *view = &run->site[site];
    char words[512], value[192];
    rect.x += 2;
    rect.w -= 3;
    if (rect.h < 1)
        return;
    if (!of->is_there)
        (void)snprintf(words, sizeof words,
                       "%s is not in this file: Tab shows the other one",
                       snapshot->site[site].name);
    else if (of->trouble[0])
        (void)snprintf(words, sizeof words, "no spectrum of %s",
                       snapshot->site[site].name);
    else
        (void)snprintf(words, sizeof words, "%s: %s",
                       view_measure_name(ui->measure),
                       measure_words(value, sizeof value, view,
                                     &snapshot->site[site], ui->measure));
    view_sentence(canvas, rect.x, rect.y, rect.w,
                  style_with(ROLE_NONE, ATTR_BOLD), words);
    rect.y++;
    if (rect.h > 1 && of->is_there)
        draw_tensor(canvas, rect, of, view->scale);
}

static void draw_sites(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    struct rect part[FILES_PARTS];
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *run = ui_run(context->ui, snapshot);
    const struct file_view *file = &snapshot->file[run->id];
    char order[64];
    layout_files(part, rect, files_facts_rows(file, layout_files_facts(rect)),
                 file->count);
    draw_title(canvas, part[FILES_TITLE], context, run);
    files_facts_draw(canvas, part[FILES_FACTS], file);
    files_order_name(order, sizeof order, context->ui);
    view_rule(canvas, part[FILES_RULE], "sites", "%d, %s: s sorts", file->count,
              order);
    draw_progress(canvas, part[FILES_RULE], file);
    files_table_draw(canvas, part[FILES_TABLE], context);
    draw_words(canvas, part[FILES_WORDS], context, run);
    struct look look = spectrum_look(context);
    if (part[FILES_PLOT].h > 0)
        spectrum_plot(canvas, part[FILES_PLOT], context);
    heat_map_draw(canvas, part[FILES_HEAT], &look);
}

void files_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context)
{
    if (context->snapshot->file_count == 0)
        draw_nothing(canvas, rect);
    else if (context->ui->page[VIEW_FILES] == PAGE_PLAN)
        files_plan_draw(canvas, rect, context);
    else
        draw_sites(canvas, rect, context);
}
