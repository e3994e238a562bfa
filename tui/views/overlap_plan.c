/*
 * Twins and section 7 before there is an answer: which runs they need, which
 * are here and how far, and what a key would train.
 */
#include <stdio.h>

#include "experiments/plan.h"
#include "tui/views/overlap.h"

static const char *const role_name[2][PLAN_RUNS] = {
    {"the LoRA twin", "the full twin", ""},
    {"the low rank", "the high rank", "the high one, another seed"}};

static void draw_bar(struct canvas *canvas, int x, int y, int width,
                     struct style style, double share)
{
    int filled = (int)(share * width);
    for (int i = 0; i < width; i++)
        canvas_glyph(canvas, x + i, y, i < filled ? style : style_of(ROLE_DIM),
                     i < filled ? 0x2588 : 0x00b7);
}

static void draw_run(struct canvas *canvas, struct rect rect, int y,
                     const struct snapshot *snapshot,
                     const struct run_view *run)
{
    enum { NAME = 17, TEXT = 22, BAR_MOST = 40 };
    int x = rect.x;
    view_sign(canvas, x, y, run->id);
    char name[VIEW_NAME];
    canvas_put(canvas, x + 2, y, NAME - 3, style_with(ROLE_NONE, ATTR_BOLD),
               view_name(name, run->name, NAME - 3));
    x += NAME;
    canvas_print(canvas, x, y, rect.x + rect.w - x, style_of(ROLE_NONE),
                 "step %ld of %ld", run->step, snapshot->steps);
    x += TEXT;
    int bar = rect.x + rect.w - x;
    if (bar > 8 && snapshot->steps > 0)
        draw_bar(canvas, x, y, bar > BAR_MOST ? BAR_MOST : bar,
                 view_run_style(run->id),
                 (double)run->step / (double)snapshot->steps);
}

static void draw_wanted(struct canvas *canvas, struct rect rect, int y,
                        const struct run_spec *spec)
{
    enum { NAME = 17 };
    canvas_glyph(canvas, rect.x, y, style_with(ROLE_WARN, ATTR_BOLD), 0x2717);
    char name[VIEW_NAME];
    canvas_put(canvas, rect.x + 2, y, NAME - 3,
               style_with(ROLE_NONE, ATTR_BOLD),
               view_name(name, spec->name, NAME - 3));
    char rank[24] = "";
    if (spec->rank > 0 && spec->method[0] != 'f')
        snprintf(rank, sizeof rank, ", r = %d", spec->rank);
    canvas_print(canvas, rect.x + NAME, y, rect.w - NAME, style_of(ROLE_WARN),
                 "missing: %s%s, lr %g, seed %llu", spec->method, rank,
                 spec->optimizer.lr, (unsigned long long)spec->seed);
}

static int sentence(struct canvas *canvas, struct rect rect, int y,
                    struct style style, const char *text)
{
    int room = rect.y + rect.h - y;
    if (room < 1)
        return 0;
    return canvas_wrap(canvas, (struct rect){rect.x, y, rect.w, room}, style,
                       text);
}

/* What is to be seen once all are there. */
static const char *promise(bool is_section7)
{
    return is_section7
               ? "Figures 3 and 4 and Table 7 of the LoRA paper (Hu et al. "
                 "2021), each beside chance: do runs of two ranks, and of two "
                 "seeds, learn the same directions, and does ΔW amplify what "
                 "W0 has already?"
               : "LoRA and full fine-tuning from one start, on the same "
                 "batches: what is missing to full fine-tuning, and is it "
                 "capacity (the rank) or optimisation?";
}

/* What is here and what is missing, run by run; returns the next row. */
static int draw_runs(struct canvas *canvas, struct rect rect, int y,
                     const struct snapshot *snapshot, const struct plan *plan,
                     bool is_section7)
{
    for (int i = 0; i < plan->count && y < rect.y + rect.h; i++) {
        const struct run_view *run = snapshot_run(snapshot, plan->run[i]);
        if (!run && !plan->wanted[i].name[0])
            continue;
        canvas_put(canvas, rect.x, y++, rect.w, style_of(ROLE_DIM),
                   role_name[is_section7][i]);
        if (run)
            draw_run(canvas, rect, y++, snapshot, run);
        else
            draw_wanted(canvas, rect, y++, &plan->wanted[i]);
    }
    return y;
}

void overlap_plan_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    enum { SIDE = 3, MOST = 92, AIRY = 12 };
    const struct snapshot *snapshot = context->snapshot;
    bool is_section7 = context->ui->page[VIEW_OVERLAP] == PAGE_SECTION7;
    const struct run_view *chosen = ui_run(context->ui, snapshot);
    const struct run_spec *like = &context->ui->new_run;
    struct plan plan;
    char text[200];
    if (is_section7)
        plan_section7(&plan, snapshot, like);
    else
        plan_twins(&plan, snapshot, chosen ? chosen->id : -1, like);
    rect.x += SIDE;
    rect.w -= 2 * SIDE;
    rect.w = rect.w > MOST ? MOST : rect.w;
    int y = rect.y + (rect.h > AIRY);
    y += sentence(canvas, rect, y, style_of(ROLE_NONE), promise(is_section7));
    y = draw_runs(canvas, rect, y + (rect.h > AIRY), snapshot, &plan,
                  is_section7);
    if (plan.refusal[0])
        snprintf(text, sizeof text, "%s", plan.refusal);
    else if (plan.missing == 0)
        snprintf(text, sizeof text,
                 "computing… it comes by itself, when the analyst has looked");
    else
        snprintf(text, sizeof text,
                 "%c trains what is missing from step 0, on the same batches. "
                 "Nothing that is here is changed or overwritten; x removes a "
                 "run again.",
                 is_section7 ? 'S' : 'T');
    sentence(canvas, rect, y + (rect.h > AIRY),
             style_with(plan.refusal[0] ? ROLE_WARN : ROLE_NONE, ATTR_BOLD),
             text);
}
