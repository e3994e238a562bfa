/*
 * Reading safetensors (github.com/huggingface/safetensors, "Format"); see
 * safetensors.h.  Writing is in safetensors_out.c.
 */
#include "core/io/safetensors.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "core/io/mapping.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors data is little-endian and is used as it lies"
#endif

enum {
    LENGTH_BYTES = 8,
    LARGEST_HEADER = 100000000, /* the limit of the reference reader */
};

static const char METADATA[] = "__metadata__";

struct safetensors {
    char *name; /* of the file, for messages */
    const unsigned char *bytes;
    size_t size;
    struct mapping mapping; /* empty: the bytes are somebody else's */
    struct json *header;
    struct tensor *tensors; /* in header order */
    struct tensor **sorted; /* by name */
    int count;
};

static const struct {
    const char *name;
    int size; /* bytes of one element */
    enum tensor_type type;
} types[] = {
    {"F32", 4, TENSOR_F32},       {"F16", 2, TENSOR_F16},
    {"BF16", 2, TENSOR_BF16},     {"F64", 8, TENSOR_F64},
    {"BOOL", 1, TENSOR_OTHER},    {"U8", 1, TENSOR_OTHER},
    {"I8", 1, TENSOR_OTHER},      {"U16", 2, TENSOR_OTHER},
    {"I16", 2, TENSOR_OTHER},     {"U32", 4, TENSOR_OTHER},
    {"I32", 4, TENSOR_OTHER},     {"U64", 8, TENSOR_OTHER},
    {"I64", 8, TENSOR_OTHER},     {"F8_E4M3", 1, TENSOR_OTHER},
    {"F8_E5M2", 1, TENSOR_OTHER}, {"C64", 8, TENSOR_OTHER},
};

