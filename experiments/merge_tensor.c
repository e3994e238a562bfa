/*
 * One tensor of a merge, a few of its stored rows at a time; see merge.h.
 * left (r, rows) and right (r, cols) are the factors of the tensor as it is
 * stored: bt and a, or a and bt where it is stored (in, out).
 */
#include <math.h>

#include "analysis/probe.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/rounding.h"
#include "experiments/merge_private.h"

enum { ROWS = 64 };

struct term {
    struct mat bt, a;
    double scale; /* S s */
};

struct sum {
    const struct merge_site *site;
    struct term term[MERGE_MOST];
    int terms;
    int rows, cols;  /* as stored */
    double *factor;  /* (out) DoRA's m / norm, or NULL */
    struct mat w, d; /* (ROWS, cols) */
};

static int read_terms(struct sum *sum, const struct merge *merge,
                      const struct merge_ask *ask, struct err *err)
{
    for (int a = 0; a < ask->adapters; a++) {
        int i = sum->site->pair[a];
        if (i < 0)
            continue;
        struct term *term = &sum->term[sum->terms];
        if (peft_read(&term->bt, &term->a, merge->peft[a], i, err))
            return -1;
        term->scale = ask->scale[a] * merge->peft[a]->pair[i].scale;
        sum->terms++;
    }
    return 0;
}

/* w and d of stored rows [row, row + rows), before DoRA. */
static int take_rows(struct sum *sum, int row, int rows, struct err *err)
{
    struct mat d = mat_rows(sum->d, 0, rows);
    bool turned = sum->site->transposed;
    if (tensor_read_part(sum->w.at, sum->site->tensor, (int64_t)row * sum->cols,
                         (int64_t)rows * sum->cols, err))
        return -1;
    for (int i = 0; i < sum->terms; i++) {
        const struct term *term = &sum->term[i];
        struct mat left = turned ? term->a : term->bt;
        struct mat right = turned ? term->bt : term->a;
        linalg_gemm(d, (float)term->scale, mat_cols(left, row, rows),
                    TRANSPOSED, right, PLAIN, i ? 1 : 0);
    }
    return 0;
}

/* factor = m / ||row of W + s B A||, over the whole tensor. */
static int find_factors(struct sum *sum, const struct tensor *magnitude,
                        struct err *err)
{
    int out = sum->site->out, status = 0;
    float *m = xcalloc((size_t)out, sizeof *m);
    double *square = sum->factor = xcalloc((size_t)out, sizeof *sum->factor);
    if (tensor_read(m, magnitude, err))
        status = -1;
    for (int row = 0; row < sum->rows && status == 0; row += ROWS) {
        int rows = sum->rows - row < ROWS ? sum->rows - row : ROWS;
        status = take_rows(sum, row, rows, err);
        for (int i = 0; i < rows && status == 0; i++)
            for (int j = 0; j < sum->cols; j++) {
                double v = (double)mat_row(sum->w, i)[j] +
                           (double)mat_row(sum->d, i)[j];
                square[sum->site->transposed ? j : row + i] += v * v;
            }
    }
    for (int i = 0; i < out && status == 0; i++) {
        if (square[i] <= 0)
            status = err_set(err,
                             "tensor \"%.200s\": row %d of W + s B A is zero, "
                             "and DoRA divides by its norm",
                             sum->site->tensor->name, i);
        square[i] = (double)m[i] / sqrt(square[i]);
    }
    mem_free(m);
    return status;
}

static void apply_factors(struct sum *sum, int row, int rows)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < sum->cols; j++) {
            double w = (double)mat_row(sum->w, i)[j];
            float *d = &mat_row(sum->d, i)[j];
            double f = sum->factor[sum->site->transposed ? j : row + i];
            *d = (float)(f * (w + (double)*d) - w);
        }
}

/* W becomes W', and what rounding did is counted. */
static void add_rows(struct merge_site *site, struct sum *sum, int rows,
                     enum tensor_type type)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < sum->cols; j++) {
            float *at = &mat_row(sum->w, i)[j], w = *at;
            float d = mat_row(sum->d, i)[j];
            double exact = (double)w + (double)d;
            float now = round_float((float)exact, type);
            float back = round_float((float)((double)now - (double)d), type);
            double off = (double)now - exact, left = (double)back - (double)w;
            site->norm += (double)d * (double)d;
            site->base_norm += (double)w * (double)w;
            site->rounding += off * off;
            site->back += left * left;
            site->changed += d != 0;
            site->swallowed += d != 0 && now == w;
            site->not_back += back != w;
            *at = now;
        }
}

/* y (out) += W x of stored rows. */
static void multiply(double *y, const struct merge_site *site, struct mat w,
                     int row, const double *x)
{
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++) {
            double v = (double)mat_row(w, i)[j];
            if (site->transposed)
                y[j] += v * x[row + i];
            else
                y[row + i] += v * x[j];
        }
}

static int add_all(struct merge_site *site, struct sum *sum,
                   struct safetensors_stream *to, enum tensor_type type,
                   const double *x, struct err *err)
{
    for (int row = 0; row < sum->rows; row += ROWS) {
        int rows = sum->rows - row < ROWS ? sum->rows - row : ROWS;
        if (take_rows(sum, row, rows, err))
            return -1;
        multiply(site->meant, site, mat_rows(sum->w, 0, rows), row, x);
        if (sum->factor)
            apply_factors(sum, row, rows);
        add_rows(site, sum, rows, type);
        if (safetensors_stream_put(to, sum->w.at,
                                   (size_t)rows * (size_t)sum->cols, err))
            return -1;
    }
    return 0;
}

