/*
 * A base with its tokenizer, and weights to which an adapter was added: what
 * eval and generate work on.
 */
#ifndef TUI_COMMANDS_LANGUAGE_MODEL_H
#define TUI_COMMANDS_LANGUAGE_MODEL_H

#include "core/io/adapter.h"
#include "core/model/transformer.h"
#include "core/task/tokenizer.h"

struct language_model {
    struct model *model;
    struct tokenizer *tokenizer;
    struct weights weights;
    float *changed; /* copies of the sites, when an adapter is merged */
    struct adapter *adapter; /* or NULL */
    double strength;
};

enum adapter_way { ADAPTER_MERGED, ADAPTER_BESIDE };

/* base: a folder or "bundled"; adapter: a PEFT folder or NULL.  Beside: W
 * stays W0, and every pass needs language_model_insert(). */
int language_model_open(struct language_model *lm, const char *base,
                        const char *adapter, double strength,
                        enum adapter_way way, struct err *err);
/* Puts the adapter beside W in this pass, unless it is merged. */
void language_model_insert(const struct language_model *lm, struct pass *pass);
void language_model_close(struct language_model *lm);

#endif
