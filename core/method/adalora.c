/*
 * AdaLoRA (Zhang et al. 2023, arXiv 2303.10512): an update in the form of an
 * SVD, whose triplets compete for a budget over all sites,
 *
 *   W = W0 + s P diag(lambda) Q,   s = alpha / r0              (1)
 *
 * with P (out, r0), Q (r0, in) normal of deviation 0.02 and lambda zero, r0
 * the rank at the start.  s stays when triplets go, so W does not jump.  P is
 * kept transposed, like LoRA's B.
 *
 * With u = x Q^T and v = dy P: dlambda = s sum u o v,
 * dP^T = s (u lambda)^T dy, dQ = s (v lambda)^T x.  The rank is not on the
 * dial: it is what the method learns.
 */
#include "core/method/adalora.h"

#include <math.h>
#include <stdio.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "core/method/layout.h"
#include "core/method/lora.h"
#include "core/method/lora_accumulate.h"

static int add(struct method *method, int site, enum param_kind kind, int rows,
               int cols)
{
    static const char *const suffix[] = {
        [PARAM_A] = "Q", [PARAM_BT] = "Pt", [PARAM_MID] = "lambda"};
    struct param param = {.kind = kind,
                          .site = site,
                          .other = -1,
                          .rows = rows,
                          .cols = cols,
                          .decays = kind != PARAM_MID};
    (void)snprintf(param.name, sizeof param.name, "%s.%s",
                   method->model->site[site].name, suffix[kind]);
    return layout_add(method, &param);
}

static int lay(struct method *method, struct err *err)
{
    struct adalora *ada = method->state;
    for (int i = 0; i < method->model->site_count; i++) {
        const struct site *of = &method->model->site[i];
        struct ada_site *site = &ada->site[i];
        if (!site->rank)
            continue;
        site->p = add(method, i, PARAM_BT, site->rank, of->out);
        site->lambda = add(method, i, PARAM_MID, site->rank, 1);
        site->q = add(method, i, PARAM_A, site->rank, of->in);
        site->mix = mat_new(site->rank, of->out);
        site->off = xcalloc((size_t)site->rank, sizeof *site->off);
    }
    ada->mean = mem_try(method->size, sizeof *ada->mean);
    ada->swing = mem_try(method->size, sizeof *ada->swing);
    if (!ada->mean || !ada->swing)
        return err_set(err,
                       "adalora: no memory for the importance of %zu "
                       "values; use a smaller rank or fewer targets",
                       method->size);
    return layout_allocate(method, err);
}

static void free_storage(struct adalora *ada, int count)
{
    for (int i = 0; i < count; i++) {
        mat_free(&ada->site[i].mix);
        mem_free(ada->site[i].off);
    }
    mem_free(ada->site);
    mem_free(ada->mean);
    mem_free(ada->swing);
}

struct ada_site *adalora_sites(const struct method *method)
{
    const struct adalora *ada = method->state;
    int count = method->model->site_count;
    struct ada_site *to = xcalloc((size_t)count, sizeof *to);
    for (int i = 0; i < count; i++) {
        to[i].target = ada->site[i].target;
        to[i].rank = ada->site[i].rank;
    }
    return to;
}

int adalora_lay(struct method *next, struct adalora *state,
                const struct method *method, struct err *err)
{
    *next = (struct method){
        .ops = method->ops, .model = method->model, .state = state};
    state->mean = state->swing = NULL;
    if (lay(next, err) == 0)
        return 0;
    layout_free(next);
    free_storage(state, method->model->site_count);
    return -1;
}

void adalora_take(struct method *method, struct method *next)
{
    struct adalora *ada = method->state;
    layout_free(method);
    free_storage(ada, method->model->site_count);
    *ada = *(struct adalora *)next->state;
    *method = *next;
    method->state = ada;
}

/* r0 of a target: what the budget says, or 1.5 times the final rank where the
 * site has as many. */
static int first_rank(const struct site *site, const struct method_conf *conf)
{
    int most = site->out < site->in ? site->out : site->in;
    int half_more = conf->rank + (conf->rank + 1) / 2;
    if (conf->budget.rank)
        return conf->budget.rank;
    return half_more < most || conf->rank > most ? half_more : most;
}

static int check_budget(const struct method_conf *conf, struct err *err)
{
    const struct budget_conf *budget = &conf->budget;
    if (!(conf->alpha > 0) || !isfinite(conf->alpha))
        return err_set(err,
                       "adalora: alpha %g is not allowed; use a number "
                       "above 0",
                       conf->alpha);
    if (conf->rank < 1 || (budget->rank && budget->rank < conf->rank))
        return err_set(err,
                       "adalora: the budget falls from rank %d to %d; let it "
                       "begin at %d or more",
                       budget->rank, conf->rank, conf->rank);
    if (!(budget->initial >= 0) || !(budget->final >= 0) ||
        budget->initial + budget->final > 1 || budget->every < 1)
        return err_set(err,
                       "adalora: initial %g and final %g are shares of the "
                       "steps; use two that leave time between them",
                       budget->initial, budget->final);
    return 0;
}

