/*
 * LoRA+ (Hayou, Ghosh & Yu 2024, arXiv 2402.12354): LoRA whose B learns at
 * lr_ratio times the rate of A.  In wide models A's rate must fall as 1/n and
 * B's need not, so one rate for both is wrong for one of them; the paper
 * advises a ratio of about 2^4.
 */
#include <math.h>

#include "core/method/lora.h"

static int plus_check(const struct model *model, const struct method_conf *conf,
                      struct err *err)
{
    if (!(conf->lr_ratio > 0) || !isfinite(conf->lr_ratio))
        return err_set(err,
                       "lora_plus: lr_ratio %g is not allowed; use a number "
                       "above 0",
                       conf->lr_ratio);
    return lora_check(model, conf, err);
}

static int plus_attach(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    return lora_attach_kin(method, conf, &(struct lora_kin){0}, err);
}

extern const struct method_ops method_lora_plus;
const struct method_ops method_lora_plus = {
    .name = "lora_plus",
    .summary = "LoRA whose B learns faster than A",
    .formula = "W = W0 + s B A, lr of B = ratio lr",
    .lr = 1e-3,
    .paper = "Hayou et al. 2024, arXiv 2402.12354",
    .uses = USES_LORA | USES_LR_RATIO | USES_ADAPTER,
    .check = plus_check,
    .attach = plus_attach,
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
