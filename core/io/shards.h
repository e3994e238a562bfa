/*
 * The tensors of a checkpoint, whether it lies in one file or in several with
 * an index ("weight_map" says which name is in which file): as safetensors
 * (model.safetensors, model.safetensors.index.json), or else as torch wrote it
 * (pytorch_model.bin, pytorch_model.bin.index.json).
 */
#ifndef CORE_IO_SHARDS_H
#define CORE_IO_SHARDS_H

#include "core/io/safetensors.h"

struct shards;

/* Every name of the index must be in its file, and no name in two. */
struct shards *shards_open(const char *folder, struct err *err);
void shards_close(struct shards *shards);
/* Of the file, or of the index, for sentences: "pytorch_model.bin". */
const char *shards_name(const struct shards *shards);

/* NULL when there is none. */
const struct tensor *shards_find(const struct shards *shards, const char *name);
/* All of them, file by file. */
int shards_count(const struct shards *shards);
const struct tensor *shards_at(const struct shards *shards, int i);

#endif
