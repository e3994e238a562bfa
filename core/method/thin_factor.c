/*
 * R and Q of one thin factor: see thin_factor.h.  Rows are widened to double
 * block by block, so that a block stays in the second cache and no double
 * copy of the factor is made.
 *
 * The condition is bounded by ||R^-1||_F, which costs rank^3 / 3, with unit
 * columns: rows that differ in size by decades are no harder than equal ones
 * (van der Sluis 1969).
 */
#include "core/method/thin_factor.h"

#include <assert.h>
#include <math.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/vecmath.h"

enum { BLOCK = 512 }; /* columns: 256 KiB of double at rank 64 */

static struct dmat block_new(const struct thin *thin)
{
    int n = thin->from.cols;
    return dmat_new(thin->from.rows, n < BLOCK ? n : BLOCK);
}

/* Columns from, from + 1, ... of F, in its own order. */
static struct dmat widen(struct dmat space, struct mat f, int from)
{
    int left = f.cols - from;
    struct dmat block = dmat_cols(space, 0, left < BLOCK ? left : BLOCK);
    dmat_from(block, mat_cols(f, from, block.cols));
    return block;
}

/* The same of diag(1/size) P^T F; zero rows stay zero. */
static struct dmat widen_unit(struct dmat space, const struct thin *thin,
                              int from)
{
    int left = thin->from.cols - from;
    struct dmat block = dmat_cols(space, 0, left < BLOCK ? left : BLOCK);
    for (int k = 0; k < block.rows; k++) {
        int at = thin->order[k];
        const float *row = mat_row(thin->from, at) + from;
        double *wide = dmat_row(block, k);
        double by = thin->size[at] > 0 ? 1 / thin->size[at] : 0;
        for (int j = 0; j < block.cols; j++)
            wide[j] = by * (double)row[j];
    }
    return block;
}

bool thin_start(struct thin *thin, struct mat from)
{
    int rank = from.rows, n = from.cols;
    bool finite = true;
    *thin = (struct thin){.from = from, .way = THIN_IDENTITY};
    thin->size = xcalloc((size_t)rank, sizeof *thin->size);
    if (n > rank) {
        thin->gram = dmat_new(rank, rank);
        struct dmat space = block_new(thin);
        for (int at = 0; at < n; at += BLOCK)
            linalg_gram(thin->gram, widen(space, from, at), at > 0);
        dmat_free(&space);
    }
    for (int k = 0; k < rank; k++) {
        const float *row = mat_row(from, k);
        double squared = thin->gram.at ? dmat_row(thin->gram, k)[k]
                                       : vec_dot(row, row, (size_t)n);
        thin->size[k] = sqrt(squared);
        /* No square of a float overflows a double: this is the rows' own. */
        finite = finite && isfinite(squared);
    }
    return finite;
}

/* r (rank, rank) = Gram matrix of the unit columns of F^T P. */
static void unit_gram(struct dmat r, const struct thin *thin)
{
    for (int i = 0; i < r.rows; i++)
        for (int j = i; j < r.cols; j++) {
            int a = thin->order[i], b = thin->order[j];
            int low = a < b ? a : b, high = a < b ? b : a;
            double size = thin->size[a] * thin->size[b];
            dmat_row(r, i)[j] =
                size > 0 ? dmat_row(thin->gram, low)[high] / size : 0;
        }
}

/* ||R^-1||_F^2, an upper bound of the squared condition up to the rank. */
static double inverse_squared(struct dmat r)
{
    struct dmat inverse = dmat_new(r.rows, r.cols);
    double sum = 0;
    for (int i = 0; i < r.rows; i++)
        dmat_row(inverse, i)[i] = 1;
    if (linalg_solve_upper(inverse, r, PLAIN, NULL))
        sum = INFINITY;
    for (int i = 0; i < r.rows; i++)
        for (int j = i; j < r.cols; j++)
            sum += dmat_row(inverse, i)[j] * dmat_row(inverse, i)[j];
    dmat_free(&inverse);
    return sum;
}

/* second: from the Gram matrix of what first leaves of F, F^T P / size
 * first^-1; r = second first. */
static bool second_pass(struct thin *thin)
{
    int rank = thin->from.rows;
    struct dmat space = block_new(thin);
    bool done = true;
    thin->first = thin->r;
    thin->second = dmat_new(rank, rank);
    thin->r = dmat_new(rank, rank);
    for (int at = 0; at < thin->from.cols && done; at += BLOCK) {
        struct dmat block = widen_unit(space, thin, at);
        done = linalg_solve_upper(block, thin->first, TRANSPOSED, NULL) == 0;
        linalg_gram(thin->second, block, at > 0);
    }
    dmat_free(&space);
    if (!done || !linalg_cholesky(thin->second))
        return false;
    linalg_dgemm(thin->r, 1, thin->second, PLAIN, thin->first, PLAIN, 0);
    thin->way = THIN_GRAM_TWICE;
    return true;
}

