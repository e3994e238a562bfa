/*
 * What an example is made of.  A model reads one kind, a task writes one, and
 * the two must agree; the kind also says in what the loss is counted.
 */
#ifndef CORE_TASK_EXAMPLE_H
#define CORE_TASK_EXAMPLE_H

enum example_kind {
    EXAMPLE_TEXT,   /* tokens; -log p of each token of the answer */
    EXAMPLE_VALUES, /* numbers to numbers; the square of each error */
    EXAMPLE_CLASS   /* numbers to one of several classes; -log p of it */
};

/* For axes: "loss, nats per target", "mean squared error". */
const char *example_loss_name(enum example_kind kind);
/* Behind a number: "nats", "mean squared error". */
const char *example_loss_unit(enum example_kind kind);
/* What such a task or model is about: "text", "rows of numbers". */
const char *example_kind_name(enum example_kind kind);

#endif
