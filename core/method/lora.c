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
#include <stdio.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "core/method/layout.h"
#include "core/method/lora_accumulate.h"

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

static int add_factor(struct method *method, int site, enum param_kind kind)
{
    const struct site *of = &method->model->site[site];
    const struct lora *lora = method->state;
    struct param param = {.kind = kind,
                          .site = site,
                          .other = -1,
                          .rows = lora->site[site].is.rank,
                          .cols = kind == PARAM_A ? of->in : of->out,
                          .decays = true};
    (void)snprintf(param.name, sizeof param.name, "%s.%s", of->name,
                   kind == PARAM_A ? "A" : "Bt");
    return layout_add(method, &param);
}

int lora_layout(struct method *method, struct err *err)
{
    struct lora *lora = method->state;
    for (int i = 0; i < method->model->site_count; i++) {
        struct lora_site *site = &lora->site[i];
        if (!site->is.rank)
            continue;
        site->a = add_factor(method, i, PARAM_A);
        site->bt = add_factor(method, i, PARAM_BT);
    }
    return layout_allocate(method, err);
}

struct mat lora_a(const struct method *method, int site)
{
    const struct lora *lora = method->state;
    return layout_mat(&method->param[lora->site[site].a], method->value);
}

struct mat lora_bt(const struct method *method, int site)
{
    const struct lora *lora = method->state;
    return layout_mat(&method->param[lora->site[site].bt], method->value);
}

/* One site's state from the recipe; ranks of non-targets are refused. */
static int set_up_site(struct lora_site *to, const struct site *site, int own,
                       const struct method_conf *conf, struct err *err)
{
    if (!conf->targets[site->kind]) {
        if (own)
            return err_set(err,
                           "%s: has rank %d but \"%s\" is not a target; add "
                           "it to targets",
                           site->name, own, site_kind_name(site->kind));
        return 0;
    }
    int rank = own ? own : conf->rank;
    if (lora_check_rank(site, rank, err))
        return -1;
    to->is.rank = rank;
    to->is.alpha = conf->alpha;
    to->is.rule = conf->scale;
    to->is.scale = lora_scale(conf->alpha, conf->scale, rank);
    return 0;
}

static int set_up(struct method *method, const struct method_conf *conf,
                  struct err *err)
{
    const struct model *model = method->model;
    struct lora *lora = method->state;
    if (!(conf->alpha > 0) || !isfinite(conf->alpha))
        return err_set(err,
                       "lora: alpha %g is not allowed; use a number "
                       "above 0",
                       conf->alpha);
    int adapted = 0;
    for (int i = 0; i < model->site_count; i++) {
        int own = conf->ranks ? conf->ranks[i] : 0;
        if (set_up_site(&lora->site[i], &model->site[i], own, conf, err))
            return -1;
        adapted += lora->site[i].is.rank > 0;
    }
    if (!adapted)
        return err_set(err, "lora: no targets; use some of q, k, v, o, up, "
                            "down, head");
    return 0;
}

