/*
 * Apple's mlx-lm: y = x W^T + scale (x lora_a) lora_b, both factors the other
 * way round.  scale is s itself: the alpha that its config also has is read
 * by nobody.
 */
#include <math.h>
#include <stdio.h>

#include "core/io/dialect.h"

static enum part part_of(char *module, const char *tensor)
{
    static const struct dialect_suffix suffix[] = {
        {".lora_a", PART_A},
        {".lora_b", PART_B},
        {".m", PART_MAGNITUDE},
    };
    return dialect_part(module, tensor, suffix,
                        (int)(sizeof suffix / sizeof *suffix));
}

static int scale(struct pair_scale *to, const struct scale_ask *ask,
                 struct err *err)
{
    const struct json *said = json_get(ask->config, "lora_parameters");
    double scale = json_number(json_get(said, "scale"), NAN);
    double alpha = json_number(json_get(said, "alpha"), NAN);
    int rank = (int)json_int(json_get(said, "rank"), 0);
    *to = (struct pair_scale){.scale = scale, .stated_rank = rank};
    if (isnan(scale)) {
        if (said)
            return err_set(err, "lora_parameters has no scale");
        to->scale = 1;
        (void)snprintf(to->from, sizeof to->from,
                       "default: no adapter_config.json beside it, so s = 1");
        return 0;
    }
    (void)snprintf(to->from, sizeof to->from,
                   "adapter_config.json: lora_parameters scale %g", scale);
    if (rank && rank != ask->rank)
        (void)snprintf(to->warning, sizeof to->warning,
                       "the config says rank %d, the tensors have %d", rank,
                       ask->rank);
    else if (!isnan(alpha) &&
             fabs(alpha / ask->rank - scale) > 1e-6 * fabs(scale))
        (void)snprintf(to->warning, sizeof to->warning,
                       "the config also says alpha %g, which would be s = %g; "
                       "mlx-lm reads scale alone, and so does this",
                       alpha, alpha / ask->rank);
    return 0;
}

extern const struct dialect dialect_mlx;
const struct dialect dialect_mlx = {
    .name = "MLX",
    .names = "MODULE.lora_a (in, r), MODULE.lora_b (r, out)",
    .part_of = part_of,
    .turned = true,
    .scale = scale,
};
