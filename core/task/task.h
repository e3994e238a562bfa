/*
 * A task turns (split, index) into token sequences: a prompt, and an answer
 * on which the loss is taken.  Adding a task costs one file and one line in
 * task_table.c.
 *
 * Examples are a pure function of (task, seed, split, index): no cursor, so
 * any step's batch can be had again (undo, fork, resume, replay).
 */
#ifndef CORE_TASK_TASK_H
#define CORE_TASK_TASK_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/task/tokenizer.h"

enum split { SPLIT_TRAIN, SPLIT_VALIDATION };

/* One sequence: ids[0 .. count-1].  Position t predicts ids[t+1]; the loss
 * counts predictions of ids[answer] .. ids[count-1]. */
struct example {
    int32_t *ids; /* room for context ids, owned by the caller */
    int count;
    int answer;   /* >= 1 */
};

struct task_conf {
    const char *name;
    const char *data;   /* published file or folder; NULL: the generator */
    const char *assets; /* folder of the bundled world */
    const struct tokenizer *tokenizer; /* borrowed; NULL for none */
    uint64_t seed;
    int context;        /* ids an example may have at most */
};

struct task;

struct task_ops {
    const char *name;    /* in recipes */
    const char *summary; /* one line, for lists and help */
    const char *metric;  /* "exact match", or NULL: the loss alone */
    int (*open)(struct task *task, struct err *err);
    void (*close)(struct task *task);
    /* Writes example index of the split. */
    void (*example)(const struct task *task, struct example *to,
                    enum split split, uint64_t index);
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

/*
 * Sequences packed end to end without padding; attention never crosses a
 * boundary, positions restart.  target[t] is the id to be predicted at t, or
 * -1 where no loss is taken.
 */
struct batch {
    int sequences, tokens, targets; /* targets: how many are >= 0 */
    int *start;       /* (sequences + 1) first token of each, last = tokens */
    int32_t *id;      /* (tokens) */
    int32_t *target;  /* (tokens) */
    int sequence_room, token_room; /* allocated */
};

void batch_clear(struct batch *batch);
/* The ids that predict and are predicted: count - 1 positions. */
void batch_add(struct batch *batch, const struct example *example);
void batch_free(struct batch *batch);
/* Slice i of n: sequences [i*S/n, (i+1)*S/n) as a view that borrows. */
struct batch batch_slice(const struct batch *batch, int i, int n, int *starts);

/* The batch of a training step: size sequences, drawn by (seed, step). */
void task_batch(const struct task *task, struct batch *to, uint64_t seed,
                long step, int size);
/* The first size examples of the validation split. */
void task_validation(const struct task *task, struct batch *to, int size);

#endif
