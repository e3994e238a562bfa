/*
 * VeRA (Kopiczko, Blankevoort & Asano 2024, arXiv 2310.11454): all sites share
 * one random A and one random B that never train; a site has two vectors,
 *
 *   W = W0 + diag(b) B diag(d) A,   b (out) zero, d (r) 0.1 at first    (1)
 *
 * r + out values a site.  Sites of other sizes take the first columns of A
 * (r, widest in) and the first rows of B (widest out, r), drawn as PEFT draws
 * them, uniform in +-sqrt(6 / fan in).  They follow from the seed, so no state
 * holds them.  The rank cannot turn: another r would be another A and B for
 * every site at once.
 *
 * With u = x A^T: db = sum dy o ((u o d) B^T), dd = sum ((dy o b) B) o u; dW is
 * never formed.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "core/method/layout.h"
#include "core/method/lora_accumulate.h"

struct vera_site {
    int b, d;       /* indices of its params; -1: not adapted */
    struct mat mix; /* (r, out) d B^T b, as of the last look at it; by the
                       thread that is in effective() or factors() here */
};

struct vera {
    int rank;
    struct mat a, bt;       /* (r, widest in), (r, widest out) */
    struct vera_site *site; /* (site_count) */
};

/* A stream of its own: no site has an index so large. */
static void fill(struct mat m, int fan_in, uint64_t seed, uint64_t which)
{
    struct rng rng = rng_make(seed, STREAM_INIT, ~which);
    double bound = sqrt(6.0 / fan_in);
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            mat_row(m, i)[j] = (float)rng_between(&rng, -bound, bound);
}

static int vera_check(const struct model *model, const struct method_conf *conf,
                      struct err *err)
{
    bool some = false;
    for (int i = 0; i < model->site_count; i++)
        some = some || conf->targets[model->site[i].kind];
    if (!some)
        return method_refuse_targets(model, "vera", err);
    if (conf->rank < 1)
        return err_set(err, "vera: rank %d is not allowed; use 1 or more",
                       conf->rank);
    return 0;
}

static int share(struct method *method, const struct method_conf *conf,
                 struct err *err)
{
    struct vera *vera = method->state;
    const struct model *model = method->model;
    int in = 0, out = 0;
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        if (!conf->targets[site->kind])
            continue;
        in = site->in > in ? site->in : in;
        out = site->out > out ? site->out : out;
    }
    float *a = mem_try((size_t)conf->rank, sizeof(float) * (size_t)in);
    float *bt = mem_try((size_t)conf->rank, sizeof(float) * (size_t)out);
    vera->rank = conf->rank;
    vera->a = mat_of(a, conf->rank, in);
    vera->bt = mat_of(bt, conf->rank, out);
    if (!a || !bt)
        return err_set(err, "vera: no memory for rank %d; use a smaller one",
                       conf->rank);
    fill(vera->a, in, conf->seed, 0);
    fill(vera->bt, conf->rank, conf->seed, 1);
    return 0;
}

static int add(struct method *method, int site, enum param_kind kind, int rows,
               int cols)
{
    struct param param = {
        .kind = kind, .site = site, .other = -1, .rows = rows, .cols = cols};
    (void)snprintf(param.name, sizeof param.name, "%s.%s",
                   method->model->site[site].name,
                   kind == PARAM_OUT ? "b" : "d");
    return layout_add(method, &param);
}

static int vera_attach(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    const struct model *model = method->model;
    struct vera *vera = xcalloc(1, sizeof *vera);
    method->state = vera;
    vera->site = xcalloc((size_t)model->site_count, sizeof *vera->site);
    if (share(method, conf, err))
        return -1;
    for (int i = 0; i < model->site_count; i++) {
        struct vera_site *at = &vera->site[i];
        at->b = at->d = -1;
        if (!conf->targets[model->site[i].kind])
            continue;
        at->b = add(method, i, PARAM_OUT, 1, model->site[i].out);
        at->d = add(method, i, PARAM_MID, vera->rank, 1);
        at->mix = mat_new(vera->rank, model->site[i].out);
    }
    if (layout_allocate(method, err))
        return -1;
    for (int i = 0; i < method->param_count; i++)
        for (int k = 0; k < method->param[i].rows; k++)
            if (method->param[i].kind == PARAM_MID)
                method->value[method->param[i].offset + (size_t)k] = 0.1F;
    return 0;
}

static void vera_detach(struct method *method)
{
    struct vera *vera = method->state;
    for (int i = 0; i < method->model->site_count; i++)
        mat_free(&vera->site[i].mix);
    mat_free(&vera->a);
    mat_free(&vera->bt);
    mem_free(vera->site);
    mem_free(vera);
}

/* Sum over targets of r + out. */
static long vera_count(const struct model *model,
                       const struct method_conf *conf)
{
    long total = 0;
    for (int i = 0; i < model->site_count; i++)
        if (conf->targets[model->site[i].kind])
            total += conf->rank + model->site[i].out;
    return total;
}

