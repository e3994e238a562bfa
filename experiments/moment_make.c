/* See moment_make.h. */
#include "experiments/moment_make.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

struct moment *moment_new(const char *name, const char *method, long step,
                          int site_count)
{
    struct moment *moment = xcalloc(1, sizeof *moment);
    atomic_init(&moment->holders, 1);
    moment->run = -1;
    (void)snprintf(moment->name, sizeof moment->name, "%s", name);
    (void)snprintf(moment->method, sizeof moment->method, "%s", method);
    moment->step = step;
    moment->site_count = site_count;
    moment->site = xcalloc((size_t)site_count, sizeof *moment->site);
    return moment;
}

static size_t bytes_of(struct mat m)
{
    return (size_t)m.rows * (size_t)m.cols * sizeof *m.at;
}

void moment_put_factors(struct moment *moment, int site, struct mat bt,
                        struct mat a, double scale)
{
    moment->site[site] =
        (struct specimen){.adapted = true,
                          .rank = a.rows,
                          .update = update_of_factors(bt, a, scale)};
    moment->bytes += bytes_of(bt) + bytes_of(a);
}

void moment_put_matrix(struct moment *moment, int site, struct mat dw)
{
    moment->site[site] =
        (struct specimen){.adapted = true, .update = update_of_matrix(dw)};
    moment->bytes += bytes_of(dw);
}

static struct mat copy_of(struct mat from)
{
    struct mat to = mat_new(from.rows, from.cols);
    mat_copy(to, from);
    return to;
}

static void take_site(struct moment *to, const struct method *method, int site)
{
    const struct site *at = &method->model->site[site];
    struct mat bt, a;
    double scale;
    if (!method->ops->adapts(method, site))
        return;
    if (method->ops->factors &&
        method->ops->factors(method, site, &bt, &a, &scale)) {
        moment_put_factors(to, site, copy_of(bt), copy_of(a), scale);
        return;
    }
    struct mat dw = mat_new(at->out, at->in);
    method_delta(method, site, dw);
    moment_put_matrix(to, site, dw);
}

/* All others of the model, those that are trained as the method has them. */
static void take_others(struct moment *to, const struct method *method)
{
    const struct model *model = method->model;
    size_t total = 0, used = 0, offset;
    bool trains = false;
    for (int i = 0; i < model->other_count; i++) {
        trains |= method_other(method, i, &offset) != NULL;
        total += (size_t)model->other[i].rows * (size_t)model->other[i].cols;
    }
    if (!trains)
        return;
    to->others = xcalloc(total, sizeof *to->others);
    for (int i = 0; i < model->other_count; i++) {
        const float *own = method_other(method, i, &offset);
        const float *from = own ? own : model->base.other[i];
        size_t count =
            (size_t)model->other[i].rows * (size_t)model->other[i].cols;
        memcpy(to->others + used, from, count * sizeof *from);
        used += count;
    }
    to->bytes += total * sizeof *to->others;
}

struct moment *moment_of_method(const struct method *method, const char *name,
                                long step)
{
    struct moment *to =
        moment_new(name, method->ops->name, step, method->model->site_count);
    for (int i = 0; i < to->site_count; i++)
        take_site(to, method, i);
    take_others(to, method);
    if (method->ops->insert_shape) {
        to->beside = method_copy_beside(method);
        to->bytes += method->size * sizeof *method->value;
    }
    return to;
}
