/*
 * What a smaller rank of one site would cost: the held-out loss with the k
 * largest directions kept (Eckart-Young), for k = 0 .. r, on a few held-out
 * examples.  Works on a copy of the run's weights; nothing is trained.
 */
#ifndef EXPERIMENTS_TRUNCATION_H
#define EXPERIMENTS_TRUNCATION_H

#include "core/base/err.h"
#include "core/model/transformer.h"

struct truncation {
    const struct model *model;
    float *values; /* W of all sites, one after another */
    struct weights weights;
    int site;
};

/* Copies; false when the run changes more than its sites. */
bool truncation_take(struct truncation *to, const struct model *model,
                     const struct weights *weights, int site);
void truncation_free(struct truncation *truncation);

/* loss (rank + 1) in nats per target; bt (rank, out), a (rank, in). */
int truncation_measure(double *loss, struct truncation *truncation,
                       struct mat bt, struct mat a, double scale,
                       struct pass *pass, const struct batch *batch,
                       struct err *err);

#endif
