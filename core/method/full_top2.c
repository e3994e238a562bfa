/*
 * FT^Top2 of Hu et al. 2021: every parameter of the last two layers trains,
 * their matrices, biases and norms, and nothing else: not the final norm, not
 * the head.  GPT-2 medium has 2 (12 d^2 + 13 d) = 25.19 M, as their table 3
 * prints.
 */
#include "core/method/homes.h"
#include "core/method/whole.h"

enum { TOP = 2 };

/* Embedding, position (-1) and the final norm (layers) belong to no layer. */
static bool is_top(const struct model *model, int layer)
{
    return layer >= 0 && layer >= model->conf.layers - TOP &&
           layer < model->conf.layers;
}

static int top_attach(struct method *method, const struct method_conf *conf,
                      struct err *err)
{
    (void)conf; /* nothing to choose */
    const struct model *model = method->model;
    int *home = homes_new(method);
    for (int i = 0; i < model->site_count; i++)
        if (is_top(model, model->site[i].layer))
            home[i] = whole_site(method, i);
    for (int i = 0; i < model->other_count; i++)
        if (is_top(model, model->other[i].layer))
            (void)whole_other(method, i);
    return homes_ready(method, err);
}

static long top_count(const struct model *model, const struct method_conf *conf)
{
    long total = 0;
    (void)conf;
    for (int i = 0; i < model->site_count; i++)
        if (is_top(model, model->site[i].layer))
            total += whole_site_count(model, i);
    for (int i = 0; i < model->other_count; i++)
        if (is_top(model, model->other[i].layer))
            total += whole_other_count(model, i);
    return total;
}

extern const struct method_ops method_full_top2;
const struct method_ops method_full_top2 = {
    .name = "full_top2",
    .summary = "the last two layers alone, all of their parameters",
    .formula = "W = W0 + dW in the last two layers",
    .lr = 2e-3,
    .paper = "FT^Top2 of Hu et al. 2021 (arXiv 2106.09685), after Li & Liang "
             "2021 (arXiv 2101.00190)",
    .attach = top_attach,
    .detach = homes_detach,
    .count = top_count,
    .adapts = homes_adapts,
    .effective = homes_effective,
    .direct = homes_direct,
    .gradient = homes_gradient,
};
