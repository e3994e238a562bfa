/*
 * What a stored thing holds, shared by stored.c (finding out what a path is),
 * stored_model.c (a Hugging Face folder) and stored_pairs.c (an adapter, and
 * its pairs as they are filed).
 */
#ifndef EXPERIMENTS_STORED_OWNED_H
#define EXPERIMENTS_STORED_OWNED_H

#include "core/io/adapter.h"
#include "core/io/adapter_file.h"
#include "experiments/results.h"
#include "experiments/stored.h"

struct stored_owned {
    struct results *results; /* the run's; its model is the base */
    struct model *model;     /* else the base */
    struct adapter *adapter;
    struct model fused; /* sites that are pairs, windows on the base */
    float *fused_base;  /* W0 of pairs that do not lie in one piece */
};

/* to has kind and model (the base; of weights the tuned one); adds moment,
 * origin and storage, as if the base were exact. */
int stored_read_model(struct stored *to, const struct model *tuned,
                      const char *path, const char *name, struct err *err);
/* A base that is a file like the other: storage becomes the coarser type of
 * the two, rounded how many of them have it. */
void stored_weigh(struct stored *to);
int stored_read_adapter(struct stored *to, const char *path, const char *name,
                        struct err *err);

#endif
