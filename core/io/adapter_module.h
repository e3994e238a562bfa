/*
 * The modules of a model that PEFT puts adapters on, and which sites each one
 * fuses: GPT-2's c_attn holds q, k and v, every other module is one site, and
 * so is a dense layer.
 */
#ifndef CORE_IO_ADAPTER_MODULE_H
#define CORE_IO_ADAPTER_MODULE_H

#include "core/model/model.h"

enum { ADAPTER_FUSED = 3 };

struct adapter_module {
    char name[96];      /* transformer.h.3.attn.c_attn, lm_head */
    const char *target; /* c_attn, attn.c_proj, ...: in target_modules */
    const char *key;    /* in patterns: what follows the family's prefix */
    int sites, site[ADAPTER_FUSED];
    int out, in; /* of all sites together */
};

int adapter_module_count(const struct model *model);
/* Filled in place, because key points into name. */
void adapter_module_at(struct adapter_module *module, const struct model *model,
                       int i);

/* PEFT's fan_in_fan_out: the modules' own W is (in, out). */
bool adapter_is_turned(const struct model *model);

/* Refuses transformers that are of no family of Hugging Face's. */
int adapter_check_family(const struct model *model, struct err *err);
/* Refuses names that leave no room for a file's. */
int adapter_check_folder(const char *folder, struct err *err);

#endif
