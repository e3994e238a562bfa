/*
 * SVD of a product of two thin factors: see factor_svd.h.
 *
 *   B P / size_B = Q_B R_B,  A^T P / size_A = Q_A R_A     (thin_factor.h)
 *   dW = s Q_B R_B D R_A^T Q_A^T,  D = size_B size_A P      (1)
 *
 * with the directions in falling order of D, so that the rows of R_A D fall
 * with it: the rows of W = R_A D R_B^T (2) then carry small values with their
 * own relative accuracy into Jacobi's rotations (Drmac 1998).
 */
#include "core/method/factor_svd.h"

#include <math.h>

#include "core/base/jacobi.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/method/thin_factor.h"

int factor_svd_count(struct mat bt, struct mat a)
{
    int q = bt.rows < bt.cols ? bt.rows : bt.cols;
    return q < a.cols ? q : a.cols;
}

struct factors {
    struct thin b, a;
    int *order;                 /* (rank) directions by falling weight */
    double *weight;             /* (rank) D of (1), as they come; heaviest 1 */
    double heaviest;            /* what it was */
    struct dmat core;           /* (k_A, k_B) W of (2) */
    struct dmat coef_b, coef_a; /* (q, k_B), (q, k_A) vectors of W */
};

static int start(struct factors *f, struct mat bt, struct mat a, double scale,
                 struct err *err)
{
    bool finite_b = thin_start(&f->b, bt), finite_a = thin_start(&f->a, a);
    if (!finite_b || !finite_a)
        return err_set(err,
                       "factor %s (%d x %d) holds NaN or Inf: no "
                       "singular values",
                       finite_b ? "A" : "B", finite_b ? a.rows : bt.cols,
                       finite_b ? a.cols : bt.rows);
    if (!isfinite(scale))
        return err_set(err, "the scale of the factors is NaN or Inf: no "
                            "singular values");
    return 0;
}

static void put_in_order(struct factors *f, int rank)
{
    f->order = xcalloc((size_t)rank, sizeof *f->order);
    f->weight = xcalloc((size_t)rank, sizeof *f->weight);
    for (int k = 0; k < rank; k++) {
        int at = k;
        f->weight[k] = f->b.size[k] * f->a.size[k];
        for (; at > 0 && f->weight[f->order[at - 1]] < f->weight[k]; at--)
            f->order[at] = f->order[at - 1];
        f->order[at] = k;
    }
    f->heaviest = rank > 0 ? f->weight[f->order[0]] : 0;
    for (int k = 0; k < rank && f->heaviest > 0; k++)
        f->weight[k] /= f->heaviest;
}

/* W of (2), its entries at most rank; sign is that of the scale. */
static void make_core(struct factors *f, double sign)
{
    struct dmat r = f->a.r, heavy = dmat_new(r.rows, r.cols);
    for (int i = 0; i < heavy.rows; i++)
        for (int k = 0; k < heavy.cols; k++)
            dmat_row(heavy, i)[k] = dmat_row(r, i)[k] * f->weight[f->order[k]];
    f->core = dmat_new(heavy.rows, f->b.r.rows);
    linalg_dgemm(f->core, sign, heavy, PLAIN, f->b.r, TRANSPOSED, 0);
    dmat_free(&heavy);
}

/* W = coef_A^T diag(sigma) coef_B */
static int core_svd(struct factors *f, double *sigma, bool vectors, int q,
                    struct err *err)
{
    struct dmat core = f->core, left = {0};
    if (vectors) {
        f->coef_b = dmat_new(q, core.cols);
        f->coef_a = dmat_new(q, core.rows);
    }
    if (core.rows == core.cols && core.rows <= JACOBI_MOST &&
        jacobi_svd(f->coef_a, sigma, f->coef_b, core))
        return 0;
    if (vectors)
        left = dmat_new(core.rows, q);
    int status = linalg_svd(left, sigma, f->coef_b, core, err);
    for (int i = 0; i < q && vectors; i++)
        for (int j = 0; j < core.rows; j++)
            dmat_row(f->coef_a, i)[j] = dmat_row(left, j)[i];
    dmat_free(&left);
    return status;
}

static void factors_free(struct factors *f)
{
    thin_free(&f->b);
    thin_free(&f->a);
    mem_free(f->order);
    mem_free(f->weight);
    dmat_free(&f->core);
    dmat_free(&f->coef_b);
    dmat_free(&f->coef_a);
}

int factor_svd(struct dmat u, double *sigma, struct dmat vt, struct mat bt,
               struct mat a, double scale, struct err *err)
{
    int status = -1, q = factor_svd_count(bt, a);
    struct factors f = {0};
    if (start(&f, bt, a, scale, err))
        goto out;
    put_in_order(&f, bt.rows);
    if (thin_factorise(&f.b, f.order, err) ||
        thin_factorise(&f.a, f.order, err))
        goto out;
    make_core(&f, scale < 0 ? -1 : 1);
    if (core_svd(&f, sigma, u.at != NULL, q, err))
        goto out;
    for (int k = 0; k < q; k++)
        sigma[k] *= fabs(scale) * f.heaviest;
    if (u.at && (thin_expand(u, THIN_COLUMNS, &f.b, f.coef_b, err) ||
                 thin_expand(vt, THIN_ROWS, &f.a, f.coef_a, err)))
        goto out;
    status = 0;
out:
    factors_free(&f);
    return status;
}
