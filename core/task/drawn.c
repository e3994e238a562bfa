/* See drawn.h. */
#include "core/task/drawn.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/task/task_table.h"
#include "core/task/world.h"

enum {
    VALIDATION_PART = 16, /* one in so many examples is held out */
    ATTEMPTS = 10000,     /* the chance to need so many is below 1e-90 */
    TRIALS = 64,          /* examples tried when the task is opened */
};

struct drawn {
    const struct pair_shape *shape;
    struct world *world;
    int labels;
};

/* Where the split's hash begins, and where the answer; NULL: no such text. */
static const char *key_of(const struct pair_shape *shape, const char *text)
{
    return shape->key_at ? strstr(text, shape->key_at) : text;
}

static const char *answer_of(const struct pair_shape *shape, const char *text)
{
    const char *key = key_of(shape, text);
    const char *at = key ? strstr(key, shape->answer_at) : NULL;
    return at ? at + strlen(shape->answer_at) : NULL;
}

/* Of question and answer; where a prompt has several answers, of the prompt. */
static enum split split_of(const struct pair_shape *shape, const char *text)
{
    const char *key = key_of(shape, text);
    size_t bytes =
        shape->grouped ? (size_t)(answer_of(shape, text) - key) : strlen(key);
    return rng_hash(key, bytes) % VALIDATION_PART ? SPLIT_TRAIN
                                                  : SPLIT_VALIDATION;
}

/* Of an answer " word"; -1: no label. */
static int label_of(const struct drawn *drawn, const char *answer)
{
    for (int i = 0; i < drawn->labels; i++)
        if (answer[0] == ' ' &&
            strcmp(answer + 1, drawn->shape->labels[i]) == 0)
            return i;
    return -1;
}

static bool fits(const struct drawn *drawn, const struct task *task,
                 struct example *to, const char *text)
{
    const char *answer = answer_of(drawn->shape, text);
    return pairs_encode(task, to, text, (size_t)(answer - text), answer) ==
           PAIRS_WHOLE;
}

void drawn_example(const struct drawn *drawn, const struct task *task,
                   struct example *to, enum split split, uint64_t index)
{
    const struct pair_shape *shape = drawn->shape;
    struct rng rng = rng_make(task->conf.seed, STREAM_TASK,
                              2 * index + (split == SPLIT_VALIDATION));
    int label = drawn->labels ? (int)(index % (unsigned)drawn->labels) : -1;
    for (int i = 0; i < ATTEMPTS; i++) {
        char *text = world_expand(drawn->world, shape->symbol, &rng);
        bool wanted = split_of(shape, text) == split &&
                      label_of(drawn, answer_of(shape, text)) == label &&
                      fits(drawn, task, to, text);
        mem_free(text);
        if (wanted)
            return;
    }
    assert(!"no example of this split"); /* drawn_open tried */
}

static int refuse_form(const struct drawn *drawn, const struct task *task,
                       struct err *err)
{
    return err_set(err, "%s: %s must give %s", task->conf.assets,
                   drawn->shape->symbol, drawn->shape->form);
}

/* One text more: counted in seen[label, or 0][split] when it fits. */
static int try_text(const struct drawn *drawn, const struct task *task,
                    struct example *room, int (*seen)[2], const char *text,
                    struct err *err)
{
    const char *answer = answer_of(drawn->shape, text);
    int label = answer ? label_of(drawn, answer) : -1;
    if (!answer || (drawn->labels && label < 0))
        return refuse_form(drawn, task, err);
    if (fits(drawn, task, room, text))
        seen[label < 0 ? 0 : label]
            [split_of(drawn->shape, text) == SPLIT_VALIDATION]++;
    return 0;
}

/* Both splits of every label can be had, in this shape and length. */
static int try_examples(const struct drawn *drawn, const struct task *task,
                        struct err *err)
{
    enum { LABELS = 8 };
    struct rng rng = rng_make(task->conf.seed, STREAM_TEST, 0);
    struct example room = {
        .ids = xcalloc((size_t)task->conf.context, sizeof *room.ids)};
    int kinds = drawn->labels ? drawn->labels : 1;
    int seen[LABELS][2] = {{0}}, code = 0;
    assert(kinds <= LABELS);
    for (int i = 0; i < 2 * VALIDATION_PART * TRIALS && code == 0; i++) {
        char *text = world_expand(drawn->world, drawn->shape->symbol, &rng);
        code = try_text(drawn, task, &room, seen, text, err);
        mem_free(text);
    }
    mem_free(room.ids);
    for (int i = 0; i < kinds && code == 0; i++)
        if (seen[i][0] < TRIALS || seen[i][1] < TRIALS / 4)
            code = err_set(err,
                           "task %s: too few different examples are as short "
                           "as the context of %d tokens; use a longer context "
                           "or edit %s/%s.txt",
                           task->ops->name, task->conf.context,
                           task->conf.assets, task->ops->name);
    return code;
}

struct drawn *drawn_open(const struct task *task,
                         const struct pair_shape *shape, struct err *err)
{
    struct world *world = task_open_world(task, err);
    if (!world)
        return NULL;
    struct drawn *drawn = xcalloc(1, sizeof *drawn);
    *drawn = (struct drawn){.shape = shape, .world = world};
    while (shape->labels && shape->labels[drawn->labels])
        drawn->labels++;
    int code = world_need(world, shape->symbol, err);
    if (code < 0)
        err_prefix(err, "task %s: %s", task->ops->name, task->conf.assets);
    else
        code = try_examples(drawn, task, err);
    if (code == 0)
        return drawn;
    drawn_close(drawn);
    return NULL;
}

void drawn_close(struct drawn *drawn)
{
    if (!drawn)
        return;
    world_close(drawn->world);
    mem_free(drawn);
}

void drawn_report(const struct drawn *drawn, const struct task *task,
                  struct task_report *to)
{
    *to = (struct task_report){.cut = 0};
    (void)snprintf(to->said, sizeof to->said,
                   "made by %s of %.300s, without end; one text in %d is "
                   "held out, by its hash",
                   drawn->shape->symbol, task->conf.assets, VALIDATION_PART);
}

const char *const *drawn_labels(const struct drawn *drawn)
{
    return drawn->shape->labels;
}
