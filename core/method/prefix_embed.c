/*
 * Prefix-embedding tuning (Hu et al. 2021, section 5.1; prompt tuning in
 * Lester et al. 2021, arXiv 2104.08691): l_p trained rows stand before the
 * prompt and l_i behind it.  d (l_p + l_i) parameters.
 */
#include "core/method/prefix.h"

static int prefix_embed_attach(struct method *method,
                               const struct method_conf *conf, struct err *err)
{
    return prefix_attach(method, conf, 1, err);
}

static long prefix_embed_count(const struct model *model,
                               const struct method_conf *conf)
{
    return (long)model->conf.width * (conf->prefix + conf->infix);
}

static void prefix_embed_shape(const struct method *method,
                               struct insert_shape *shape)
{
    *shape = prefix_rows(method);
}

extern const struct method_ops method_prefix_embed;
const struct method_ops method_prefix_embed = {
    .name = "prefix_embed",
    .summary = "trained rows before and behind the prompt; not the base at "
               "step 0",
    .formula = "x = [P, prompt, I, answer]",
    .lr = 0.5,
    .paper = "Hu et al. 2021, arXiv 2106.09685, section 5.1",
    .uses = USES_PREFIX,
    .check = prefix_check,
    .attach = prefix_embed_attach,
    .detach = prefix_detach,
    .count = prefix_embed_count,
    .adapts = method_adapts_none,
    .insert_shape = prefix_embed_shape,
    .insert_forward = prefix_forward,
    .insert_backward = prefix_backward,
    .why_not_merged = "a prefix is rows of the input, not a change of W",
};
