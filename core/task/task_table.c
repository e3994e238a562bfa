/*
 * The tasks a recipe can name.  A new one is one file and one line here.
 */
#include "core/task/task_table.h"

#include <stddef.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/nearest.h"

const struct task_ops *const task_table[] = {
    &task_world,
    &task_sql,
    NULL,
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

struct task *task_open(const struct task_conf *conf, struct err *err)
{
    const struct task_ops *ops = task_find(conf->name);
    if (!ops) {
        unknown(conf->name, err);
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
