/*
 * A dense spectrum in double.  The program's own works in float
 * (SPECTRUM_DENSE_SHARE); formulas that stand on spectra are tested without
 * that rounding, so that a wrong one cannot hide in it.
 */
#ifndef TESTS_UNIT_EXACT_SPECTRUM_H
#define TESTS_UNIT_EXACT_SPECTRUM_H

#include <float.h>

#include "analysis/spectrum.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"

static inline int exact_spectrum(struct spectrum *to, struct mat w,
                                 struct err *err)
{
    int count = w.rows < w.cols ? w.rows : w.cols;
    struct dmat wide = dmat_new(w.rows, w.cols);
    *to = (struct spectrum){.out = w.rows,
                            .in = w.cols,
                            .count = count,
                            .u = dmat_new(w.rows, count),
                            .vt = dmat_new(count, w.cols)};
    to->rounding = (w.rows > w.cols ? w.rows : w.cols) * DBL_EPSILON;
    to->sigma = xcalloc((size_t)count, sizeof *to->sigma);
    dmat_from(wide, w);
    int status = linalg_svd(to->u, to->sigma, to->vt, wide, err);
    dmat_free(&wide);
    return status;
}

#endif
