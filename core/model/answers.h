/*
 * A task's held-out examples answered by the model itself, from the prompt
 * alone: what "exact match" by teacher forcing stands for, and what metrics
 * of texts (ROUGE, logical form) are computed from.
 */
#ifndef CORE_MODEL_ANSWERS_H
#define CORE_MODEL_ANSWERS_H

#include "core/model/decode.h"

struct answer {
    uint64_t index;                /* of the validation split */
    const struct example *example; /* the prompt and the answer wanted */
    const int32_t *ids;            /* what was written, the end included */
    int count;
    bool ended; /* with the end token; else the limit cut it off */
    bool exact; /* it begins with all that was wanted, the end included */
    double nats;
};

/* Called for each example in order; everything is only lent. */
struct judge {
    void *ctx;
    void (*hear)(void *ctx, const struct answer *answer);
};

/* How many are answered side by side. */
enum { ANSWERS_TOGETHER = 8 };

/* Answers examples from .. from + examples - 1 of the validation split, some
 * side by side.  An answer has at most conf->tokens tokens and what is left of
 * the context; text k of the sampling is example k. */
void answers_write(struct decoder *decoder, const struct task *task, long from,
                   int examples, const struct decode_conf *conf,
                   struct judge judge);

#endif
