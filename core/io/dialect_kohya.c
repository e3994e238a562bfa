/*
 * kohya-ss/sd-scripts and what follows it: lora_down is A, lora_up is B, and
 * s = alpha / r with alpha a tensor of each module.  A module without one is
 * read with alpha = r by every reader; the metadata say what the trainer was
 * given.
 */
#include <math.h>
#include <stdlib.h>

#include "core/io/dialect.h"

static enum part part_of(char *module, const char *tensor)
{
    static const struct dialect_suffix suffix[] = {
        {".lora_down.weight", PART_A},
        {".lora_up.weight", PART_B},
        {".alpha", PART_ALPHA},
        {".dora_scale", PART_MAGNITUDE},
    };
    return dialect_part(module, tensor, suffix,
                        (int)(sizeof suffix / sizeof *suffix));
}

/* "Dynamic" after a resize: each module has its own. */
static double alpha_of_metadata(const struct tensor_file *file)
{
    const char *text = tensor_file_meta(file, "ss_network_alpha");
    char *end;
    double alpha = text ? strtod(text, &end) : NAN;
    return text && end != text && *end == '\0' && isfinite(alpha) ? alpha : NAN;
}

static int scale(struct pair_scale *to, const struct scale_ask *ask,
                 struct err *err)
{
    (void)err;
    return dialect_scale_alpha(to, ask, "metadata: ss_network_alpha",
                               alpha_of_metadata(ask->file));
}

extern const struct dialect dialect_kohya;
const struct dialect dialect_kohya = {
    .name = "kohya",
    .names = "MODULE.lora_down.weight, MODULE.lora_up.weight, MODULE.alpha",
    .part_of = part_of,
    .scale = scale,
};
