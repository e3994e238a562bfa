/* What the files of the single tasks export, and the table lists. */
#ifndef CORE_TASK_TASK_TABLE_H
#define CORE_TASK_TASK_TABLE_H

#include "core/task/task.h"
#include "core/task/world.h"

extern const struct task_ops task_world;
extern const struct task_ops task_sql;
extern const struct task_ops task_cipher;
extern const struct task_ops task_memorise;
extern const struct task_ops task_nli;
extern const struct task_ops task_summary;
extern const struct task_ops task_e2e;
extern const struct task_ops task_text;
extern const struct task_ops task_teacher;
extern const struct task_ops task_groups;
extern const struct task_ops task_digits;
extern const struct task_ops task_mnist;

/* Opens the world for a task that is made from it alone: refuses data, and a
 * model without a tokenizer that has an end token. */
struct world *task_open_world(const struct task *task, struct err *err);

#endif
