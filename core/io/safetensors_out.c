/*
 * Writing safetensors from memory: F32 tensors in the order they were added.
 * What is made piece by piece goes through safetensors_stream.h.
 */
#include "core/io/safetensors.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/safetensors_head.h"

struct piece {
    const float *data; /* borrowed until commit */
    size_t bytes;
};

struct safetensors_out {
    struct json *metadata;
    struct json *entries; /* of the header, without the metadata */
    struct piece *pieces;
    size_t count, room;
    size_t bytes; /* of all pieces */
};

struct safetensors_out *safetensors_out_new(void)
{
    struct safetensors_out *out = xcalloc(1, sizeof *out);
    out->metadata = json_new_object();
    out->entries = json_new_object();
    return out;
}

void safetensors_out_meta(struct safetensors_out *out, const char *key,
                          const char *value)
{
    json_put_text(out->metadata, key, value);
}

void safetensors_out_add(struct safetensors_out *out, const char *name,
                         int rows, int cols, const float *data)
{
    assert(rows >= -1 && cols >= 0 && !json_get(out->entries, name));
    size_t count = (size_t)(rows < 0 ? 1 : rows) * (size_t)cols;
    struct piece piece = {data, count * sizeof *data};

    int64_t shape[] = {rows, cols};
    bool is_vector = rows < 0;
    struct json *entry =
        safetensors_entry("F32", is_vector ? 1 : 2, &shape[is_vector],
                          out->bytes, out->bytes + piece.bytes);
    json_put(out->entries, name, entry);

    if (out->count == out->room) {
        size_t room = out->room ? 2 * out->room : 64;
        out->pieces = xgrow(out->pieces, out->room, room, sizeof piece);
        out->room = room;
    }
    out->pieces[out->count++] = piece;
    out->bytes += piece.bytes;
}

static void out_free(struct safetensors_out *out)
{
    json_free(out->metadata);
    json_free(out->entries);
    mem_free(out->pieces);
    mem_free(out);
}

int safetensors_out_commit(struct safetensors_out *out, const char *path,
                           struct err *err)
{
    struct file_out file;
    if (file_out_open(&file, path, err) != 0) {
        out_free(out);
        return -1;
    }
    size_t head_size;
    char *head = safetensors_head(&head_size, out->metadata, out->entries);
    /* A short write leaves the error flag, which commit looks at. */
    (void)fwrite(head, 1, head_size, file.to);
    mem_free(head);
    for (size_t i = 0; i < out->count && !ferror(file.to); i++)
        if (out->pieces[i].bytes)
            (void)fwrite(out->pieces[i].data, 1, out->pieces[i].bytes, file.to);
    out_free(out);
    return file_out_commit(&file, err);
}

int safetensors_out_pack(struct safetensors_out *out, char **bytes,
                         size_t *size, struct err *err)
{
    size_t head_size;
    char *head = safetensors_head(&head_size, out->metadata, out->entries);
    *size = head_size + out->bytes;
    *bytes = mem_try(*size, 1);
    if (*bytes) {
        memcpy(*bytes, head, head_size);
        char *at = *bytes + head_size;
        for (size_t i = 0; i < out->count; i++) {
            if (out->pieces[i].bytes)
                memcpy(at, out->pieces[i].data, out->pieces[i].bytes);
            at += out->pieces[i].bytes;
        }
    } else {
        err_set(err, "out of memory: %zu bytes for a copy of the state", *size);
    }
    mem_free(head);
    out_free(out);
    return *bytes ? 0 : -1;
}
