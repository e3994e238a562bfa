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
    struct method *inserted; /* or NULL: always beside W */
    double strength;
};

enum adapter_way { ADAPTER_MERGED, ADAPTER_BESIDE };

/* base: a folder or "bundled"; adapter: a PEFT folder, the
 * method folder of a run that inserts, or NULL.  Beside: W
 * stays W0, and every pass needs what language_model_beside() returns. */
int language_model_open(struct language_model *lm, const char *base,
                        const char *adapter, double strength,
                        enum adapter_way way, struct err *err);
/* For pass_insert(): the adapter, unless it is merged. */
struct insert language_model_beside(const struct language_model *lm);
void language_model_close(struct language_model *lm);

#endif
