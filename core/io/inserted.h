/*
 * What an inserting method has learned, as a folder of our own: PEFT has no
 * Houlsby, no Lin and no layer prefix.
 *
 *   method.json           {"method": "adapter_h", "rank": 8, ...}
 *   inserted.safetensors  the params under the names they have here
 */
#ifndef CORE_IO_INSERTED_H
#define CORE_IO_INSERTED_H

#include "core/method/method.h"

/* Writes both files into an existing folder; conf made the method. */
int inserted_save(const struct method *method, const struct method_conf *conf,
                  const char *base_name, const char *folder, struct err *err);

/* Is it such a folder? */
bool inserted_is(const char *folder);
/* The method with its values, on the model it was trained on or one of the
 * same shape; freed by method_free(). */
struct method *inserted_open(const struct model *model, const char *folder,
                             struct err *err);

#endif