static int ada_check(const struct model *model, const struct method_conf *conf,
                     struct err *err)
{
    bool some = false;
    if (check_budget(conf, err))
        return -1;
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        if (!conf->targets[site->kind])
            continue;
        if (lora_check_rank(site, first_rank(site, conf), err))
            return -1;
        some = true;
    }
    if (!some)
        return method_refuse_targets(model, "adalora", err);
    return 0;
}

static void set_up(struct method *method, const struct method_conf *conf)
{
    const struct model *model = method->model;
    struct adalora *ada = method->state;
    int first = 0;
    for (int i = 0; i < model->site_count; i++) {
        struct ada_site *site = &ada->site[i];
        if (!conf->targets[model->site[i].kind])
            continue;
        site->target = true;
        site->rank = first_rank(&model->site[i], conf);
        first = site->rank > first ? site->rank : first;
        ada->targets++;
    }
    ada->scale = conf->alpha / first;
}

static void fill(struct mat m, uint64_t seed, uint64_t index)
{
    struct rng rng = rng_make(seed, STREAM_INIT, index);
    for (int k = 0; k < m.rows; k++)
        for (int j = 0; j < m.cols; j++)
            mat_row(m, k)[j] = (float)(0.02 * rng_normal(&rng));
}

static int ada_attach(struct method *method, const struct method_conf *conf,
                      struct err *err)
{
    const struct model *model = method->model;
    struct adalora *ada = xcalloc(1, sizeof *ada);
    method->state = ada;
    ada->budget = conf->budget;
    ada->rank = conf->rank;
    ada->site = xcalloc((size_t)model->site_count, sizeof *ada->site);
    set_up(method, conf);
    if (lay(method, err))
        return -1;
    for (int i = 0; i < model->site_count; i++) {
        uint64_t index = ((uint64_t)ada->site[i].rank << 32) + (uint64_t)i;
        if (!ada->site[i].rank)
            continue;
        fill(adalora_q(method, i), conf->seed, index);
        fill(adalora_p(method, i), conf->seed, index + (1U << 31));
    }
    return 0;
}

static void ada_detach(struct method *method)
{
    free_storage(method->state, method->model->site_count);
    mem_free(method->state);
}

/* Sum over targets of r0 (in + out + 1), before any is dropped. */
static long ada_count(const struct model *model, const struct method_conf *conf)
{
    long total = 0;
    for (int i = 0; i < model->site_count; i++)
        if (conf->targets[model->site[i].kind])
            total += (long)first_rank(&model->site[i], conf) *
                     (model->site[i].in + model->site[i].out + 1);
    return total;
}

static bool ada_adapts(const struct method *method, int site)
{
    const struct adalora *ada = method->state;
    return ada->site[site].target;
}

static int ada_rank(const struct method *method, int site)
{
    const struct adalora *ada = method->state;
    return ada->site[site].rank;
}

static struct mat window(const struct method *method, float *flat, int param)
{
    return layout_mat(&method->param[param], flat);
}

struct mat adalora_p(const struct method *method, int site)
{
    const struct adalora *ada = method->state;
    return window(method, method->value, ada->site[site].p);
}

struct mat adalora_q(const struct method *method, int site)
{
    const struct adalora *ada = method->state;
    return window(method, method->value, ada->site[site].q);
}

float *adalora_lambda(const struct method *method, int site)
{
    const struct adalora *ada = method->state;
    return window(method, method->value, ada->site[site].lambda).at;
}

static bool ada_factors(const struct method *method, int site, struct mat *bt,
                        struct mat *a, double *scale)
{
    const struct adalora *ada = method->state;
    const struct ada_site *at = &ada->site[site];
    if (!at->rank)
        return false;
    const float *lambda = adalora_lambda(method, site);
    struct mat p = adalora_p(method, site);
    for (int k = 0; k < p.rows; k++)
        for (int i = 0; i < p.cols; i++)
            mat_row(at->mix, k)[i] = lambda[k] * mat_row(p, k)[i];
    *bt = at->mix;
    *a = adalora_q(method, site);
    *scale = ada->scale;
    return true;
}

static void ada_effective(const struct method *method, int site, struct mat w)
{
    struct mat bt, a, w0 = method->model->base.site[site];
    double scale;
    if (ada_factors(method, site, &bt, &a, &scale))
        lora_accumulate(w, w0, bt, a, scale);
    else
        mat_copy(w, w0);
}

