/*
 * One tensor as torch's pickle describes it: a storage by its key, an offset,
 * a shape and strides in elements.
 */
#ifndef CORE_IO_TORCH_TENSOR_H
#define CORE_IO_TORCH_TENSOR_H

#include <stdbool.h>

#include "core/io/pickle.h"
#include "core/io/safetensors.h"

struct torch_tensor {
    const char *key;            /* of the storage; not NUL-terminated */
    size_t key_length, element; /* bytes of one */
    int64_t offset, stride[TENSOR_DIMS];
};

/* For pickle_parse(): all that a file of tensors may ask for. */
extern const char *const torch_tensor_names[];

/* Whether a call makes a tensor (or a parameter, which is one). */
bool torch_tensor_is(const struct pickle *pickle, int call);

/* Sets from, and type, dims, shape, count and bytes of to. */
int torch_tensor_describe(struct torch_tensor *from, struct tensor *to,
                          const struct pickle *pickle, int call,
                          struct err *err);
/* All elements lie within a storage of so many bytes, and none of them is
 * there more often than the storage has room for. */
int torch_tensor_check(const struct torch_tensor *from, const struct tensor *to,
                       size_t size, struct err *err);
/* Row-major without holes, as it lies. */
bool torch_tensor_is_packed(const struct torch_tensor *from,
                            const struct tensor *to);
/* Copies to->data, which begins at the offset, into that order. */
void torch_tensor_pack(void *packed, const struct torch_tensor *from,
                       const struct tensor *to);

#endif
