/*
 * The modules of GPT-2 that PEFT puts adapters on, and which sites each one
 * fuses: c_attn holds q, k and v, every other module is one site.
 */
#ifndef CORE_IO_ADAPTER_MODULE_H
#define CORE_IO_ADAPTER_MODULE_H

#include "core/model/model.h"

enum { ADAPTER_FUSED = 3 };

struct adapter_module {
    char name[64];      /* transformer.h.3.attn.c_attn, lm_head */
    const char *target; /* c_attn, attn.c_proj, ...: in target_modules */
    const char *key;    /* in patterns: what follows "transformer." */
    int sites, site[ADAPTER_FUSED];
    int out, in; /* of all sites together */
};

int adapter_module_count(const struct model *model);
/* Filled in place, because key points into name. */
void adapter_module_at(struct adapter_module *module, const struct model *model,
                       int i);

/* Refuses families that are not GPT-2. */
int adapter_check_family(const struct model *model, struct err *err);
/* Refuses names that leave no room for a file's. */
int adapter_check_folder(const char *folder, struct err *err);

#endif
