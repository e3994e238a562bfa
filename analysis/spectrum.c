/*
 * Singular values of updates: see spectrum.h.  Factors go through two QRs
 * (core/method/factor_svd.h), other matrices through a dense SVD.  Never by a
 * randomised SVD, which underestimates the tail that rank metrics live on.
 */
#include "analysis/spectrum.h"

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/method/factor_svd.h"

static struct spectrum spectrum_new(int out, int in, int count,
                                    enum vectors vectors)
{
    struct spectrum made = {.out = out, .in = in, .count = count};
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
    *spectrum = spectrum_new(bt.cols, a.cols, factor_svd_count(bt, a), vectors);
    if (factor_svd(spectrum->u, spectrum->sigma, spectrum->vt, bt, a, scale,
                   err)) {
        spectrum_free(spectrum);
        return -1;
    }
    return 0;
}

int spectrum_of_matrix(struct spectrum *spectrum, struct mat w,
                       enum vectors vectors, struct err *err)
{
    *spectrum = (struct spectrum){0};
    if (!mat_finite(w)) /* LAPACK may not return from a NaN */
        return err_set(err, "the matrix holds NaN or Inf: no singular values");
    int count = w.rows < w.cols ? w.rows : w.cols;
    *spectrum = spectrum_new(w.rows, w.cols, count, vectors);
    struct dmat wide = dmat_new(w.rows, w.cols);
    dmat_from(wide, w);
    int status =
        linalg_svd(spectrum->u, spectrum->sigma, spectrum->vt, wide, err);
    dmat_free(&wide);
    if (status)
        spectrum_free(spectrum);
    return status;
}

void spectrum_free(struct spectrum *spectrum)
{
    mem_free(spectrum->sigma);
    dmat_free(&spectrum->u);
    dmat_free(&spectrum->vt);
    *spectrum = (struct spectrum){0};
}
