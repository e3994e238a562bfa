/*
 * See talk_scene.h.  A task that has no prompt (every token is predicted) is
 * cut: its first tokens are the prompt, some that follow the answer.
 */
#include "experiments/talk_scene.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

enum { TYPED_TOKENS = 48, LEAST_TOKENS = 24, CUT_PROMPT = 24, CUT_ANSWER = 32 };

/* --- turns ----------------------------------------------------------------
 */

double turn_factor(enum sigma_turn turn)
{
    static const double factor[TURNS] = {1, 0, 2, -1};
    return factor[turn];
}

const char *turn_name(enum sigma_turn turn)
{
    static const char *const name[TURNS] = {"as trained", "set to 0", "doubled",
                                            "sign flipped"};
    return name[turn];
}

bool talk_question_same(const struct talk_question *one,
                        const struct talk_question *other)
{
    return strcmp(one->prompt, other->prompt) == 0 &&
           one->example == other->example && one->strength == other->strength &&
           one->index == other->index && one->turn == other->turn &&
           one->only_chosen == other->only_chosen &&
           one->wants_curve == other->wants_curve;
}

/* --- text -----------------------------------------------------------------
 */

/* On one line: a line's end becomes a sign, blanks in front go; what is too
 * long ends in an ellipsis. */
static void say(char to[TALK_TEXT_BYTES], const struct tokenizer *tokenizer,
                const int32_t *ids, int count)
{
    static const char line_end[] = " \u23ce ", more[] = "\u2026";
    enum { TAIL = sizeof line_end + sizeof more };
    char *text = tokenizer_decode(tokenizer, ids, count);
    size_t used = 0;
    const char *at = text + strspn(text, " ");
    for (; *at && used < TALK_TEXT_BYTES - TAIL; at++) {
        const char *sign = *at == '\n' ? line_end : NULL;
        if (sign)
            used +=
                (size_t)snprintf(to + used, TALK_TEXT_BYTES - used, "%s", sign);
        else
            to[used++] = *at;
    }
    while (*at && used > 0 && ((unsigned char)to[used - 1] & 0xc0) == 0x80)
        used--; /* not in the middle of a character */
    (void)snprintf(to + used, TALK_TEXT_BYTES - used, "%s", *at ? more : "");
    mem_free(text);
}

/* --- the prompt -----------------------------------------------------------
 */

static void take_example(struct scene *scene, struct talk_study *to,
                         const struct task *task, long index)
{
    int context = task->conf.context;
    struct example example = {
        .ids = xcalloc((size_t)context, sizeof *example.ids)};
    to->examples = task_report(task).examples[SPLIT_VALIDATION];
    if (to->examples > 0)
        index %= to->examples;
    task->ops->example(task, &example, SPLIT_VALIDATION, (uint64_t)index);
    if (example.answer == 1 && example.count > 2) {
        int half = example.count / 2;
        example.answer = half < CUT_PROMPT ? half : CUT_PROMPT;
        int most = example.answer + CUT_ANSWER;
        example.count = example.count < most ? example.count : most;
    }
    batch_add(&scene->batch, &example);
    scene->ids = example.ids;
    scene->count = example.answer;
    scene->wanted = example.count - example.answer;
    scene->tokens =
        2 * scene->wanted > LEAST_TOKENS ? 2 * scene->wanted : LEAST_TOKENS;
    const int32_t *answer = scene->ids + scene->count;
    bool ends = answer[scene->wanted - 1] == scene->end;
    say(to->wanted, scene->tokenizer, answer, scene->wanted - ends);
}

static int take_typed(struct scene *scene, const char *prompt, int context,
                      struct err *err)
{
    size_t bytes = strlen(prompt);
    int room = (int)bytes + TOKENIZER_MORE + 1;
    scene->ids = xcalloc((size_t)room, sizeof *scene->ids);
    if (scene->begin >= 0)
        scene->ids[scene->count++] = scene->begin; /* a document begins */
    scene->count +=
        tokenizer_encode(scene->tokenizer, scene->ids + scene->count,
                         room - scene->count, prompt, bytes);
    scene->tokens = TYPED_TOKENS;
    if (scene->count > 0 && scene->count < context)
        return 0;
    return err_set(err,
                   "the prompt has %d tokens and the model sees %d at once; "
                   "type a shorter one",
                   scene->count, context);
}

int scene_open(struct scene *scene, struct talk_study *to,
               const struct task *task, const struct model *model,
               const struct talk_question *question, struct err *err)
{
    int context = model->conf.context, status = 0;
    *scene = (struct scene){.end = -1};
    if (!task || !task->conf.tokenizer)
        return err_set(err, "this task has no text: its examples are numbers, "
                            "and nothing can be said to them");
    scene->tokenizer = task->conf.tokenizer;
    scene->begin = tokenizer_begin(scene->tokenizer);
    scene->end = tokenizer_end(scene->tokenizer);
    if (question->prompt[0])
        status = take_typed(scene, question->prompt, context, err);
    else
        take_example(scene, to, task, question->example);
    int left = context - scene->count;
    scene->tokens = scene->tokens < left ? scene->tokens : left;
    int from = scene->count > 0 && scene->ids[0] == scene->begin;
    say(to->prompt, scene->tokenizer, scene->ids + from, scene->count - from);
    if (status < 0)
        scene_close(scene);
    return status;
}

void scene_close(struct scene *scene)
{
    mem_free(scene->ids);
    batch_free(&scene->batch);
    *scene = (struct scene){.end = -1};
}

int32_t *scene_text(struct decode_text *text, const struct scene *scene)
{
    int room = scene->count + scene->tokens;
    int32_t *ids = xcalloc((size_t)room, sizeof *ids);
    memcpy(ids, scene->ids, (size_t)scene->count * sizeof *ids);
    *text =
        (struct decode_text){.ids = ids, .count = scene->count, .room = room};
    return ids;
}

void scene_take(struct talk_line *line, const struct scene *scene,
                const struct decode_text *text)
{
    const int32_t *written = text->ids + text->prompt;
    int count = text->count - text->prompt;
    line->ended = text->ended;
    say(line->text, scene->tokenizer, written, count - text->ended);
    line->exact = scene->wanted > 0 && count >= scene->wanted &&
                  memcmp(written, scene->ids + scene->count,
                         (size_t)scene->wanted * sizeof *written) == 0;
}
