/* See zip.h.  All numbers in an archive are little endian. */
#include "core/io/zip.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/mem.h"

enum {
    END_SIZE = 22,     /* end of central directory */
    LOCATOR_SIZE = 20, /* where zip64's end stands */
    END64_SIZE = 56,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    COMMENT_MOST = 65535,
    ENTRIES_MOST = 1000000,
    /* Zeros deflate a thousandfold, trained numbers hardly at all: an archive
     * may unpack to a hundred times itself and a little more. */
    UNPACKED_SHARE = 100,
    UNPACKED_FREE = 1 << 26
};

struct zip {
    const unsigned char *bytes;
    size_t size;
    struct zip_entry *entry;
    size_t *begin; /* (count) of the local headers */
    int count;
};

static uint64_t number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

static bool is_mark(const unsigned char *at, int third, int fourth)
{
    return at[0] == 'P' && at[1] == 'K' && at[2] == third && at[3] == fourth;
}

bool zip_is(const unsigned char *bytes, size_t size)
{
    return size >= END_SIZE && (is_mark(bytes, 3, 4) || is_mark(bytes, 5, 6));
}

/* Where the directory stands, and how many entries it has. */
struct directory {
    uint64_t offset, size, count;
};

static int read_end64(struct directory *to, const struct zip *zip, size_t end,
                      struct err *err)
{
    const unsigned char *at = zip->bytes + end - LOCATOR_SIZE;
    if (end < LOCATOR_SIZE || !is_mark(at, 6, 7))
        return 0; /* not zip64: what the end says is all there is */
    uint64_t where = number(at + 8, 8);
    if (where > zip->size || zip->size - where < END64_SIZE ||
        !is_mark(zip->bytes + where, 6, 6))
        return err_set(err, "its zip64 directory is not where it should be");
    at = zip->bytes + where;
    to->count = number(at + 32, 8);
    to->size = number(at + 40, 8);
    to->offset = number(at + 48, 8);
    return 0;
}

static int find_directory(struct directory *to, const struct zip *zip,
                          struct err *err)
{
    if (zip->size < END_SIZE)
        return err_set(err, "too short for a zip archive");
    size_t last = zip->size - END_SIZE;
    size_t least = last > COMMENT_MOST ? last - COMMENT_MOST : 0;
    for (size_t at = last + 1; at-- > least;) {
        const unsigned char *end = zip->bytes + at;
        if (!is_mark(end, 5, 6) || number(end + 20, 2) != last - at)
            continue;
        to->count = number(end + 10, 2);
        to->size = number(end + 12, 4);
        to->offset = number(end + 16, 4);
        if (read_end64(to, zip, at, err) != 0)
            return -1;
        if (to->offset > at || to->size > at - to->offset)
            return err_set(err, "its directory runs past the end");
        return 0;
    }
    return err_set(err, "cut short: the archive has no directory at its end");
}

/* Sizes and place of 2^32 and more stand in the extra field 1, those alone
 * that do not fit their four bytes. */
static int widen(uint64_t *const value[3], const unsigned char *extra,
                 size_t size, struct err *err)
{
    while (size >= 4) {
        size_t id = number(extra, 2), length = number(extra + 2, 2);
        extra += 4;
        size -= 4;
        if (length > size)
            break;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (*value[i] != UINT32_MAX)
                continue;
            if (length < 8)
                return err_set(err, "its zip64 sizes are cut short");
            *value[i] = number(extra, 8);
            extra += 8;
            size -= 8;
            length -= 8;
        }
        extra += length;
        size -= length;
    }
    return 0;
}

/* Sets packed, from the local header at an offset. */
static int find_data(struct zip_entry *entry, const struct zip *zip,
                     uint64_t offset, struct err *err)
{
    if (offset > zip->size || zip->size - offset < LOCAL_SIZE ||
        !is_mark(zip->bytes + offset, 3, 4))
        return err_set(err, "its data are not where the directory says");
    const unsigned char *local = zip->bytes + offset;
    size_t room = zip->size - (size_t)offset - LOCAL_SIZE;
    size_t skip = number(local + 26, 2) + number(local + 28, 2);
    if (skip > room || entry->packed_size > room - skip)
        return err_set(err, "its data run past the end (cut short?)");
    entry->packed = local + LOCAL_SIZE + skip;
    return 0;
}

