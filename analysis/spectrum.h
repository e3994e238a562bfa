/*
 * Singular values of an update dW (out, in), and of the factors behind it.
 *
 * From factors it is exact without ever forming the product (PRIOR_ART 4.1):
 * B = Q_B R_B, A^T = Q_A R_A, SVD(s R_B R_A^T) is r x r.  All in double.
 */
#ifndef ANALYSIS_SPECTRUM_H
#define ANALYSIS_SPECTRUM_H

#include "core/base/err.h"
#include "core/base/mat.h"

struct spectrum {
    int out, in;
    int count;      /* singular values: min(out, in), or r from factors */
    double *sigma;  /* (count) descending */
    struct dmat u;  /* (out, count); at NULL when not asked for */
    struct dmat vt; /* (count, in) */
};

enum vectors { VALUES_ONLY, WITH_VECTORS };

/* dW = scale * bt^T a, with bt (r, out), a (r, in), any r. */
int spectrum_of_factors(struct spectrum *spectrum, struct mat bt, struct mat a,
                        double scale, enum vectors vectors, struct err *err);
/* Any matrix (out, in), dense. */
int spectrum_of_matrix(struct spectrum *spectrum, struct mat w,
                       enum vectors vectors, struct err *err);
void spectrum_free(struct spectrum *spectrum);

#endif
