/*
 * eval --generate: the held-out examples as the model answers them itself,
 * beside the match that teacher forcing counts.
 */
#ifndef TUI_COMMANDS_EVAL_WRITE_H
#define TUI_COMMANDS_EVAL_WRITE_H

#include "core/model/decode.h"
#include "core/task/score.h"
#include "tui/commands/language_model.h"

struct eval_written {
    long examples, exact;
    long tokens;                     /* written in all */
    long cut;                        /* answers that the limit cut off */
    struct tally tally[SCORES_MOST]; /* the task's metrics of texts */
    int tallies;
};

/* conf's end and, when 0, tokens are filled in.  Fails when the task has no
 * answers to write, or the machine no memory. */
int eval_write(struct eval_written *written, const struct language_model *lm,
               const struct task *task, int examples, struct decode_conf conf,
               struct err *err);

#endif
