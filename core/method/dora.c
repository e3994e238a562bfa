/*
 * DoRA (Liu et al. 2024, arXiv 2402.09353): direction and length apart.  Row
 * by row, as PEFT has it for a W of (out, in),
 *
 *   W_i = m_i V_i / n_i,   V = W0 + s B A,   n_i = |V_i|       (1)
 *
 * with m trained and |W0_i| at first.  With G = dL/dW and c_i = <G_i, V_i>
 *
 *   dm_i = c_i / n_i                                           (2)
 *   dV_i = (m_i / n_i) (G_i - (c_i / n_i^2) V_i)               (3)
 *
 * where "detached" leaves the second term of (3) out (the paper's section
 * 4.3).  G is never formed: c needs x V^T alone, so that what is kept in
 * scratch is (tokens, out), not (out, in).  dW = W - W0 is no product of two
 * thin factors, so there are none to show; the file holds A, B and m.
 */
#include <math.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/method/layout.h"
#include "core/method/lora.h"
#include "core/method/lora_accumulate.h"

static float row_norm(struct mat v, int i)
{
    return (float)sqrt(mat_norm_squared(mat_rows(v, i, 1)));
}

static float *magnitudes(const struct method *method, float *flat, int site)
{
    const struct lora *lora = method->state;
    return flat + method->param[lora->site[site].m].offset;
}

static int dora_attach(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    const struct lora_kin kin = {.magnitudes = true};
    if (lora_attach_kin(method, conf, &kin, err))
        return -1;
    for (int i = 0; i < method->model->site_count; i++) {
        struct mat w0 = method->model->base.site[i];
        for (int row = 0; lora_rank(method, i) && row < w0.rows; row++)
            magnitudes(method, method->value, i)[row] = row_norm(w0, row);
    }
    return 0;
}

/* Sum over targets of r (in + out) + out. */
static long dora_count(const struct model *model,
                       const struct method_conf *conf)
{
    long total = lora_count(model, conf);
    for (int i = 0; i < model->site_count; i++)
        if (lora_rank_of(model, conf, i))
            total += model->site[i].out;
    return total;
}

/* A row of zeros has no direction to give a length: it stays zero. */
static float ratio(float m, float n)
{
    return n > 0 ? m / n : 0;
}

/* (1).  Both norms are rounded to float, so that at the start m / n is 1 and
 * W is W0 to the bit. */
static void dora_effective(const struct method *method, int site, struct mat w)
{
    const struct lora *lora = method->state;
    const struct lora_site *at = &lora->site[site];
    if (!at->is.rank) {
        lora_effective(method, site, w);
        return;
    }
    const float *m = magnitudes(method, method->value, site);
    lora_accumulate(w, method->model->base.site[site], lora_bt(method, site),
                    lora_a(method, site), at->is.scale);
    for (int i = 0; i < w.rows; i++) {
        at->norm[i] = row_norm(w, i);
        vec_scale(mat_row(w, i), ratio(m[i], at->norm[i]), (size_t)w.cols);
    }
}

static struct mat take(struct arena *scratch, int rows, int cols)
{
    return mat_of(arena_take(scratch, (size_t)rows * (size_t)cols), rows, cols);
}

static size_t dora_scratch(const struct method *method, int site, int tokens)
{
    enum { ROUNDING = 6 * 16 }; /* what the arena adds to six matrices */
    size_t out = (size_t)method->model->site[site].out;
    size_t r = (size_t)lora_rank(method, site), t = (size_t)tokens;
    return t * r + t * out + 2 * r * out + r * r + 2 * out + ROUNDING;
}

/* p (tokens, out) is x V^T and becomes dy m / n, the first term of (3); dm by
 * (2), and pull (out) what (3) weighs V_i with, m c / n^3. */
static void take_lengths(struct mat p, float *dm, float *pull, struct mat dy,
                         const float *m, const struct lora_site *at,
                         enum norm_rule rule)
{
    /* Row by row: down the columns memory would be read a cache line a
     * number. */
    for (int i = 0; i < dy.cols; i++)
        pull[i] = 0;
    for (int t = 0; t < dy.rows; t++) {
        float *pt = mat_row(p, t), *dyt = mat_row(dy, t);
        for (int i = 0; i < dy.cols; i++) {
            pull[i] += dyt[i] * pt[i]; /* c */
            pt[i] = dyt[i] * ratio(m[i], at->norm[i]);
        }
    }
    for (int i = 0; i < dy.cols; i++) {
        double c = (double)pull[i], n = (double)at->norm[i];
        double g = (double)ratio(m[i], at->norm[i]);
        dm[i] += n > 0 ? (float)(c / n) : 0;
        pull[i] = 0;
        if (n > 0 && rule == NORM_EXACT)
            pull[i] = (float)(g * c / (n * n));
    }
}

