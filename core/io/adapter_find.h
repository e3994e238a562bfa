/*
 * Where the tensors and the config of an adapter are, given a folder or one of
 * its files.
 */
#ifndef CORE_IO_ADAPTER_FIND_H
#define CORE_IO_ADAPTER_FIND_H

#include <stdbool.h>

#include "core/base/err.h"

enum { ADAPTER_PATH = 1200 };

/* tensors and config: ADAPTER_PATH bytes each; config "": there is none. */
int adapter_find(char *tensors, char *config, const char *path,
                 struct err *err);
/* The ending of a file of tensors, in lower case: .safetensors .bin .pt .pth */
bool adapter_find_is_tensors(const char *name);
/* How many of them lie in a folder. */
int adapter_find_count(const char *folder);

#endif
