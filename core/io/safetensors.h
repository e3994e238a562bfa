/*
 * safetensors: 8 bytes of header length (little endian), a JSON header, data.
 *
 * Reading maps the file and copies nothing.  Every offset is checked: a
 * header that overlaps, leaves holes, runs past the end, repeats a name or
 * disagrees with its shape is refused with a sentence that names the tensor.
 * Data may start at any byte, and tensors may stand in any order.
 */
#ifndef CORE_IO_SAFETENSORS_H
#define CORE_IO_SAFETENSORS_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/mat.h"

enum { TENSOR_DIMS = 8 };
enum tensor_type {
    TENSOR_F32,
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_F64,
    TENSOR_OTHER
};

struct tensor {
    const char *name;
    enum tensor_type type;
    char type_name[8]; /* as written: "F32", "I64", ... */
    int dims;
    int64_t shape[TENSOR_DIMS];
    int64_t count;    /* elements */
    const void *data; /* in the mapping, maybe unaligned */
    size_t bytes;
};

struct safetensors;

struct safetensors *safetensors_open(const char *path, struct err *err);
void safetensors_close(struct safetensors *file);

int safetensors_count(const struct safetensors *file);
const struct tensor *safetensors_at(const struct safetensors *file, int i);
/* NULL when there is none. */
const struct tensor *safetensors_find(const struct safetensors *file,
                                      const char *name);
/* A value of __metadata__, or NULL. */
const char *safetensors_meta(const struct safetensors *file, const char *key);

/* The tensor as float, converted from F16, BF16 or F64; fails on others and
 * on NaN or Inf (the sentence names tensor and index). */
int tensor_read(float *to, const struct tensor *tensor, struct err *err);
/* The same of its elements [first, first + count). */
int tensor_read_part(float *to, const struct tensor *tensor, int64_t first,
                     int64_t count, struct err *err);
/* The pages that hold a tensor's bytes may leave memory; they come back when
 * they are looked at.  For files larger than what memory should hold. */
void safetensors_release(const struct safetensors *file,
                         const struct tensor *tensor);
/* The floats themselves, no copy, or NULL if they are not aligned F32. */
const float *tensor_view(const struct tensor *tensor);

/* Writing: F32 only, in the order added, metadata first; atomic. */
struct safetensors_out;
struct safetensors_out *safetensors_out_new(void);
void safetensors_out_meta(struct safetensors_out *out, const char *key,
                          const char *value);
/* rows = -1: a vector of cols.  data must live until commit. */
void safetensors_out_add(struct safetensors_out *out, const char *name,
                         int rows, int cols, const float *data);
/* Writes and frees out, in every case. */
int safetensors_out_commit(struct safetensors_out *out, const char *path,
                           struct err *err);

/* The same bytes in memory (freed by mem_free), and read back from memory:
 * a state kept for undo is a checkpoint that was never written.  Frees out, in
 * every case. */
int safetensors_out_pack(struct safetensors_out *out, char **bytes,
                         size_t *size, struct err *err);
/* Borrows bytes, which must stay until close. */
struct safetensors *safetensors_from(const char *bytes, size_t size,
                                     const char *name, struct err *err);

#endif
