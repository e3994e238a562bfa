/*
 * The rank dial of LoRA: growing adds directions that change nothing yet,
 * shrinking keeps the largest singular directions of s B A (Eckart & Young
 * 1936), split evenly between the new factors:
 *
 *   s B A = U diag(sigma) Vt,   B' = U (sigma/s')^1/2,   A' = (sigma/s')^1/2
 * Vt.
 *
 * The new factors are combinations of the old, B' = B T and A' = S A with
 *   T = s A V (sigma s')^-1/2,   S = s (sigma s')^-1/2 U^T B,
 * which needs no inverse of a triangle that may be singular.  By the chain
 * rule dL/dB' = (s'/s) dL/dB S^T and dL/dA' = (s'/s) T^T dL/dA; the maps of
 * struct rank_change say so for rows of A and Bt.
 *
 * A direction below numerical rank would be split into two zeros, and zeros
 * get no gradient: it begins afresh, A drawn and B zero, so that it can learn.
 */
#include "core/method/lora.h"

#include <float.h>
#include <math.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "core/method/factor_svd.h"
#include "core/method/layout.h"

/* New factors of one site before they are put in place. */
struct turned {
    struct site_state is;
    struct mat a, bt; /* (after, in), (after, out) */
};

static struct site_state next_state(const struct site_state *old, int rank,
                                    enum rank_policy policy)
{
    struct site_state next = *old;
    next.rank = rank;
    switch (policy) {
    case RANK_KEEP_SCALE: /* the alpha that gives this scale at this rank */
        next.alpha = old->scale / lora_scale(1, old->rule, rank);
        return next;
    case RANK_ALPHA_R:
        next.rule = SCALE_ALPHA_R;
        break;
    case RANK_ALPHA_SQRT_R:
        next.rule = SCALE_ALPHA_SQRT_R;
        break;
    }
    next.scale = lora_scale(next.alpha, next.rule, rank);
    return next;
}

/* Rows [from, after) begin afresh: A drawn, B zero, nothing remembered. */
static void begin_afresh(struct turned *to, struct rank_change *change,
                         const struct lora *lora, int from)
{
    if (from == to->is.rank)
        return;
    to->is.grows++;
    struct mat rows = mat_rows(to->a, from, to->is.rank - from);
    lora_fill(rows, lora->seed, STREAM_GROW,
              ((uint64_t)to->is.grows << 32) + (uint64_t)change->site);
    mat_zero(mat_rows(to->bt, from, to->is.rank - from));
    for (int k = from; k < to->is.rank; k++)
        change->restart[k] = true;
}

static void grow(struct turned *to, struct rank_change *change, struct mat bt,
                 struct mat a)
{
    double ratio = change->scale_after / change->scale_before;
    mat_copy(mat_rows(to->a, 0, change->before), a);
    for (int k = 0; k < change->before; k++) {
        for (int i = 0; i < bt.cols; i++)
            mat_row(to->bt, k)[i] = (float)((double)mat_row(bt, k)[i] / ratio);
        dmat_row(change->map_a, k)[k] = 1;
        dmat_row(change->map_b, k)[k] = ratio;
    }
}

/* Row k of a new factor is root * v, and the map's row k is (x_j . v) / root
 * for the old rows x_j: root = (sigma_k / s')^1/2.  Steps in v of stride; room
 * (old.cols) takes a copy that is dense. */
static void project(float *row, double *map, const double *v, int stride,
                    struct mat old, double root, double *room)
{
    for (int i = 0; i < old.cols; i++) {
        room[i] = v[(size_t)i * (size_t)stride];
        row[i] = (float)(root * room[i]);
    }
    for (int j = 0; j < old.rows; j++) {
        const float *x = mat_row(old, j);
        double dot = 0;
        for (int i = 0; i < old.cols; i++)
            dot += (double)x[i] * room[i];
        map[j] = dot / root;
    }
}

