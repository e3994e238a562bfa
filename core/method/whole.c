/*
 * Tensors of the base that train whole: see whole.h.
 */
#include "core/method/whole.h"

#include <stdio.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/method/layout.h"

int whole_site(struct method *method, int site)
{
    const struct site *of = &method->model->site[site];
    struct param param = {.kind = PARAM_W,
                          .site = site,
                          .other = -1,
                          .rows = of->out,
                          .cols = of->in,
                          .decays = true};
    (void)snprintf(param.name, sizeof param.name, "%s", of->name);
    return layout_add(method, &param);
}

int whole_other(struct method *method, int other)
{
    const struct other *of = &method->model->other[other];
    bool table = of->kind == OTHER_EMBED || of->kind == OTHER_POSITION;
    struct param param = {.kind = PARAM_OTHER,
                          .site = -1,
                          .other = other,
                          .rows = of->rows,
                          .cols = of->cols,
                          .decays = table};
    (void)snprintf(param.name, sizeof param.name, "%s", of->name);
    return layout_add(method, &param);
}

void whole_start(struct method *method)
{
    const struct weights *base = &method->model->base;
    for (int i = 0; i < method->param_count; i++) {
        const struct param *param = &method->param[i];
        struct mat to = layout_mat(param, method->value);
        if (param->kind == PARAM_W)
            mat_copy(to, base->site[param->site]);
        else if (param->kind == PARAM_OTHER)
            memcpy(to.at, base->other[param->other],
                   sizeof(float) * (size_t)to.rows * (size_t)to.cols);
    }
}

void whole_gradient(struct mat dw, struct mat x, struct mat dy)
{
    linalg_gemm(dw, 1, dy, TRANSPOSED, x, PLAIN, 1);
}

long whole_site_count(const struct model *model, int site)
{
    return (long)model->site[site].out * model->site[site].in;
}

long whole_other_count(const struct model *model, int other)
{
    return (long)model->other[other].rows * model->other[other].cols;
}

int also_layout(struct method *method, const bool also[ALSO_KINDS])
{
    const struct model *model = method->model;
    int embed = -1;
    for (int i = 0; i < model->other_count; i++)
        if (also[ALSO_BIASES] && model->other[i].kind == OTHER_BIAS)
            (void)whole_other(method, i);
    if (also[ALSO_EMBED])
        embed = whole_other(method, OTHER_AT_EMBED);
    if (!also[ALSO_HEAD])
        return -1;
    if (embed >= 0 && model->conf.tied)
        return embed;
    return whole_site(method, model->site_count - 1);
}

long also_count(const struct model *model, const bool also[ALSO_KINDS])
{
    long total = 0;
    for (int i = 0; i < model->other_count; i++)
        if (also[ALSO_BIASES] && model->other[i].kind == OTHER_BIAS)
            total += whole_other_count(model, i);
    if (also[ALSO_EMBED])
        total += whole_other_count(model, OTHER_AT_EMBED);
    if (also[ALSO_HEAD] && !(also[ALSO_EMBED] && model->conf.tied))
        total += whole_site_count(model, model->site_count - 1);
    return total;
}
