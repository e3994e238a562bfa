/*
 * Which triplets AdaLoRA keeps (Zhang et al. 2023, sections 3.2 and 3.3; where
 * the paper and its authors' code differ, the code and PEFT).
 *
 *   I = |w dL/dw|                          sensitivity of one value
 *   mean = .85 mean + .15 I                (9)
 *   swing = .85 swing + .15 |I - mean|     (10)
 *   s = mean swing                         (11)
 *   S_k = s(lambda_k) + mean_i s(P_ik) + mean_j s(Q_kj)        (7)
 *
 * Every so many steps the b(t) triplets of highest S over all sites keep their
 * lambda and the others' becomes zero; their P and Q stay, so they may come
 * back.  b falls along a cubic between t_i and T - t_f (12).  When it has
 * fallen, what is left out is removed: shapes shrink, and W keeps its bits.
 */
#include "core/method/adalora.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/linalg.h"
#include "core/method/layout.h"

static const double memory = 0.85; /* beta 1 and 2 */

int adalora_triplets(const struct method *method)
{
    int total = 0;
    for (int i = 0; i < method->model->site_count; i++)
        total += method->ops->rank(method, i);
    return total;
}

static bool has_fallen(const struct adalora *ada, long t, long steps)
{
    return (double)t >= (1 - ada->budget.final) * (double)steps;
}

/* (12), with the triplets there are for b0: none goes before the end, and of
 * those that went none returns. */
int adalora_budget(const struct method *method, long t, long steps)
{
    const struct adalora *ada = method->state;
    int now = adalora_triplets(method), end = ada->targets * ada->rank;
    double from = ada->budget.initial * (double)steps;
    double to = (1 - ada->budget.final) * (double)steps;
    if (now <= end || (double)t <= from)
        return now;
    if (has_fallen(ada, t, steps))
        return end;
    double left = 1 - ((double)t - from) / (to - from);
    return end + (int)((now - end) * left * left * left);
}

/* Adds the gradient of weight |F F^T - I|_F for f (r, n). */
static void add_penalty(struct mat df, struct mat f, double weight)
{
    struct mat gram = mat_new(f.rows, f.rows);
    linalg_gemm(gram, 1, f, PLAIN, f, TRANSPOSED, 0);
    for (int k = 0; k < f.rows; k++)
        mat_row(gram, k)[k] -= 1;
    double norm = sqrt(mat_norm_squared(gram));
    if (norm > 0)
        linalg_gemm(df, (float)(2 * weight / norm), gram, PLAIN, f, PLAIN, 1);
    mat_free(&gram);
}

/* The mean over all P and Q of their distance from orthogonal. */
static void penalise(struct method *method, float *grad)
{
    const struct adalora *ada = method->state;
    int sites = 0;
    for (int i = 0; i < method->model->site_count; i++)
        sites += ada->site[i].rank > 0;
    for (int i = 0; i < method->param_count; i++) {
        const struct param *param = &method->param[i];
        if (param->kind == PARAM_A || param->kind == PARAM_BT)
            add_penalty(layout_mat(param, grad),
                        layout_mat(param, method->value),
                        ada->budget.penalty / (2 * sites));
    }
}

void adalora_before_update(struct method *method, float *grad)
{
    struct adalora *ada = method->state;
    if (ada->budget.penalty > 0)
        penalise(method, grad);
    if (adalora_triplets(method) <= ada->targets * ada->rank)
        return; /* nothing is left to choose */
    for (size_t i = 0; i < method->size; i++) {
        double now = fabs((double)method->value[i] * (double)grad[i]);
        double mean = memory * (double)ada->mean[i] + (1 - memory) * now;
        ada->mean[i] = (float)mean;
        ada->swing[i] = (float)(memory * (double)ada->swing[i] +
                                (1 - memory) * fabs(now - mean));
    }
}

struct triplet {
    double score;
    int site, k, order;
};

/* Mean over a row of (11). */
static double row_score(const struct method *method, int param, int row)
{
    const struct adalora *ada = method->state;
    const struct param *of = &method->param[param];
    size_t at = of->offset + (size_t)row * (size_t)of->cols;
    double sum = 0;
    for (size_t j = at; j < at + (size_t)of->cols; j++)
        sum += (double)ada->mean[j] * (double)ada->swing[j];
    return sum / of->cols;
}

