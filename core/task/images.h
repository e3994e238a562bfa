/*
 * What the tasks "digits" and "mnist" have in common: grey images of 28 by 28
 * pixels, each of one of ten digits, kept as bytes; pixels are 0..1 for the
 * model, neither centred nor whitened.
 *
 * Two ways to take the meaning out of them (Zhang et al. 2017; Li et al. 2018,
 * section 3.2): one permutation of the pixels, the same for all images; and
 * training labels drawn at random, of which nothing can be understood, so that
 * the held-out examples are the training images themselves.
 */
#ifndef CORE_TASK_IMAGES_H
#define CORE_TASK_IMAGES_H

#include <stdint.h>

#include "core/task/digit.h"
#include "core/task/task.h"

struct image_set {
    int count;
    uint8_t *pixel; /* (count, DIGIT_PIXELS) owned */
    uint8_t *label; /* (count) owned, 0 .. DIGITS - 1 */
};

struct images { /* of a task, its state */
    struct image_set set[2];
    const char *said; /* static: where they come from, for the report */
};

/* Refuses a base that has other inputs or outputs. */
int images_check(const struct task_conf *conf, struct err *err);
/* Both sets are filled: shuffles what conf says, and fixes conf.examples. */
void images_shuffle(struct images *images, struct task_conf *conf);

/* Three of task_ops. */
void images_close(struct task *task);
void images_sample(const struct task *task, struct sample *to, enum split split,
                   uint64_t index);
void images_report(const struct task *task, struct task_report *to);

#endif
