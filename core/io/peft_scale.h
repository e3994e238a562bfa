/*
 * What adapter_config.json says of a module: its rank, its scale and where
 * that comes from, and which features of PEFT an update s B A cannot express.
 */
#ifndef CORE_IO_PEFT_SCALE_H
#define CORE_IO_PEFT_SCALE_H

#include "core/io/json.h"

struct peft_scale {
    int rank;
    double scale;
    char from[96]; /* adapter_config.json: lora_alpha 16 / r 8 */
};

int peft_scale_of(struct peft_scale *to, const struct json *config,
                  const char *module, struct err *err);

/* Null, false, "none" or empty: the feature is not used. */
bool peft_is_off(const struct json *config, const char *key);
/* Refuses adapters whose update is not s B A, saying why. */
int peft_check_config(const struct json *config, struct err *err);

#endif
