/*
 * From what is on the screen to what the analyst should find out.
 */
#include <string.h>

#include "experiments/plan.h"
#include "tui/ui.h"

static const enum study_kind kind_of[OVERLAP_PAGES] = {
    [PAGE_PHI] = STUDY_OVERLAP,
    [PAGE_BASE] = STUDY_BASE,
    [PAGE_INTRUDERS] = STUDY_BASE,
    [PAGE_TWINS] = STUDY_TWINS,
    [PAGE_SECTION7] = STUDY_SECTION7};

/* What the chosen run is compared with: as chosen, or else the first other
 * run that adapts the site, or random directions. */
static struct operand other_of(const struct ui *ui,
                               const struct snapshot *snapshot,
                               const struct run_view *run, int site)
{
    struct operand other = ui->other;
    if (other.kind != OPERAND_RUN)
        return other;
    const struct run_view *with = snapshot_run(snapshot, other.run);
    for (int r = 0; !with && r < snapshot->run_count; r++)
        if (&snapshot->run[r] != run && snapshot->run[r].site[site].adapted)
            with = &snapshot->run[r];
    if (!with)
        return (struct operand){OPERAND_RANDOM, -1, -1};
    /* The same run: what it was then, against what it is now. */
    return (struct operand){OPERAND_RUN, with->id, with == run ? -1 : ui->time};
}

static void ask_plan(struct question *question, const struct ui *ui,
                     const struct snapshot *snapshot)
{
    struct plan plan;
    if (question->kind == STUDY_SECTION7)
        plan_section7(&plan, snapshot, &ui->new_run);
    else
        plan_twins(&plan, snapshot, question->run, &ui->new_run);
    struct operand *to[PLAN_RUNS] = {&question->a, &question->b, &question->c};
    for (int i = 0; i < plan.count; i++)
        *to[i] = (struct operand){OPERAND_RUN, plan.run[i], -1};
    question->is_asked = plan.missing == 0 && !plan.refusal[0];
}

/* A typed prompt has no number, and no sigma is turned without its index. */
static void ask_talk(struct question *question, const struct ui *ui)
{
    struct talk_question *talk = &question->talk;
    question->kind = STUDY_TALK;
    question->is_asked = true;
    question->a = (struct operand){OPERAND_RUN, question->run, ui->time};
    *talk = ui->talk;
    talk->only_chosen = ui->page[VIEW_TALK] == PAGE_MICROSCOPE;
    talk->wants_curve = talk->only_chosen || ui->has_room;
    talk->index = talk->turn == TURN_NONE ? 0 : talk->index;
    talk->example = talk->prompt[0] ? 0 : talk->example;
}

struct question ui_question(const struct ui *ui,
                            const struct snapshot *snapshot)
{
    const struct run_view *run = ui_run(ui, snapshot);
    struct question question = {.run = -1, .site = -1};
    if (!run || snapshot->site_count == 0)
        return question;
    question.run = run->id;
    question.site = ui_site(ui, snapshot);
    if (ui->view == VIEW_TALK)
        ask_talk(&question, ui);
    if (ui->view != VIEW_OVERLAP)
        return question;
    question.kind = kind_of[ui->page[VIEW_OVERLAP]];
    question.is_asked = true;
    question.a = (struct operand){OPERAND_RUN, run->id, ui->time};
    /* What a study does not depend on is left out: it must not make it old. */
    if (question.kind == STUDY_OVERLAP) {
        question.b = other_of(ui, snapshot, run, question.site);
        question.of = ui->of;
        question.side = ui->side;
    } else if (question.kind == STUDY_BASE) {
        question.side = ui->intruder_side;
        question.epsilon = ui->epsilon;
        question.top = ui->top;
    } else if (snapshot->file_count > 0) {
        question.is_asked = false; /* nothing of it was trained here */
    } else {
        ask_plan(&question, ui, snapshot);
    }
    return question;
}

const struct study *ui_answer(const struct ui *ui,
                              const struct snapshot *snapshot, bool *is_old)
{
    struct question question = ui_question(ui, snapshot);
    const struct study *study = snapshot->study[question.kind];
    *is_old = false;
    if (!question.is_asked || !study)
        return NULL;
    *is_old = !question_same(&study->asked, &question);
    /* Of another run, site or side it would be a lie, not old news; a study
     * of the base has both sides, whatever it was asked for. */
    bool is_near =
        study->asked.a.run == question.a.run &&
        study->asked.site == question.site &&
        study->asked.b.kind == question.b.kind &&
        study->asked.b.run == question.b.run &&
        study->asked.c.run == question.c.run &&
        study->asked.of == question.of &&
        (question.kind == STUDY_BASE || study->asked.side == question.side) &&
        (question.kind != STUDY_TALK ||
         (strcmp(study->asked.talk.prompt, question.talk.prompt) == 0 &&
          study->asked.talk.example == question.talk.example &&
          study->asked.talk.only_chosen == question.talk.only_chosen));
    return !*is_old || is_near ? study : NULL;
}