static int lora_attach(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    const struct model *model = method->model;
    struct lora *lora = xcalloc(1, sizeof *lora);
    method->state = lora;
    lora->seed = conf->seed;
    lora->site = xcalloc((size_t)model->site_count, sizeof *lora->site);
    if (set_up(method, conf, err) || lora_layout(method, err))
        return -1;
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

static void lora_detach(struct method *method)
{
    struct lora *lora = method->state;
    mem_free(lora->site);
    mem_free(lora);
}

static int lora_rank(const struct method *method, int site)
{
    const struct lora *lora = method->state;
    return lora->site[site].is.rank;
}

static bool lora_adapts(const struct method *method, int site)
{
    return lora_rank(method, site) > 0;
}

static bool lora_factors(const struct method *method, int site, struct mat *bt,
                         struct mat *a, double *scale)
{
    const struct lora *lora = method->state;
    if (!lora_adapts(method, site))
        return false;
    *bt = lora_bt(method, site);
    *a = lora_a(method, site);
    *scale = lora->site[site].is.scale;
    return true;
}

static void lora_effective(const struct method *method, int site, struct mat w)
{
    const struct lora *lora = method->state;
    lora_accumulate(w, method->model->base.site[site], lora_bt(method, site),
                    lora_a(method, site), lora->site[site].is.scale);
}

static void lora_gradient(const struct method *method, float *grad, int site,
                          struct mat x, struct mat dy, struct arena *scratch)
{
    const struct lora *lora = method->state;
    const struct lora_site *at = &lora->site[site];
    float s = (float)at->is.scale;
    int r = at->is.rank;
    struct mat a = lora_a(method, site), bt = lora_bt(method, site);
    struct mat da = layout_mat(&method->param[at->a], grad);
    struct mat dbt = layout_mat(&method->param[at->bt], grad);
    size_t mark = arena_mark(scratch);
    struct mat u = mat_of(arena_take(scratch, (size_t)x.rows * (size_t)r),
                          x.rows, r); /* first x A^T, then dy B */
    linalg_gemm(u, 1, x, PLAIN, a, TRANSPOSED, 0);
    linalg_gemm(dbt, s, u, TRANSPOSED, dy, PLAIN, 1);
    linalg_gemm(u, 1, dy, PLAIN, bt, TRANSPOSED, 0);
    linalg_gemm(da, s, u, TRANSPOSED, x, PLAIN, 1);
    arena_back(scratch, mark);
}

static void lora_state_of(const struct method *method, int site,
                          struct site_state *to)
{
    const struct lora *lora = method->state;
    *to = lora->site[site].is;
}

static int check_state(const struct site *site, const struct site_state *state,
                       bool adapted, struct err *err)
{
    if ((state->rank != 0) != adapted)
        return err_set(err,
                       "%s: %s adapted in the saved state; use the "
                       "targets it was saved with",
                       site->name, adapted ? "is not" : "is");
    if (!adapted)
        return 0;
    if (state->rule != SCALE_ALPHA_R && state->rule != SCALE_ALPHA_SQRT_R)
        return err_set(err,
                       "%s: the saved scale rule is unknown; the state "
                       "is damaged",
                       site->name);
    if (state->grows < 0 || !isfinite(state->scale) ||
        !isfinite(state->alpha) || state->scale <= 0 || state->alpha <= 0)
        return err_set(err,
                       "%s: the saved scale %g (alpha %g) is not a "
                       "positive number; the state is damaged",
                       site->name, state->scale, state->alpha);
    return lora_check_rank(site, state->rank, err);
}

static int lora_restore(struct method *method, const struct site_state *states,
                        struct err *err)
{
    int count = method->model->site_count;
    for (int i = 0; i < count; i++)
        if (check_state(&method->model->site[i], &states[i],
                        lora_adapts(method, i), err))
            return -1;
    struct lora *lora = method->state;
    struct lora next = {lora->seed, xcalloc((size_t)count, sizeof *next.site)};
    for (int i = 0; i < count; i++)
        next.site[i].is = states[i];
    struct method laid = {
        .ops = method->ops, .model = method->model, .state = &next};
    if (lora_layout(&laid, err)) {
        layout_free(&laid);
        mem_free(next.site);
        return -1;
    }
    layout_free(method);
    mem_free(lora->site);
    *lora = next;
    laid.state = lora;
    *method = laid;
    return 0;
}

extern const struct method_ops method_lora;
const struct method_ops method_lora = {
    .name = "lora",
    .summary = "low-rank update: W0 + s B A, with A and B trained",
    .paper = "Hu et al. 2021, arXiv 2106.09685",
    .attach = lora_attach,
    .detach = lora_detach,
    .adapts = lora_adapts,
    .effective = lora_effective,
    .gradient = lora_gradient,
    .set_rank = lora_set_rank,
    .rank = lora_rank,
    .factors = lora_factors,
    .state_of = lora_state_of,
    .restore = lora_restore,
};