/* Sets type and type_name; returns the size of an element. */
static int read_type(struct tensor *tensor, const struct json *entry,
                     struct err *err)
{
    const char *name;
    if (json_need_text(&name, entry, "dtype", err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(name, types[i].name) == 0) {
            tensor->type = types[i].type;
            memcpy(tensor->type_name, name, strlen(name) + 1);
            return types[i].size;
        }
    return err_set(err, "unknown dtype \"%.20s\"", name);
}

/* Sets dims, shape and count. */
static int read_shape(struct tensor *tensor, const struct json *entry,
                      struct err *err)
{
    const struct json *shape = json_get(entry, "shape");
    if (!json_is_array(shape))
        return err_set(err, "\"shape\" is not a list");
    if (json_length(shape) > TENSOR_DIMS)
        return err_set(err, "\"shape\" has %d dimensions; at most %d",
                       json_length(shape), TENSOR_DIMS);
    tensor->dims = json_length(shape);
    tensor->count = 1;
    for (int i = 0; i < tensor->dims; i++) {
        int64_t length = json_int(json_at(shape, i), -1);
        if (length < 0)
            return err_set(err,
                           "dimension %d of \"shape\" is not a whole "
                           "number from 0 up",
                           i);
        tensor->shape[i] = length;
        if (length != 0 && tensor->count > INT64_MAX / length)
            return err_set(err, "\"shape\" multiplies to more than 2^63");
        tensor->count *= length;
    }
    return 0;
}

/* Sets data and bytes. */
static int read_place(struct tensor *tensor, const struct json *entry,
                      int element, const unsigned char *data, int64_t room,
                      struct err *err)
{
    const struct json *offsets = json_get(entry, "data_offsets");
    if (!json_is_array(offsets) || json_length(offsets) != 2)
        return err_set(err, "\"data_offsets\" is not a list of two numbers");
    int64_t begin = json_int(json_at(offsets, 0), -1);
    int64_t end = json_int(json_at(offsets, 1), -1);
    if (begin < 0 || end < begin)
        return err_set(err, "\"data_offsets\" are not 0 <= begin <= end");
    if (end > room)
        return err_set(err,
                       "its data end at byte %" PRId64
                       ", but the file has only %" PRId64 " (cut short?)",
                       end, room);
    if (tensor->count > INT64_MAX / element ||
        tensor->count * element != end - begin)
        return err_set(err,
                       "%" PRId64 " bytes of data do not match %" PRId64
                       " elements of %s",
                       end - begin, tensor->count, tensor->type_name);
    tensor->data = data + begin;
    tensor->bytes = (size_t)(end - begin);
    return 0;
}

static int read_entry(struct safetensors *file, struct tensor *tensor,
                      const unsigned char *data, struct err *err)
{
    const struct json *entry = json_get(file->header, tensor->name);
    int64_t room = (int64_t)(file->size - (size_t)(data - file->bytes));
    int element = 0;
    if (!json_is_object(entry))
        err_set(err, "its entry is not an object");
    else if ((element = read_type(tensor, entry, err)) > 0 &&
             read_shape(tensor, entry, err) == 0 &&
             read_place(tensor, entry, element, data, room, err) == 0)
        return 0;
    return err_prefix(err, "%.200s: tensor \"%.100s\"", file->name,
                      tensor->name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct tensor *const *)a)->name,
                  (*(struct tensor *const *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    const struct tensor *x = *(struct tensor *const *)a;
    const struct tensor *y = *(struct tensor *const *)b;
    if (x->data != y->data)
        return (const char *)x->data < (const char *)y->data ? -1 : 1;
    /* Empty tensors stand before what begins at the same byte. */
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Every byte of data belongs to exactly one tensor. */
static int check_cover(const struct safetensors *file,
                       const unsigned char *data, struct err *err)
{
    const unsigned char *at = data;
    for (int i = 0; i < file->count; i++) {
        const struct tensor *tensor = file->sorted[i];
        const unsigned char *begin = tensor->data;
        if (begin != at)
            return err_set(err, "%.200s: tensor \"%.100s\": its data %s",
                           file->name, tensor->name,
                           begin < at ? "overlap those of another tensor"
                                      : "begin after bytes that belong to "
                                        "no tensor");
        at = begin + tensor->bytes;
    }
    size_t left = (size_t)(file->bytes + file->size - at);
    if (left != 0)
        return err_set(err, "%.200s: %zu bytes at the end belong to no tensor",
                       file->name, left);
    return 0;
}

static int check_metadata(const struct safetensors *file, struct err *err)
{
    const struct json *metadata = json_get(file->header, METADATA);
    /* MLX writes null when it has none. */
    if (metadata && !json_is_object(metadata) && !json_is_null(metadata))
        return err_set(err, "%.200s: %s is not an object", file->name,
                       METADATA);
    for (const char *key = json_next_key(metadata, NULL); key;
         key = json_next_key(metadata, key))
        if (!json_is_string(json_get(metadata, key)))
            return err_set(err,
                           "%.200s: %s: the value of \"%.100s\" is not "
                           "text",
                           file->name, METADATA, key);
    return 0;
}

/* Finds the header; *data is where the tensors begin. */
static int read_header(struct safetensors *file, const unsigned char **data,
                       struct err *err)
{
    if (file->size < LENGTH_BYTES)
        return err_set(err,
                       "%.200s: %zu bytes are too few for a safetensors file",
                       file->name, file->size);
    uint64_t length;
    memcpy(&length, file->bytes, sizeof length);
    if (length > LARGEST_HEADER || length > file->size - LENGTH_BYTES)
        return err_set(err,
                       "%.200s: not a safetensors file, or cut short: its "
                       "header would have %" PRIu64 " bytes",
                       file->name, length);
    const char *text = (const char *)file->bytes + LENGTH_BYTES;
    if (length == 0 || text[0] != '{')
        return err_set(err,
                       "%.200s: not a safetensors file: its header does not "
                       "begin with {",
                       file->name);
    file->header = json_parse(text, (size_t)length, file->name, err);
    if (!file->header)
        return err_prefix(err, "safetensors header");
    *data = file->bytes + LENGTH_BYTES + length;
    return check_metadata(file, err);
}

static int read_tensors(struct safetensors *file, struct err *err)
{
    const unsigned char *data = NULL;
    if (read_header(file, &data, err) != 0)
        return -1;
    size_t most = (size_t)json_length(file->header);
    file->tensors = mem_try(most, sizeof *file->tensors);
    file->sorted = mem_try(most, sizeof(struct tensor *));
    if (!file->tensors || !file->sorted)
        return err_set(err, "%.200s: out of memory for %zu tensors", file->name,
                       most);
    for (const char *key = json_next_key(file->header, NULL); key;
         key = json_next_key(file->header, key)) {
        if (strcmp(key, METADATA) == 0)
            continue;
        struct tensor *tensor = &file->tensors[file->count];
        tensor->name = key;
        if (read_entry(file, tensor, data, err) != 0)
            return -1;
        file->sorted[file->count++] = tensor;
    }
    qsort(file->sorted, (size_t)file->count, sizeof(struct tensor *), by_place);
    if (check_cover(file, data, err) != 0)
        return -1;
    qsort(file->sorted, (size_t)file->count, sizeof(struct tensor *), by_name);
    return 0;
}

static struct safetensors *finish_open(struct safetensors *file,
                                       struct err *err)
{
    if (read_tensors(file, err) == 0)
        return file;
    safetensors_close(file);
    return NULL;
}

struct safetensors *safetensors_from(const char *bytes, size_t size,
                                     const char *name, struct err *err)
{
    struct safetensors *file = xcalloc(1, sizeof *file);
    file->name = xstrdup(name);
    file->bytes = (const unsigned char *)bytes;
    file->size = size;
    return finish_open(file, err);
}

struct safetensors *safetensors_open(const char *path, struct err *err)
{
    struct mapping mapping;
    if (mapping_open(&mapping, path, "a safetensors file", err) != 0)
        return NULL;
    struct safetensors *file = xcalloc(1, sizeof *file);
    file->name = xstrdup(path);
    file->bytes = mapping.bytes;
    file->size = mapping.size;
    file->mapping = mapping;
    return finish_open(file, err);
}

/* posix_madvise() may do nothing, and with glibc it does; mapping the same
 * pages of the same file again always drops them. */
void safetensors_release(const struct safetensors *file,
                         const struct tensor *tensor)
{
    if (file->mapping.size)
        mapping_forget(tensor->data, tensor->bytes);
}

void safetensors_close(struct safetensors *file)
{
    if (!file)
        return;
    json_free(file->header);
    mem_free(file->tensors);
    mem_free(file->sorted);
    mem_free(file->name);
    mapping_close(&file->mapping);
    mem_free(file);
}

int safetensors_count(const struct safetensors *file)
{
    return file->count;
}

const struct tensor *safetensors_at(const struct safetensors *file, int i)
{
    assert(i >= 0 && i < file->count);
    return &file->tensors[i];
}

const struct tensor *safetensors_find(const struct safetensors *file,
                                      const char *name)
{
    const struct tensor wanted = {.name = name}, *key = &wanted;
    if (file->count == 0)
        return NULL;
    struct tensor **found = bsearch(&key, file->sorted, (size_t)file->count,
                                    sizeof(struct tensor *), by_name);
    return found ? *found : NULL;
}

const char *safetensors_meta(const struct safetensors *file, const char *key)
{
    return json_text(json_get(json_get(file->header, METADATA), key), NULL);
}
