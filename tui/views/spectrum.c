/*
 * View 2: what the update of a site is made of.  Its four pages: singular
 * values, energy and measures, Rényi ranks, time.  A wide screen shows the
 * plots of the pages to come beside the open one.  Unknown is drawn as
 * unknown.
 */
#include <stdio.h>

#include "tui/layout.h"
#include "tui/views/spectrum_parts.h"

const double SPECTRUM_FLOOR = 1e-4;

static const struct page {
    const char *name;
    look_draw *page, *pane;
} pages[SPECTRUM_PAGES] = {
    [PAGE_SIGMA] = {"singular values", sigma_page, sigma_pane},
    [PAGE_ENERGY] = {"energy, measures", energy_page, energy_pane},
    [PAGE_FAMILY] = {"Rényi ranks", family_page, family_pane},
    [PAGE_TIME] = {"over the steps", time_page, time_pane},
};

struct look spectrum_look(const struct view_context *context)
{
    struct look look = {.context = context,
                        .ui = context->ui,
                        .snapshot = context->snapshot,
                        .run = ui_run(context->ui, context->snapshot),
                        .at = ui_site(context->ui, context->snapshot)};
    look.of = &context->snapshot->site[look.at];
    if (look.run)
        look.view = view_site(context, look.run, look.at);
    return look;
}

void spectrum_pen(struct plot_series *series, const struct canvas *canvas,
                  const struct run_view *run)
{
    series->pen.style = view_run_style(run->id);
    series->pen.line = glyph_line(run->id);
    if (canvas->colours < 8) /* colour cannot tell them apart */
        series->pen.dash = (enum dash)((unsigned)run->id % DASH_KINDS);
    series->sign = glyph_marker(run->id);
    char name[VIEW_NAME];
    snprintf(series->label, sizeof series->label, "%s",
             view_name(name, run->name, VIEW_LABEL));
}

void spectrum_say(struct canvas *canvas, struct rect rect, const char *text)
{
    struct rect rows = {rect.x + 2, rect.y + rect.h / 2, rect.w - 3,
                        rect.h - rect.h / 2};
    if (rect.h > 0)
        canvas_wrap(canvas, rows, style_of(ROLE_DIM), text);
}

/* "h.3.attn.v 128 × 128 · r8 · as at step 280": the shape gives way first. */
static void title_words(char *to, size_t size, const struct look *look,
                        bool is_wide)
{
    char shape[32] = "", time[48] = "";
    long step = look->run ? view_step(look->context, look->run) : -1;
    bool is_now = !look->run || look->ui->time < 0 || step == look->run->step;
    if (is_wide || is_now)
        snprintf(shape, sizeof shape, " %d × %d", look->of->out, look->of->in);
    if (!is_now && step < 0)
        snprintf(time, sizeof time, " · before the first moment kept");
    else if (!is_now)
        snprintf(time, sizeof time, " · as at step %ld", step);
    snprintf(to, size, "%s%s · %s%s", look->of->name, shape,
             look->run ? look->run->name : "no run", time);
}

static void draw_side(struct canvas *canvas, struct rect rect,
                      const struct look *look, int page)
{
    if (rect.h < 5)
        return;
    view_rule(canvas, rect, pages[page].name, "%s", look->of->name);
    rect.y++;
    rect.h--;
    pages[page].pane(canvas, rect, look);
}

void spectrum_draw(struct canvas *canvas, struct rect rect,
                   const struct view_context *context)
{
    enum { ROOM_FOR_SHAPE = 96 };
    struct rect part[PAGE_PARTS];
    if (context->snapshot->site_count == 0) {
        canvas_put(canvas, rect.x + 2, rect.y, rect.w - 2, style_of(ROLE_DIM),
                   "this model has no site to look at");
        return;
    }
    struct look look = spectrum_look(context);
    int page = context->ui->page[VIEW_SPECTRUM];
    layout_page(part, rect);
    char title[64], words[160];
    snprintf(title, sizeof title, "%s · page %d of %d: v next",
             pages[page].name, page + 1, SPECTRUM_PAGES);
    title_words(words, sizeof words, &look,
                part[PAGE_TITLE].w >= ROOM_FOR_SHAPE);
    view_rule(canvas, part[PAGE_TITLE], title, "%s", words);
    pages[page].page(canvas, part[PAGE_MAIN], &look);
    draw_side(canvas, part[PAGE_SIDE], &look, (page + 1) % SPECTRUM_PAGES);
    draw_side(canvas, part[PAGE_LOWER], &look, (page + 2) % SPECTRUM_PAGES);
}

void spectrum_plot(struct canvas *canvas, struct rect rect,
                   const struct view_context *context)
{
    if (rect.h < 4 || context->snapshot->site_count == 0)
        return;
    struct look look = spectrum_look(context);
    view_rule(canvas, rect, "singular values", "%s", look.of->name);
    rect.y++;
    rect.h--;
    sigma_pane(canvas, rect, &look);
}
