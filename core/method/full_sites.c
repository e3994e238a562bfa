/*
 * Fine-tuning of chosen matrices, whole: what LoRA at these sites is an
 * approximation of.  Beside them, as with LoRA, all biases, the head and the
 * embedding may train.
 */
#include "core/method/homes.h"
#include "core/method/whole.h"

/* A head that trains beside is no target as well. */
static bool is_target(const struct model *model, const struct method_conf *conf,
                      int site)
{
    bool is_head = site == model->site_count - 1;
    return conf->targets[model->site[site].kind] &&
           !(is_head && conf->also[ALSO_HEAD]);
}

static int full_sites_check(const struct model *model,
                            const struct method_conf *conf, struct err *err)
{
    bool any = also_count(model, conf->also) > 0;
    for (int i = 0; i < model->site_count; i++)
        any = any || is_target(model, conf, i);
    return any ? 0 : method_refuse_targets(model, "full_sites", err);
}

static int full_sites_attach(struct method *method,
                             const struct method_conf *conf, struct err *err)
{
    const struct model *model = method->model;
    int *home = homes_new(method);
    for (int i = 0; i < model->site_count; i++)
        if (is_target(model, conf, i))
            home[i] = whole_site(method, i);
    int head = also_layout(method, conf->also);
    if (head >= 0)
        home[model->site_count - 1] = head;
    return homes_ready(method, err);
}

static long full_sites_count(const struct model *model,
                             const struct method_conf *conf)
{
    long total = also_count(model, conf->also);
    for (int i = 0; i < model->site_count; i++)
        if (is_target(model, conf, i))
            total += whole_site_count(model, i);
    return total;
}

extern const struct method_ops method_full_sites;
const struct method_ops method_full_sites = {
    .name = "full_sites",
    .summary = "chosen matrices whole: what LoRA approximates there",
    .formula = "W = W0 + dW at the targets",
    .lr = 2e-3,
    .paper = "the limit r = min(out, in) of Hu et al. 2021, section 4.1",
    .uses = USES_TARGETS | USES_ALSO,
    .check = full_sites_check,
    .attach = full_sites_attach,
    .detach = homes_detach,
    .count = full_sites_count,
    .adapts = homes_adapts,
    .effective = homes_effective,
    .gradient = homes_gradient,
};
