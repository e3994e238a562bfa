/*
 * View 3: what two updates share, beside chance.  Its pages have files of
 * their own; here is what they begin and end with.
 */
#include "tui/views/overlap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "experiments/plan.h"

static const struct {
    const char *name;
    void (*draw)(struct canvas *, struct rect, const struct view_context *);
} pages[OVERLAP_PAGES] = {
    [PAGE_PHI] = {"φ(i, j)", overlap_phi_draw},
    [PAGE_BASE] = {"against W0", overlap_base_draw},
    [PAGE_INTRUDERS] = {"intruders", overlap_intruders_draw},
    [PAGE_TWINS] = {"twins", overlap_twins_draw},
    [PAGE_SECTION7] = {"section 7", overlap_section7_draw}};

void overlap_draw(struct canvas *canvas, struct rect rect,
                  const struct view_context *context)
{
    pages[context->ui->page[VIEW_OVERLAP]].draw(canvas, rect, context);
}

void overlap_title(struct canvas *canvas, struct rect rect,
                   const struct view_context *context,
                   const struct study *study, const char *format, ...)
{
    int at = context->ui->page[VIEW_OVERLAP];
    bool is_old;
    char name[48], subject[160], age[48] = "";
    va_list args;
    va_start(args, format);
    (void)vsnprintf(subject, sizeof subject, format, args);
    va_end(args);
    snprintf(name, sizeof name, "%d/%d %s", at + 1, OVERLAP_PAGES,
             pages[at].name);
    view_rule(canvas, rect, name, "%s", subject);
    if (!study || study->step < 0)
        return;
    (void)ui_answer(context->ui, context->snapshot, &is_old);
    snprintf(age, sizeof age, is_old ? " old: step %ld " : " step %ld ",
             study->step);
    int width = glyph_columns(age), used = glyph_columns(subject);
    /* Rather whole in the title than cut short by its age. */
    if (rect.h > 0 && 8 + glyph_columns(name) + used + width < rect.w)
        canvas_put(canvas, rect.x + rect.w - width - 1, rect.y, width,
                   style_of(is_old ? ROLE_WARN : ROLE_DIM), age);
}

void overlap_words(struct canvas *canvas, struct rect rect,
                   const struct view_context *context,
                   const struct study *study, const char *first,
                   const char *second)
{
    bool is_old;
    char age[96];
    struct style style = style_of(ROLE_NONE);
    int x = rect.x + 2, width = rect.w - 3;
    (void)ui_answer(context->ui, context->snapshot, &is_old);
    if (is_old) {
        snprintf(age, sizeof age,
                 "this is of step %ld; what you asked for is being computed",
                 study->step);
        second = age;
        style = style_of(ROLE_WARN);
    }
    if (rect.h > 0)
        view_sentence(canvas, x, rect.y, width,
                      style_with(ROLE_NONE, ATTR_BOLD),
                      rect.h == 1 && is_old ? second : first);
    if (rect.h > 1)
        view_sentence(canvas, x, rect.y + 1, width, style, second);
}

/* What the page would be about: "r8 and full at h.2.attn.v". */
static void subject_of(char *to, size_t size,
                       const struct view_context *context,
                       const struct question *question)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct operand *operand[] = {&question->a, &question->b,
                                       &question->c};
    size_t used = 0;
    int runs = question->kind == STUDY_SECTION7 ? 3
               : question->kind == STUDY_BASE   ? 1
                                                : 2;
    to[0] = '\0';
    for (int i = 0; i < runs && used < size; i++) {
        const struct run_view *run = snapshot_run(snapshot, operand[i]->run);
        const char *name = operand[i]->kind == OPERAND_BASE     ? "W0"
                           : operand[i]->kind == OPERAND_RANDOM ? "random"
                           : run                                ? run->name
                                                                : "–";
        used += (size_t)snprintf(to + used, size - used, "%s%s", i ? " × " : "",
                                 name);
    }
    if (question->kind != STUDY_SECTION7 && used < size)
        snprintf(to + used, size - used, " · %s",
                 snapshot->site[question->site].name);
}

const struct study *overlap_open(struct canvas *canvas, struct rect rect,
                                 const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    bool is_old;
    struct question question = ui_question(context->ui, snapshot);
    const struct study *study = ui_answer(context->ui, snapshot, &is_old);
    char subject[160];
    struct rect title = rect, rest = rect;
    title.h = rect.h > 0;
    rest.y += title.h;
    rest.h -= title.h;
    if (study && !study->refusal[0])
        return study;
    if (question.run < 0) {
        overlap_title(canvas, title, context, NULL, "%s", "");
        view_notice(canvas, rest, style_of(ROLE_DIM),
                    snapshot->site_count ? "no run yet: a adds one"
                                         : "this model has no site to look "
                                           "at");
        return NULL;
    }
    subject_of(subject, sizeof subject, context, &question);
    if (question.kind >= STUDY_TWINS && snapshot->file_count > 0) {
        overlap_title(canvas, title, context, NULL, "%s", "");
        view_notice(canvas, rest, style_of(ROLE_NONE),
                    "this page compares runs that are trained side by side, "
                    "and a file has no losses: open a recipe for it");
        return NULL;
    }
    if (question.kind >= STUDY_TWINS && !study) {
        overlap_title(canvas, title, context, NULL, "%s",
                      question.is_asked ? subject : "");
        overlap_plan_draw(canvas, rest, context);
        return NULL;
    }
    overlap_title(canvas, title, context, study, "%s", subject);
    view_notice(canvas, rest, style_of(study ? ROLE_WARN : ROLE_DIM),
                study ? study->refusal
                      : "computing… it comes by itself, when the analyst "
                        "has looked");
    return NULL;
}