/* What the second term of (3) takes from dBt and dA: with K = diag(pull) B,
 * dB -= s diag(pull) V A^T and dA -= s K^T V. */
static void take_pull(struct mat dbt, struct mat da,
                      const struct method *method, int site, const float *pull,
                      struct arena *scratch)
{
    const struct lora *lora = method->state;
    float s = (float)lora->site[site].is.scale;
    struct mat w0 = method->model->base.site[site];
    struct mat a = lora_a(method, site), bt = lora_bt(method, site);
    struct mat av = take(scratch, bt.rows, bt.cols); /* A V^T */
    struct mat k = take(scratch, bt.rows, bt.cols);  /* K^T */
    struct mat small = take(scratch, bt.rows, bt.rows);
    linalg_gemm(small, 1, a, PLAIN, a, TRANSPOSED, 0);
    linalg_gemm(av, 1, a, PLAIN, w0, TRANSPOSED, 0);
    linalg_gemm(av, s, small, PLAIN, bt, PLAIN, 1);
    for (int r = 0; r < bt.rows; r++)
        for (int i = 0; i < bt.cols; i++) {
            mat_row(k, r)[i] = mat_row(bt, r)[i] * pull[i];
            mat_row(dbt, r)[i] -= s * pull[i] * mat_row(av, r)[i];
        }
    linalg_gemm(da, -s, k, PLAIN, w0, PLAIN, 1);
    linalg_gemm(small, 1, k, PLAIN, bt, TRANSPOSED, 0);
    linalg_gemm(da, -s * s, small, PLAIN, a, PLAIN, 1);
}

static void dora_gradient(const struct method *method, float *grad, int site,
                          struct mat x, struct mat dy, struct arena *scratch)
{
    const struct lora *lora = method->state;
    const struct lora_site *at = &lora->site[site];
    if (!at->is.rank) {
        lora_gradient(method, grad, site, x, dy, scratch);
        return;
    }
    float s = (float)at->is.scale;
    struct mat a = lora_a(method, site), bt = lora_bt(method, site);
    struct mat da = layout_mat(&method->param[at->a], grad);
    struct mat dbt = layout_mat(&method->param[at->bt], grad);
    size_t mark = arena_mark(scratch);
    struct mat u = take(scratch, x.rows, bt.rows);
    struct mat p = take(scratch, x.rows, bt.cols); /* x V^T, then dy m / n */
    float *pull = take(scratch, 1, bt.cols).at;
    linalg_gemm(u, 1, x, PLAIN, a, TRANSPOSED, 0);
    linalg_gemm(p, 1, x, PLAIN, method->model->base.site[site], TRANSPOSED, 0);
    linalg_gemm(p, s, u, PLAIN, bt, PLAIN, 1);
    take_lengths(p, magnitudes(method, grad, site), pull, dy,
                 magnitudes(method, method->value, site), at, lora->norm);
    linalg_gemm(dbt, s, u, TRANSPOSED, p, PLAIN, 1);
    linalg_gemm(u, 1, p, PLAIN, bt, TRANSPOSED, 0);
    linalg_gemm(da, s, u, TRANSPOSED, x, PLAIN, 1);
    if (lora->norm == NORM_EXACT)
        take_pull(dbt, da, method, site, pull, scratch);
    arena_back(scratch, mark);
}

static bool dora_written(const struct method *method, int site,
                         struct written *to)
{
    if (!lora_factors(method, site, &to->bt, &to->a, &to->scale))
        return false;
    to->magnitude = magnitudes(method, method->value, site);
    return true;
}

extern const struct method_ops method_dora;
const struct method_ops method_dora = {
    .name = "dora",
    .summary = "LoRA on the direction of every row, its length trained apart",
    .formula = "W_i = m_i V_i/|V_i|, V = W0 + s B A",
    .lr = 8e-3,
    .paper = "Liu et al. 2024, arXiv 2402.09353",
    .uses = USES_LORA | USES_NORM,
    .check = lora_check,
    .attach = dora_attach,
    .detach = lora_detach,
    .count = dora_count,
    .adapts = lora_adapts,
    .effective = dora_effective,
    .direct = lora_direct,
    .gradient = dora_gradient,
    .scratch = dora_scratch,
    .set_rank = lora_set_rank,
    .rank = lora_rank,
    .written = dora_written,
    .state_of = lora_state_of,
    .restore = lora_restore,
    .kept = lora_kept,
};
