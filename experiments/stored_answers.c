/*
 * See stored_answers.h.
 */
#include "experiments/stored_answers.h"

#include <math.h>

#include "analysis/noise.h"
#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/results.h"
#include "experiments/session_private.h"
#include "experiments/snapshot_owned.h"
#include "experiments/study_owned.h"

enum { OPERANDS = 3 };

struct stored_answers {
    struct snapshot *snapshot;
    const char *assets;
    struct chance_book *book;
    bool is_tried;        /* to open the room */
    struct err why;       /* the room could not be opened */
    struct session *room; /* base, task and batches; nothing trains here */
    struct ground ground;
    struct results *results;                    /* or NULL: not opened yet */
    const struct moment *moment[SNAPSHOT_RUNS]; /* as in the snapshot, or
                                                   NULL: not asked for yet */
};

struct stored_answers *stored_answers_new(const struct snapshot *snapshot,
                                          const char *assets)
{
    struct stored_answers *answers = xcalloc(1, sizeof *answers);
    answers->snapshot = (struct snapshot *)snapshot; /* ours alone */
    answers->assets = assets;
    answers->book = chance_book_new();
    snapshot_keep_book(answers->snapshot, answers->book);
    return answers;
}

static int open_room(struct stored_answers *answers, struct err *err)
{
    char path[PATH_ROOM];
    struct session *room = answers->room;
    struct session_options options = {.assets = answers->assets, .threads = 1};
    file_join(path, sizeof path, answers->snapshot->folder, "recipe.yaml");
    if (recipe_read(&room->recipe, path, NULL, 0, err) < 0 ||
        assemble(room, &options, err) < 0)
        return -1;
    answers->ground = session_ground(room);
    answers->ground.pass = pass_new(room->model);
    return 0;
}

static bool has_room(struct stored_answers *answers)
{
    if (answers->is_tried)
        return answers->room != NULL;
    answers->is_tried = true;
    answers->room = xcalloc(1, sizeof *answers->room);
    if (open_room(answers, &answers->why) == 0)
        return true;
    disassemble(answers->room);
    mem_free(answers->room);
    answers->room = NULL;
    return false;
}

void stored_answers_free(struct stored_answers *answers)
{
    if (!answers)
        return;
    for (int i = 0; i < SNAPSHOT_RUNS; i++)
        if (answers->moment[i])
            moment_release((struct moment *)answers->moment[i]);
    results_close(answers->results);
    if (answers->room) {
        pass_free(answers->ground.pass);
        ground_free(&answers->ground);
        disassemble(answers->room);
        mem_free(answers->room);
    }
    chance_book_release(answers->book);
    mem_free(answers);
}

/* The update a run was stored with; NULL: err says why not. */
static const struct moment *moment_of(struct stored_answers *answers,
                                      const struct operand *operand,
                                      struct err *err)
{
    const struct snapshot *snapshot = answers->snapshot;
    const struct run_view *run = snapshot_run(snapshot, operand->run);
    if (!run) {
        (void)err_set(err, "there is no such run here");
        return NULL;
    }
    if (operand->step >= 0 && operand->step < run->step) {
        (void)err_set(err,
                      "of %s at step %ld only the singular values were stored, "
                      "not their directions; } goes on to the end",
                      run->name, operand->step);
        return NULL;
    }
    const struct moment **moment = &answers->moment[run - snapshot->run];
    if (!answers->results)
        answers->results =
            results_open(snapshot->folder, NULL, answers->assets, err);
    int at =
        answers->results ? results_find(answers->results, run->name, err) : -1;
    if (at >= 0 && !*moment)
        *moment = results_moment(answers->results, at, err);
    return at >= 0 ? *moment : NULL;
}

/* Every run that was stored; when none can be read, the first reason why. */
static const struct study *talk(struct stored_answers *answers,
                                const struct question *question)
{
    const struct snapshot *snapshot = answers->snapshot;
    const struct moment *moment[SNAPSHOT_RUNS];
    struct err first = {""};
    int count = 0;
    for (int i = 0; i < snapshot->run_count; i++) {
        struct operand run = {OPERAND_RUN, snapshot->run[i].id,
                              question->a.step};
        struct err err = {""};
        moment[count] = moment_of(answers, &run, &err);
        if (moment[count])
            count++;
        else if (!first.text[0])
            first = err;
    }
    if (count == 0 && snapshot->run_count > 0)
        return study_refuse(study_new(STUDY_TALK, question), "%s", first.text);
    return study_talk(&answers->ground, question, moment, count);
}

static const struct study *answer(struct stored_answers *answers,
                                  const struct question *question)
{
    const struct operand *operand[OPERANDS] = {&question->a, &question->b,
                                               &question->c};
    static const int needs[STUDY_KINDS] = {[STUDY_OVERLAP] = 2,
                                           [STUDY_BASE] = 1,
                                           [STUDY_TWINS] = 2,
                                           [STUDY_SECTION7] = 3,
                                           [STUDY_TALK] = 0};
    const struct moment *moment[OPERANDS] = {NULL};
    struct err err = {""};
    struct study *refused = study_new(question->kind, question);
    if (!has_room(answers))
        return study_refuse(refused, "%s", answers->why.text);
    for (int i = 0; i < needs[question->kind]; i++) {
        if (operand[i]->kind != OPERAND_RUN)
            continue;
        moment[i] = moment_of(answers, operand[i], &err);
        if (!moment[i])
            return study_refuse(refused, "%s", err.text);
    }
    study_release(refused);
    struct ground *ground = &answers->ground;
    switch (question->kind) {
    case STUDY_OVERLAP:
        return study_overlap(ground, question, moment[0], moment[1], NULL, 0);
    case STUDY_BASE:
        return study_base(ground, question, moment[0]);
    case STUDY_TWINS:
        return study_twins(ground, question, moment[0], moment[1]);
    case STUDY_SECTION7:
        return study_section7(ground, question, moment[0], moment[1],
                              moment[2]);
    case STUDY_TALK:
        return talk(answers, question);
    case STUDY_KINDS:
        break;
    }
    return NULL;
}

/* Chance for every run, and what W0 tells, at one site. */
static void show_site(struct stored_answers *answers, int site)
{
    struct snapshot *snapshot = answers->snapshot;
    const struct site *of = &snapshot->site[site];
    for (int r = 0; r < snapshot->run_count; r++) {
        struct site_view *to = &snapshot->run[r].site[site];
        if (!to->adapted || to->sigma_count == 0 || to->chance)
            continue;
        to->chance = chance_book_draw(answers->book, of->out, of->in, to->rank);
        if (!has_room(answers))
            continue;
        struct mat w0 = answers->room->model->base.site[site];
        to->base_norm = sqrt(mat_norm_squared(w0));
        if (to->rank == 0)
            to->rounding_floor = rounding_floor(w0, STORED_F32, 1);
    }
}

void stored_answers_ask(struct stored_answers *answers,
                        const struct question *question)
{
    struct snapshot *snapshot = answers->snapshot;
    const struct study **to = &snapshot->study[question->kind];
    if (question->site >= 0 && question->site < snapshot->site_count)
        show_site(answers, question->site);
    if (!question->is_asked || (*to && question_same(&(*to)->asked, question)))
        return;
    study_release(*to);
    *to = answer(answers, question);
}