/* Returns how many directions of the new rank are alive, or -1. */
static int shrink(struct turned *to, struct rank_change *change, struct mat bt,
                  struct mat a, struct err *err)
{
    int q = factor_svd_count(bt, a), alive = -1;
    struct dmat u = dmat_new(bt.cols, q), vt = dmat_new(q, a.cols);
    int widest = bt.cols > a.cols ? bt.cols : a.cols;
    double *sigma = xcalloc((size_t)(q + widest), sizeof *sigma), lost = 0;
    if (factor_svd(u, sigma, vt, bt, a, change->scale_before, err))
        goto out;
    /* What float32 cannot tell from rounding beside the largest is nothing. */
    double floor = sigma[0] * (double)FLT_EPSILON;
    for (alive = 0; alive < change->after && sigma[alive] > floor; alive++) {
        double root = sqrt(sigma[alive] / change->scale_after);
        project(mat_row(to->bt, alive), dmat_row(change->map_b, alive),
                u.at + alive, u.ld, bt, root, sigma + q);
        project(mat_row(to->a, alive), dmat_row(change->map_a, alive),
                dmat_row(vt, alive), 1, a, root, sigma + q);
    }
    for (int k = alive; k < q; k++)
        lost += sigma[k] * sigma[k];
    change->dropped = sqrt(lost);
out:
    mem_free(sigma);
    dmat_free(&u);
    dmat_free(&vt);
    return alive;
}

/* Lays the method out anew around the turned site.  Only memory can fail,
 * and then nothing has changed. */
static int put(struct method *method, int site, const struct turned *turned,
               struct err *err)
{
    struct lora *lora = method->state;
    struct lora_site *at = &lora->site[site];
    struct site_state old = at->is;
    struct method next = {
        .ops = method->ops, .model = method->model, .state = lora};
    at->is = turned->is;
    if (lora_layout(&next, err)) {
        layout_free(&next);
        at->is = old;
        return -1;
    }
    for (int i = 0; i < next.param_count; i++) {
        /* The same params in the same order, other sizes. */
        struct mat to = layout_mat(&next.param[i], next.value);
        if (i == at->a || i == at->bt)
            mat_copy(to, i == at->a ? turned->a : turned->bt);
        else
            mat_copy(to, layout_mat(&method->param[i], method->value));
    }
    layout_free(method);
    *method = next;
    if (at->frozen) {
        size_t count = (size_t)turned->a.rows * (size_t)turned->a.cols;
        mem_free(at->frozen);
        at->frozen = xcalloc(count, sizeof *at->frozen);
        mat_copy(lora_a(method, site), turned->a);
    }
    return 0;
}

static void change_begin(struct rank_change *change, int site,
                         const struct site_state *old,
                         const struct site_state *next)
{
    *change = (struct rank_change){.site = site,
                                   .before = old->rank,
                                   .after = next->rank,
                                   .scale_before = old->scale,
                                   .scale_after = next->scale};
    change->map_a = dmat_new(next->rank, old->rank);
    change->map_b = dmat_new(next->rank, old->rank);
    change->restart = xcalloc((size_t)next->rank, sizeof *change->restart);
}

static int turn(struct method *method, struct turned *to,
                struct rank_change *change, struct err *err)
{
    int site = change->site;
    struct mat bt = lora_bt(method, site), a = lora_a(method, site);
    int alive = change->before;
    if (change->after > change->before)
        grow(to, change, bt, a);
    else
        alive = shrink(to, change, bt, a, err);
    if (alive < 0)
        return err_prefix(err, "%s", method->model->site[site].name);
    begin_afresh(to, change, method->state, alive);
    return put(method, site, to, err);
}

int lora_set_rank(struct method *method, int site, int rank,
                  enum rank_policy policy, struct rank_change *change,
                  struct err *err)
{
    const struct site *of = &method->model->site[site];
    const struct lora *lora = method->state;
    struct site_state old = lora->site[site].is;
    *change = (struct rank_change){.site = site,
                                   .before = old.rank,
                                   .after = old.rank,
                                   .scale_before = old.scale,
                                   .scale_after = old.scale};
    if (!old.rank)
        return err_set(err,
                       "%s: is not adapted, so it has no rank to set; "
                       "make it a target",
                       of->name);
    if (lora_check_rank(of, rank, err))
        return -1;
    if (rank == old.rank)
        return 0;
    struct turned to = {.is = next_state(&old, rank, policy)};
    to.a = mat_new(rank, of->in);
    to.bt = mat_new(rank, of->out);
    change_begin(change, site, &old, &to.is);
    int status = turn(method, &to, change, err);
    if (status)
        rank_change_free(change);
    mat_free(&to.a);
    mat_free(&to.bt);
    return status;
}
