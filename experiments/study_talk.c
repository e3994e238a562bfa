/*
 * What the base and the runs write to one prompt, and what the chosen run
 * would write with its update turned; talk.h has the equation.
 *
 * Text is greedy, through the key-value cache.  Losses are nats a target: of
 * the answer wanted, of a few held-out examples, and of the base's own text.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/decode.h"
#include "experiments/directions.h"
#include "experiments/talk_scene.h"

/* A text of the base has as many targets as many answers. */
enum { LOSS_SEQUENCES = 16, FORGET_SEQUENCES = 2 };

/* What stays the same while one speaker follows another. */
struct stage {
    struct ground *ground;
    struct rebuilt room;
    struct scene scene;
    struct batch task, corpus;
    int task_starts[LOSS_SEQUENCES + 1], corpus_starts[FORGET_SEQUENCES + 1];
};

static bool differs_from_one(double strength)
{
    return strength < 1 || strength > 1;
}

/* --- one speaker ----------------------------------------------------------
 */

static void write_text(struct talk_line *line, const struct stage *stage,
                       struct insert beside)
{
    const struct scene *scene = &stage->scene;
    struct err err = {""};
    struct decode_text text;
    struct decode_conf conf = {.tokens = scene->tokens, .end = scene->end};
    struct decoder *decoder =
        decoder_new(stage->ground->model, &stage->room.weights, 1,
                    scene->count + scene->tokens, &err);
    int32_t *ids = scene_text(&text, scene);
    if (decoder && decoder_insert(decoder, beside, &err) == 0) {
        decode(decoder, &text, 1, 0, &conf);
        scene_take(line, scene, &text);
    } else {
        (void)snprintf(line->text, sizeof line->text, "%s", err.text);
    }
    if (decoder)
        decoder_free(decoder);
    mem_free(ids);
}

static double loss_of(const struct stage *stage, const struct batch *batch)
{
    return ground_loss(stage->ground, &stage->room.weights, batch, NULL);
}

/* With the weights of the room, and a method beside them or NULL. */
static void speak(struct talk_line *line, const struct stage *stage,
                  const struct method *beside)
{
    struct insert insert =
        beside ? method_insert(beside) : (struct insert){.ctx = NULL};
    struct pass *pass = stage->ground->pass;
    write_text(line, stage, insert);
    pass_insert(pass, insert);
    line->nats = loss_of(stage, &stage->scene.batch);
    line->loss = loss_of(stage, &stage->task);
    line->forget_loss = NAN;
    pass_insert(pass, (struct insert){.ctx = NULL});
}

static void introduce(struct talk_line *line, const struct question *asked,
                      const struct moment *moment)
{
    struct operand operand = {OPERAND_RUN, moment->run, asked->a.step};
    line->run = moment->run;
    directions_name(line->name, &operand, moment);
    if (moment->beside)
        line->fixed = "it stands beside W: no ΔW to turn";
}

/* --- everybody ------------------------------------------------------------
 */

static void hear_all(struct study *study, struct stage *stage,
                     const struct moment *const *moments, int count)
{
    struct talk_study *to = &study->talk;
    struct talk_line *line = study_take(study, (size_t)count + 1, sizeof *line);
    to->line = line;
    to->count = count + 1;
    line[0].run = -1;
    (void)snprintf(line[0].name, sizeof line[0].name, "base");
    rebuilt_base(&stage->room);
    speak(&line[0], stage, NULL);
    for (int i = 0; i < count; i++) {
        introduce(&line[i + 1], &study->asked, moments[i]);
        rebuilt_moment(&stage->room, moments[i]);
        speak(&line[i + 1], stage, moments[i]->beside);
    }
}

/* --- the microscope -------------------------------------------------------
 */

struct microscope {
    const struct moment *moment;
    const struct question *asked;
    struct spectrum spectrum; /* count 0: no direction to turn */
};

static bool turns_direction(const struct microscope *at)
{
    const struct talk_question *talk = &at->asked->talk;
    return talk->turn != TURN_NONE && talk->index >= 1 &&
           talk->index <= at->spectrum.count;
}

/* W = W0 + s (dW + (c - 1) sigma_i u_i v_i^T). */
static void turn(struct stage *stage, const struct microscope *at,
                 double strength)
{
    const struct talk_question *talk = &at->asked->talk;
    rebuilt_turned(&stage->room, at->moment, strength);
    if (turns_direction(at))
        rebuilt_add(&stage->room, at->asked->site, &at->spectrum,
                    talk->index - 1, strength * (turn_factor(talk->turn) - 1));
}

