/* See extract_site.h. */
#include "experiments/extract_site.h"

#include <math.h>

#include "analysis/probe.h"
#include "analysis/rank_plan.h"
#include "analysis/spectrum.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/rounding.h"

enum {
    EXACT_MOST = 3 << 20, /* entries: its work space is below 100 MB */
    FIRST = 16,           /* directions, where the energy asks for them */
    ROWS = 64,            /* looked at a time */
    RELEASE = 8           /* times ROWS: then their pages may leave memory */
};

/* d (rows, cols) = tuned - base, and the norms; unit: mean square of the
 * distance to the next number, of both. */
static int subtract(struct mat d, struct extract_site *site, double *unit,
                    struct extract_from from, struct extract_from to,
                    struct err *err)
{
    const struct tensor *base = from.tensor, *tuned = to.tensor;
    double squares = 0, before = 0, units = 0;
    struct mat w0 = mat_new(ROWS, d.cols);
    int status = 0;
    for (int row = 0; row < d.rows && status == 0; row += ROWS) {
        int rows = d.rows - row < ROWS ? d.rows - row : ROWS;
        int64_t first = (int64_t)row * d.cols, n = (int64_t)rows * d.cols;
        float *at = mat_row(d, row);
        if (tensor_read_part(w0.at, base, first, n, err) ||
            tensor_read_part(at, tuned, first, n, err))
            status = -1;
        for (int64_t i = 0; i < n && status == 0; i++) {
            float one = round_unit(w0.at[i], base->type);
            float other = round_unit(at[i], tuned->type);
            units += (double)one * (double)one + (double)other * (double)other;
            before += (double)w0.at[i] * (double)w0.at[i];
            at[i] -= w0.at[i];
            squares += (double)at[i] * (double)at[i];
        }
        if (row / ROWS % RELEASE == RELEASE - 1 || row + ROWS >= d.rows) {
            safetensors_release(from.file, base);
            safetensors_release(to.file, tuned);
        }
    }
    mat_free(&w0);
    site->norm = sqrt(squares);
    site->base_norm = sqrt(before);
    *unit = units / ((double)d.rows * (double)d.cols);
    return status;
}

static double energy_of(const struct spectrum *spectrum)
{
    double sum = 0;
    for (int k = 0; k < spectrum->count; k++)
        sum += spectrum->sigma[k] * spectrum->sigma[k];
    return sum;
}

/* As many directions as the rank or the energy asks for, or all. */
static int decompose(struct spectrum *spectrum, struct extract_site *site,
                     struct mat d, const struct extract_ask *ask,
                     struct err *err)
{
    int all = d.rows < d.cols ? d.rows : d.cols;
    int k = ask->rank ? ask->rank : FIRST;
    site->is_exact = (int64_t)d.rows * d.cols <= EXACT_MOST || k >= all;
    if (site->is_exact)
        return spectrum_of_matrix(spectrum, d, WITH_VECTORS, err);
    for (;; k *= 2) {
        k = k < all ? k : all;
        if (spectrum_top(spectrum, d, k, err) != 0)
            return -1;
        if (ask->rank || k == all ||
            energy_of(spectrum) >= ask->energy * site->norm * site->norm ||
            spectrum->sigma[k - 1] <= site->floor)
            return 0;
        spectrum_free(spectrum);
    }
}

/* How many to keep: the ask, of what is above the floor. */
static int choose(const struct spectrum *spectrum,
                  const struct extract_site *site,
                  const struct extract_ask *ask)
{
    struct plan_site plan = {spectrum->sigma, spectrum->count, site->out,
                             site->in};
    int most = plan_numerical_rank(&plan), rank = 0;
    double kept = 0, whole = site->norm * site->norm;
    while (rank < most && spectrum->sigma[rank] > site->floor &&
           (ask->rank ? rank < ask->rank : kept < ask->energy * whole)) {
        kept += spectrum->sigma[rank] * spectrum->sigma[rank];
        rank++;
    }
    return rank;
}

/* left (k, rows), right (k, cols): roots of sigma times the vectors, rounded
 * as they will be stored. */
