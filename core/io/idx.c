/* See idx.h.  zlib reads what is not gzipped as it is. */
#include "core/io/idx.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "core/base/mem.h"

enum { LARGEST = 1 << 30, CHUNK = 1 << 20, TYPE_BYTES = 8 };

/* True: all of them. */
static bool take(uint8_t *to, size_t count, gzFile from)
{
    while (count > 0) {
        unsigned now = count < CHUNK ? (unsigned)count : CHUNK;
        int got = gzread(from, to, now);
        if (got <= 0)
            return false;
        to += got;
        count -= (size_t)got;
    }
    return true;
}

static uint32_t number(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
           (uint32_t)from[2] << 8 | from[3];
}

/* What every file that is too short is told. */
static int too_short(const char *path, const char *before, struct err *err)
{
    return err_set(err,
                   "%s: ends before its %s; it is truncated or damaged, get "
                   "it again",
                   path, before);
}

static int read_magic(gzFile from, const char *path, int dimensions,
                      struct err *err)
{
    uint8_t head[4];
    if (!take(head, sizeof head, from))
        return too_short(path, "magic number does", err);
    uint32_t want = (uint32_t)TYPE_BYTES << 8 | (uint32_t)dimensions;
    if (number(head) == want)
        return 0;
    return err_set(err,
                   "%s: is no IDX file of %s: magic number 0x%08x, not 0x%08x; "
                   "name another file",
                   path, dimensions == 1 ? "labels" : "images", number(head),
                   want);
}

static int read_sizes(struct idx *to, gzFile from, const char *path,
                      int dimensions, struct err *err)
{
    uint8_t head[4 * IDX_DIMENSIONS];
    uint64_t total = 1;
    if (!take(head, 4 * (size_t)dimensions, from))
        return too_short(path, "sizes do", err);
    for (int i = 0; i < IDX_DIMENSIONS; i++) {
        uint32_t size = i < dimensions ? number(head + 4 * i) : 1;
        total *= size;
        if (size < 1 || total > LARGEST)
            return err_set(err,
                           "%s: size %u of dimension %d is not allowed; all "
                           "of them together are 1..%d bytes",
                           path, size, i + 1, LARGEST);
        to->size[i] = (int)size;
    }
    return 0;
}

static int read_bytes(struct idx *to, gzFile from, const char *path,
                      struct err *err)
{
    size_t count = (size_t)to->size[0] * (size_t)to->size[1];
    char what[64];
    uint8_t more;
    count *= (size_t)to->size[2];
    to->at = mem_try(count, 1);
    if (!to->at)
        return err_set(err, "%s: not enough memory for its %zu bytes", path,
                       count);
    (void)snprintf(what, sizeof what, "%zu bytes do", count);
    if (!take(to->at, count, from))
        return too_short(path, what, err);
    int got = gzread(from, &more, 1);
    if (got < 0)
        return err_set(err, "%s: its checksum is wrong; get it again", path);
    if (got > 0)
        return err_set(err,
                       "%s: goes on behind its %zu bytes; it is damaged, get "
                       "it again",
                       path, count);
    return 0;
}

int idx_read(struct idx *to, const char *path, int dimensions, struct err *err)
{
    *to = (struct idx){.at = NULL};
    errno = 0;
    gzFile from = gzopen(path, "rb");
    if (!from)
        return err_set(err, "%s: cannot be read: %s; name another file", path,
                       errno ? strerror(errno) : "no memory");
    int status = read_magic(from, path, dimensions, err);
    if (status == 0)
        status = read_sizes(to, from, path, dimensions, err);
    if (status == 0)
        status = read_bytes(to, from, path, err);
    /* Says Z_BUF_ERROR where a gzip stream ended without its trailer. */
    if (gzclose(from) != Z_OK && status == 0)
        status = too_short(path, "checksum does", err);
    if (status < 0)
        idx_free(to);
    return status;
}

void idx_free(struct idx *idx)
{
    mem_free(idx->at);
    *idx = (struct idx){.at = NULL};
}
