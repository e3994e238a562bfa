/*
 * A base with its tokenizer, and weights to which an adapter was added: what
 * eval and generate work on.
 */
#ifndef TUI_COMMANDS_LANGUAGE_MODEL_H
#define TUI_COMMANDS_LANGUAGE_MODEL_H

#include "core/model/model.h"
#include "core/task/tokenizer.h"

struct language_model {
    struct model *model;
    struct tokenizer *tokenizer;
    struct weights weights;
    float *changed; /* copies of the sites, when there is an adapter */
};

/* base: a folder or "bundled"; adapter: a PEFT folder or NULL. */
int language_model_open(struct language_model *lm, const char *base,
                        const char *adapter, double strength,
                        struct err *err);
void language_model_close(struct language_model *lm);

#endif
