/*
 * The tasks a recipe can name.  A new one is one file and one line here.
 */
#include "core/task/task_table.h"

#include <stddef.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/nearest.h"

const struct task_ops *const task_table[] = {
    &task_world,  &task_sql,    &task_nli,      &task_summary, &task_e2e,
    &task_text,   &task_cipher, &task_memorise, &task_teacher, &task_groups,
    &task_digits, &task_mnist,  NULL,
};

const struct task_ops *task_find(const char *name)
{
    for (int i = 0; task_table[i]; i++)
        if (strcmp(task_table[i]->name, name) == 0)
            return task_table[i];
    return NULL;
}

static int unknown(const char *name, struct err *err)
{
    const char *names[sizeof task_table / sizeof *task_table] = {0};
    int count = 0;
    char list[256] = "";
    for (; task_table[count]; count++) {
        names[count] = task_table[count]->name;
        size_t used = strlen(list), room = sizeof list - used - 1;
        strncat(list, count ? ", " : "", room);
        strncat(list, names[count], room > 2 ? room - 2 : 0);
    }
    const char *near = nearest(name, names, count);
    if (near)
        return err_set(err, "there is no task \"%.60s\"; did you mean %s?",
                       name, near);
    return err_set(err, "there is no task \"%.60s\"; the tasks are %s", name,
                   list);
}

/* A model that reads text can learn from nothing but text, and so on. */
static int check_kind(const struct task_ops *ops, const struct task_conf *conf,
                      struct err *err)
{
    static const char *const instead[] = {
        [EXAMPLE_TEXT] = "a language model: bundled, or its folder",
        [EXAMPLE_VALUES] = "base: {family: linear, sizes: [64, 64]}",
        [EXAMPLE_CLASS] = "base: {family: mlp, sizes: [784, 200, 200, 10]}"};
    if (ops->kind == conf->reads)
        return 0;
    return err_set(err,
                   "task %s is made of %s, the base reads %s; choose another "
                   "task, or %s",
                   ops->name, example_kind_name(ops->kind),
                   example_kind_name(conf->reads), instead[ops->kind]);
}

struct task *task_open(const struct task_conf *conf, struct err *err)
{
    const struct task_ops *ops = task_find(conf->name);
    if (!ops) {
        unknown(conf->name, err);
        return NULL;
    }
    if (check_kind(ops, conf, err) < 0)
        return NULL;
    if (conf->rank > 0 && !ops->has_rank) {
        err_set(err, "task %s has no rank of its own; remove task.rank",
                ops->name);
        return NULL;
    }
    if ((conf->shuffle_pixels || conf->random_labels > 0) && !ops->has_images) {
        err_set(err,
                "task %s has no images to shuffle; remove %s, or take digits",
                ops->name,
                conf->shuffle_pixels ? "task.shuffle_pixels"
                                     : "task.random_labels");
        return NULL;
    }
    struct task *task = xcalloc(1, sizeof *task);
    task->ops = ops;
    task->conf = *conf;
    task->conf.name = ops->name;
    if (ops->open(task, err) == 0)
        return task;
    mem_free(task);
    return NULL;
}

void task_close(struct task *task)
{
    if (!task)
        return;
    task->ops->close(task);
    mem_free(task);
}

struct task_report task_report(const struct task *task)
{
    struct task_report report = {.cut = 0};
    if (task->ops->report)
        task->ops->report(task, &report);
    return report;
}

int task_validation_size(const struct task *task, int size)
{
    return task_held_out_size(task, 0, size);
}

int task_held_out_size(const struct task *task, long from, int size)
{
    long count = task_report(task).examples[SPLIT_VALIDATION];
    long left = count > from ? count - from : 0;
    return count > 0 && left < size ? (int)left : size;
}

/* The answer of the example itself. */
static struct references decoded(const struct task *task, enum split split,
                                 uint64_t index)
{
    const struct tokenizer *tokenizer = task->conf.tokenizer;
    struct example example = {
        .ids = xcalloc((size_t)task->conf.context, sizeof *example.ids)};
    task->ops->example(task, &example, split, index);
    int count = example.count - example.answer;
    bool ends = example.ids[example.count - 1] == tokenizer_end(tokenizer);
    struct references to = {.text = xcalloc(1, sizeof *to.text), .count = 1};
    to.text[0] =
        tokenizer_decode(tokenizer, example.ids + example.answer, count - ends);
    mem_free(example.ids);
    return to;
}

struct references task_references(const struct task *task, enum split split,
                                  uint64_t index)
{
    struct references to = {NULL, 0};
    if (task->ops->references)
        task->ops->references(task, &to, split, index);
    return to.count ? to : decoded(task, split, index);
}

void references_free(struct references *references)
{
    for (int i = 0; i < references->count; i++)
        mem_free(references->text[i]);
    mem_free(references->text);
    *references = (struct references){NULL, 0};
}

const char *const *task_labels(const struct task *task)
{
    return task->ops->labels ? task->ops->labels(task) : NULL;
}
