/*
 * Small valid files, made anew each time: what configs are read beside, and
 * what the corpora began with (seeds.c).
 */
#ifndef TESTS_FUZZ_SMALL_FILES_H
#define TESTS_FUZZ_SMALL_FILES_H

#include "core/base/err.h"

enum { SMALL_MODELS = 9 };

/* What stands in a config of this model alone. */
const char *small_model_sign(int which);
/* config.json and model.safetensors of a random model. */
int small_model_write(int which, const char *folder, struct err *err);

/* adapter_config.json of PEFT and two pairs of factors. */
int small_adapter_write(const char *folder, struct err *err);
/* Two files of tensors and their index. */
int small_shards_write(const char *folder, struct err *err);

#endif
