/*
 * diffusers before it took PEFT's names: the processors of attention,
 * MODULE.to_q_lora.down.weight, and later MODULE.to_q.lora.down.weight.
 */
#include "core/io/dialect.h"

static enum part part_of(char *module, const char *tensor)
{
    static const struct dialect_suffix suffix[] = {
        {".lora_linear_layer.down.weight", PART_A},
        {".lora_linear_layer.up.weight", PART_B},
        {".lora.down.weight", PART_A},
        {".lora.up.weight", PART_B},
        {"_lora.down.weight", PART_A},
        {"_lora.up.weight", PART_B},
        {"_lora.alpha", PART_ALPHA},
        {".lora.alpha", PART_ALPHA},
        {".alpha", PART_ALPHA},
    };
    return dialect_part(module, tensor, suffix,
                        (int)(sizeof suffix / sizeof *suffix));
}

extern const struct dialect dialect_diffusers;
const struct dialect dialect_diffusers = {
    .name = "diffusers",
    .names = "MODULE.lora.down.weight, MODULE.lora.up.weight",
    .part_of = part_of,
    .scale = dialect_scale_own,
};
