/*
 * LoRA-FA (Zhang et al. 2023, arXiv 2308.03303): A stays what it was drawn
 * as, and only B trains: half the values, gradients and moments, and no dA in
 * backward.  Every column of dW's row space lies in A's rows from the start.
 *
 * A is no param.  Growing appends rows to it and shrinking turns it, so a
 * state holds it as it is (lora_kept).
 */
#include "core/method/lora.h"
#include "core/method/whole.h"

static int fa_attach(struct method *method, const struct method_conf *conf,
                     struct err *err)
{
    return lora_attach_kin(method, conf, &(struct lora_kin){.frozen_a = true},
                           err);
}

/* Sum over targets of r out. */
static long fa_count(const struct model *model, const struct method_conf *conf)
{
    long total = also_count(model, conf->also);
    for (int i = 0; i < model->site_count; i++)
        total += (long)lora_rank_of(model, conf, i) * model->site[i].out;
    return total;
}

extern const struct method_ops method_lora_fa;
const struct method_ops method_lora_fa = {
    .name = "lora_fa",
    .summary = "LoRA with A frozen: only B trains",
    .formula = "W = W0 + s B A0, A0 frozen",
    .lr = 1.6e-2,
    .paper = "Zhang et al. 2023, arXiv 2308.03303",
    .uses = USES_LORA,
    .check = lora_check,
    .attach = fa_attach,
    .detach = lora_detach,
    .count = fa_count,
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
