/*
 * LoRA (Hu et al. 2021, arXiv 2106.09685): W = W0 + s B A, with A (r, in)
 * uniform, B zero, s = alpha / r, or alpha / sqrt r (rsLoRA, 2312.03732).
 * B is kept transposed, Bt (r, out): a direction is a row of A and one of Bt.
 *
 * Backward never forms dW: u = x A^T, dBt += s u^T dy; v = dy B,
 * dA += s v^T x.  Dropout on the input of A cannot be expressed in W and is
 * not offered.
 */
#include "core/method/lora.h"

#include <math.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "core/method/layout.h"
#include "core/method/lora_accumulate.h"
#include "core/method/whole.h"

int lora_check_rank(const struct site *site, int rank, struct err *err)
{
    int most = site->out < site->in ? site->out : site->in;
    if (rank < 1 || rank > most)
        return err_set(err, "%s: rank %d is not allowed; use 1..%d", site->name,
                       rank, most);
    return 0;
}

double lora_scale(double alpha, enum scale_rule rule, int rank)
{
    return alpha / (rule == SCALE_ALPHA_R ? rank : sqrt(rank));
}

void lora_fill(struct mat a, uint64_t seed, int stream, uint64_t index)
{
    struct rng rng = rng_make(seed, (enum rng_stream)stream, index);
    double bound = 1 / sqrt(a.cols);
    for (int k = 0; k < a.rows; k++)
        for (int j = 0; j < a.cols; j++)
            mat_row(a, k)[j] = (float)rng_between(&rng, -bound, bound);
}

int lora_rank_of(const struct model *model, const struct method_conf *conf,
                 int site)
{
    if (!conf->targets[model->site[site].kind])
        return 0;
    return conf->ranks && conf->ranks[site] ? conf->ranks[site] : conf->rank;
}

/* Ranks of non-targets are refused. */
static int check_site(const struct model *model, int i,
                      const struct method_conf *conf, struct err *err)
{
    const struct site *site = &model->site[i];
    if (conf->targets[site->kind])
        return lora_check_rank(site, lora_rank_of(model, conf, i), err);
    if (conf->ranks && conf->ranks[i])
        return err_set(err,
                       "%s: has rank %d but \"%s\" is not a target; add "
                       "it to targets",
                       site->name, conf->ranks[i], site_kind_name(site->kind));
    return 0;
}

int lora_check(const struct model *model, const struct method_conf *conf,
               struct err *err)
{
    if (!(conf->alpha > 0) || !isfinite(conf->alpha))
        return err_set(err,
                       "%s: alpha %g is not allowed; use a number "
                       "above 0",
                       conf->name, conf->alpha);
    if (conf->targets[SITE_HEAD] && conf->also[ALSO_HEAD])
        return err_set(err,
                       "%s: the head is a target and trains whole as well; "
                       "take it from targets or from also",
                       conf->name);
    int adapted = 0;
    for (int i = 0; i < model->site_count; i++) {
        if (check_site(model, i, conf, err))
            return -1;
        adapted += conf->targets[model->site[i].kind];
    }
    if (!adapted)
        return method_refuse_targets(model, conf->name, err);
    return 0;
}

static void set_up(struct method *method, const struct method_conf *conf)
{
    const struct model *model = method->model;
    struct lora *lora = method->state;
    for (int i = 0; i < model->site_count; i++) {
        struct site_state *is = &lora->site[i].is;
        int rank = lora_rank_of(model, conf, i);
        if (rank)
            *is = (struct site_state){
                .rank = rank,
                .alpha = conf->alpha,
                .rule = conf->scale,
                .scale = lora_scale(conf->alpha, conf->scale, rank)};
        lora_freeze(&lora->site[i], lora, &model->site[i]);
    }
}

int lora_attach_kin(struct method *method, const struct method_conf *conf,
                    const struct lora_kin *kin, struct err *err)
{
    const struct model *model = method->model;
    struct lora *lora = xcalloc(1, sizeof *lora);
    method->state = lora;
    lora->seed = conf->seed;
    lora->kin = *kin;
    lora->norm = conf->norm;
    lora->lr_ratio = 1;
    if (method->ops->uses & USES_LR_RATIO)
        lora->lr_ratio = (float)conf->lr_ratio;
    for (int i = 0; i < ALSO_KINDS; i++)
        lora->also[i] = conf->also[i];
    lora->site = xcalloc((size_t)model->site_count, sizeof *lora->site);
    set_up(method, conf);
    if (lora_layout(method, err))
        return -1;
    whole_start(method);
    for (int i = 0; i < model->site_count; i++) {
        int rank = lora->site[i].is.rank;
        /* The rank is in the index: with one sequence for all ranks the A of
         * rank 8 would be the first rows of that of rank 64, and their
         * subspaces would overlap before anything is learned. */
        if (rank)
            lora_fill(lora_a(method, i), lora->seed, STREAM_INIT,
                      ((uint64_t)rank << 32) + (uint64_t)i);
    }
    return 0;
}

