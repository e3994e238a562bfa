/*
 * Full fine-tuning: every site and every other parameter is trained.
 *
 * Sites come first, in site order, so that q, k and v of a layer lie one
 * after another and can be multiplied at once.  A tied head is no param of
 * its own: its W is the embedding's, and so is its gradient.
 */
#include "core/method/homes.h"
#include "core/method/whole.h"

static void add_sites(struct method *method, int *home)
{
    const struct model *model = method->model;
    for (int i = 0; i < model->site_count; i++)
        if (model->site[i].kind != SITE_HEAD || !model->conf.tied)
            home[i] = whole_site(method, i);
}

static void add_others(struct method *method, int *home)
{
    const struct model *model = method->model;
    for (int i = 0; i < model->other_count; i++) {
        int index = whole_other(method, i);
        int head = model->site_count - 1;
        if (i == OTHER_AT_EMBED && model->conf.tied)
            home[head] = index;
    }
}

static int full_attach(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    (void)conf; /* nothing to choose */
    int *home = homes_new(method);
    add_sites(method, home);
    add_others(method, home);
    return homes_ready(method, err);
}

static long full_count(const struct model *model,
                       const struct method_conf *conf)
{
    (void)conf;
    return model_parameters(model);
}

extern const struct method_ops method_full;
const struct method_ops method_full = {
    .name = "full",
    .summary = "full fine-tuning: every weight may move",
    .formula = "W = W0 + dW, all of dW trained",
    .lr = 1e-3,
    .paper = "the baseline of Hu et al. 2021 (arXiv 2106.09685), section 5.1",
    .attach = full_attach,
    .detach = homes_detach,
    .count = full_count,
    .adapts = homes_adapts,
    .effective = homes_effective,
    .direct = homes_direct,
    .gradient = homes_gradient,
};
