/*
 * Task "sql": a question about a table into a query, shaped like WikiSQL
 * (Zhong et al. 2017) and made by <sql> of the world's grammar:
 *
 *     table: people
 *     columns: name, age, city
 *     Q: how old is Mia?
 *     A: SELECT age FROM people WHERE name = 'Mia'
 *
 * An example belongs to the validation split when the hash of its question
 * and answer says so: the same question never stands in both splits, whatever
 * columns the tables have.  Drawing is repeated until the split is the wanted
 * one and the example fits the context.
 */
#include "core/task/task_table.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/task/world.h"

enum {
    VALIDATION_PART = 16, /* one in so many examples is held out */
    ATTEMPTS = 10000,     /* the chance to need so many is 16e-281 */
    TRIALS = 64,          /* examples tried when the task is opened */
};

static const char symbol[] = "<sql>", marker[] = "\nQ:", answer_at[] = "\nA:";

static enum split split_of(const char *text)
{
    const char *question = strstr(text, marker);
    assert(question); /* open_sql tried */
    return rng_hash(question, strlen(question)) % VALIDATION_PART
               ? SPLIT_TRAIN
               : SPLIT_VALIDATION;
}

/* Fills to as far as the context goes; false when the example is longer. */
static bool encode(const struct task *task, struct example *to,
                   const char *text)
{
    const struct tokenizer *tokenizer = task->conf.tokenizer;
    int room = task->conf.context, count = 0;
    const char *answer = strstr(text, answer_at) + strlen(answer_at);
    to->ids[count++] = tokenizer_end(tokenizer);
    count += tokenizer_encode(tokenizer, to->ids + count, room - count, text,
                              (size_t)(answer - text));
    to->answer = count;
    if (count < room)
        count += tokenizer_encode(tokenizer, to->ids + count, room - count,
                                  answer, strlen(answer));
    if (count < room)
        to->ids[count] = tokenizer_end(tokenizer);
    to->count = count + 1;
    return to->count <= room;
}

static void example(const struct task *task, struct example *to,
                    enum split split, uint64_t index)
{
    struct rng rng = rng_make(task->conf.seed, STREAM_TASK,
                              2 * index + (split == SPLIT_VALIDATION));
    for (int i = 0; i < ATTEMPTS; i++) {
        char *text = world_expand(task->state, symbol, &rng);
        bool wanted = split_of(text) == split && encode(task, to, text);
        mem_free(text);
        if (wanted)
            return;
    }
    assert(!"no sql example of this split"); /* open_sql tried */
}

/* Both splits can be had, in this shape and length. */
static int try_examples(struct task *task, struct err *err)
{
    struct rng rng = rng_make(task->conf.seed, STREAM_TEST, 0);
    struct example to = {
        .ids = xcalloc((size_t)task->conf.context, sizeof *to.ids)};
    int seen[2] = {0, 0}, code = 0;
    for (int i = 0; i < 2 * VALIDATION_PART * TRIALS && code == 0; i++) {
        char *text = world_expand(task->state, symbol, &rng);
        const char *question = strstr(text, marker);
        if (!question || !strstr(question, answer_at))
            code = err_set(err,
                           "%s: <sql> must give a line \"Q: ...\" and after "
                           "it a line \"A: ...\"",
                           task->conf.assets);
        else if (encode(task, &to, text))
            seen[split_of(text) == SPLIT_VALIDATION]++;
        mem_free(text);
    }
    mem_free(to.ids);
    if (code == 0 && (seen[0] < TRIALS || seen[1] < TRIALS / 4))
        code = err_set(err,
                       "task sql: too few different examples are as short as "
                       "the context of %d tokens; use a longer context or "
                       "edit %s/sql.txt",
                       task->conf.context, task->conf.assets);
    return code;
}

static int open_sql(struct task *task, struct err *err)
{
    if (task->conf.context < 16)
        return err_set(err,
                       "task sql: a context of %d tokens is too short; "
                       "use at least 100",
                       task->conf.context);
    struct world *world = task_open_world(task, err);
    if (!world)
        return -1;
    task->state = world;
    int code = world_need(world, symbol, err);
    if (code < 0)
        err_prefix(err, "task sql: %s", task->conf.assets);
    else
        code = try_examples(task, err);
    if (code < 0)
        world_close(world);
    return code;
}

static void close_sql(struct task *task)
{
    world_close(task->state);
}

const struct task_ops task_sql = {
    .name = "sql",
    .summary = "a question and the columns of a table into a query",
    .metric = "exact match",
    .open = open_sql,
    .close = close_sql,
    .example = example,
};
