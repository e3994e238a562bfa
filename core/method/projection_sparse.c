/*
 * Very sparse signs (Li, Hastie & Church 2006): of every column about sqrt(D)
 * entries are not zero.  Where they are is drawn by the gaps between them.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/method/projection_private.h"

struct sparse {
    size_t rows, count, room;
    int cols;
    size_t *start;  /* (cols + 1) into entry */
    int32_t *entry; /* (count) row for +1, -1 - row for -1; column by column */
    float *length;  /* (cols) 1 / sqrt of the column's entries */
};

static void add(struct sparse *sparse, size_t row, bool is_negative)
{
    if (sparse->count == sparse->room) {
        size_t room = 2 * sparse->room + 64;
        sparse->entry =
            xgrow(sparse->entry, sparse->room, room, sizeof *sparse->entry);
        sparse->room = room;
    }
    int32_t at = (int32_t)row;
    sparse->entry[sparse->count++] = is_negative ? -1 - at : at;
}

/* Gaps between successes of probability p are geometric. */
static void draw_column(struct sparse *sparse, int col, uint64_t seed)
{
    struct rng rng = rng_make(seed, STREAM_PROJECTION, (uint64_t)col);
    double density = 1 / sqrt((double)sparse->rows);
    double scale = density < 1 ? 1 / log1p(-density) : 0;
    size_t first = sparse->count;
    for (double row = 0;; row += 1) {
        row += floor(log1p(-rng_uniform(&rng)) * scale);
        if (row >= (double)sparse->rows)
            break;
        add(sparse, (size_t)row, rng_u32(&rng) & 1);
    }
    if (sparse->count == first) /* a column of zeros would be no direction */
        add(sparse, rng_below(&rng, (uint32_t)sparse->rows), rng_u32(&rng) & 1);
    sparse->length[col] = (float)(1 / sqrt((double)(sparse->count - first)));
}

static void sparse_free(void *state)
{
    struct sparse *sparse = state;
    mem_free(sparse->start);
    mem_free(sparse->entry);
    mem_free(sparse->length);
    mem_free(sparse);
}

static void *sparse_make(size_t rows, int cols, uint64_t seed, size_t limit,
                         struct err *err)
{
    (void)limit;
    struct sparse *sparse = xcalloc(1, sizeof *sparse);
    if (rows > INT32_MAX) {
        (void)err_set(err, "a sparse projection has at most 2^31 rows; use "
                           "fastfood");
        mem_free(sparse);
        return NULL;
    }
    sparse->rows = rows;
    sparse->cols = cols;
    sparse->start = xcalloc((size_t)cols + 1, sizeof *sparse->start);
    sparse->length = xcalloc((size_t)cols, sizeof *sparse->length);
    for (int j = 0; j < cols; j++) {
        draw_column(sparse, j, seed);
        sparse->start[j + 1] = sparse->count;
    }
    return sparse;
}

static size_t sparse_bytes(const void *state)
{
    const struct sparse *sparse = state;
    return sparse->room * sizeof *sparse->entry +
           (size_t)sparse->cols *
               (sizeof *sparse->start + sizeof *sparse->length);
}

static void sparse_apply(void *state, float *y, const float *v)
{
    const struct sparse *sparse = state;
    memset(y, 0, sparse->rows * sizeof *y);
    for (int j = 0; j < sparse->cols; j++) {
        float x = v[j] * sparse->length[j];
        for (size_t k = sparse->start[j]; k < sparse->start[j + 1]; k++) {
            int32_t at = sparse->entry[k];
            if (at >= 0)
                y[at] += x;
            else
                y[-1 - at] -= x;
        }
    }
}

static void sparse_adjoint(void *state, float *v, const float *y)
{
    const struct sparse *sparse = state;
    for (int j = 0; j < sparse->cols; j++) {
        double sum = 0;
        for (size_t k = sparse->start[j]; k < sparse->start[j + 1]; k++) {
            int32_t at = sparse->entry[k];
            sum += at >= 0 ? y[at] : -y[-1 - at];
        }
        v[j] = (float)sum * sparse->length[j];
    }
}

const struct projection_ops projection_sparse = {.name = "sparse",
                                                 .make = sparse_make,
                                                 .free = sparse_free,
                                                 .bytes = sparse_bytes,
                                                 .apply = sparse_apply,
                                                 .adjoint = sparse_adjoint};