static int check_entry(const struct zip_entry *entry, int flags, int method,
                       struct err *err)
{
    enum { ENCRYPTED = 1, STORED = 0, DEFLATED = 8 };
    if (flags & ENCRYPTED)
        return err_set(err, "it is encrypted");
    if (method != STORED && method != DEFLATED)
        return err_set(err, "its method %d is neither stored nor deflated",
                       method);
    if (method == STORED && entry->packed_size != entry->size)
        return err_set(err, "it is stored, but its two sizes differ");
    return 0;
}

/* The entry whose directory record is at *at; moves on to the next. */
static int read_entry(struct zip *zip, const unsigned char **at,
                      const unsigned char *end, struct err *err)
{
    const unsigned char *record = *at;
    if (end - record < CENTRAL_SIZE || !is_mark(record, 1, 2))
        return err_set(err, "its directory is damaged");
    size_t name = number(record + 28, 2), extra = number(record + 30, 2);
    size_t comment = number(record + 32, 2);
    if (name + extra + comment > (size_t)(end - record - CENTRAL_SIZE))
        return err_set(err, "its directory is damaged");
    uint64_t packed = number(record + 20, 4), size = number(record + 24, 4);
    uint64_t offset = number(record + 42, 4);
    struct zip_entry *entry = &zip->entry[zip->count];
    entry->name = xcalloc(name + 1, 1);
    memcpy(entry->name, record + CENTRAL_SIZE, name);
    int method = (int)number(record + 10, 2);
    entry->deflated = method != 0;
    entry->crc = (uint32_t)number(record + 16, 4);
    zip->begin[zip->count++] = 0;
    *at = record + CENTRAL_SIZE + name + extra + comment;
    if (widen((uint64_t *const[]){&size, &packed, &offset},
              record + CENTRAL_SIZE + name, extra, err) != 0)
        return err_prefix(err, "entry \"%.100s\"", entry->name);
    entry->packed_size = (size_t)packed;
    entry->size = (size_t)size;
    if (check_entry(entry, (int)number(record + 8, 2), method, err) != 0 ||
        find_data(entry, zip, offset, err) != 0)
        return err_prefix(err, "entry \"%.100s\"", entry->name);
    zip->begin[zip->count - 1] = (size_t)offset;
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct zip_entry *x = *(struct zip_entry *const *)a;
    const struct zip_entry *y = *(struct zip_entry *const *)b;
    return (x->packed > y->packed) - (x->packed < y->packed);
}

/* No two share bytes: of a bomb of a few megabytes, many entries unpack the
 * same ones. */
static int check_apart(const struct zip *zip, struct err *err)
{
    size_t count = (size_t)zip->count;
    struct zip_entry **sorted = xcalloc(count + 1, sizeof *sorted);
    int status = 0;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &zip->entry[i];
    qsort(sorted, count, sizeof *sorted, by_place);
    for (size_t i = 1; i < count && status == 0; i++) {
        size_t begin = zip->begin[sorted[i] - zip->entry];
        if (sorted[i - 1]->packed + sorted[i - 1]->packed_size >
            zip->bytes + begin)
            status = err_set(err, "entries \"%.60s\" and \"%.60s\" overlap",
                             sorted[i - 1]->name, sorted[i]->name);
    }
    mem_free(sorted);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct zip_entry *)a)->name,
                  ((const struct zip_entry *)b)->name);
}

static int check_sizes(const struct zip *zip, struct err *err)
{
    size_t most = zip->size > SIZE_MAX / UNPACKED_SHARE / 2
                      ? SIZE_MAX
                      : zip->size * UNPACKED_SHARE + UNPACKED_FREE;
    size_t total = 0;
    for (int i = 0; i < zip->count; i++) {
        if (zip->entry[i].size > most - total)
            return err_set(err,
                           "a bomb: its %zu bytes would unpack to more than "
                           "%d times as many",
                           zip->size, (int)UNPACKED_SHARE);
        total += zip->entry[i].size;
    }
    return 0;
}