static bool vera_adapts(const struct method *method, int site)
{
    const struct vera *vera = method->state;
    return vera->site[site].b >= 0;
}

static int vera_rank(const struct method *method, int site)
{
    const struct vera *vera = method->state;
    return vera_adapts(method, site) ? vera->rank : 0;
}

static struct mat shared_a(const struct method *method, int site)
{
    const struct vera *vera = method->state;
    return mat_cols(vera->a, 0, method->model->site[site].in);
}

static struct mat shared_bt(const struct method *method, int site)
{
    const struct vera *vera = method->state;
    return mat_cols(vera->bt, 0, method->model->site[site].out);
}

static float *vector(const struct method *method, float *flat, int param)
{
    return flat + method->param[param].offset;
}

static bool vera_factors(const struct method *method, int site, struct mat *bt,
                         struct mat *a, double *scale)
{
    const struct vera *vera = method->state;
    const struct vera_site *at = &vera->site[site];
    if (at->b < 0)
        return false;
    const float *b = vector(method, method->value, at->b);
    const float *d = vector(method, method->value, at->d);
    struct mat shared = shared_bt(method, site);
    for (int k = 0; k < shared.rows; k++)
        for (int i = 0; i < shared.cols; i++)
            mat_row(at->mix, k)[i] = d[k] * mat_row(shared, k)[i] * b[i];
    *bt = at->mix;
    *a = shared_a(method, site);
    *scale = 1;
    return true;
}

static void vera_effective(const struct method *method, int site, struct mat w)
{
    struct mat bt, a;
    double scale;
    if (vera_factors(method, site, &bt, &a, &scale))
        lora_accumulate(w, method->model->base.site[site], bt, a, scale);
}

static size_t vera_scratch(const struct method *method, int site, int tokens)
{
    enum { ROUNDING = 3 * 16 };
    size_t out = (size_t)method->model->site[site].out;
    size_t r = (size_t)vera_rank(method, site), t = (size_t)tokens;
    return 2 * t * r + t * out + ROUNDING;
}

/* to[j] += sum over rows of x o y, row by row: down the columns memory would
 * be read a cache line a number. */
static void add_products(float *to, struct mat x, struct mat y)
{
    for (int t = 0; t < x.rows; t++) {
        const float *xt = mat_row(x, t), *yt = mat_row(y, t);
        for (int j = 0; j < x.cols; j++)
            to[j] += xt[j] * yt[j];
    }
}

static void vera_gradient(const struct method *method, float *grad, int site,
                          struct mat x, struct mat dy, struct arena *scratch)
{
    const struct vera *vera = method->state;
    const struct vera_site *at = &vera->site[site];
    const float *b = vector(method, method->value, at->b);
    const float *d = vector(method, method->value, at->d);
    struct mat bt = shared_bt(method, site);
    size_t mark = arena_mark(scratch), t = (size_t)x.rows;
    int r = vera->rank;
    struct mat u = mat_of(arena_take(scratch, t * (size_t)r), x.rows, r);
    struct mat v = mat_of(arena_take(scratch, t * (size_t)r), x.rows, r);
    struct mat p =
        mat_of(arena_take(scratch, t * (size_t)dy.cols), dy.rows, dy.cols);
    linalg_gemm(u, 1, x, PLAIN, shared_a(method, site), TRANSPOSED, 0);
    for (int i = 0; i < u.rows; i++)
        for (int k = 0; k < r; k++)
            mat_row(v, i)[k] = mat_row(u, i)[k] * d[k];
    linalg_gemm(p, 1, v, PLAIN, bt, PLAIN, 0);
    add_products(vector(method, grad, at->b), dy, p);
    for (int i = 0; i < p.rows; i++)
        for (int j = 0; j < p.cols; j++)
            mat_row(p, i)[j] = mat_row(dy, i)[j] * b[j];
    linalg_gemm(v, 1, p, PLAIN, bt, TRANSPOSED, 0);
    add_products(vector(method, grad, at->d), u, v);
    arena_back(scratch, mark);
}

static void vera_state_of(const struct method *method, int site,
                          struct site_state *to)
{
    *to = (struct site_state){.rank = vera_rank(method, site),
                              .alpha = vera_rank(method, site),
                              .scale = 1,
                              .rule = SCALE_ALPHA_R};
}

extern const struct method_ops method_vera;
const struct method_ops method_vera = {
    .name = "vera",
    .summary = "shared random factors, two trained vectors a site",
    .formula = "W = W0 + diag(b) B0 diag(d) A0",
    .lr = 0.1,
    .paper = "Kopiczko et al. 2024, arXiv 2310.11454",
    .uses = USES_RANK | USES_TARGETS,
    .fixed_rank = "all sites share the random factors that its rank was drawn "
                  "with",
    .check = vera_check,
    .attach = vera_attach,
    .detach = vera_detach,
    .count = vera_count,
    .adapts = vera_adapts,
    .effective = vera_effective,
    .gradient = vera_gradient,
    .scratch = vera_scratch,
    .rank = vera_rank,
    .factors = vera_factors,
    .state_of = vera_state_of,
};
