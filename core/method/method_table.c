/*
 * Every method, one line each: adding one is its file and its line here.
 */
#include "core/method/method.h"

#include <string.h>

extern const struct method_ops method_full, method_full_top2, method_bitfit;
extern const struct method_ops method_prefix_embed, method_prefix_layer;
extern const struct method_ops method_adapter_h, method_adapter_l;
extern const struct method_ops method_lora, method_rslora, method_lora_plus;
extern const struct method_ops method_lora_fa, method_dora;
extern const struct method_ops method_full_sites, method_subspace;
extern const struct method_ops method_pissa, method_vera, method_adalora;

/* clang-format off */
const struct method_ops *const method_table[] = {
    &method_full,
    &method_full_top2,
    &method_full_sites,
    &method_bitfit,
    &method_prefix_embed,
    &method_prefix_layer,
    &method_adapter_h,
    &method_adapter_l,
    &method_lora,
    &method_rslora,
    &method_lora_plus,
    &method_lora_fa,
    &method_dora,
    &method_pissa,
    &method_vera,
    &method_adalora,
    &method_subspace,
    NULL,
};
/* clang-format on */

const struct method_ops *method_find(const char *name)
{
    for (int i = 0; method_table[i]; i++)
        if (!strcmp(method_table[i]->name, name))
            return method_table[i];
    return NULL;
}
