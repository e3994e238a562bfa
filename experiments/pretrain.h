/*
 * Making a base model from nothing but the bundled world: a tokenizer learned
 * from its text, then full training of a fresh transformer on it.  The
 * result is an ordinary Hugging Face folder.
 */
#ifndef EXPERIMENTS_PRETRAIN_H
#define EXPERIMENTS_PRETRAIN_H

#include "experiments/recipe.h"

struct pretrain_progress {
    long step, steps;
    double loss;            /* nats per token of this step's batch */
    double validation_loss; /* NaN: not measured at this step */
    long tokens;            /* seen so far */
};

struct pretrain_options {
    const char *assets; /* holds world/ */
    const char *out;    /* existing or new folder for the three files */
    bool force;         /* may replace a model that is there */
    int threads;
    void (*report)(void *ctx, const struct pretrain_progress *progress);
    void *ctx;
};

struct pretrain_result {
    double validation_loss; /* nats per token, held-out */
    double trigram_loss;    /* the same text under a trigram model */
    long tokens, validation_tokens, parameters;
};

/* The recipe's base must be fresh and its first run full. */
int pretrain(struct pretrain_result *result, const struct recipe *recipe,
             const struct pretrain_options *options, struct err *err);

#endif
