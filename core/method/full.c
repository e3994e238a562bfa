/*
 * Full fine-tuning: every site and every other parameter is trained.
 *
 * Sites come first, in site order, so that q, k and v of a layer lie one
 * after another and can be multiplied at once.  A tied head is no param of
 * its own: its W is the embedding's, and so is its gradient.
 */
#include "core/method/method.h"

#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/method/layout.h"

struct full {
    int *home; /* (site_count) the param that is the site's W */
};

static void add_sites(struct method *method, struct full *full)
{
    const struct model *model = method->model;
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        if (site->kind == SITE_HEAD && model->conf.tied)
            continue; /* the embedding's, below */
        struct param param = {.kind = PARAM_W,
                              .site = i,
                              .other = -1,
                              .rows = site->out,
                              .cols = site->in,
                              .decays = true};
        (void)snprintf(param.name, sizeof param.name, "%s", site->name);
        full->home[i] = layout_add(method, &param);
    }
}

static void add_others(struct method *method, struct full *full)
{
    const struct model *model = method->model;
    for (int i = 0; i < model->other_count; i++) {
        const struct other *other = &model->other[i];
        bool table =
            other->kind == OTHER_EMBED || other->kind == OTHER_POSITION;
        struct param param = {.kind = PARAM_OTHER,
                              .site = -1,
                              .other = i,
                              .rows = other->rows,
                              .cols = other->cols,
                              .decays = table};
        (void)snprintf(param.name, sizeof param.name, "%s", other->name);
        int index = layout_add(method, &param);
        int head = model->site_count - 1;
        if (other->kind == OTHER_EMBED && model->conf.tied &&
            model->site[head].kind == SITE_HEAD)
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
    for (int i = 0; i < method->param_count; i++) {
        const struct param *param = &method->param[i];
        struct mat to = layout_mat(param, method->value);
        if (param->kind == PARAM_W)
            mat_copy(to, model->base.site[param->site]);
        else
            memcpy(to.at, model->base.other[param->other],
                   sizeof(float) * (size_t)to.rows * (size_t)to.cols);
    }
    return 0;
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

/* dW (out, in) += dy^T x */
static void full_gradient(const struct method *method, float *grad, int site,
                          struct mat x, struct mat dy, struct arena *scratch)
{
    (void)scratch;
    linalg_gemm(home(method, grad, site), 1, dy, TRANSPOSED, x, PLAIN, 1);
}

extern const struct method_ops method_full;
const struct method_ops method_full = {
    .name = "full",
    .summary = "full fine-tuning: every weight may move",
    .paper = "the baseline of Hu et al. 2021 (arXiv 2106.09685), section 5.1",
    .attach = full_attach,
    .detach = full_detach,
    .adapts = full_adapts,
    .effective = full_effective,
    .direct = full_direct,
    .gradient = full_gradient,
};
