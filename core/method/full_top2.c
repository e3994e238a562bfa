/*
 * FT^Top2 of Hu et al. 2021: every parameter of the last two layers trains,
 * their matrices, biases and norms, and nothing else: not the final norm, not
 * the head.  GPT-2 medium has 2 (12 d^2 + 13 d) = 25.19 M, as their table 3
 * prints.
 */
#include "core/method/layout.h"
#include "core/method/whole.h"

enum { TOP = 2 };

struct top {
    int *home; /* (site_count) the param that is the site's W, or -1 */
};

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
    struct top *top = xcalloc(1, sizeof *top);
    method->state = top;
    top->home = xcalloc((size_t)model->site_count, sizeof *top->home);
    for (int i = 0; i < model->site_count; i++)
        top->home[i] =
            is_top(model, model->site[i].layer) ? whole_site(method, i) : -1;
    for (int i = 0; i < model->other_count; i++)
        if (is_top(model, model->other[i].layer))
            (void)whole_other(method, i);
    if (layout_allocate(method, err))
        return -1;
    whole_start(method);
    return 0;
}

static void top_detach(struct method *method)
{
    struct top *top = method->state;
    mem_free(top->home);
    mem_free(top);
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

static bool top_adapts(const struct method *method, int site)
{
    const struct top *top = method->state;
    return top->home[site] >= 0;
}

static struct mat home(const struct method *method, float *flat, int site)
{
    const struct top *top = method->state;
    return layout_mat(&method->param[top->home[site]], flat);
}

static void top_effective(const struct method *method, int site, struct mat w)
{
    mat_copy(w, home(method, method->value, site));
}

static const float *top_direct(const struct method *method, int site)
{
    return home(method, method->value, site).at;
}

static void top_gradient(const struct method *method, float *grad, int site,
                         struct mat x, struct mat dy, struct arena *scratch)
{
    (void)scratch;
    whole_gradient(home(method, grad, site), x, dy);
}

extern const struct method_ops method_full_top2;
const struct method_ops method_full_top2 = {
    .name = "full_top2",
    .summary = "the last two layers alone, all of their parameters",
    .paper = "FT^Top2 of Hu et al. 2021 (arXiv 2106.09685), after Li & Liang "
             "2021 (arXiv 2101.00190)",
    .attach = top_attach,
    .detach = top_detach,
    .count = top_count,
    .adapts = top_adapts,
    .effective = top_effective,
    .direct = top_direct,
    .gradient = top_gradient,
};
