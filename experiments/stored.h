/*
 * Something stored, opened for looking at its update of every site: a run of
 * a results folder, a PEFT adapter, or a Hugging Face model beside its base.
 *
 * Nothing is half read: either all of it is there, checked and finite, or
 * there is one sentence with what, where, and what now.
 */
#ifndef EXPERIMENTS_STORED_H
#define EXPERIMENTS_STORED_H

#include "analysis/noise.h"
#include "experiments/moment.h"

enum stored_kind {
    STORED_LORA,   /* factors */
    STORED_DELTA,  /* dense, dW = W - W0 */
    STORED_WEIGHTS /* dense, W itself: no base is known */
};
const char *stored_kind_name(enum stored_kind kind); /* "lora" ... */

/* Where the update of one site comes from. */
struct origin {
    char tensor[128];     /* as the file names it; of a pair its lora_A */
    char scale_from[160]; /* "adapter_config.json: lora_alpha 16 / r 8" */
};

struct stored {
    char what[160]; /* "run r8 at step 60", "the adapter PATH" */
    enum stored_kind kind;
    const struct model *model;   /* W0 and the sites */
    const struct moment *moment; /* of the model's sites */
    struct origin *origin;       /* (site_count) */
    enum storage storage;        /* dense: the coarser type of the two files */
    int rounded;                 /* how many of the two have it */
    struct stored_owned *owned;
};

/*
 * path: a results folder (run says which, or there is one only), a run's
 * folder in it, that run's adapter/ or model/, any PEFT adapter, or a
 * Hugging Face folder.
 *
 * base: a folder, "bundled", or NULL: the recipe's for what lies in a results
 * folder, for an adapter the one its config names, and a model elsewhere then
 * has no base.  assets: the folder that holds base/.
 */
struct stored *stored_open(const char *path, const char *run, const char *base,
                           const char *assets, struct err *err);
void stored_close(struct stored *stored);
/* Whether a folder is one of those: what else is in it does not matter then. */
bool stored_is_known(const char *folder);

/* Of a LoRA adapter: its sites become the pairs as they are filed,
 * h.3.attn.c_attn instead of q, k and v.  Nothing happens to others. */
void stored_fuse(struct stored *stored);
/* Whether stored_fuse() would find pairs. */
bool stored_is_file(const struct stored *stored);

#endif
