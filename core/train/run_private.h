/*
 * Inside a run.  Private to core/train: run.c steps it, run_rank.c turns its
 * ranks, run_state.c saves and restores it.
 */
#ifndef CORE_TRAIN_RUN_PRIVATE_H
#define CORE_TRAIN_RUN_PRIVATE_H

#include <stdatomic.h>

#include "core/train/run.h"

enum { RUN_SLICES = 64 };

struct slice { /* of a training step; one thread at a time */
    struct run *run;
    float *grad;   /* (method->size) */
    float **other; /* (other_count) windows on grad, or NULL */
    struct arena *scratch; /* the working thread's, during the job */
};

struct part { /* of any batch, training or evaluation */
    struct batch batch; /* borrows */
    struct score score;
};

struct place { /* of one thread of the team */
    struct pass *pass;
    struct arena scratch;
};

struct run {
    const struct model *model;
    struct run_conf conf;
    struct method *method;
    struct optimizer optimizer;
    long step;
    struct step_result result;

    struct weights weights; /* what the transformer sees; up to date between
                               steps */
    float *effective;       /* storage of the W that the method writes */
    bool *adapted;          /* (site_count) */

    struct slice slice[RUN_SLICES];
    struct place *place; /* (threads) */
    int threads;
    struct part *part;   /* (parts) of the batch at work */
    int parts, part_room;
    int *starts;         /* the parts' starts, one after another */
    int starts_room;
    struct team *team;
    const struct batch *batch;
    atomic_int left;     /* slices of this step not done yet */
};

/* After the method's params moved: gradient buffers and others follow. */
void run_follow_layout(struct run *run);
/* Takes away the directions that the method lets go, and their memory. */
void run_drop(struct run *run);
/* W of one site from the method. */
void run_refresh_site(struct run *run, int site);

#endif
