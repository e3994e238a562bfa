/*
 * What all tasks of a prompt and an answer share: they are drawn from the
 * world's grammar (drawn.c) or read from published files (dataset.c), and
 * become ids the same way:
 *
 *     <|endoftext|> prompt answer <|endoftext|>
 *
 * with the loss on answer and end.  What is longer than the context loses the
 * beginning of its prompt, never anything of its answer.
 */
#ifndef CORE_TASK_PAIRS_H
#define CORE_TASK_PAIRS_H

#include "core/task/task.h"

struct intake;

struct pair_shape {
    const char *symbol;    /* of the grammar, "<sql>"; NULL: files only */
    const char *form;      /* what the symbol must write, for a sentence */
    const char *answer_at; /* the prompt ends with this, as "\nA:" */
    const char *key_at;    /* what decides the split begins here; NULL: all */
    const char *const *labels; /* of the symbol; as many of each; or NULL */
    int (*read)(struct intake *intake);
    const char *expects; /* of a file, for a sentence */
    bool grouped;        /* validation asks each different prompt once */
};

/* For task_ops; the shape is borrowed.  pairs_open fails as open() does. */
int pairs_open(struct task *task, const struct pair_shape *shape,
               struct err *err);
void pairs_close(struct task *task);
void pairs_example(const struct task *task, struct example *to,
                   enum split split, uint64_t index);
void pairs_report(const struct task *task, struct task_report *to);
void pairs_references(const struct task *task, struct references *to,
                      enum split split, uint64_t index);
const char *const *pairs_labels(const struct task *task);

enum pairs_fit { PAIRS_WHOLE, PAIRS_CUT, PAIRS_TOO_LONG };

/* How the pair fits the context; writes its ids unless to is NULL or the
 * answer alone is too long.  bytes: of the prompt. */
enum pairs_fit pairs_encode(const struct task *task, struct example *to,
                            const char *prompt, size_t bytes,
                            const char *answer);

#endif
