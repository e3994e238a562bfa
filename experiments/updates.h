/*
 * Updates of anything that is stored, taken one site at a time: a run, an
 * adapter of any dialect with or without its base, one checkpoint, or the
 * difference of two.  What is not taken is not in memory.
 */
#ifndef EXPERIMENTS_UPDATES_H
#define EXPERIMENTS_UPDATES_H

#include "analysis/update.h"
#include "experiments/stored.h"

/* One site, as far as names and shapes tell. */
struct update_site {
    const char *name;       /* h.3.attn.q, unet:7 */
    const char *tensor;     /* as the file calls it; of a pair its A */
    const char *scale_from; /* "": no factors */
    const char *warning;    /* of the scale; "": sources agree */
    char unfolding[64];     /* of a kernel, in words; or "" */
    int out, in;
    int rank; /* of factors; 0: dense */
    double scale;
};

/* A site's update in memory, until updates_put(). */
struct held {
    struct update update;
    struct mat w0; /* (out, in), or at NULL: nobody knows the base */
    double floor;  /* of a difference: rounding's largest value; else 0 */
    struct mat own[3];
};

struct updates {
    enum stored_kind kind;
    char what[200]; /* "adapter PATH", "run r8 of ..." */
    char name[32];  /* of a run, or of the folder */
    char note[400]; /* the first caveat, or "" */
    char base[256]; /* by name, when nothing else is known of it; or "" */
    long step;      /* of a run; -1 */
    int count;
    struct update_site *site; /* (count) */
    enum storage storage;     /* dense: the coarser type of the two files */
    int rounded;              /* how many of the two have it */
    const struct updates_ops *ops;
    void *owned;
};

struct updates_ask {
    const char *path, *run, *base, *assets;
    bool split;      /* an adapter's c_attn as q, k and v: needs the model */
    bool needs_base; /* held.w0 will be asked for */
};

/* run, base and assets as for stored_open(); path may also be a file of
 * tensors, and base another one. */
struct updates *updates_open(const struct updates_ask *ask, struct err *err);
void updates_close(struct updates *updates);

int updates_find(const struct updates *updates, const char *name); /* or -1 */
/* Refuses NaN and what else is wrong with a site, naming its tensor. */
int updates_take(struct held *to, const struct updates *updates, int site,
                 struct err *err);
void updates_put(struct held *held);

/* What the updates do not hold of what was learned; NULL after the last. */
const char *updates_caveat(const struct updates *updates, int i);

#endif
