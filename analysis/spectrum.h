/*
 * Singular values of an update dW (out, in), and of the factors behind it.
 *
 * From factors they are exact in double without ever forming the product
 * (core/method/factor_svd.h).  A matrix in float has the SVD of its precision.
 */
#ifndef ANALYSIS_SPECTRUM_H
#define ANALYSIS_SPECTRUM_H

#include "core/base/err.h"
#include "core/base/mat.h"

/* How far singular values of a dense matrix may be off, as a share of the
 * largest: 84 eps of float.  Measured up to 1536 x 1536: 25 eps values alone,
 * 4 eps with vectors.  An update by full fine-tuning is a difference of float
 * weights, each rounded by eps |W|, which is tens of eps of |dW| before any
 * SVD; numerical rank is cut at max(out, in) eps, above what was measured. */
#define SPECTRUM_DENSE_SHARE 1e-5

struct spectrum {
    int out, in;
    int count;       /* singular values: min(out, in), or r from factors */
    double *sigma;   /* (count) descending */
    double rounding; /* what is below this share of sigma[0] is rounding of
                        the routine; its vectors are arbitrary */
    struct dmat u;   /* (out, count); at NULL when not asked for */
    struct dmat vt;  /* (count, in) */
};

enum vectors { VALUES_ONLY, WITH_VECTORS };

/* dW = scale * bt^T a, with bt (r, out), a (r, in), any r. */
int spectrum_of_factors(struct spectrum *spectrum, struct mat bt, struct mat a,
                        double scale, enum vectors vectors, struct err *err);
/* Any matrix (out, in), dense; vectors are orthonormal to a few 1e-6. */
int spectrum_of_matrix(struct spectrum *spectrum, struct mat w,
                       enum vectors vectors, struct err *err);
/* How many sigma are above that rounding: max(out, in) 2^-52 from factors,
 * 2^-23 of a dense matrix.  The vectors of the others complete a basis. */
int spectrum_rank(const struct spectrum *spectrum);
/* The first k singular values and vectors of a matrix too large for that, by
 * random projection; count is k, or min(out, in) if that is less.  But for
 * float rounding no value is too large, and on average sigma_i^2 is too small
 * by at most C^(2/5) sigma_(k+1)^2 (Halko, Martinsson & Tropp 2011, 10.10),
 *   C = 1 + sqrt(k/9) + e/10 sqrt((k + 10) (min(out, in) - k)).
 * Measures of the whole spectrum (effective rank, energy, noise edges) must
 * not be taken from it, and whoever shows it says "top k of min(out, in)".
 * The same matrix gives the same bits. */
int spectrum_top(struct spectrum *spectrum, struct mat w, int k,
                 struct err *err);
void spectrum_free(struct spectrum *spectrum);

#endif