static void take_sigma(struct study *study, struct microscope *at,
                       struct ground *ground)
{
    struct talk_study *to = &study->talk;
    const struct question *asked = at->asked;
    struct err err = {""};
    if (directions_check(ground->model, at->moment, &asked->a, asked->site,
                         &err) ||
        directions_spectrum(&at->spectrum, ground->model, at->moment,
                            asked->site, &err)) {
        (void)snprintf(to->trouble, sizeof to->trouble, "%s", err.text);
        return;
    }
    to->sigma_count = at->spectrum.count;
    double *sigma = study_take(study, (size_t)to->sigma_count, sizeof *sigma);
    memcpy(sigma, at->spectrum.sigma, (size_t)to->sigma_count * sizeof *sigma);
    to->sigma = sigma;
}

static void draw_curve(struct talk_study *to, struct stage *stage,
                       const struct microscope *at)
{
    const double most = 2;
    to->strengths = TALK_STRENGTHS;
    for (int i = 0; i < TALK_STRENGTHS; i++) {
        to->strength[i] = most * i / (TALK_STRENGTHS - 1);
        turn(stage, at, to->strength[i]);
        to->task_loss[i] = loss_of(stage, &stage->task);
        to->forget_loss[i] = loss_of(stage, &stage->corpus);
    }
}

/* Of the weights in the room, where the microscope is open. */
static double forget_of(const struct stage *stage, const struct microscope *at,
                        const struct method *beside)
{
    if (!at->asked->talk.wants_curve)
        return NAN;
    if (beside)
        pass_insert(stage->ground->pass, method_insert(beside));
    double loss = loss_of(stage, &stage->corpus);
    pass_insert(stage->ground->pass, (struct insert){.ctx = NULL});
    return loss;
}

/* As it was heard among the others, if they were. */
static void hear_trained(struct talk_study *to, struct stage *stage,
                         const struct microscope *at)
{
    const struct moment *moment = at->moment;
    const struct talk_line *heard = NULL;
    for (int i = 0; i < to->count; i++)
        if (to->line[i].run == moment->run)
            heard = &to->line[i];
    rebuilt_moment(&stage->room, moment);
    if (heard) {
        to->trained = *heard;
    } else {
        introduce(&to->trained, at->asked, moment);
        speak(&to->trained, stage, moment->beside);
    }
    to->trained.forget_loss = forget_of(stage, at, moment->beside);
}

static void look(struct study *study, struct stage *stage,
                 const struct moment *moment)
{
    struct talk_study *to = &study->talk;
    const struct talk_question *talk = &study->asked.talk;
    struct microscope at = {.moment = moment, .asked = &study->asked};
    bool is_fixed = moment->beside != NULL;
    to->is_looked_at = true;
    study->step = moment->step;
    take_sigma(study, &at, stage->ground);
    hear_trained(to, stage, &at);
    to->turned = to->trained;
    if (!is_fixed &&
        (differs_from_one(talk->strength) || turns_direction(&at))) {
        turn(stage, &at, talk->strength);
        speak(&to->turned, stage, NULL);
        to->turned.forget_loss = forget_of(stage, &at, NULL);
    }
    if (!is_fixed && talk->wants_curve)
        draw_curve(to, stage, &at);
    spectrum_free(&at.spectrum);
}

static const struct moment *chosen_of(const struct question *question,
                                      const struct moment *const *moments,
                                      int count)
{
    for (int i = 0; i < count; i++)
        if (moments[i]->run == question->a.run)
            return moments[i];
    return NULL;
}

const struct study *study_talk(struct ground *ground,
                               const struct question *question,
                               const struct moment *const *moments, int count)
{
    struct study *study = study_new(STUDY_TALK, question);
    struct stage stage = {.ground = ground};
    struct err err = {""};
    if (scene_open(&stage.scene, &study->talk, ground->task, ground->model,
                   &question->talk, &err) < 0)
        return study_refuse(study, "%s", err.text);
    const struct moment *chosen = chosen_of(question, moments, count);
    stage.room = rebuilt_new(ground->model);
    stage.task =
        ground_few(ground->held_out, LOSS_SEQUENCES, stage.task_starts);
    stage.corpus =
        ground_few(ground->corpus, FORGET_SEQUENCES, stage.corpus_starts);
    study->talk.loss_examples = stage.task.sequences;
    study->talk.forget_examples = stage.corpus.sequences;
    if (!question->talk.only_chosen)
        hear_all(study, &stage, moments, count);
    if (chosen)
        look(study, &stage, chosen);
    rebuilt_free(&stage.room);
    scene_close(&stage.scene);
    return study;
}
