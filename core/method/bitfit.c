/*
 * BitFit (Ben Zaken, Ravfogel & Goldberg 2022, arXiv 2106.10199): every bias
 * vector trains, those of q, k, v, o, up and down and those of the norms:
 * (7 d + inner) L + d values.  No matrix moves, so there is no dW.
 */
#include <assert.h>

#include "core/method/layout.h"
#include "core/method/whole.h"

static const bool biases[ALSO_KINDS] = {[ALSO_BIASES] = true};

static int bitfit_check(const struct model *model,
                        const struct method_conf *conf, struct err *err)
{
    (void)conf; /* nothing to choose */
    return also_count(model, biases) > 0
               ? 0
               : err_set(err,
                         "bitfit trains biases, and a %s model has none; use "
                         "lora, or full",
                         model->conf.family);
}

static int bitfit_attach(struct method *method, const struct method_conf *conf,
                         struct err *err)
{
    (void)conf; /* nothing to choose */
    (void)also_layout(method, biases);
    if (layout_allocate(method, err))
        return -1;
    whole_start(method);
    return 0;
}

static void bitfit_detach(struct method *method)
{
    (void)method; /* no state of its own */
}

static long bitfit_count(const struct model *model,
                         const struct method_conf *conf)
{
    (void)conf;
    return also_count(model, biases);
}

/* Only called for adapted sites: never. */
static void bitfit_effective(const struct method *method, int site,
                             struct mat w)
{
    mat_copy(w, method->model->base.site[site]);
}

static void bitfit_gradient(const struct method *method, float *grad, int site,
                            struct mat x, struct mat dy, struct arena *scratch)
{
    (void)method, (void)grad, (void)site, (void)x, (void)dy, (void)scratch;
    assert(!"bitfit adapts no site");
}

extern const struct method_ops method_bitfit;
const struct method_ops method_bitfit = {
    .name = "bitfit",
    .summary = "all bias vectors and nothing else",
    .formula = "y = W0 x + b, b trained",
    .lr = 8e-2,
    .paper = "Ben Zaken et al. 2022, arXiv 2106.10199",
    .check = bitfit_check,
    .attach = bitfit_attach,
    .detach = bitfit_detach,
    .count = bitfit_count,
    .adapts = method_adapts_none,
    .effective = bitfit_effective,
    .gradient = bitfit_gradient,
};
