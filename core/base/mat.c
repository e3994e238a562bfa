/*
 * Windows on row-major memory; see mat.h.  No arithmetic beyond copying and
 * the Frobenius norm: products live in linalg.c.
 */
#include "core/base/mat.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"

struct mat mat_of(float *at, int rows, int cols)
{
    assert(rows >= 0 && cols >= 0);
    return (struct mat){.at = at, .rows = rows, .cols = cols, .ld = cols};
}

struct dmat dmat_of(double *at, int rows, int cols)
{
    assert(rows >= 0 && cols >= 0);
    return (struct dmat){.at = at, .rows = rows, .cols = cols, .ld = cols};
}

struct mat mat_new(int rows, int cols)
{
    assert(rows >= 0 && cols >= 0);
    /* int times int fits size_t here: both are below 2^31. */
    float *at = xcalloc((size_t)rows * (size_t)cols, sizeof *at);
    return mat_of(at, rows, cols);
}

struct dmat dmat_new(int rows, int cols)
{
    assert(rows >= 0 && cols >= 0);
    double *at = xcalloc((size_t)rows * (size_t)cols, sizeof *at);
    return dmat_of(at, rows, cols);
}

void mat_free(struct mat *m)
{
    mem_free(m->at);
    *m = (struct mat){0};
}

void dmat_free(struct dmat *m)
{
    mem_free(m->at);
    *m = (struct dmat){0};
}

float *mat_row(struct mat m, int row)
{
    assert(row >= 0 && row < m.rows);
    return m.at + (ptrdiff_t)row * m.ld;
}

double *dmat_row(struct dmat m, int row)
{
    assert(row >= 0 && row < m.rows);
    return m.at + (ptrdiff_t)row * m.ld;
}

struct mat mat_rows(struct mat m, int from, int count)
{
    assert(from >= 0 && count >= 0 && count <= m.rows - from);
    float *at = count ? m.at + (ptrdiff_t)from * m.ld : m.at;
    return (struct mat){.at = at, .rows = count, .cols = m.cols, .ld = m.ld};
}

struct mat mat_cols(struct mat m, int from, int count)
{
    assert(from >= 0 && count >= 0 && count <= m.cols - from);
    float *at = count ? m.at + from : m.at;
    return (struct mat){.at = at, .rows = m.rows, .cols = count, .ld = m.ld};
}

struct dmat dmat_rows(struct dmat m, int from, int count)
{
    assert(from >= 0 && count >= 0 && count <= m.rows - from);
    double *at = count ? m.at + (ptrdiff_t)from * m.ld : m.at;
    return (struct dmat){.at = at, .rows = count, .cols = m.cols, .ld = m.ld};
}

struct dmat dmat_cols(struct dmat m, int from, int count)
{
    assert(from >= 0 && count >= 0 && count <= m.cols - from);
    double *at = count ? m.at + from : m.at;
    return (struct dmat){.at = at, .rows = m.rows, .cols = count, .ld = m.ld};
}

void mat_zero(struct mat m)
{
    if (m.cols == 0)
        return;
    for (int i = 0; i < m.rows; i++)
        memset(mat_row(m, i), 0, (size_t)m.cols * sizeof(float));
}

void mat_copy(struct mat to, struct mat from)
{
    assert(to.rows == from.rows && to.cols == from.cols);
    if (to.cols == 0)
        return;
    for (int i = 0; i < to.rows; i++)
        memmove(mat_row(to, i), mat_row(from, i),
                (size_t)to.cols * sizeof(float));
}

void mat_transpose(struct mat to, struct mat from)
{
    assert(to.rows == from.cols && to.cols == from.rows);
    enum { TILE = 16 }; /* both windows of a tile stay in the first cache */
    for (int i0 = 0; i0 < from.rows; i0 += TILE)
        for (int j0 = 0; j0 < from.cols; j0 += TILE) {
            int i1 = i0 + TILE < from.rows ? i0 + TILE : from.rows;
            int j1 = j0 + TILE < from.cols ? j0 + TILE : from.cols;
            for (int j = j0; j < j1; j++) {
                float *row = mat_row(to, j);
                for (int i = i0; i < i1; i++)
                    row[i] = from.at[(ptrdiff_t)i * from.ld + j];
            }
        }
}

void dmat_from(struct dmat to, struct mat from)
{
    assert(to.rows == from.rows && to.cols == from.cols);
    for (int i = 0; i < to.rows; i++) {
        double *wide = dmat_row(to, i);
        const float *narrow = mat_row(from, i);
        for (int j = 0; j < to.cols; j++)
            wide[j] = narrow[j];
    }
}

void mat_from(struct mat to, struct dmat from)
{
    assert(to.rows == from.rows && to.cols == from.cols);
    for (int i = 0; i < to.rows; i++) {
        float *narrow = mat_row(to, i);
        const double *wide = dmat_row(from, i);
        for (int j = 0; j < to.cols; j++)
            narrow[j] = (float)wide[j];
    }
}

bool mat_finite(struct mat m)
{
    for (int i = 0; i < m.rows; i++) {
        const float *row = mat_row(m, i);
        int bad = 0; /* no exit within a row: eight numbers at a time */
        for (int j = 0; j < m.cols; j++)
            bad |= !(fabsf(row[j]) <= FLT_MAX);
        if (bad)
            return false;
    }
    return true;
}

double mat_norm_squared(struct mat m)
{
    double sum = 0;
    for (int i = 0; i < m.rows; i++) {
        const float *row = mat_row(m, i);
        double lane[4] = {0}; /* four chains: one alone waits on its adds */
        int j = 0;
        for (; j + 4 <= m.cols; j += 4)
            for (int k = 0; k < 4; k++)
                lane[k] += (double)row[j + k] * row[j + k];
        for (; j < m.cols; j++)
            lane[0] += (double)row[j] * row[j];
        sum += (lane[0] + lane[1]) + (lane[2] + lane[3]);
    }
    return sum;
}