static void split(struct mat left, struct mat right,
                  const struct spectrum *spectrum, enum tensor_type type)
{
    for (int k = 0; k < left.rows; k++) {
        double root = sqrt(spectrum->sigma[k]);
        for (int i = 0; i < left.cols; i++)
            mat_row(left, k)[i] =
                round_float((float)(root * dmat_row(spectrum->u, i)[k]), type);
        for (int j = 0; j < right.cols; j++)
            mat_row(right, k)[j] =
                round_float((float)(root * dmat_row(spectrum->vt, k)[j]), type);
    }
}

/* ||d - left^T right||_F; d is spoilt. */
static double measure(struct mat d, struct mat left, struct mat right)
{
    double squares = 0;
    for (int row = 0; row < d.rows; row += ROWS) {
        int rows = d.rows - row < ROWS ? d.rows - row : ROWS;
        struct mat part = mat_rows(d, row, rows);
        linalg_gemm(part, -1, mat_cols(left, row, rows), TRANSPOSED, right,
                    PLAIN, 1);
        squares += mat_norm_squared(part);
    }
    return sqrt(squares);
}

/* What y should be, from the vectors and not from the factors. */
static void probe(struct extract_site *site, const struct spectrum *spectrum,
                  int index)
{
    double *x = xcalloc((size_t)site->in, sizeof *x);
    site->meant = xcalloc((size_t)site->out, sizeof *site->meant);
    probe_draw(x, site->in, (uint64_t)index);
    if (!site->transposed) {
        probe_spectrum(site->meant, spectrum->u, spectrum->sigma, spectrum->vt,
                       site->rank, x);
    } else
        for (int k = 0; k < site->rank; k++) {
            double along = 0;
            for (int i = 0; i < site->in; i++)
                along += dmat_row(spectrum->u, i)[k] * x[i];
            for (int j = 0; j < site->out; j++)
                site->meant[j] +=
                    spectrum->sigma[k] * along * dmat_row(spectrum->vt, k)[j];
        }
    mem_free(x);
}

static int cut(struct extract_site *site, struct mat *bt, struct mat *a,
               struct mat d, const struct extract_ask *ask, int index,
               struct err *err)
{
    struct spectrum spectrum = {0};
    if (decompose(&spectrum, site, d, ask, err) != 0)
        return err_prefix(err, "%.200s", site->tensor);
    site->rank = choose(&spectrum, site, ask);
    site->most = spectrum.count;
    site->sigma = spectrum.sigma; /* stays ours */
    site->residual = site->norm;
    if (site->rank) {
        struct mat left = mat_new(site->rank, d.rows);
        struct mat right = mat_new(site->rank, d.cols);
        split(left, right, &spectrum, ask->type);
        probe(site, &spectrum, index);
        dmat_free(&spectrum.u);
        dmat_free(&spectrum.vt);
        site->residual = measure(d, left, right);
        *bt = site->transposed ? right : left;
        *a = site->transposed ? left : right;
    }
    dmat_free(&spectrum.u);
    dmat_free(&spectrum.vt);
    return 0;
}

int extract_site(struct extract_site *site, struct mat *bt, struct mat *a,
                 struct extract_from base, struct extract_from tuned,
                 const struct extract_ask *ask, int index, struct err *err)
{
    int rows = (int)base.tensor->shape[0], cols = (int)base.tensor->shape[1];
    double unit = 0;
    *bt = *a = (struct mat){0};
    struct mat d =
        mat_of(mem_try((size_t)base.tensor->count, sizeof(float)), rows, cols);
    if (!d.at)
        return err_set(err, "tensor \"%.200s\": not enough memory for it",
                       base.tensor->name);
    int status = subtract(d, site, &unit, base, tuned, err);
    /* As in noise.h: a rounding has variance unit^2 / 12, the largest singular
     * value of such noise is near its root times (sqrt out + sqrt in). */
    site->floor = sqrt(unit / 12) * (sqrt((double)rows) + sqrt((double)cols));
    if (status == 0 && site->norm > 0)
        status = cut(site, bt, a, d, ask, index, err);
    mat_free(&d);
    return status;
}
