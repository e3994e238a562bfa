/*
 * The head of a safetensors file that is written: its length and its JSON,
 * padded with spaces so that the data begin on a multiple of 8, as the
 * reference writer does.
 */
#ifndef CORE_IO_SAFETENSORS_HEAD_H
#define CORE_IO_SAFETENSORS_HEAD_H

#include "core/io/json.h"
#include "core/io/safetensors.h"

/* {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}; owned. */
struct json *safetensors_entry(const char *type, int dims, const int64_t *shape,
                               size_t begin, size_t end);

/* Both objects by name; freed by mem_free(). */
char *safetensors_head(size_t *size, const struct json *metadata,
                       const struct json *entries);

#endif
