/*
 * torch.save in small, for tests: a pickle of named float tensors and the zip
 * archive around it.  Nothing of core/io is used, so that it is a second
 * opinion.
 */
#ifndef TESTS_UNIT_TORCH_WRITER_H
#define TESTS_UNIT_TORCH_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct bytes {
    unsigned char at[1 << 20];
    size_t size;
};

static inline void put_raw(struct bytes *to, const void *from, size_t size)
{
    if (to->size + size > sizeof to->at)
        abort();
    if (size)
        memcpy(to->at + to->size, from, size);
    to->size += size;
}

static inline void put_number(struct bytes *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)(i < 8 ? value >> (8 * i) : 0);
        put_raw(to, &byte, 1);
    }
}

static inline void put_code(struct bytes *to, const char *text)
{
    put_raw(to, text, strlen(text));
}

/* BINUNICODE */
static inline void put_text(struct bytes *to, const char *text)
{
    put_code(to, "X");
    put_number(to, strlen(text), 4);
    put_code(to, text);
}

static inline void put_int(struct bytes *to, long value)
{
    put_code(to, "J");
    put_number(to, (uint64_t)value, 4);
}

/* PROTO 2 and a dictionary that is open. */
static inline void pickle_begin(struct bytes *to)
{
    put_raw(to, "\x80\x02}(", 4);
}

static inline void pickle_end(struct bytes *to)
{
    put_code(to, "u.");
}

static inline void put_tuple(struct bytes *to, const long *value, int count)
{
    put_code(to, "(");
    for (int i = 0; i < count; i++)
        put_int(to, value[i]);
    put_code(to, "t");
}

/* The call that rebuilds a float tensor of so many dimensions of a storage. */
static inline void pickle_shaped(struct bytes *to, const char *key,
                                 const char *storage, long offset, int dims,
                                 const long *shape, const long *stride,
                                 long elements)
{
    put_text(to, key);
    put_code(to, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_text(to, "storage");
    put_code(to, "ctorch\nFloatStorage\n");
    put_text(to, storage);
    put_text(to, "cpu");
    put_int(to, elements);
    put_code(to, "tQ"); /* the storage's id */
    put_int(to, offset);
    put_tuple(to, shape, dims);
    put_tuple(to, stride, dims);
    put_raw(to,
            "\x89"
            "ccollections\nOrderedDict\n)RtR",
            30);
}

/* One of (rows, cols). */
static inline void pickle_tensor(struct bytes *to, const char *key,
                                 const char *storage, long offset,
                                 const long shape[2], const long stride[2],
                                 long elements)
{
    pickle_shaped(to, key, storage, offset, 2, shape, stride, elements);
}

struct archive {
    struct bytes body, directory;
    int count;
    int deflate;      /* level of what is added from now on; 0: stored */
    uint32_t claimed; /* unpacked size to write instead of the true one */
};

static inline void archive_add(struct archive *to, const char *name,
                               const void *data, size_t size)
{
    static unsigned char packed[1 << 20];
    size_t packed_size = size, begin = to->body.size, length = strlen(name);
    const void *from = data;
    if (to->deflate) {
        z_stream stream = {.next_in = (unsigned char *)data,
                           .avail_in = (unsigned int)size,
                           .next_out = packed,
                           .avail_out = sizeof packed};
        if (deflateInit2(&stream, to->deflate, Z_DEFLATED, -MAX_WBITS, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK ||
            deflate(&stream, Z_FINISH) != Z_STREAM_END)
            abort();
        packed_size = stream.total_out;
        from = packed;
        deflateEnd(&stream);
    }
    uint32_t sum = (uint32_t)crc32(0, data, (unsigned int)size);
    uint64_t says = to->claimed ? to->claimed : size;
    put_raw(&to->body, "PK\3\4\24\0\0\0", 8);
    put_number(&to->body, to->deflate ? 8 : 0, 2);
    put_number(&to->body, 0, 4);
    put_number(&to->body, sum, 4);
    put_number(&to->body, packed_size, 4);
    put_number(&to->body, says, 4);
    put_number(&to->body, length, 2);
    put_number(&to->body, 0, 2);
    put_raw(&to->body, name, length);
    put_raw(&to->body, from, packed_size);
    put_raw(&to->directory, "PK\1\2\24\0\24\0\0\0", 10);
    put_number(&to->directory, to->deflate ? 8 : 0, 2);
    put_number(&to->directory, 0, 4);
    put_number(&to->directory, sum, 4);
    put_number(&to->directory, packed_size, 4);
    put_number(&to->directory, says, 4);
    put_number(&to->directory, length, 2);
    put_number(&to->directory, 0, 12);
    put_number(&to->directory, begin, 4);
    put_raw(&to->directory, name, length);
    to->count++;
}

/* The whole file: entries, directory, end. */
static inline void archive_end(struct archive *to)
{
    size_t begin = to->body.size, size = to->directory.size;
    put_raw(&to->body, to->directory.at, size);
    put_raw(&to->body, "PK\5\6\0\0\0\0", 8);
    put_number(&to->body, (uint64_t)to->count, 2);
    put_number(&to->body, (uint64_t)to->count, 2);
    put_number(&to->body, size, 4);
    put_number(&to->body, begin, 4);
    put_number(&to->body, 0, 2);
}

static inline void archive_write(const struct archive *archive,
                                 const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file ||
        fwrite(archive->body.at, 1, archive->body.size, file) !=
            archive->body.size ||
        fclose(file) != 0)
        abort();
}

#endif
