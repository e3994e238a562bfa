/*
 * The loss of a base with an adapter on held-out examples of a task: what
 * eval prints and what resize measures at each choice.
 */
#ifndef TUI_COMMANDS_TASK_LOSS_H
#define TUI_COMMANDS_TASK_LOSS_H

#include "core/task/task.h"
#include "tui/commands/language_model.h"

/* Eight sequences at a time: memory stays small whatever the data. */
struct score task_loss_score(const struct language_model *lm,
                             const struct batch *batch);

/* What to measure; base or task NULL: nothing. */
struct task_loss {
    const char *base, *task, *data;
    int examples, seed;
};

/* Nats per token of the base with the adapter in a folder, merged; adapter
 * NULL: of the base alone. */
int task_loss_of(double *nats, const struct task_loss *ask, const char *adapter,
                 struct err *err);

#endif
