/*
 * What a kind of updates has to know: updates.c finds out which it is, and
 * updates_stored.c (what experiments/stored.h opens), updates_adapter.c (an
 * adapter without its model) and updates_tensors.c (checkpoints, tensor by
 * tensor) read them.
 */
#ifndef EXPERIMENTS_UPDATES_OWNED_H
#define EXPERIMENTS_UPDATES_OWNED_H

#include "experiments/updates.h"
#include "experiments/updates_facts.h"

struct updates_ops {
    int (*take)(struct held *to, const struct updates *updates, int site,
                struct err *err);
    const char *(*caveat)(const struct updates *updates, int i); /* or NULL */
    /* What only this kind knows of itself; or NULL. */
    void (*tell)(struct update_facts *to, const struct updates *updates);
    void (*close)(struct updates *updates);
};

/* Each fills all but name, which updates.c has set. */
int updates_of_stored(struct updates *to, const struct updates_ask *ask,
                      struct err *err);
int updates_of_adapter(struct updates *to, const char *path, struct err *err);
/* base NULL: the tensors themselves. */
int updates_of_tensors(struct updates *to, const char *path, const char *base,
                       struct err *err);

#endif
