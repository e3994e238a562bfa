/*
 * The tensors of a checkpoint, whether it lies in one safetensors file or in
 * several with an index (model.safetensors.index.json: "weight_map" says which
 * name is in which file).
 */
#ifndef CORE_IO_SHARDS_H
#define CORE_IO_SHARDS_H

#include "core/io/safetensors.h"

struct shards;

/* Every name of the index must be in its file, and no name in two. */
struct shards *shards_open(const char *folder, struct err *err);
void shards_close(struct shards *shards);

/* NULL when there is none. */
const struct tensor *shards_find(const struct shards *shards, const char *name);
/* All of them, file by file. */
int shards_count(const struct shards *shards);
const struct tensor *shards_at(const struct shards *shards, int i);

#endif
