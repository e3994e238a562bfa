/*
 * Noise in a spectrum: from the median singular value, and from the type the
 * weights are stored in; see noise.h.
 */
#include "analysis/noise.h"

#include <assert.h>
#include <math.h>

#include "analysis/metric.h"

static int refuse_exact(int rank, int smaller, struct err *err)
{
    return err_set(
        err,
        "an update of exact rank %d: its other %d singular values "
        "are rounding, and a median of rounding is not noise; only "
        "an update of full rank (method full) shows where noise ends",
        rank, smaller - rank);
}

int noise_of(struct noise *to, const double *sigma, int count, int out, int in,
             struct err *err)
{
    int smaller = out < in ? out : in, larger = out < in ? in : out;
    assert(smaller > 0 && count <= smaller);
    if (count < 1 || !(sigma[0] > 0))
        return err_set(err, "an update of zero has no noise; train a step");
    int rank = (int)metric_numerical_rank(sigma, count, out, in);
    /* A zero or two may be noise's own; an eighth of all is a rank. */
    if (count < smaller || smaller - rank > smaller / 8)
        return refuse_exact(rank, smaller, err);
    double beta = (double)smaller / larger;
    double median = (sigma[(count - 1) / 2] + sigma[count / 2]) / 2;
    *to = (struct noise){.s = median /
                              sqrt(marchenko_pastur_median(beta) * larger),
                         .threshold = gavish_donoho_omega(beta) * median};
    to->edge = to->s * (sqrt(out) + sqrt(in));
    while (to->above_edge < count && sigma[to->above_edge] > to->edge)
        to->above_edge++;
    while (to->above_threshold < count &&
           sigma[to->above_threshold] > to->threshold)
        to->above_threshold++;
    return 0;
}

/* A unit in the last place of w is 2^-digits of its power of two, and below
 * the least exponent that of the denormals. */
static const struct {
    const char *name;
    int digits, least;
} format[] = {[STORED_F32] = {"f32", 23, -126},
              [STORED_BF16] = {"bf16", 7, -126},
              [STORED_F16] = {"f16", 10, -14}};

const char *storage_name(enum storage storage)
{
    return format[storage].name;
}

double rounding_floor(struct mat w, enum storage storage, int rounded)
{
    double squares = 0;
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++) {
            int exponent;
            if (frexpf(mat_row(w, i)[j], &exponent) == 0)
                continue;  /* zero is stored as zero */
            exponent -= 1; /* frexp's fraction is in [1/2, 1) */
            if (exponent < format[storage].least)
                exponent = format[storage].least;
            squares += ldexp(1, 2 * (exponent - format[storage].digits));
        }
    double entries = (double)w.rows * w.cols;
    double eta = entries > 0 ? sqrt(rounded * squares / entries / 12) : 0;
    return eta * (sqrt(w.rows) + sqrt(w.cols));
}
