/*
 * Adding an adapter to weights: see adapter.h.  LoRA's update is s B A.
 * DoRA's (Liu et al. 2024, arXiv 2402.09353) is
 *
 *   dW_i = g_i V_i - W0_i,  V = W0 + s B A,  g_i = m_i / |V_i|   (1)
 *
 * row by row, and strength scales all of dW, as it does for LoRA.
 */
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/vecmath.h"
#include "core/io/adapter_bound.h"

void adapter_direction(struct mat v, struct mat w0, const struct bound *pair,
                       int row)
{
    mat_copy(v, w0);
    linalg_gemm(v, (float)pair->scale, mat_rows(pair->b, row, v.rows), PLAIN,
                pair->a, PLAIN, 1);
}

/* The pair that adapts a site, and which rows of it are the site's; NULL:
 * none does. */
static const struct bound *bound_of(const struct adapter *adapter, int site,
                                    int *row)
{
    for (int i = 0; i < adapter->count; i++) {
        const struct bound *pair = &adapter->pair[i];
        *row = 0;
        for (int k = 0; pair->from && k < pair->module.sites; k++) {
            int here = pair->module.site[k];
            if (here == site)
                return pair;
            *row += adapter->model->site[here].out;
        }
    }
    return NULL;
}

bool adapter_has_magnitudes(const struct adapter *adapter)
{
    for (int i = 0; i < adapter->count; i++)
        if (adapter->pair[i].gain)
            return true;
    return false;
}

/* w (out, in) += strength dW, by (1). */
static void merge_lengths(struct mat w, const struct adapter *adapter, int site,
                          const struct bound *pair, int row, double strength)
{
    struct mat w0 = adapter->model->base.site[site];
    struct mat v = mat_new(w0.rows, w0.cols);
    float by = (float)strength;
    adapter_direction(v, w0, pair, row);
    for (int i = 0; i < v.rows; i++) {
        float gain = pair->gain[row + i];
        float *to = mat_row(w, i), *from = mat_row(v, i);
        for (int j = 0; j < v.cols; j++)
            to[j] += by * (gain * from[j] - mat_row(w0, i)[j]);
    }
    mat_free(&v);
}

void adapter_merge(const struct adapter *adapter, struct weights *weights,
                   double strength)
{
    for (int i = 0; i < adapter->model->site_count; i++) {
        int row;
        struct mat w = weights->site[i];
        const struct bound *pair = bound_of(adapter, i, &row);
        if (pair && pair->gain)
            merge_lengths(w, adapter, i, pair, row, strength);
        else if (pair)
            linalg_gemm(w, (float)(strength * pair->scale),
                        mat_rows(pair->b, row, w.rows), PLAIN, pair->a, PLAIN,
                        1);
    }
}

/* y (tokens, out) += strength (g (x W0^T + s x A^T B^T) - x W0^T) */
static void beside_lengths(struct mat y, struct mat x, struct mat w0,
                           struct mat u, struct mat b, const float *gain,
                           double scale, double strength)
{
    struct mat base = mat_new(y.rows, y.cols), moved = mat_new(y.rows, y.cols);
    linalg_gemm(base, 1, x, PLAIN, w0, TRANSPOSED, 0);
    linalg_gemm(moved, (float)scale, u, PLAIN, b, TRANSPOSED, 0);
    for (int t = 0; t < y.rows; t++) {
        const float *from = mat_row(base, t), *by = mat_row(moved, t);
        for (int i = 0; i < y.cols; i++)
            mat_row(y, t)[i] +=
                (float)strength * (gain[i] * (from[i] + by[i]) - from[i]);
    }
    mat_free(&base);
    mat_free(&moved);
}

void adapter_beside(const struct adapter *adapter, double strength, int site,
                    struct mat x, struct mat y)
{
    int row;
    const struct bound *pair = bound_of(adapter, site, &row);
    if (!pair)
        return;
    struct mat b = mat_rows(pair->b, row, y.cols);
    struct mat u = mat_new(x.rows, b.cols);
    linalg_gemm(u, 1, x, PLAIN, pair->a, TRANSPOSED, 0);
    if (pair->gain)
        beside_lengths(y, x, adapter->model->base.site[site], u, b,
                       pair->gain + row, pair->scale, strength);
    else
        linalg_gemm(y, (float)(strength * pair->scale), u, PLAIN, b, TRANSPOSED,
                    1);
    mat_free(&u);
}

bool adapter_delta(const struct adapter *adapter, int site, struct mat dw)
{
    int row;
    const struct bound *pair = bound_of(adapter, site, &row);
    if (!pair)
        return false;
    mat_zero(dw);
    if (pair->gain)
        merge_lengths(dw, adapter, site, pair, row, 1);
    else
        linalg_gemm(dw, (float)pair->scale, mat_rows(pair->b, row, dw.rows),
                    PLAIN, pair->a, PLAIN, 0);
    return true;
}

/* Whether a direction of B (out, r) does anything. */
static bool is_used(struct mat b, int direction)
{
    for (int i = 0; i < b.rows; i++)
        if (mat_row(b, i)[direction] != 0)
            return true;
    return false;
}

int adapter_factors(const struct adapter *adapter, int site, struct mat *bt,
                    struct mat *a, double *scale)
{
    int row;
    const struct bound *pair = bound_of(adapter, site, &row);
    *bt = *a = (struct mat){0};
    if (!pair || pair->gain)
        return 1;
    struct mat b = mat_rows(pair->b, row, adapter->model->site[site].out);
    int rank = b.cols, count = 0;
    int *used = xcalloc((size_t)rank, sizeof *used);
    bool alone = pair->module.sites == 1 || !mat_norm_squared(pair->b);
    for (int k = 0; k < rank; k++)
        if (alone || is_used(b, k))
            used[count++] = k;
    *scale = pair->scale;
    if (count) {
        *bt = mat_new(count, b.rows);
        *a = mat_new(count, pair->module.in);
    }
    for (int k = 0; k < count; k++) {
        mat_copy(mat_rows(*a, k, 1), mat_rows(pair->a, used[k], 1));
        mat_transpose(mat_rows(*bt, k, 1), mat_cols(b, used[k], 1));
    }
    mem_free(used);
    return count ? 0 : 1;
}

/* The i-th pair that is there. */
static const struct bound *pair_at(const struct adapter *adapter, int i)
{
    const struct bound *pair = adapter->pair;
    while (!pair->from || i-- > 0)
        pair++;
    return pair;
}

int adapter_pair_count(const struct adapter *adapter)
{
    int count = 0;
    for (int i = 0; i < adapter->count; i++)
        count += adapter->pair[i].from != NULL;
    return count;
}

struct adapter_pair adapter_pair_at(const struct adapter *adapter, int i)
{
    const struct bound *pair = pair_at(adapter, i);
    struct adapter_pair to = {.name = pair->module.key,
                              .tensor = pair->from->a->name,
                              .scale_from = pair->from->scale.from,
                              .a = pair->a,
                              .b = pair->b,
                              .scale = pair->scale,
                              .sites = pair->module.sites};
    for (int k = 0; k < to.sites; k++)
        to.site[k] = pair->module.site[k];
    return to;
}
