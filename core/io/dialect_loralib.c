/*
 * microsoft/LoRA: parameters of the layer itself, without ".weight".  No file
 * of its says alpha, which was an argument of the training script; its
 * MergedLinear keeps the A of several parts of c_attn below one another beside
 * a B of one rank.
 */
#include <math.h>

#include "core/io/dialect.h"

static enum part part_of(char *module, const char *tensor)
{
    static const struct dialect_suffix suffix[] = {
        {".lora_A", PART_A},
        {".lora_B", PART_B},
        {".alpha", PART_ALPHA},
    };
    return dialect_part(module, tensor, suffix,
                        (int)(sizeof suffix / sizeof *suffix));
}

static int scale(struct pair_scale *to, const struct scale_ask *ask,
                 struct err *err)
{
    (void)err;
    return dialect_scale_alpha(to, ask, "", NAN);
}

extern const struct dialect dialect_loralib;
const struct dialect dialect_loralib = {
    .name = "loralib",
    .names = "MODULE.lora_A, MODULE.lora_B",
    .part_of = part_of,
    .grouped = true,
    .scale = scale,
};