static size_t ada_scratch(const struct method *method, int site, int tokens)
{
    enum { ROUNDING = 2 * 16 };
    return 2 * (size_t)tokens * (size_t)ada_rank(method, site) + ROUNDING;
}

/* m (tokens, r), column k times by[k] */
static void scale_columns(struct mat m, const float *by)
{
    for (int t = 0; t < m.rows; t++)
        for (int k = 0; k < m.cols; k++)
            mat_row(m, t)[k] *= by[k];
}

static void ada_gradient(const struct method *method, float *grad, int site,
                         struct mat x, struct mat dy, struct arena *scratch)
{
    const struct adalora *ada = method->state;
    const struct ada_site *at = &ada->site[site];
    if (!at->rank)
        return;
    float s = (float)ada->scale;
    float *dlambda = window(method, grad, at->lambda).at;
    const float *lambda = adalora_lambda(method, site);
    size_t mark = arena_mark(scratch), size = (size_t)x.rows * (size_t)at->rank;
    struct mat u = mat_of(arena_take(scratch, size), x.rows, at->rank);
    struct mat v = mat_of(arena_take(scratch, size), x.rows, at->rank);
    linalg_gemm(u, 1, x, PLAIN, adalora_q(method, site), TRANSPOSED, 0);
    linalg_gemm(v, 1, dy, PLAIN, adalora_p(method, site), TRANSPOSED, 0);
    for (int k = 0; k < at->rank; k++) {
        double sum = 0;
        for (int t = 0; t < x.rows; t++)
            sum += (double)mat_row(u, t)[k] * (double)mat_row(v, t)[k];
        dlambda[k] += (float)(ada->scale * sum);
    }
    scale_columns(u, lambda);
    scale_columns(v, lambda);
    linalg_gemm(window(method, grad, at->p), s, u, TRANSPOSED, dy, PLAIN, 1);
    linalg_gemm(window(method, grad, at->q), s, v, TRANSPOSED, x, PLAIN, 1);
    arena_back(scratch, mark);
}

static void ada_state_of(const struct method *method, int site,
                         struct site_state *to)
{
    const struct adalora *ada = method->state;
    *to = (struct site_state){.rank = ada->site[site].rank,
                              .alpha = ada->scale * ada->site[site].rank,
                              .scale = ada->scale,
                              .rule = SCALE_ALPHA_R};
}

/* A target whose triplets are all gone has no state. */
static int ada_restore(struct method *method, const struct site_state *states,
                       struct err *err)
{
    int count = method->model->site_count;
    struct adalora *ada = method->state, next = *ada;
    for (int i = 0; i < count; i++) {
        const struct site *site = &method->model->site[i];
        if (states[i].rank && !ada->site[i].target)
            return err_set(err,
                           "%s: is adapted in the saved state; use the "
                           "targets it was saved with",
                           site->name);
        if (states[i].rank && lora_check_rank(site, states[i].rank, err))
            return -1;
    }
    next.site = adalora_sites(method);
    for (int i = 0; i < count; i++)
        next.site[i].rank = states[i].rank;
    struct method laid;
    if (adalora_lay(&laid, &next, method, err))
        return -1;
    adalora_take(method, &laid);
    return 0;
}

/* What the importance of every value has been. */
static bool ada_kept(const struct method *method, int i, struct kept *to)
{
    const struct adalora *ada = method->state;
    if (i >= 2 * method->param_count)
        return false;
    const struct param *param = &method->param[i / 2];
    to->at = layout_mat(param, i % 2 ? ada->swing : ada->mean);
    (void)snprintf(to->name, sizeof to->name, "%.48s.%s", param->name,
                   i % 2 ? "swing" : "mean");
    return true;
}

extern const struct method_ops method_adalora;
const struct method_ops method_adalora = {
    .name = "adalora",
    .summary = "LoRA whose directions compete for a falling budget",
    .formula = "W = W0 + s P diag(lambda) Q",
    .lr = 1.6e-2,
    .paper = "Zhang et al. 2023, arXiv 2303.10512",
    .uses = USES_RANK | USES_ALPHA | USES_TARGETS | USES_BUDGET,
    .fixed_rank = "its budget says how many directions there are, and their "
                  "importance which",
    .check = ada_check,
    .attach = ada_attach,
    .detach = ada_detach,
    .count = ada_count,
    .adapts = ada_adapts,
    .effective = ada_effective,
    .gradient = ada_gradient,
    .scratch = ada_scratch,
    .rank = ada_rank,
    .factors = ada_factors,
    .state_of = ada_state_of,
    .restore = ada_restore,
    .kept = ada_kept,
    .before_update = adalora_before_update,
    .after_update = adalora_after_update,
    .drop = adalora_drop,
};
