/*
 * SVD of a product of two thin factors: see factor_svd.h.  A factor with more
 * directions than entries (r > out or r > in) stands for its own R, with Q
 * the identity.
 */
#include "core/method/factor_svd.h"

#include <math.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"

int factor_svd_count(struct mat bt, struct mat a)
{
    int q = bt.rows < bt.cols ? bt.rows : bt.cols;
    return q < a.cols ? q : a.cols;
}

/* One factor as q (n, k) r (k, rank): k = min(n, rank).  q.at NULL: it is the
 * identity. */
struct thin {
    struct dmat q, r;
};

/* from (rank, n), transposed on the way. */
static int thin_of(struct thin *thin, struct mat from, struct err *err)
{
    int n = from.cols, rank = from.rows;
    struct dmat tall = dmat_new(n, rank);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < rank; k++)
            dmat_row(tall, i)[k] = (double)mat_row(from, k)[i];
    thin->q = (struct dmat){0};
    thin->r = tall;
    if (n <= rank)
        return 0;
    thin->q = tall;
    thin->r = dmat_new(rank, rank);
    return linalg_qr(thin->q, thin->r, err);
}

static void thin_free(struct thin *thin)
{
    dmat_free(&thin->q);
    dmat_free(&thin->r);
}

/* u (out, q) = Q_B core_u, vt (q, in) = core_vt Q_A^T */
static void expand(struct dmat u, struct dmat vt, const struct thin *b,
                   const struct thin *a, struct dmat core_u,
                   struct dmat core_vt)
{
    if (b->q.at)
        linalg_dgemm(u, 1, b->q, PLAIN, core_u, PLAIN, 0);
    if (a->q.at)
        linalg_dgemm(vt, 1, core_vt, PLAIN, a->q, TRANSPOSED, 0);
}

int factor_svd(struct dmat u, double *sigma, struct dmat vt, struct mat bt,
               struct mat a, double scale, struct err *err)
{
    if (!mat_finite(bt) || !mat_finite(a) || !isfinite(scale))
        return err_set(err, "the factors hold NaN or Inf: no singular values");
    int status = -1, q = factor_svd_count(bt, a);
    struct thin left = {0}, right = {0};
    struct dmat core = {0}, core_u = {0}, core_vt = {0};
    if (thin_of(&left, bt, err) || thin_of(&right, a, err))
        goto out;
    core = dmat_new(left.r.rows, right.r.rows);
    linalg_dgemm(core, scale, left.r, PLAIN, right.r, TRANSPOSED, 0);
    struct dmat to_u = u, to_vt = vt;
    if (u.at && left.q.at)
        to_u = core_u = dmat_new(core.rows, q);
    if (u.at && right.q.at)
        to_vt = core_vt = dmat_new(q, core.cols);
    if (linalg_svd(to_u, sigma, to_vt, core, err))
        goto out;
    if (u.at)
        expand(u, vt, &left, &right, core_u, core_vt);
    status = 0;
out:
    thin_free(&left);
    thin_free(&right);
    dmat_free(&core);
    dmat_free(&core_u);
    dmat_free(&core_vt);
    return status;
}
