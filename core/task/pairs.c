/* See pairs.h. */
#include "core/task/pairs.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/task/dataset.h"
#include "core/task/drawn.h"
#include "core/task/tokenizer.h"

struct pairs { /* one of them */
    struct drawn *drawn;
    struct dataset *data;
};

enum { ENDS = 2 }; /* the end token before and behind */

/* The last room ids of a text that has more. */
static void encode_tail(const struct tokenizer *tokenizer, int32_t *to,
                        int room, const char *text, size_t bytes, int count)
{
    int32_t *all = xcalloc((size_t)count, sizeof *all);
    (void)tokenizer_encode(tokenizer, all, count, text, bytes);
    memcpy(to, all + (count - room), (size_t)room * sizeof *to);
    mem_free(all);
}

enum pairs_fit pairs_encode(const struct task *task, struct example *to,
                            const char *prompt, size_t bytes,
                            const char *answer)
{
    const struct tokenizer *tokenizer = task->conf.tokenizer;
    size_t answer_bytes = strlen(answer);
    /* A token has at least one byte: most need no counting. */
    bool surely = bytes + TOKENIZER_MORE + answer_bytes + ENDS <=
                  (size_t)task->conf.context;
    if (surely && !to)
        return PAIRS_WHOLE;
    int answers =
        tokenizer_encode_more(tokenizer, NULL, 0, answer, answer_bytes);
    int room = task->conf.context - ENDS - answers;
    if (room < 0)
        return PAIRS_TOO_LONG;
    int32_t *ids = to ? to->ids + 1 : NULL;
    int count = tokenizer_encode(tokenizer, ids, to ? room : 0, prompt, bytes);
    enum pairs_fit fit = count <= room ? PAIRS_WHOLE : PAIRS_CUT;
    if (!to)
        return fit;
    if (fit == PAIRS_CUT) {
        encode_tail(tokenizer, ids, room, prompt, bytes, count);
        count = room;
    }
    to->answer = 1 + count;
    to->count = to->answer + answers + 1;
    (void)tokenizer_encode_more(tokenizer, to->ids + to->answer, answers,
                                answer, answer_bytes);
    to->ids[0] = tokenizer_begin(tokenizer);
    to->ids[to->count - 1] = tokenizer_end(tokenizer);
    return fit;
}

int pairs_open(struct task *task, const struct pair_shape *shape,
               struct err *err)
{
    const struct task_conf *conf = &task->conf;
    if (conf->context < 16)
        return err_set(err,
                       "task %s: a context of %d tokens is too short; "
                       "use at least 100",
                       task->ops->name, conf->context);
    if (!conf->tokenizer || tokenizer_end(conf->tokenizer) < 0)
        return err_set(err,
                       "task %s is text: it needs a base whose tokenizer has "
                       "a token that ends a text, as <|endoftext|>",
                       task->ops->name);
    struct pairs pairs = {NULL, NULL};
    if (conf->data)
        pairs.data = dataset_open(task, shape, err);
    else if (shape->symbol)
        pairs.drawn = drawn_open(task, shape, err);
    else
        err_set(err,
                "task %s is made from a file; say which, as data: PATH (%s)",
                task->ops->name, shape->expects);
    if (!pairs.data && !pairs.drawn)
        return -1;
    task->state = xcalloc(1, sizeof pairs);
    memcpy(task->state, &pairs, sizeof pairs);
    return 0;
}

void pairs_close(struct task *task)
{
    struct pairs *pairs = task->state;
    dataset_close(pairs->data);
    drawn_close(pairs->drawn);
    mem_free(pairs);
}

void pairs_example(const struct task *task, struct example *to,
                   enum split split, uint64_t index)
{
    const struct pairs *pairs = task->state;
    if (pairs->drawn) {
        drawn_example(pairs->drawn, task, to, split, index);
        return;
    }
    struct pair pair = dataset_pair(pairs->data, split, index);
    (void)pairs_encode(task, to, pair.prompt, strlen(pair.prompt), pair.answer);
}

void pairs_report(const struct task *task, struct task_report *to)
{
    const struct pairs *pairs = task->state;
    if (pairs->data)
        *to = *dataset_report(pairs->data);
    else
        drawn_report(pairs->drawn, task, to);
}

void pairs_references(const struct task *task, struct references *to,
                      enum split split, uint64_t index)
{
    const struct pairs *pairs = task->state;
    if (pairs->data)
        dataset_references(pairs->data, to, split, index);
}

const char *const *pairs_labels(const struct task *task)
{
    const struct pairs *pairs = task->state;
    return pairs->data ? dataset_labels(pairs->data)
                       : drawn_labels(pairs->drawn);
}
