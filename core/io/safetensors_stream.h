/*
 * Writing safetensors piece by piece: all tensors are declared, then their
 * numbers follow in that order, rounded to the type declared.  Nothing is at
 * the final name before commit, and until then the file beside it can be read
 * back.
 */
#ifndef CORE_IO_SAFETENSORS_STREAM_H
#define CORE_IO_SAFETENSORS_STREAM_H

#include "core/io/safetensors.h"

struct safetensors_stream;

struct safetensors_stream *safetensors_stream_new(void);
void safetensors_stream_meta(struct safetensors_stream *stream, const char *key,
                             const char *value);
/* type as written: "F32", "I64"; bytes of all its numbers. */
void safetensors_stream_declare(struct safetensors_stream *stream,
                                const char *name, const char *type, int dims,
                                const int64_t *shape, size_t bytes);
/* Of the whole file, once all are declared. */
size_t safetensors_stream_size(const struct safetensors_stream *stream);

/* Opens the file beside path and writes the head. */
int safetensors_stream_begin(struct safetensors_stream *stream,
                             const char *path, struct err *err);
/* The next count numbers of the tensor that is not full yet; F32, F16 and
 * BF16.  One that is too large for the type is refused, naming the tensor. */
int safetensors_stream_put(struct safetensors_stream *stream, const float *from,
                           size_t count, struct err *err);
/* The next bytes as they are, of any type. */
int safetensors_stream_bytes(struct safetensors_stream *stream,
                             const void *from, size_t bytes, struct err *err);
/* The name to read back from; all that was put is there. */
const char *safetensors_stream_beside(struct safetensors_stream *stream);

/* Renames; every tensor is full.  The stream is freed in every case. */
int safetensors_stream_commit(struct safetensors_stream *stream,
                              struct err *err);
/* NULL is fine. */
void safetensors_stream_abandon(struct safetensors_stream *stream);

#endif