static int read_directory(struct zip *zip, struct err *err)
{
    struct directory directory = {0};
    if (find_directory(&directory, zip, err) != 0)
        return -1;
    if (directory.count > ENTRIES_MOST ||
        directory.count > directory.size / CENTRAL_SIZE)
        return err_set(err, "its directory has no room for its entries");
    zip->entry = xcalloc((size_t)directory.count + 1, sizeof *zip->entry);
    zip->begin = xcalloc((size_t)directory.count + 1, sizeof *zip->begin);
    const unsigned char *at = zip->bytes + directory.offset;
    const unsigned char *end = at + directory.size;
    for (uint64_t i = 0; i < directory.count; i++)
        if (read_entry(zip, &at, end, err) != 0)
            return -1;
    if (check_apart(zip, err) != 0 || check_sizes(zip, err) != 0)
        return -1;
    qsort(zip->entry, (size_t)zip->count, sizeof *zip->entry, by_name);
    for (int i = 1; i < zip->count; i++)
        if (strcmp(zip->entry[i - 1].name, zip->entry[i].name) == 0)
            return err_set(err, "entry \"%.100s\" is there twice",
                           zip->entry[i].name);
    return 0;
}

struct zip *zip_open(const unsigned char *bytes, size_t size, const char *name,
                     struct err *err)
{
    struct zip *zip = xcalloc(1, sizeof *zip);
    zip->bytes = bytes;
    zip->size = size;
    if (read_directory(zip, err) == 0)
        return zip;
    (void)err_prefix(err, "%.200s", name);
    zip_close(zip);
    return NULL;
}

void zip_close(struct zip *zip)
{
    if (!zip)
        return;
    for (int i = 0; i < zip->count; i++)
        mem_free(zip->entry[i].name);
    mem_free(zip->entry);
    mem_free(zip->begin);
    mem_free(zip);
}

int zip_count(const struct zip *zip)
{
    return zip->count;
}

const struct zip_entry *zip_at(const struct zip *zip, int i)
{
    assert(i >= 0 && i < zip->count);
    return &zip->entry[i];
}

const struct zip_entry *zip_find(const struct zip *zip, const char *name)
{
    const struct zip_entry wanted = {.name = (char *)name};
    if (zip->count == 0)
        return NULL;
    return bsearch(&wanted, zip->entry, (size_t)zip->count, sizeof *zip->entry,
                   by_name);
}

/* zlib counts in unsigned int: larger entries go in pieces. */
static bool inflate_all(unsigned char *to, const struct zip_entry *entry)
{
    z_stream stream = {.next_in = (unsigned char *)entry->packed,
                       .next_out = to};
    size_t in = entry->packed_size, out = entry->size;
    int status = inflateInit2(&stream, -MAX_WBITS); /* no zlib header */
    if (status != Z_OK)
        return false;
    while (status == Z_OK) {
        unsigned int more = (unsigned int)(in < INT_MAX ? in : INT_MAX);
        unsigned int room = (unsigned int)(out < INT_MAX ? out : INT_MAX);
        stream.avail_in = more;
        stream.avail_out = room;
        status = inflate(&stream, Z_NO_FLUSH);
        in -= more - stream.avail_in;
        out -= room - stream.avail_out;
    }
    (void)inflateEnd(&stream); /* frees, and complains of data left */
    return status == Z_STREAM_END && out == 0;
}

int zip_unpack(unsigned char *to, const struct zip_entry *entry,
               struct err *err)
{
    if (!entry->deflated)
        memcpy(to, entry->packed, entry->size);
    else if (!inflate_all(to, entry))
        return err_set(err, "entry \"%.100s\" does not unpack to its %zu bytes",
                       entry->name, entry->size);
    uLong sum = crc32_z(0, NULL, 0);
    if (crc32_z(sum, to, entry->size) != entry->crc)
        return err_set(err, "entry \"%.100s\" is damaged: its sum is wrong",
                       entry->name);
    return 0;
}
