/*
 * Where noise ends in a spectrum: Marchenko and Pastur's edge and Gavish and
 * Donoho's threshold, for updates of full rank only, and the floor that
 * rounding leaves in a difference of two stored checkpoints.
 */
#ifndef ANALYSIS_NOISE_H
#define ANALYSIS_NOISE_H

#include "core/base/err.h"
#include "core/base/mat.h"

/* beta = min(out, in) / max(out, in) in (0, 1]. */
double marchenko_pastur_density(double x, double beta); /* of sigma^2/(s^2 N) */
double marchenko_pastur_median(double beta);            /* mu_beta */
/* Quantile of sigma / (s sqrt N), N the larger side; p in [0, 1]. */
double marchenko_pastur_sigma(double p, double beta);
/* lambda(beta): times sqrt(N) s where the noise s is known. */
double gavish_donoho_lambda(double beta);
/* omega(beta) = lambda / sqrt(mu): times the median singular value. */
double gavish_donoho_omega(double beta);

struct noise {
    double s;         /* of an entry, from the median: median/sqrt(mu N) */
    double edge;      /* s (sqrt out + sqrt in): above it is not noise */
    double threshold; /* Gavish and Donoho 2014: keep sigma above */
    int above_edge, above_threshold; /* how many sigma are */
};

/* From all min(out, in) singular values.  Refused, with the reason, for
 * updates of exact rank r < min(out, in) (count shorter, or more than an
 * eighth of the values at the level of float32's rounding): what their median
 * says is round-off, not noise.  The difference of two stored checkpoints is
 * of full rank by rounding alone: hold the edge against rounding_floor. */
int noise_of(struct noise *to, const double *sigma, int count, int out, int in,
             struct err *err);

enum storage { STORED_F32, STORED_BF16, STORED_F16 };
const char *storage_name(enum storage storage); /* "f32" ... */

/* Singular values below this are rounding: the difference of two matrices
 * like w (out, in), each stored in this type, has entries of variance
 * 2 mean(ulp^2) / 12, and so a largest singular value near
 * eta (sqrt out + sqrt in).  rounded: how many of the two were rounded. */
double rounding_floor(struct mat w, enum storage storage, int rounded);

#endif
