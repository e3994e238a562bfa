/* One matrix of an extraction: read, decomposed, cut and measured. */
#ifndef EXPERIMENTS_EXTRACT_SITE_H
#define EXPERIMENTS_EXTRACT_SITE_H

#include "experiments/extract.h"

/* A tensor and the file it is in. */
struct extract_from {
    const struct safetensors *file;
    const struct tensor *tensor;
};

/* Fills the numbers of a site whose names and shape are set.  bt (rank, out)
 * and a (rank, in), freed by mat_free(), with s = 1; at NULL when rank is 0.
 * The two tensors' pages leave memory as they are read.  index names the
 * probe. */
int extract_site(struct extract_site *site, struct mat *bt, struct mat *a,
                 struct extract_from base, struct extract_from tuned,
                 const struct extract_ask *ask, int index, struct err *err);

#endif
