/*
 * Pairs drawn from the world's grammar: example (seed, split, index) is a text
 * of the shape's symbol, cut behind answer_at.
 *
 * A text belongs to the validation split when its hash says so (one in 16),
 * so the same question never stands in both.  Drawing is repeated until the
 * split is the wanted one, the label too where there are labels, and the
 * text fits the context.
 */
#ifndef CORE_TASK_DRAWN_H
#define CORE_TASK_DRAWN_H

#include "core/task/pairs.h"

struct drawn;

struct drawn *drawn_open(const struct task *task,
                         const struct pair_shape *shape, struct err *err);
void drawn_close(struct drawn *drawn);
void drawn_example(const struct drawn *drawn, const struct task *task,
                   struct example *to, enum split split, uint64_t index);
void drawn_report(const struct drawn *drawn, const struct task *task,
                  struct task_report *to);
const char *const *drawn_labels(const struct drawn *drawn);

#endif
