/*
 * Storage types of numbers: floats rounded to F16 or BF16, to nearest and
 * ties to even, as every processor and PyTorch do.
 */
#ifndef CORE_IO_ROUNDING_H
#define CORE_IO_ROUNDING_H

#include <stdbool.h>

#include "core/io/safetensors.h"

/* Bytes of one number; 0 for TENSOR_OTHER. */
size_t tensor_type_size(enum tensor_type type);
const char *tensor_type_name(enum tensor_type type); /* "F32", ... */
/* By the names of the command line, f32, f16 and bf16. */
bool tensor_type_find(enum tensor_type *to, const char *name);

/* to (n numbers of type) = from; F32, F16 and BF16 only.  Returns the index of
 * the first that is too large for the type, or -1. */
int64_t round_floats(void *to, enum tensor_type type, const float *from,
                     size_t n);
/* The value a number has after it was stored; infinite: too large. */
float round_float(float value, enum tensor_type type);
/* The distance from |value| to the next number of the type (of F64: what a
 * float can say of it). */
float round_unit(float value, enum tensor_type type);

#endif
