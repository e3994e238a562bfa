/*
 * An exam: a model answers held-out examples of a task by itself, and is
 * judged as published.  Answers that are labels: the one with the least loss.
 * Other answers: written greedily or by a beam, and given to the task's
 * metrics of texts (logical form, ROUGE, BLEU).
 *
 * Examples are cut into parts of eight whatever the number of threads, and
 * judged in their order: the same marks to the bit.
 */
#ifndef EXPERIMENTS_EXAM_H
#define EXPERIMENTS_EXAM_H

#include "core/model/decode.h"
#include "core/task/score.h"

struct exam { /* everything is borrowed */
    const struct model *model;
    const struct weights *weights;
    struct insert beside; /* what a method puts beside W */
    const struct task *task;
    long from;                 /* first of the validation split */
    int examples;              /* fewer where a file has fewer */
    struct decode_conf decode; /* its end and, when 0, tokens are filled in */
    int threads;               /* 0: all cores */
    bool (*stop)(void *ctx);   /* asked between parts; or NULL */
    void *ctx;
};

/* Answers that were written. */
struct written_marks {
    long examples, exact;
    long tokens;                     /* written in all */
    long cut;                        /* answers that the limit cut off */
    struct tally tally[SCORES_MOST]; /* the task's metrics of texts */
    int tallies;
};

struct label_marks {
    long right, count; /* count 0: the task has no labels */
};

/* Does the task have answers to write, and not only text? */
bool exam_can_write(const struct task *task);
/* 0; 1: stopped, then the marks are of nothing; -1: no memory for it. */
int exam_write(struct written_marks *to, const struct exam *exam,
               struct err *err);
int exam_labels(struct label_marks *to, const struct exam *exam,
                struct err *err);

/* What a table of the paper has of this task, the most important first. */
struct exam_score {
    char name[32];
    double value; /* in [0, 1] */
};
/* to (SCORES_MOST): accuracy of labels, or the task's metrics of what is
 * written, or how many answers are exactly right; none where there is only
 * text.  Returns as the two above. */
int exam_scores(struct exam_score *to, int *count, const struct exam *exam,
                struct err *err);

#endif
