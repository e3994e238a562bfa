/* See homes.h. */
#include "core/method/homes.h"

#include "core/method/layout.h"
#include "core/method/whole.h"

int *homes_new(struct method *method)
{
    int count = method->model->site_count;
    int *home = xcalloc((size_t)count, sizeof *home);
    for (int i = 0; i < count; i++)
        home[i] = -1;
    return method->state = home;
}

int homes_ready(struct method *method, struct err *err)
{
    if (layout_allocate(method, err))
        return -1;
    whole_start(method);
    return 0;
}

void homes_detach(struct method *method)
{
    mem_free(method->state);
}

bool homes_adapts(const struct method *method, int site)
{
    const int *home = method->state;
    return home[site] >= 0;
}

static struct mat window(const struct method *method, float *flat, int site)
{
    const int *home = method->state;
    return layout_mat(&method->param[home[site]], flat);
}

void homes_effective(const struct method *method, int site, struct mat w)
{
    mat_copy(w, window(method, method->value, site));
}

const float *homes_direct(const struct method *method, int site)
{
    return window(method, method->value, site).at;
}

void homes_gradient(const struct method *method, float *grad, int site,
                    struct mat x, struct mat dy, struct arena *scratch)
{
    (void)scratch;
    whole_gradient(window(method, grad, site), x, dy);
}
