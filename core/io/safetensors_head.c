/* See safetensors_head.h. */
#include "core/io/safetensors_head.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

struct json *safetensors_entry(const char *type, int dims, const int64_t *shape,
                               size_t begin, size_t end)
{
    struct json *lengths = json_new_array();
    for (int i = 0; i < dims; i++)
        json_push_integer(lengths, shape[i]);
    struct json *offsets = json_new_array();
    json_push_integer(offsets, (long long)begin);
    json_push_integer(offsets, (long long)end);
    struct json *entry = json_new_object();
    json_put_text(entry, "dtype", type);
    json_put(entry, "shape", lengths);
    json_put(entry, "data_offsets", offsets);
    return entry;
}

/* {"__metadata__":{...},"a":{...}}; freed by mem_free(). */
static char *make_header(const struct json *metadata,
                         const struct json *entries)
{
    char *text = json_write_compact(entries);
    if (json_length(metadata) == 0)
        return text;
    char *about = json_write_compact(metadata);
    const char *comma = json_length(entries) ? "," : "";
    size_t size = strlen(about) + strlen(text) + 32;
    char *header = xcalloc(size, 1);
    /* text + 1: without its {. */
    snprintf(header, size, "{\"__metadata__\":%s%s%s", about, comma, text + 1);
    mem_free(about);
    mem_free(text);
    return header;
}

char *safetensors_head(size_t *size, const struct json *metadata,
                       const struct json *entries)
{
    char *header = make_header(metadata, entries);
    size_t length = strlen(header);
    size_t padded = (length + 7) / 8 * 8;
    char *head = xcalloc(8 + padded, 1);
    uint64_t stored = padded;
    memcpy(head, &stored, 8);
    memcpy(head + 8, header, length);
    memset(head + 8 + length, ' ', padded - length);
    mem_free(header);
    *size = 8 + padded;
    return head;
}
