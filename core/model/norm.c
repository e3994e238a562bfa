/*
 * The two norms of rows: layer norm (Ba et al. 2016), and without a mean and
 * a bias (Zhang & Sennrich 2019).  Private to core/model.
 */
#include "core/base/vecmath.h"
#include "core/model/pass.h"

void norm_rows(struct mat y, float *mean, float *rstd, struct mat x,
               const float *gain, const float *bias, const struct model_conf *c)
{
    size_t d = (size_t)x.cols;
    for (int t = 0; t < x.rows; t++) {
        float *to = mat_row(y, t);
        if (c->rms)
            vec_rms(to, &rstd[t], mat_row(x, t), gain, c->norm_eps, d);
        else
            vec_norm(to, &mean[t], &rstd[t], mat_row(x, t), gain, bias,
                     c->norm_eps, d);
    }
}

void norm_row_back(float *dx, float *dgain, float *dbias, const float *dy,
                   const float *x, const float *gain, float mean, float rstd,
                   const struct model_conf *c)
{
    size_t d = (size_t)c->width;
    if (c->rms)
        vec_rms_grad(dx, dgain, dy, x, gain, rstd, d);
    else
        vec_norm_grad(dx, dgain, dbias, dy, x, gain, mean, rstd, d);
}
