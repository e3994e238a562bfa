/*
 * What eval says of a task beside the loss: its files and split, and, where
 * answers are labels, how often the right one has the least loss.
 */
#ifndef TUI_COMMANDS_EVAL_TASK_H
#define TUI_COMMANDS_EVAL_TASK_H

#include "core/io/json.h"
#include "core/task/task.h"
#include "experiments/exam.h"

/* Lines below the loss, and the same as members of root. */
void eval_task_print(const struct task *task, const struct label_marks *labels,
                     double nats);
void eval_task_put(struct json *root, const struct task *task,
                   const struct label_marks *labels, double nats);

#endif
