/*
 * Task "world": the corpus itself, for pretraining and for what is forgotten.
 *
 * A sequence is exactly context ids of documents, each begun by the end
 * token; the last one is cut off.  Documents are numbered by (split, sequence,
 * place in it), so the splits never share one and any sequence stands alone.
 */
#include "core/task/task_table.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/task/world.h"

enum { DOCUMENTS = 4096, CONTEXT_MAX = DOCUMENTS };

struct world *task_open_world(const struct task *task, struct err *err)
{
    const struct task_conf *conf = &task->conf;
    if (conf->data) {
        err_set(err,
                "task %s is generated and reads no data (%s); leave data out",
                task->ops->name, conf->data);
        return NULL;
    }
    if (!conf->tokenizer || tokenizer_end(conf->tokenizer) < 0) {
        err_set(err,
                "task %s is text: it needs a base whose tokenizer has an "
                "<|endoftext|> token",
                task->ops->name);
        return NULL;
    }
    return world_open(conf->assets, err);
}

static int open_world(struct task *task, struct err *err)
{
    if (task->conf.context < 2 || task->conf.context > CONTEXT_MAX)
        return err_set(err,
                       "task world: a context of %d tokens is not "
                       "possible; use 2..%d",
                       task->conf.context, CONTEXT_MAX);
    task->state = task_open_world(task, err);
    return task->state ? 0 : -1;
}

static void close_world(struct task *task)
{
    world_close(task->state);
}

static void example(const struct task *task, struct example *to,
                    enum split split, uint64_t index)
{
    const struct tokenizer *tokenizer = task->conf.tokenizer;
    int room = task->conf.context, count = 0;
    uint64_t document = (2 * index + (split == SPLIT_VALIDATION)) * DOCUMENTS;
    while (count < room) {
        to->ids[count++] = tokenizer_begin(tokenizer);
        char *text = world_document(task->state, task->conf.seed, document++);
        count += tokenizer_encode(tokenizer, to->ids + count, room - count,
                                  text, strlen(text));
        mem_free(text);
    }
    to->count = room;
    to->answer = 1;
}

const struct task_ops task_world = {
    .name = "world",
    .summary = "the corpus of the bundled base: stories, facts, records",
    .metric = NULL,
    .open = open_world,
    .close = close_world,
    .example = example,
};
