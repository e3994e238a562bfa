/*
 * See truncation.h.  W_k = W0 + sum over i < k of sigma_i u_i v_i^T, made one
 * direction at a time from the base's own W0.
 */
#include "experiments/truncation.h"

#include <math.h>

#include "analysis/spectrum.h"
#include "core/base/mem.h"

bool truncation_take(struct truncation *to, const struct model *model,
                     const struct weights *weights, int site)
{
    size_t total = 0;
    *to = (struct truncation){.model = model, .site = site};
    for (int i = 0; i < model->other_count; i++)
        if (weights->other[i] != model->base.other[i])
            return false; /* the trainer's memory, which moves on */
    for (int i = 0; i < model->site_count; i++)
        total += (size_t)model->site[i].out * (size_t)model->site[i].in;
    to->values = xcalloc(total, sizeof *to->values);
    to->weights = weights_new(model);
    float *at = to->values;
    for (int i = 0; i < model->site_count; i++) {
        const struct site *of = &model->site[i];
        to->weights.site[i] = mat_of(at, of->out, of->in);
        mat_copy(to->weights.site[i], weights->site[i]);
        at += (size_t)of->out * (size_t)of->in;
    }
    return true;
}

void truncation_free(struct truncation *truncation)
{
    if (!truncation->values)
        return;
    weights_free(&truncation->weights);
    mem_free(truncation->values);
    truncation->values = NULL;
}

static void add_direction(struct mat w, const struct spectrum *of, int k)
{
    const double *v = dmat_row(of->vt, k);
    for (int row = 0; row < w.rows; row++) {
        double u = of->sigma[k] * dmat_row(of->u, row)[k];
        float *to = mat_row(w, row);
        for (int col = 0; col < w.cols; col++)
            to[col] += (float)(u * v[col]);
    }
}

int truncation_measure(double *loss, struct truncation *truncation,
                       struct mat bt, struct mat a, double scale,
                       struct pass *pass, const struct batch *batch,
                       struct err *err)
{
    struct spectrum of;
    if (spectrum_of_factors(&of, bt, a, scale, WITH_VECTORS, err) < 0)
        return -1;
    struct mat w = truncation->weights.site[truncation->site];
    mat_copy(w, truncation->model->base.site[truncation->site]);
    for (int k = 0; k <= a.rows; k++) {
        if (k > 0 && k <= of.count)
            add_direction(w, &of, k - 1);
        struct score score = pass_score(pass, &truncation->weights, batch);
        loss[k] = score.targets ? score.nats / (double)score.targets : NAN;
    }
    spectrum_free(&of);
    return 0;
}
