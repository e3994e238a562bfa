/*
 * A family names a model's tensors: how files of its kind are read into
 * sites and others, and written back.  Adding a family costs one file and one
 * line in the table of model.c.
 */
#ifndef CORE_MODEL_FAMILY_H
#define CORE_MODEL_FAMILY_H

#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "core/model/model.h"

struct family {
    const char *name; /* model_type in config.json */
    int (*config)(struct model_conf *conf, const struct json *config,
                  struct err *err);
    /* Points or copies the base weights of model at what file holds; file
     * lives as long as the model. */
    int (*load)(struct model *model, const struct safetensors *file,
                struct err *err);
    int (*save)(const struct model *model, const struct weights *weights,
                const char *folder, struct err *err);
};

extern const struct family family_gpt2;

/* Storage that lives as long as the model: count zeroed floats, or NULL. */
float *model_storage(struct model *model, size_t count);

#endif
