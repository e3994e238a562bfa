/*
 * What adapter_config.json says beside ranks and scales (dialect_peft.c): the
 * features of PEFT that an update s B A cannot express.
 */
#ifndef CORE_IO_PEFT_CONFIG_H
#define CORE_IO_PEFT_CONFIG_H

#include "core/io/json.h"

/* Null, false, "none" or empty: the feature is not used. */
bool peft_is_off(const struct json *config, const char *key);

/* The initialisation that changed the base as well ("pissa_niter_16"), so that
 * s B A is not the update of the original; NULL: none did. */
const char *peft_changes_base(const struct json *config);

/* Refuses adapters whose update is not s B A, saying why. */
int peft_check_config(const struct json *config, struct err *err);

#endif
