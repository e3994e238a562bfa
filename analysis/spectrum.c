/*
 * Singular values of updates: see spectrum.h.  Factors never become
 * their product (core/method/factor_svd.h), other matrices go through a dense
 * SVD in the precision they have.
 */
#include "analysis/spectrum.h"

#include <float.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/method/factor_svd.h"

static struct spectrum spectrum_new(int out, int in, int count, double epsilon,
                                    enum vectors vectors)
{
    struct spectrum made = {.out = out, .in = in, .count = count};
    made.rounding = (out > in ? out : in) * epsilon;
    made.sigma = xcalloc((size_t)count, sizeof *made.sigma);
    if (vectors == WITH_VECTORS) {
        made.u = dmat_new(out, count);
        made.vt = dmat_new(count, in);
    }
    return made;
}

int spectrum_of_factors(struct spectrum *spectrum, struct mat bt, struct mat a,
                        double scale, enum vectors vectors, struct err *err)
{
    *spectrum = spectrum_new(bt.cols, a.cols, factor_svd_count(bt, a),
                             DBL_EPSILON, vectors);
    if (factor_svd(spectrum->u, spectrum->sigma, spectrum->vt, bt, a, scale,
                   err)) {
        spectrum_free(spectrum);
        return -1;
    }
    return 0;
}

/* Widens from and frees it. */
static struct dmat widened(struct mat *from)
{
    struct dmat to = dmat_new(from->rows, from->cols);
    dmat_from(to, *from);
    mat_free(from);
    return to;
}

int spectrum_of_matrix(struct spectrum *spectrum, struct mat w,
                       enum vectors vectors, struct err *err)
{
    *spectrum = (struct spectrum){0};
    if (!mat_finite(w)) /* LAPACK may not return from a NaN */
        return err_set(err, "the matrix holds NaN or Inf: no singular values");
    int count = w.rows < w.cols ? w.rows : w.cols;
    struct mat sigma = mat_new(1, count), u = {0}, vt = {0};
    if (vectors == WITH_VECTORS) {
        u = mat_new(w.rows, count);
        vt = mat_new(count, w.cols);
    }
    int status = linalg_ssvd(u, sigma.at, vt, w, err);
    if (status == 0) { /* in doubles once LAPACK's work space is free again */
        *spectrum = spectrum_new(w.rows, w.cols, count, (double)FLT_EPSILON,
                                 VALUES_ONLY);
        dmat_from(dmat_of(spectrum->sigma, 1, count), sigma);
    }
    if (status == 0 && vectors == WITH_VECTORS) {
        spectrum->u = widened(&u);
        spectrum->vt = widened(&vt);
    }
    mat_free(&sigma);
    mat_free(&u);
    mat_free(&vt);
    return status;
}

int spectrum_rank(const struct spectrum *spectrum)
{
    const double *sigma = spectrum->sigma;
    int rank = 0;
    while (rank < spectrum->count && sigma[rank] > 0 &&
           sigma[rank] > sigma[0] * spectrum->rounding)
        rank++;
    return rank;
}

void spectrum_free(struct spectrum *spectrum)
{
    mem_free(spectrum->sigma);
    dmat_free(&spectrum->u);
    dmat_free(&spectrum->vt);
    *spectrum = (struct spectrum){0};
}