static int lora_attach(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    return lora_attach_kin(method, conf, &(struct lora_kin){0}, err);
}

void lora_detach(struct method *method)
{
    struct lora *lora = method->state;
    lora_free_sites(lora, method->model->site_count);
    mem_free(lora);
}

/* Sum over targets of r (in + out), and what trains whole beside them. */
long lora_count(const struct model *model, const struct method_conf *conf)
{
    long total = also_count(model, conf->also);
    for (int i = 0; i < model->site_count; i++)
        total += (long)lora_rank_of(model, conf, i) *
                 (model->site[i].in + model->site[i].out);
    return total;
}

int lora_rank(const struct method *method, int site)
{
    const struct lora *lora = method->state;
    return lora->site[site].is.rank;
}

/* The head's W when it trains whole, in value or a gradient; else at NULL. */
static struct mat whole_head(const struct method *method, float *flat, int site)
{
    const struct lora *lora = method->state;
    if (lora->head < 0 || method->model->site[site].kind != SITE_HEAD)
        return (struct mat){0};
    return layout_mat(&method->param[lora->head], flat);
}

bool lora_adapts(const struct method *method, int site)
{
    return lora_rank(method, site) > 0 ||
           whole_head(method, method->value, site).at;
}

const float *lora_direct(const struct method *method, int site)
{
    return whole_head(method, method->value, site).at;
}

bool lora_factors(const struct method *method, int site, struct mat *bt,
                  struct mat *a, double *scale)
{
    const struct lora *lora = method->state;
    if (lora_rank(method, site) == 0)
        return false;
    *bt = lora_bt(method, site);
    *a = lora_a(method, site);
    *scale = lora->site[site].is.scale;
    return true;
}

void lora_effective(const struct method *method, int site, struct mat w)
{
    const struct lora *lora = method->state;
    struct mat head = whole_head(method, method->value, site);
    if (head.at)
        mat_copy(w, head);
    else
        lora_accumulate(w, method->model->base.site[site],
                        lora_bt(method, site), lora_a(method, site),
                        lora->site[site].is.scale);
}

size_t lora_scratch(const struct method *method, int site, int tokens)
{
    return (size_t)tokens * (size_t)lora_rank(method, site);
}

void lora_gradient(const struct method *method, float *grad, int site,
                   struct mat x, struct mat dy, struct arena *scratch)
{
    const struct lora *lora = method->state;
    const struct lora_site *at = &lora->site[site];
    struct mat head = whole_head(method, grad, site);
    if (head.at) {
        whole_gradient(head, x, dy);
        return;
    }
    float s = (float)at->is.scale;
    int r = at->is.rank;
    struct mat dbt = layout_mat(&method->param[at->bt], grad);
    size_t mark = arena_mark(scratch);
    struct mat u = mat_of(arena_take(scratch, (size_t)x.rows * (size_t)r),
                          x.rows, r); /* first x A^T, then dy B */
    linalg_gemm(u, 1, x, PLAIN, lora_a(method, site), TRANSPOSED, 0);
    linalg_gemm(dbt, s, u, TRANSPOSED, dy, PLAIN, 1);
    if (at->a >= 0) {
        struct mat da = layout_mat(&method->param[at->a], grad);
        linalg_gemm(u, 1, dy, PLAIN, lora_bt(method, site), TRANSPOSED, 0);
        linalg_gemm(da, s, u, TRANSPOSED, x, PLAIN, 1);
    }
    arena_back(scratch, mark);
}

extern const struct method_ops method_lora;
const struct method_ops method_lora = {
    .name = "lora",
    .summary = "low-rank update: W0 + s B A, with A and B trained",
    .formula = "W = W0 + s B A",
    .lr = 4e-3,
    .paper = "Hu et al. 2021, arXiv 2106.09685",
    .uses = USES_LORA | USES_ADAPTER,
    .check = lora_check,
    .attach = lora_attach,
    .detach = lora_detach,
    .count = lora_count,
    .adapts = lora_adapts,
    .effective = lora_effective,
    .direct = lora_direct,
    .gradient = lora_gradient,
    .scratch = lora_scratch,
    .set_rank = lora_set_rank,
    .rank = lora_rank,
    .factors = lora_factors,
    .state_of = lora_state_of,
    .restore = lora_restore,
    .kept = lora_kept,
};
