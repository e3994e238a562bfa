/*
 * Dense Gaussian columns of unit length.  Row i of P comes from a stream of its
 * own, some rows at a time; whether they were kept or are drawn again, the
 * same products follow in the same order.
 */
#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/method/projection_private.h"

enum { ROWS = 256 }; /* drawn at once */

struct dense {
    size_t rows;
    int cols;
    uint64_t seed;
    float *kept;   /* (rows, cols), or NULL: drawn each time */
    float *drawn;  /* (ROWS, cols), where nothing is kept */
    float *length; /* (cols) 1 / length of the columns as drawn */
    float *scaled; /* (cols) v times that */
};

static void draw(const struct dense *dense, float *to, size_t from, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        struct rng rng = rng_make(dense->seed, STREAM_PROJECTION, from + i);
        float *row = to + i * (size_t)dense->cols;
        for (int j = 0; j < dense->cols; j++)
            row[j] = (float)rng_normal(&rng);
    }
}

/* Rows from .. of P as drawn, *rows of them. */
static struct mat piece(const struct dense *dense, size_t from)
{
    size_t left = dense->rows - from, rows = left < ROWS ? left : ROWS;
    float *at = dense->drawn;
    if (dense->kept)
        at = dense->kept + from * (size_t)dense->cols;
    else
        draw(dense, at, from, rows);
    return mat_of(at, (int)rows, dense->cols);
}

static void measure(struct dense *dense)
{
    double *sum = xcalloc((size_t)dense->cols, sizeof *sum);
    for (size_t from = 0; from < dense->rows; from += ROWS) {
        struct mat rows = piece(dense, from);
        for (int i = 0; i < rows.rows; i++)
            for (int j = 0; j < rows.cols; j++) {
                double x = mat_row(rows, i)[j];
                sum[j] += x * x;
            }
    }
    for (int j = 0; j < dense->cols; j++)
        dense->length[j] = (float)(1 / sqrt(sum[j]));
    mem_free(sum);
}

static void dense_free(void *state)
{
    struct dense *dense = state;
    mem_free(dense->kept);
    mem_free(dense->drawn);
    mem_free(dense->length);
    mem_free(dense->scaled);
    mem_free(dense);
}

static void *dense_make(size_t rows, int cols, uint64_t seed, size_t limit,
                        struct err *err)
{
    struct dense *dense = xcalloc(1, sizeof *dense);
    size_t width = (size_t)cols, most = limit / sizeof(float) / width;
    dense->rows = rows;
    dense->cols = cols;
    dense->seed = seed;
    dense->kept = rows <= most ? mem_try(rows * width, sizeof(float)) : NULL;
    if (!dense->kept)
        dense->drawn = mem_try(ROWS * width, sizeof(float));
    dense->length = mem_try(width, sizeof(float));
    dense->scaled = mem_try(width, sizeof(float));
    if ((!dense->kept && !dense->drawn) || !dense->length || !dense->scaled) {
        dense_free(dense);
        (void)err_set(err,
                      "no memory for a projection from %d dimensions; "
                      "use fewer",
                      cols);
        return NULL;
    }
    if (dense->kept)
        draw(dense, dense->kept, 0, rows);
    measure(dense);
    return dense;
}

static size_t dense_bytes(const void *state)
{
    const struct dense *dense = state;
    size_t rows = (dense->kept ? dense->rows : ROWS) + 2;
    return rows * (size_t)dense->cols * sizeof(float);
}

static void dense_apply(void *state, float *y, const float *v)
{
    struct dense *dense = state;
    for (int j = 0; j < dense->cols; j++)
        dense->scaled[j] = v[j] * dense->length[j];
    struct mat from = mat_of(dense->scaled, 1, dense->cols);
    for (size_t at = 0; at < dense->rows; at += ROWS) {
        struct mat rows = piece(dense, at);
        linalg_apply(mat_of(y + at, 1, rows.rows), 1, from, rows, TRANSPOSED,
                     0);
    }
}

static void dense_adjoint(void *state, float *v, const float *y)
{
    struct dense *dense = state;
    struct mat to = mat_of(v, 1, dense->cols);
    memset(v, 0, (size_t)dense->cols * sizeof *v);
    for (size_t at = 0; at < dense->rows; at += ROWS) {
        struct mat rows = piece(dense, at);
        linalg_apply(to, 1, mat_of((float *)y + at, 1, rows.rows), rows, PLAIN,
                     1);
    }
    for (int j = 0; j < dense->cols; j++)
        v[j] *= dense->length[j];
}

const struct projection_ops projection_dense = {.name = "dense",
                                                .make = dense_make,
                                                .free = dense_free,
                                                .bytes = dense_bytes,
                                                .apply = dense_apply,
                                                .adjoint = dense_adjoint};