/* Highest score first; of equals the earlier, on any machine. */
static int compare(const void *a, const void *b)
{
    const struct triplet *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->order - y->order;
}

/* Those beyond the best keep no lambda. */
static void choose(struct method *method, int keep)
{
    struct adalora *ada = method->state;
    int count = adalora_triplets(method), at = 0;
    struct triplet *all = xcalloc((size_t)count + 1, sizeof *all);
    for (int i = 0; i < method->model->site_count; i++) {
        const struct ada_site *site = &ada->site[i];
        for (int k = 0; k < site->rank; k++, at++) /* (7) */
            all[at] = (struct triplet){row_score(method, site->lambda, k) +
                                           row_score(method, site->p, k) +
                                           row_score(method, site->q, k),
                                       i, k, at};
    }
    qsort(all, (size_t)count, sizeof *all, compare);
    for (int i = 0; i < count; i++) {
        ada->site[all[i].site].off[all[i].k] = i >= keep;
        if (i >= keep)
            adalora_lambda(method, all[i].site)[all[i].k] = 0;
    }
    mem_free(all);
}

bool adalora_after_update(struct method *method, long step, long steps)
{
    const struct adalora *ada = method->state;
    long t = step + 1;
    int keep = adalora_budget(method, t, steps);
    bool last = has_fallen(ada, t, steps);
    if (keep == adalora_triplets(method) || (!last && t % ada->budget.every))
        return false;
    choose(method, keep);
    return last;
}

/* to has the rows of from that are not off. */
static void keep_rows(struct mat to, struct mat from, const bool *off)
{
    int row = 0;
    for (int k = 0; k < from.rows; k++)
        if (!off[k])
            mat_copy(mat_rows(to, row++, 1), mat_rows(from, k, 1));
}

/* Params of the next layout have the names and order of the present one, but
 * for those of a site that is gone. */
static void carry(struct method *next, const struct method *method, int site)
{
    const struct adalora *old = method->state, *new = next->state;
    int from = 0;
    for (int i = 0; i < next->param_count; i++, from++) {
        const struct param *to = &next->param[i];
        while (method->param[from].site != to->site)
            from++;
        const struct param *was = &method->param[from];
        const float *const source[] = {method->value, old->mean, old->swing};
        float *const target[] = {next->value, new->mean, new->swing};
        for (int k = 0; k < 3; k++) {
            struct mat a = layout_mat(was, (float *)source[k]);
            struct mat b = layout_mat(to, target[k]);
            if (to->site == site)
                keep_rows(b, a, old->site[site].off);
            else
                mat_copy(b, a);
        }
    }
}

/* How old directions map to new ones: to themselves. */
static void map_rows(struct rank_change *change, const bool *off)
{
    if (!change->after)
        return;
    change->map_a = dmat_new(change->after, change->before);
    change->map_b = dmat_new(change->after, change->before);
    change->restart = xcalloc((size_t)change->after, sizeof *change->restart);
    for (int k = 0, row = 0; k < change->before; k++)
        if (!off[k]) {
            dmat_row(change->map_a, row)[k] = 1;
            dmat_row(change->map_b, row++)[k] = 1;
        }
}

int adalora_drop(struct method *method, int site, struct rank_change *change,
                 struct err *err)
{
    struct adalora *ada = method->state, next = *ada;
    const bool *off = ada->site[site].off;
    int left = 0;
    for (int k = 0; k < ada->site[site].rank; k++)
        left += !off[k];
    *change = (struct rank_change){.site = site,
                                   .before = ada->site[site].rank,
                                   .after = left,
                                   .scale_before = ada->scale,
                                   .scale_after = ada->scale};
    if (left == ada->site[site].rank)
        return 0;
    next.site = adalora_sites(method);
    next.site[site].rank = left;
    struct method laid;
    if (adalora_lay(&laid, &next, method, err))
        return -1;
    carry(&laid, method, site);
    map_rows(change, off);
    for (int i = 0; i < method->model->site_count; i++) /* still to come */
        for (int k = 0; i != site && k < next.site[i].rank; k++)
            next.site[i].off[k] = ada->site[i].off[k];
    adalora_take(method, &laid);
    return 0;
}
