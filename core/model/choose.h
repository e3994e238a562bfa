/*
 * Choosing among answers by their loss: for tasks whose answer is a label, the
 * one the model finds least surprising, end token included, whatever it would
 * write by itself.
 */
#ifndef CORE_MODEL_CHOOSE_H
#define CORE_MODEL_CHOOSE_H

#include "core/model/transformer.h"
#include "core/task/task.h"

/* Index of the label with the least sum of nats after the example's prompt;
 * nats (labels) takes the sums unless NULL.  Labels end with NULL; of equal
 * ones the first.  The pass is used, so one thread at a time. */
int choose_label(double *nats, struct pass *pass, const struct weights *weights,
                 const struct task *task, const struct example *example,
                 const char *const *labels);

/* The index of the label that the example's answer is, or -1. */
int choose_right(const struct task *task, const struct example *example,
                 const char *const *labels);

#endif
