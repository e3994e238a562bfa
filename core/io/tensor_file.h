/*
 * A file of tensors whatever wrote it: safetensors, or a torch archive; which
 * of the two it is its first bytes say, not its name.
 */
#ifndef CORE_IO_TENSOR_FILE_H
#define CORE_IO_TENSOR_FILE_H

#include "core/io/safetensors.h"

struct tensor_file;

struct tensor_file *tensor_file_open(const char *path, struct err *err);
void tensor_file_close(struct tensor_file *file);

int tensor_file_count(const struct tensor_file *file);
const struct tensor *tensor_file_at(const struct tensor_file *file, int i);
/* NULL when there is none. */
const struct tensor *tensor_file_find(const struct tensor_file *file,
                                      const char *name);
/* A text of safetensors' metadata, or NULL. */
const char *tensor_file_meta(const struct tensor_file *file, const char *key);
/* Bytes of the whole file. */
size_t tensor_file_size(const struct tensor_file *file);

/* A tensor is not needed for now: the file's pages leave memory.  What was
 * unpacked stays, for it has no file to come back from. */
void tensor_file_forget(const struct tensor_file *file,
                        const struct tensor *tensor);

#endif