static bool by_gram(struct thin *thin)
{
    thin->r = dmat_new(thin->from.rows, thin->from.rows);
    unit_gram(thin->r, thin);
    if (!linalg_cholesky(thin->r))
        return false;
    double lost = inverse_squared(thin->r);
    thin->way = THIN_GRAM;
    /* Of an orthonormal factor it is the rank: that much is no loss. */
    if (lost <= THIN_ONE_PASS)
        return true;
    return lost <= THIN_TWO_PASS && second_pass(thin);
}

static void turn(struct dmat to, struct dmat from)
{
    for (int i = 0; i < to.rows; i++)
        for (int j = 0; j < to.cols; j++)
            dmat_row(to, i)[j] = dmat_row(from, j)[i];
}

/* Rows at unit length, all of them. */
static struct dmat unit_rows(const struct thin *thin)
{
    struct dmat all = dmat_new(thin->from.rows, thin->from.cols);
    for (int at = 0; at < all.cols; at += BLOCK)
        (void)widen_unit(dmat_cols(all, at, all.cols - at), thin, at);
    return all;
}

int thin_factorise(struct thin *thin, const int *order, struct err *err)
{
    int rank = thin->from.rows, n = thin->from.cols;
    thin->order = order;
    if (n > rank && by_gram(thin))
        return 0;
    struct dmat rows = unit_rows(thin);
    if (n <= rank) {
        thin->r = dmat_new(n, rank);
        turn(thin->r, rows);
        dmat_free(&rows);
        return 0;
    }
    thin->way = THIN_HOUSEHOLDER;
    thin->qt = rows;
    return linalg_qr_rows(thin->qt, thin->r, err);
}

/* to = left^T right, or that turned round. */
static void multiply(struct dmat to, enum thin_shape shape, struct dmat left,
                     struct dmat right)
{
    if (shape == THIN_ROWS)
        linalg_dgemm(to, 1, left, TRANSPOSED, right, PLAIN, 0);
    else
        linalg_dgemm(to, 1, right, TRANSPOSED, left, PLAIN, 0);
}

/* Q = F^T P / size R^-1, so coef Q^T = (R^-1 coef^T)^T (F^T P / size)^T; of
 * two passes the first is undone in the block, or what it lost stays lost. */
static int expand_gram(struct dmat to, enum thin_shape shape,
                       const struct thin *thin, struct dmat coef,
                       struct err *err)
{
    bool twice = thin->way == THIN_GRAM_TWICE;
    struct dmat space = block_new(thin);
    struct dmat small = dmat_new(coef.cols, coef.rows);
    turn(small, coef);
    int status =
        linalg_solve_upper(small, twice ? thin->second : thin->r, PLAIN, err);
    for (int at = 0; at < thin->from.cols && status == 0; at += BLOCK) {
        struct dmat block = widen_unit(space, thin, at);
        if (twice)
            status = linalg_solve_upper(block, thin->first, TRANSPOSED, err);
        multiply(shape == THIN_ROWS ? dmat_cols(to, at, block.cols)
                                    : dmat_rows(to, at, block.cols),
                 shape, small, block);
    }
    dmat_free(&space);
    dmat_free(&small);
    return status;
}

int thin_expand(struct dmat to, enum thin_shape shape, const struct thin *thin,
                struct dmat coef, struct err *err)
{
    switch (thin->way) {
    case THIN_IDENTITY:
        for (int i = 0; i < coef.rows && shape == THIN_ROWS; i++)
            for (int j = 0; j < coef.cols; j++)
                dmat_row(to, i)[j] = dmat_row(coef, i)[j];
        if (shape == THIN_COLUMNS)
            turn(to, coef);
        return 0;
    case THIN_GRAM:
    case THIN_GRAM_TWICE:
        return expand_gram(to, shape, thin, coef, err);
    case THIN_HOUSEHOLDER:
        if (shape == THIN_ROWS)
            linalg_dgemm(to, 1, coef, PLAIN, thin->qt, PLAIN, 0);
        else
            linalg_dgemm(to, 1, thin->qt, TRANSPOSED, coef, TRANSPOSED, 0);
        return 0;
    }
    assert(0);
    return -1;
}

void thin_free(struct thin *thin)
{
    dmat_free(&thin->gram);
    mem_free(thin->size);
    dmat_free(&thin->r);
    dmat_free(&thin->first);
    dmat_free(&thin->second);
    dmat_free(&thin->qt);
    *thin = (struct thin){0};
}
