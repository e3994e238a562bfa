/* Between the files of merge.h. */
#ifndef EXPERIMENTS_MERGE_PRIVATE_H
#define EXPERIMENTS_MERGE_PRIVATE_H

#include "core/io/safetensors_stream.h"
#include "experiments/merge.h"

/* Finds the tensor of every pair and of everything else the adapters hold,
 * and refuses what does not fit; fills merge->site. */
int merge_link(struct merge *merge, const struct merge_ask *ask,
               struct err *err);

/* Writes one tensor that changes, and measures. */
int merge_tensor(struct merge_site *site, struct safetensors_stream *to,
                 const struct merge *merge, const struct merge_ask *ask,
                 enum tensor_type type, int index, struct err *err);
/* The error of what was written, from the file itself. */
int merge_read_back(struct merge_site *site, const struct safetensors *file,
                    int index, struct err *err);

/* The type a tensor will have. */
enum tensor_type merge_type(const struct tensor *tensor,
                            const struct merge_site *site,
                            const struct merge_ask *ask);

#endif
