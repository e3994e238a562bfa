/* See answers.h. */
#include "core/model/answers.h"

#include <string.h>

#include "core/base/mem.h"

enum { TOGETHER = ANSWERS_TOGETHER };

struct room {
    struct example example[TOGETHER];
    struct decode_text text[TOGETHER];
    int32_t *ids; /* (2 * TOGETHER, context) */
};

static struct room make_room(int context)
{
    struct room room = {
        .ids = xcalloc(2 * TOGETHER * (size_t)context, sizeof(int32_t))};
    for (int k = 0; k < TOGETHER; k++) {
        room.example[k].ids = room.ids + (size_t)(2 * k) * (size_t)context;
        room.text[k].ids = room.example[k].ids + context;
    }
    return room;
}

/* The prompt alone, with room for the answer. */
static void ask(struct decode_text *text, const struct example *example,
                int tokens, int context)
{
    int prompt = example->answer, left = context - prompt;
    memcpy(text->ids, example->ids, (size_t)prompt * sizeof *text->ids);
    text->count = prompt;
    text->room = prompt + (tokens < left ? tokens : left);
}

static void tell(const struct decode_text *text, const struct example *example,
                 uint64_t index, struct judge judge)
{
    int wanted = example->count - example->answer;
    struct answer answer = {.index = index,
                            .example = example,
                            .ids = text->ids + text->prompt,
                            .count = text->count - text->prompt,
                            .ended = text->ended,
                            .nats = text->nats};
    answer.exact = answer.count >= wanted &&
                   memcmp(answer.ids, example->ids + example->answer,
                          (size_t)wanted * sizeof *answer.ids) == 0;
    judge.hear(judge.ctx, &answer);
}

void answers_write(struct decoder *decoder, const struct task *task, long from,
                   int examples, const struct decode_conf *conf,
                   struct judge judge)
{
    int context = task->conf.context;
    struct room room = make_room(context);
    for (int done = 0; done < examples; done += TOGETHER) {
        int some = examples - done < TOGETHER ? examples - done : TOGETHER;
        uint64_t first = (uint64_t)(from + done);
        for (int k = 0; k < some; k++) {
            task->ops->example(task, &room.example[k], SPLIT_VALIDATION,
                               first + (uint64_t)k);
            ask(&room.text[k], &room.example[k], conf->tokens, context);
        }
        decode(decoder, room.text, some, (int)first, conf);
        for (int k = 0; k < some; k++)
            tell(&room.text[k], &room.example[k], first + (uint64_t)k, judge);
    }
    mem_free(room.ids);
}
