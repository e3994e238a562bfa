/*
 * The tensors of a Hugging Face folder, whatever the model is: one
 * model.safetensors, or the shards its index names.  Files are mapped; nothing
 * is read until somebody looks.
 */
#ifndef CORE_IO_TENSOR_FOLDER_H
#define CORE_IO_TENSOR_FOLDER_H

#include "core/io/json.h"
#include "core/io/safetensors.h"

struct tensor_shard {
    char name[256]; /* model-00001-of-00002.safetensors */
    struct safetensors *file;
};

struct tensor_folder {
    char path[1024];
    struct json *config; /* config.json, or NULL */
    struct json *index;  /* model.safetensors.index.json, or NULL */
    struct tensor_shard *shard;
    int shards;
};

/* Refuses a folder without tensors, and an index that names tensors which are
 * not where it says. */
struct tensor_folder *tensor_folder_open(const char *path, struct err *err);
void tensor_folder_close(struct tensor_folder *folder);

/* NULL: there is none.  *shard (may be NULL) is where it was found. */
const struct tensor *tensor_folder_find(const struct tensor_folder *folder,
                                        const char *name, int *shard);

/* Whether a tensor is a Conv1D's, as GPT-2 has them: stored (in, out). */
bool tensor_folder_is_transposed(const struct tensor_folder *folder,
                                 const char *name);

#endif