static const struct tensor *magnitude_of(const struct merge_site *site,
                                         const struct merge *merge)
{
    return site->pair[0] < 0 ? NULL
                             : merge->peft[0]->pair[site->pair[0]].magnitude;
}

/* The whole tensor is another. */
static int replace(struct merge_site *site, struct safetensors_stream *to,
                   enum tensor_type type, struct err *err)
{
    enum { CHUNK = 1 << 16 };
    float *w = xcalloc(CHUNK, sizeof *w), *other = xcalloc(CHUNK, sizeof *w);
    int64_t all = site->tensor->count;
    int status = 0;
    for (int64_t i = 0; i < all && status == 0; i += CHUNK) {
        int64_t n = all - i < CHUNK ? all - i : CHUNK;
        if (tensor_read_part(w, site->tensor, i, n, err) ||
            tensor_read_part(other, site->replacement, i, n, err) ||
            safetensors_stream_put(to, other, (size_t)n, err))
            status = -1;
        for (int64_t k = 0; k < n && status == 0; k++) {
            double d = (double)other[k] - (double)w[k];
            double off = (double)round_float(other[k], type) - (double)other[k];
            site->norm += d * d;
            site->base_norm += (double)w[k] * (double)w[k];
            site->rounding += off * off;
        }
    }
    mem_free(w);
    mem_free(other);
    return status;
}

static void take_roots(struct merge_site *site)
{
    site->norm = sqrt(site->norm);
    site->base_norm = sqrt(site->base_norm);
    site->rounding = sqrt(site->rounding);
    site->back = sqrt(site->back);
}

int merge_tensor(struct merge_site *site, struct safetensors_stream *to,
                 const struct merge *merge, const struct merge_ask *ask,
                 enum tensor_type type, int index, struct err *err)
{
    int status = -1;
    if (site->replacement) {
        status = replace(site, to, type, err);
        take_roots(site);
        return status;
    }
    struct sum sum = {.site = site,
                      .rows = (int)site->tensor->shape[0],
                      .cols = (int)site->tensor->shape[1]};
    sum.w = mat_new(ROWS, sum.cols);
    sum.d = mat_new(ROWS, sum.cols);
    double *x = xcalloc((size_t)site->in, sizeof *x);
    site->meant = xcalloc((size_t)site->out, sizeof *site->meant);
    probe_draw(x, site->in, (uint64_t)index);
    if (read_terms(&sum, merge, ask, err))
        goto out;
    for (int i = 0; i < sum.terms; i++)
        probe_factors(site->meant, sum.term[i].bt, sum.term[i].a,
                      sum.term[i].scale, x);
    const struct tensor *magnitude = magnitude_of(site, merge);
    if (magnitude && find_factors(&sum, magnitude, err))
        goto out;
    if (add_all(site, &sum, to, type, x, err))
        goto out;
    for (int i = 0; sum.factor && i < site->out; i++)
        site->meant[i] *= sum.factor[i];
    take_roots(site);
    status = 0;
out:
    for (int i = 0; i < sum.terms; i++) {
        mat_free(&sum.term[i].bt);
        mat_free(&sum.term[i].a);
    }
    mem_free(sum.factor);
    mem_free(x);
    mat_free(&sum.w);
    mat_free(&sum.d);
    return status;
}

/* How far y may be off: storage as it was measured, with a random x either
 * way, and the rounding of a float sum. */
static bool is_explained(const struct merge_site *site, double error)
{
    return error <=
           8 * site->rounding + 1e-5 * site->norm + 1e-6 * site->base_norm;
}

int merge_read_back(struct merge_site *site, const struct safetensors *file,
                    int index, struct err *err)
{
    const struct tensor *tensor = safetensors_find(file, site->tensor->name);
    int cols = (int)site->tensor->shape[1], status = 0;
    int all = (int)site->tensor->shape[0];
    if (!tensor || tensor->count != site->tensor->count)
        return err_set(err,
                       "tensor \"%.200s\" is not in the file that was "
                       "written",
                       site->tensor->name);
    struct mat w = mat_new(ROWS, cols);
    double *x = xcalloc((size_t)site->in, sizeof *x);
    double *y = xcalloc((size_t)site->out, sizeof *y);
    probe_draw(x, site->in, (uint64_t)index);
    for (int row = 0; row < all && status == 0; row += ROWS) {
        int rows = all - row < ROWS ? all - row : ROWS;
        status = tensor_read_part(w.at, tensor, (int64_t)row * cols,
                                  (int64_t)rows * cols, err);
        if (status == 0)
            multiply(y, site, mat_rows(w, 0, rows), row, x);
    }
    double error = probe_error(y, site->meant, site->out, 1);
    site->read_back = site->norm > 0 ? error / site->norm : 0;
    if (status == 0 && !is_explained(site, error))
        status = err_set(err,
                         "tensor \"%.200s\": read back, W x is %.1e of dW x "
                         "off, more than rounding explains; nothing was "
                         "written",
                         site->tensor->name, site->read_back);
    safetensors_release(file, tensor);
    mem_free(x);
    mem_free(y);
    mat_free(&w);
    return status;
}
