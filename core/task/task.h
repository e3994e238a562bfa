/*
 * A task turns (split, index) into token sequences: a prompt, and an answer
 * on which the loss is taken; or into rows of numbers with numbers or a class
 * to be predicted (example.h).  Adding a task costs one file and one line in
 * task_table.c.
 *
 * Examples are a pure function of (task, seed, split, index): no cursor, so
 * any step's batch can be had again (undo, fork, resume, replay).
 */
#ifndef CORE_TASK_TASK_H
#define CORE_TASK_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/mat.h"
#include "core/task/example.h"
#include "core/task/tokenizer.h"

enum split { SPLIT_TRAIN, SPLIT_VALIDATION };

/* One sequence: ids[0 .. count-1].  Position t predicts ids[t+1]; the loss
 * counts predictions of ids[answer] .. ids[count-1]. */
struct example {
    int32_t *ids; /* room for context ids, owned by the caller */
    int count;
    int answer; /* >= 1 */
};

/* The same of a task of numbers. */
struct sample {
    float *x;  /* (in), owned by the caller */
    float *y;  /* (out) of EXAMPLE_VALUES, likewise; else NULL */
    int label; /* 0 .. out - 1 of EXAMPLE_CLASS */
};

struct task_conf {
    const char *name;
    const char *data;   /* published file or folder; NULL: the generator */
    const char *assets; /* folder of the bundled world */
    const struct tokenizer *tokenizer; /* borrowed; NULL for none */
    uint64_t seed;
    int context;   /* ids an example may have at most */
    int examples;  /* training draws only the first so many, each as often as
                      the others; 0: ever new ones */
    bool skip_bad; /* bad rows of data are counted, not refused */
    enum example_kind reads; /* what the model does */
    int in, out;             /* of a model that reads numbers; else 0 */
    struct mat base; /* (out, in) a linear model's W0, borrowed; or at NULL */
    int rank;        /* of what a teacher adds to it; 0: the task's own */
    bool shuffle_pixels;  /* of images, one permutation for all */
    double random_labels; /* share of the training images, 0..1 */
};

/* What a task is made of, for people. */
struct task_report {
    long examples[2]; /* by enum split; 0: a generator, without end */
    long cut;         /* whose prompt lost its beginning: too long */
    long skipped;     /* bad rows left out */
    char said[640];   /* files, split, what the files lack */
};

/* Texts that are right answers to one prompt, owned. */
struct references {
    char **text;
    int count;
};

struct task;

struct task_ops {
    const char *name;           /* in recipes */
    enum example_kind kind;     /* of its examples; the model must read it */
    bool has_rank;              /* reads conf.rank */
    bool has_images;            /* reads what conf shuffles */
    const char *summary;        /* one line, for lists and help */
    const char *metric;         /* while training: "exact match", the arg max at
                                   every target; or NULL: the loss alone */
    const char *const *metrics; /* of generated text: names in score_table,
                                   then NULL; NULL for none */
    int (*open)(struct task *task, struct err *err);
    void (*close)(struct task *task);
    /* Writes example index of the split: one of the two, by kind. */
    void (*example)(const struct task *task, struct example *to,
                    enum split split, uint64_t index);
    void (*sample)(const struct task *task, struct sample *to, enum split split,
                   uint64_t index);
    /* The rest may be NULL, and is asked through the functions below. */
    void (*report)(const struct task *task, struct task_report *to);
    void (*references)(const struct task *task, struct references *to,
                       enum split split, uint64_t index);
    const char *const *(*labels)(const struct task *task);
};

struct task {
    const struct task_ops *ops;
    struct task_conf conf;
    void *state;
};

/* task_table.c; the list ends with NULL. */
extern const struct task_ops *const task_table[];
const struct task_ops *task_find(const char *name);

/* Unknown names are refused with the nearest known one. */
struct task *task_open(const struct task_conf *conf, struct err *err);
void task_close(struct task *task);

struct task_report task_report(const struct task *task);
/* How many validation examples there are of size wanted ones. */
int task_validation_size(const struct task *task, int size);
/* The same of those that begin with number from. */
int task_held_out_size(const struct task *task, long from, int size);
/* What answers the prompt ids[0 .. answer - 1] of that example; several where
 * a published file has several. */
struct references task_references(const struct task *task, enum split split,
                                  uint64_t index);
void references_free(struct references *references);
/* All answers there can be, then NULL (a word each, without the blank before
 * it); NULL for a task whose answers are free text. */
const char *const *task_labels(const struct task *task);

/*
 * Sequences packed end to end without padding; attention never crosses a
 * boundary, positions restart.  target[t] is the id to be predicted at t, or
 * -1 where no loss is taken.
 */
struct batch {
    int sequences, tokens, targets; /* targets: how many are >= 0 */
    int *start;      /* (sequences + 1) first token of each, last = tokens */
    int32_t *id;     /* (tokens) */
    int32_t *target; /* (tokens) */
    int *prompt;     /* (sequences) tokens before the answer, 1 or more */
    const int32_t *type; /* (tokens) of token, where a model has several; NULL:
                            all 0; borrowed */
    int sequence_room, token_room; /* allocated */
    /* Of numbers, a sequence is one row and one token. */
    int in, out; /* 0, 0: text */
    float *x;    /* (tokens, in) */
    float *y;    /* (tokens, out), each number a target; or NULL: target is the
                    row's class */
};

void batch_clear(struct batch *batch);
/* The ids that predict and are predicted: count - 1 positions. */
void batch_add(struct batch *batch, const struct example *example);
/* All rows of one batch have the same sizes. */
void batch_add_row(struct batch *batch, const struct sample *sample, int in,
                   int out);
void batch_free(struct batch *batch);
/* Slice i of n: sequences [i*S/n, (i+1)*S/n) as a view that borrows. */
struct batch batch_slice(const struct batch *batch, int i, int n, int *starts);

/* The batch of a training step: size sequences, drawn by (seed, step).  With
 * conf.examples they go round in epochs, in a new order each time; size is
 * then the same at every step. */
void task_batch(const struct task *task, struct batch *to, uint64_t seed,
                long step, int size);
/* The first size examples of the validation split; fewer where a file has
 * fewer. */
void task_validation(const struct task *task, struct batch *to, int size);
/* The same from another one than the first: what two ranges without a common
 * number hold is disjoint, so that one can choose and the other judge. */
void task_held_out(const struct task *task, struct batch *to, long from,
                   int size);

#endif
