/* See safetensors_stream.h. */
#include "core/io/safetensors_stream.h"

#include <assert.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/rounding.h"
#include "core/io/safetensors_head.h"

enum { CHUNK = 1 << 16 }; /* numbers rounded at a time */

struct declared {
    char *name; /* owned */
    enum tensor_type type;
    size_t bytes;
};

struct safetensors_stream {
    struct json *metadata, *entries;
    struct declared *declared;
    size_t count, room, bytes; /* bytes of all */
    struct file_out file;
    bool is_open;
    size_t at, done; /* the tensor that is written, and its bytes so far */
};

struct safetensors_stream *safetensors_stream_new(void)
{
    struct safetensors_stream *stream = xcalloc(1, sizeof *stream);
    stream->metadata = json_new_object();
    stream->entries = json_new_object();
    return stream;
}

void safetensors_stream_meta(struct safetensors_stream *stream, const char *key,
                             const char *value)
{
    json_put_text(stream->metadata, key, value);
}

static enum tensor_type type_of(const char *name)
{
    enum tensor_type type = TENSOR_OTHER;
    (void)tensor_type_find(&type, name); /* others go through as bytes */
    return type;
}

void safetensors_stream_declare(struct safetensors_stream *stream,
                                const char *name, const char *type, int dims,
                                const int64_t *shape, size_t bytes)
{
    assert(!stream->is_open && !json_get(stream->entries, name));
    json_put(stream->entries, name,
             safetensors_entry(type, dims, shape, stream->bytes,
                               stream->bytes + bytes));
    if (stream->count == stream->room) {
        size_t room = stream->room ? 2 * stream->room : 64;
        stream->declared = xgrow(stream->declared, stream->room, room,
                                 sizeof *stream->declared);
        stream->room = room;
    }
    stream->declared[stream->count++] =
        (struct declared){xstrdup(name), type_of(type), bytes};
    stream->bytes += bytes;
}

size_t safetensors_stream_size(const struct safetensors_stream *stream)
{
    size_t size;
    mem_free(safetensors_head(&size, stream->metadata, stream->entries));
    return size + stream->bytes;
}

/* Empty tensors are full as they are. */
static void skip_full(struct safetensors_stream *stream)
{
    while (stream->at < stream->count &&
           stream->done == stream->declared[stream->at].bytes) {
        stream->at++;
        stream->done = 0;
    }
}

int safetensors_stream_begin(struct safetensors_stream *stream,
                             const char *path, struct err *err)
{
    size_t size;
    if (file_out_open(&stream->file, path, err) != 0)
        return -1;
    stream->is_open = true;
    char *head = safetensors_head(&size, stream->metadata, stream->entries);
    /* A short write leaves the error flag, which commit looks at. */
    (void)fwrite(head, 1, size, stream->file.to);
    mem_free(head);
    skip_full(stream);
    return 0;
}

int safetensors_stream_bytes(struct safetensors_stream *stream,
                             const void *from, size_t bytes, struct err *err)
{
    if (!bytes)
        return 0;
    assert(stream->is_open && stream->at < stream->count);
    assert(bytes <= stream->declared[stream->at].bytes - stream->done);
    if (fwrite(from, 1, bytes, stream->file.to) != bytes)
        return err_set(err,
                       "%.300s: cannot be written (is the disk full?); "
                       "nothing has changed",
                       stream->file.path);
    stream->done += bytes;
    skip_full(stream);
    return 0;
}

int safetensors_stream_put(struct safetensors_stream *stream, const float *from,
                           size_t count, struct err *err)
{
    if (!count)
        return 0;
    const struct declared *to = &stream->declared[stream->at];
    size_t size = tensor_type_size(to->type);
    if (to->type == TENSOR_F32)
        return safetensors_stream_bytes(stream, from, count * size, err);
    uint16_t *half = xcalloc(CHUNK, sizeof *half);
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i += CHUNK) {
        size_t n = count - i < CHUNK ? count - i : CHUNK;
        int64_t bad = round_floats(half, to->type, from + i, n);
        if (bad >= 0)
            status = err_set(err,
                             "tensor \"%.200s\": %g is too large for %s; use "
                             "--dtype f32 or bf16",
                             to->name, (double)from[i + (size_t)bad],
                             tensor_type_name(to->type));
        else
            status = safetensors_stream_bytes(stream, half, n * size, err);
    }
    mem_free(half);
    return status;
}

const char *safetensors_stream_beside(struct safetensors_stream *stream)
{
    (void)fflush(stream->file.to); /* its error flag stays for commit */
    return stream->file.beside;
}

static void stream_free(struct safetensors_stream *stream)
{
    json_free(stream->metadata);
    json_free(stream->entries);
    for (size_t i = 0; i < stream->count; i++)
        mem_free(stream->declared[i].name);
    mem_free(stream->declared);
    mem_free(stream);
}

int safetensors_stream_commit(struct safetensors_stream *stream,
                              struct err *err)
{
    assert(stream->is_open && stream->at == stream->count);
    int status = file_out_commit(&stream->file, err);
    stream_free(stream);
    return status;
}

void safetensors_stream_abandon(struct safetensors_stream *stream)
{
    if (!stream)
        return;
    if (stream->is_open)
        file_out_abandon(&stream->file);
    stream_free(stream);
}
