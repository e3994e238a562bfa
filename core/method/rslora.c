/*
 * rsLoRA (Kalajdzievski 2023, arXiv 2312.03732): LoRA with s = alpha / sqrt r,
 * the only scale for which neither the update nor its gradient dies or
 * explodes as r grows (theorem 3.2).  The same as lora with scale:
 * alpha/sqrt(r); a name of its own because papers and tables have one.
 */
#include "core/method/lora.h"

static int rslora_attach(struct method *method, const struct method_conf *conf,
                         struct err *err)
{
    struct method_conf own = *conf;
    own.scale = SCALE_ALPHA_SQRT_R;
    return lora_attach_kin(method, &own, &(struct lora_kin){0}, err);
}

static bool rslora_written(const struct method *method, int site,
                           struct written *to)
{
    to->root = true; /* use_rslora, for whoever opens the file */
    return lora_factors(method, site, &to->bt, &to->a, &to->scale);
}

extern const struct method_ops method_rslora;
const struct method_ops method_rslora = {
    .name = "rslora",
    .summary = "LoRA scaled by alpha / sqrt r, stable at high rank",
    .formula = "W = W0 + alpha / sqrt(r) B A",
    .lr = 4e-3,
    .paper = "Kalajdzievski 2023, arXiv 2312.03732",
    .uses = (USES_LORA & ~(unsigned)USES_SCALE) | USES_ADAPTER,
    .check = lora_check,
    .attach = rslora_attach,
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
    .written = rslora_written,
    .state_of = lora_state_of,
    .restore = lora_restore,
    .kept = lora_kept,
};
