/*
 * See run_study.h.
 */
#include "tui/commands/run_study.h"

#include <stdio.h>
#include <string.h>

#include "core/io/file.h"
#include "experiments/moment_take.h"
#include "experiments/plan.h"

const char run_study_names[] = "section7 or twins";

enum { NAMED = 2 };
static const struct named {
    const char *name;
    enum study_kind kind;
    void (*report)(FILE *to, const struct study *study);
} named[NAMED] = {{"section7", STUDY_SECTION7, section7_report},
                  {"twins", STUDY_TWINS, twins_report}};

static const struct named *find(const char *name, struct err *err)
{
    for (int i = 0; i < NAMED; i++)
        if (strcmp(named[i].name, name) == 0)
            return &named[i];
    (void)err_set(err, "there is no study \"%s\"; use %s", name,
                  run_study_names);
    return NULL;
}

static void make_plan(struct plan *plan, const struct named *study,
                      const struct snapshot *snapshot,
                      const struct run_spec *like)
{
    int chosen = -1; /* the LoRA with most rank */
    if (study->kind == STUDY_SECTION7)
        plan_section7(plan, snapshot, like);
    else
        plan_twins(plan, snapshot, chosen, like);
}

int run_study_prepare(struct session *session, const struct recipe *recipe,
                      const char *name, struct err *err)
{
    const struct named *study = find(name, err);
    struct run_spec like = recipe_default_run(recipe);
    struct plan plan;
    if (!study)
        return -1;
    const struct snapshot *now = session_look(session);
    make_plan(&plan, study, now, &like);
    snapshot_release(now);
    if (plan.refusal[0])
        return err_set(err, "%s: %s", name, plan.refusal);
    for (int i = 0; i < plan.count; i++) {
        struct command add = {.kind = COMMAND_ADD, .run = -1, .site = -1};
        if (plan.run[i] >= 0)
            continue;
        add.spec = plan.wanted[i];
        if (!session_send(session, &add))
            return err_set(err, "%s: too many commands are waiting", name);
    }
    return 0;
}

static struct moment *moment_named(struct session *session,
                                   const struct snapshot *end, int id)
{
    const struct run_view *view = snapshot_run(end, id);
    struct run *run = view ? session_run(session, view->name) : NULL;
    if (!run)
        return NULL;
    struct moment *moment = moment_take(run);
    moment->run = id;
    moment->steps = run_conf_of(run)->steps;
    snprintf(moment->name, sizeof moment->name, "%s", view->name);
    return moment;
}

/* The middle layer's q, where the paper looks too (48 of 96). */
static int middle_site(const struct model *model)
{
    return model_site_of(model, SITE_Q, model->conf.layers / 2);
}

static const struct study *answer(struct session *session,
                                  const struct named *study,
                                  const struct plan *plan,
                                  const struct snapshot *end)
{
    struct ground ground = session_ground(session);
    struct question question = {.kind = study->kind,
                                .is_asked = true,
                                .run = plan->run[0],
                                .site = middle_site(ground.model),
                                .a = {OPERAND_RUN, plan->run[0], -1},
                                .b = {OPERAND_RUN, plan->run[1], -1},
                                .c = {OPERAND_RUN, plan->run[2], -1}};
    struct moment *moment[PLAN_RUNS] = {NULL};
    for (int i = 0; i < plan->count; i++)
        moment[i] = moment_named(session, end, plan->run[i]);
    ground.pass = pass_new(ground.model);
    const struct study *made =
        study->kind == STUDY_SECTION7
            ? study_section7(&ground, &question, moment[0], moment[1],
                             moment[2])
            : study_twins(&ground, &question, moment[0], moment[1]);
    for (int i = 0; i < plan->count; i++)
        moment_release(moment[i]);
    pass_free(ground.pass);
    ground_free(&ground);
    return made;
}

static int write_file(const struct named *study, const char *folder,
                      const struct study *made, struct err *err)
{
    char path[1024], name[32];
    struct file_out out;
    snprintf(name, sizeof name, "%s.txt", study->name);
    file_join(path, sizeof path, folder, name);
    if (file_out_open(&out, path, err) != 0)
        return -1;
    study->report(out.to, made);
    return file_out_commit(&out, err);
}

int run_study_report(struct session *session, const struct recipe *recipe,
                     const char *name, struct err *err)
{
    const struct named *study = find(name, err);
    struct run_spec like = recipe_default_run(recipe);
    const struct snapshot *end = session_look(session);
    struct plan plan;
    int status = 0;
    make_plan(&plan, study, end, &like);
    if (plan.missing > 0) {
        status = err_set(err, "%s: a run it needs has diverged or was removed",
                         name);
    } else {
        const struct study *made = answer(session, study, &plan, end);
        study->report(stdout, made);
        if (made->refusal[0])
            status = err_set(err, "%s: %s", name, made->refusal);
        else if (end->folder[0])
            status = write_file(study, end->folder, made, err);
        study_release(made);
    }
    snapshot_release(end);
    return status;
}
