/*
 * PiSSA (Meng, Wang & Zhang 2024, arXiv 2404.02948): LoRA that begins with the
 * r largest singular directions of W0 and freezes what is left,
 *
 *   W0 = U S V^T,  B = U_r (S_r/s)^1/2,  A = (S_r/s)^1/2 V_r^T          (1)
 *   W = (W0 - s B0 A0) + s B A                                          (2)
 *
 * with B0, A0 the first values of B, A.  The base file stays what it was: the
 * update against it is dW = s [B -B0][A; A0], factors of rank 2r, as PEFT's
 * converter writes them, and (2) adds just those to W0, so the residual needs
 * no storage.  At step 0 W is W0 up to the rounding of that sum.
 *
 * The rank cannot turn: a new direction would first have to be taken out of
 * the residual, and a dropped one put back.
 */
#include <math.h>

#include "core/base/linalg.h"
#include "core/method/lora.h"
#include "core/method/lora_accumulate.h"

/* A, B and their first values by (1). */
static int start_site(struct method *method, int site, struct err *err)
{
    const struct lora *lora = method->state;
    const struct lora_site *at = &lora->site[site];
    struct mat w0 = method->model->base.site[site];
    struct mat a = lora_a(method, site), bt = lora_bt(method, site);
    int q = w0.rows < w0.cols ? w0.rows : w0.cols;
    struct dmat wide = dmat_new(w0.rows, w0.cols), u = dmat_new(w0.rows, q);
    struct dmat vt = dmat_new(q, w0.cols);
    double *sigma = xcalloc((size_t)q, sizeof *sigma);
    dmat_from(wide, w0);
    int status = linalg_svd(u, sigma, vt, wide, err);
    for (int k = 0; k < a.rows && status == 0; k++) {
        double root = sqrt(sigma[k] / at->is.scale);
        for (int j = 0; j < a.cols; j++)
            mat_row(a, k)[j] = (float)(root * dmat_row(vt, k)[j]);
        for (int i = 0; i < bt.cols; i++) {
            mat_row(bt, k)[i] = (float)(root * dmat_row(u, i)[k]);
            mat_row(at->both_bt, k)[i] = -mat_row(bt, k)[i];
        }
    }
    mat_copy(mat_rows(at->both_a, 0, a.rows), a);
    dmat_free(&wide);
    dmat_free(&u);
    dmat_free(&vt);
    mem_free(sigma);
    return status == 0 ? 0
                       : err_prefix(err, "%s", method->model->site[site].name);
}

static int pissa_attach(struct method *method, const struct method_conf *conf,
                        struct err *err)
{
    const struct lora_kin kin = {.rebased = true};
    if (lora_attach_kin(method, conf, &kin, err))
        return -1;
    for (int i = 0; i < method->model->site_count; i++)
        if (lora_rank(method, i) && !conf->state_follows &&
            start_site(method, i, err))
            return -1;
    return 0;
}

/* The second half of the stored pairs follows what trains. */
static bool pissa_factors(const struct method *method, int site, struct mat *bt,
                          struct mat *a, double *scale)
{
    const struct lora *lora = method->state;
    const struct lora_site *at = &lora->site[site];
    int r = at->is.rank;
    if (!r)
        return false;
    mat_copy(mat_rows(at->both_bt, r, r), lora_bt(method, site));
    mat_copy(mat_rows(at->both_a, r, r), lora_a(method, site));
    *bt = at->both_bt;
    *a = at->both_a;
    *scale = at->is.scale;
    return true;
}

static void pissa_effective(const struct method *method, int site, struct mat w)
{
    struct mat bt, a;
    double scale;
    if (pissa_factors(method, site, &bt, &a, &scale))
        lora_accumulate(w, method->model->base.site[site], bt, a, scale);
    else
        lora_effective(method, site, w);
}

extern const struct method_ops method_pissa;
const struct method_ops method_pissa = {
    .name = "pissa",
    .summary = "LoRA that begins with the base's largest directions",
    .formula = "W = W0 - s B0 A0 + s B A",
    .lr = 4e-3,
    .paper = "Meng et al. 2024, arXiv 2404.02948",
    .uses = USES_LORA,
    .fixed_rank = "its factors began as the largest directions of the base, "
                  "which was re-based by as many",
    .check = lora_check,
    .attach = pissa_attach,
    .detach = lora_detach,
    .count = lora_count,
    .adapts = lora_adapts,
    .effective = pissa_effective,
    .direct = lora_direct,
    .gradient = lora_gradient,
    .scratch = lora_scratch,
    .rank = lora_rank,
    .factors = pissa_factors,
    .state_of = lora_state_of,
    .restore = lora_restore,
    .kept = lora_kept,
};
