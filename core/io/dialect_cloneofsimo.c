/*
 * cloneofsimo/lora, the first for Stable Diffusion: numbered layers, unet:7:up
 * and unet:7:down; or, as a torch file, one list of up and down in turn.  Its
 * layers add up(down(x)) as it is: s = 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/dialect.h"

/* "12": the 6th pair's up; odd ones are down. */
static enum part part_of_list(char *module, const char *tensor)
{
    if (!*tensor || strlen(tensor) > 6 ||
        tensor[strspn(tensor, "0123456789")] != '\0')
        return PART_NONE;
    int i = atoi(tensor);
    (void)snprintf(module, MODULE_NAME, "%d", i / 2);
    return i % 2 ? PART_A : PART_B;
}

static enum part part_of(char *module, const char *tensor)
{
    static const struct dialect_suffix suffix[] = {
        {":down", PART_A},
        {":up", PART_B},
    };
    enum part part = dialect_part(module, tensor, suffix,
                                  (int)(sizeof suffix / sizeof *suffix));
    return part == PART_NONE ? part_of_list(module, tensor) : part;
}

static int scale(struct pair_scale *to, const struct scale_ask *ask,
                 struct err *err)
{
    (void)ask;
    (void)err;
    dialect_scale_one(to, "cloneofsimo's layers have no alpha: s = 1");
    return 0;
}

extern const struct dialect dialect_cloneofsimo;
const struct dialect dialect_cloneofsimo = {
    .name = "cloneofsimo",
    .names = "MODEL:N:down, MODEL:N:up",
    .part_of = part_of,
    .scale = scale,
};
