/*
 * LoRA for SAM's image encoder, after Sam_LoRA and SAMed: w_a_000 and w_b_000
 * in the order of the blocks, q and v of each in turn.  Its layers add
 * w_b(w_a(x)) as it is: s = 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/dialect.h"

static enum part part_of(char *module, const char *tensor)
{
    static const char digits[] = "0123456789";
    bool is_a = strncmp(tensor, "w_a_", 4) == 0;
    if (!is_a && strncmp(tensor, "w_b_", 4) != 0)
        return PART_NONE;
    const char *number = tensor + 4;
    size_t length = strlen(number);
    if (length == 0 || length > 6 || number[strspn(number, digits)] != '\0')
        return PART_NONE;
    int i = atoi(number);
    (void)snprintf(module, MODULE_NAME, "blocks.%d.attn.%c", i / 2,
                   i % 2 ? 'v' : 'q');
    return is_a ? PART_A : PART_B;
}

static int scale(struct pair_scale *to, const struct scale_ask *ask,
                 struct err *err)
{
    (void)ask;
    (void)err;
    dialect_scale_one(to, "SAM's LoRA has no alpha: s = 1");
    return 0;
}

extern const struct dialect dialect_sam;
const struct dialect dialect_sam = {
    .name = "SAM",
    .names = "w_a_N (r, in), w_b_N (out, r)",
    .part_of = part_of,
    .scale = scale,
};
