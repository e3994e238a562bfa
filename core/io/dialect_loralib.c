/*
 * microsoft/LoRA: parameters of the layer itself, without ".weight".  No file
 * of its says alpha, which was an argument of the training script; its
 * MergedLinear keeps the A of several parts of c_attn below one another beside
 * a B of one rank.
 */
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

extern const struct dialect dialect_loralib;
const struct dialect dialect_loralib = {
    .name = "loralib",
    .names = "MODULE.lora_A, MODULE.lora_B",
    .part_of = part_of,
    .grouped = true,
    .scale = dialect_scale_own,
};
