/*
 * Full fine-tuning: every site and every other parameter is trained.
 *
 * Sites come first, in site order, so that q, k and v of a layer lie one
 * after another and can be multiplied at once.  A tied head is no param of
 * its own: its W is the embedding's, and so is its gradient.
 */
#include "core/method/layout.h"
#include "core/method/whole.h"

struct full {
    int *home; /* (site_count) the param that is the site's W */
};

static void add_sites(struct method *method, struct full *full)
{
    const struct model *model = method->model;
    for (int i = 0; i < model->site_count; i++)
        if (model->site[i].kind != SITE_HEAD || !model->conf.tied)
            full->home[i] = whole_site(method, i);
}

static void add_others(struct method *method, struct full *full)
{
    const struct model *model = method->model;
    for (int i = 0; i < model->other_count; i++) {
        int index = whole_other(method, i);
        int head = model->site_count - 1;
        if (i == OTHER_AT_EMBED && model->conf.tied)
            full->home[head] = index;
    }
}

static int full_attach(struct method *method, const struct method_conf *conf,
                       struct err *err)
{
    (void)conf; /* nothing to choose */
    const struct model *model = method->model;
    struct full *full = xcalloc(1, sizeof *full);
    method->state = full;
    full->home = xcalloc((size_t)model->site_count, sizeof *full->home);
    add_sites(method, full);
    add_others(method, full);
    if (layout_allocate(method, err))
        return -1;
    whole_start(method);
    return 0;
}

static long full_count(const struct model *model,
                       const struct method_conf *conf)
{
    (void)conf;
    return model_parameters(model);
}

static void full_detach(struct method *method)
{
    struct full *full = method->state;
    mem_free(full->home);
    mem_free(full);
}

static bool full_adapts(const struct method *method, int site)
{
    (void)method;
    (void)site;
    return true;
}

static struct mat home(const struct method *method, float *flat, int site)
{
    const struct full *full = method->state;
    return layout_mat(&method->param[full->home[site]], flat);
}

static void full_effective(const struct method *method, int site, struct mat w)
{
    mat_copy(w, home(method, method->value, site));
}

static const float *full_direct(const struct method *method, int site)
{
    return home(method, method->value, site).at;
}

static void full_gradient(const struct method *method, float *grad, int site,
                          struct mat x, struct mat dy, struct arena *scratch)
{
    (void)scratch;
    whole_gradient(home(method, grad, site), x, dy);
}

extern const struct method_ops method_full;
const struct method_ops method_full = {
    .name = "full",
    .summary = "full fine-tuning: every weight may move",
    .paper = "the baseline of Hu et al. 2021 (arXiv 2106.09685), section 5.1",
    .attach = full_attach,
    .detach = full_detach,
    .count = full_count,
    .adapts = full_adapts,
    .effective = full_effective,
    .direct = full_direct,
    .gradient = full_gradient,
};
