/* See torch_tensor.h. */
#include "core/io/torch_tensor.h"

#include <stdio.h>
#include <string.h>

enum {
    REBUILD_TENSOR,
    REBUILD_PARAMETER,
    FIRST_STORAGE /* the rest stand for types, or do not matter */
};

const char *const torch_tensor_names[] = {"torch._utils _rebuild_tensor_v2",
                                          "torch._utils _rebuild_parameter",
                                          "torch FloatStorage",
                                          "torch HalfStorage",
                                          "torch BFloat16Storage",
                                          "torch DoubleStorage",
                                          "torch LongStorage",
                                          "torch IntStorage",
                                          "torch ShortStorage",
                                          "torch CharStorage",
                                          "torch ByteStorage",
                                          "torch BoolStorage",
                                          "torch Size",
                                          "torch device",
                                          "torch float32",
                                          "torch float16",
                                          "torch bfloat16",
                                          "torch float64",
                                          NULL};

static const struct {
    const char *name;
    size_t element;
    enum tensor_type type;
} storages[] = {{"F32", 4, TENSOR_F32},   {"F16", 2, TENSOR_F16},
                {"BF16", 2, TENSOR_BF16}, {"F64", 8, TENSOR_F64},
                {"I64", 8, TENSOR_OTHER}, {"I32", 4, TENSOR_OTHER},
                {"I16", 2, TENSOR_OTHER}, {"I8", 1, TENSOR_OTHER},
                {"U8", 1, TENSOR_OTHER},  {"BOOL", 1, TENSOR_OTHER}};

enum { STORAGES = sizeof storages / sizeof *storages };

static long long called(const struct pickle *pickle, int call)
{
    if (pickle_kind(pickle, call) != PICKLE_CALL)
        return -1;
    return pickle_integer(pickle, pickle_item(pickle, call, 0), -1);
}

bool torch_tensor_is(const struct pickle *pickle, int call)
{
    long long which = called(pickle, call);
    return which == REBUILD_TENSOR || which == REBUILD_PARAMETER;
}

/* The i-th argument of a call, or -1. */
static int argument(const struct pickle *pickle, int call, int i)
{
    return pickle_item(pickle, pickle_item(pickle, call, 1), i);
}

/* ("storage", type, key, where, elements) */
static int read_storage(struct torch_tensor *from, struct tensor *to,
                        const struct pickle *pickle, int id, struct err *err)
{
    if (id < 0 || pickle_kind(pickle, id) != PICKLE_ID)
        return err_set(err, "it names no storage");
    int tuple = pickle_item(pickle, id, 0);
    int type = pickle_item(pickle, tuple, 1),
        key = pickle_item(pickle, tuple, 2);
    if (key < 0 || pickle_kind(pickle, type) != PICKLE_NAME)
        return err_set(err, "its storage is not described as torch does");
    long long which = pickle_integer(pickle, type, -1) - FIRST_STORAGE;
    from->key = pickle_text(pickle, key, &from->key_length);
    if (which < 0 || which >= STORAGES || !from->key)
        return err_set(err, "its storage is not described as torch does");
    from->element = storages[which].element;
    to->type = storages[which].type;
    (void)snprintf(to->type_name, sizeof to->type_name, "%s",
                   storages[which].name);
    return 0;
}

static int read_shape(struct torch_tensor *from, struct tensor *to,
                      const struct pickle *pickle, int shape, int strides,
                      struct err *err)
{
    to->dims = pickle_count(pickle, shape);
    to->count = 1;
    if (to->dims > TENSOR_DIMS || pickle_count(pickle, strides) != to->dims)
        return err_set(err, "it has %d dimensions and %d strides; at most %d",
                       to->dims, pickle_count(pickle, strides),
                       (int)TENSOR_DIMS);
    for (int i = 0; i < to->dims; i++) {
        int64_t length =
            pickle_integer(pickle, pickle_item(pickle, shape, i), -1);
        from->stride[i] =
            pickle_integer(pickle, pickle_item(pickle, strides, i), -1);
        if (length < 0 || from->stride[i] < 0)
            return err_set(err, "dimension %d is no whole number from 0 up", i);
        if (length && to->count > INT64_MAX / 16 / length)
            return err_set(err, "its shape multiplies to more than 2^59");
        to->shape[i] = length;
        to->count *= length;
    }
    to->bytes = (size_t)to->count * from->element;
    return 0;
}

int torch_tensor_describe(struct torch_tensor *from, struct tensor *to,
                          const struct pickle *pickle, int call,
                          struct err *err)
{
    enum { WRAPPED_MOST = 4 }; /* a parameter of a parameter is nobody's */
    *from = (struct torch_tensor){0};
    for (int i = 0; i < WRAPPED_MOST; i++)
        if (call >= 0 && called(pickle, call) == REBUILD_PARAMETER)
            call = argument(pickle, call, 0);
    if (call < 0 || called(pickle, call) != REBUILD_TENSOR ||
        pickle_count(pickle, pickle_item(pickle, call, 1)) < 4)
        return err_set(err, "it is not described as torch does");
    from->offset = pickle_integer(pickle, argument(pickle, call, 1), -1);
    if (from->offset < 0)
        return err_set(err, "its offset is no whole number from 0 up");
    if (read_storage(from, to, pickle, argument(pickle, call, 0), err) != 0)
        return -1;
    return read_shape(from, to, pickle, argument(pickle, call, 2),
                      argument(pickle, call, 3), err);
}

int torch_tensor_check(const struct torch_tensor *from, const struct tensor *to,
                       size_t size, struct err *err)
{
    int64_t room = (int64_t)(size / from->element), last = from->offset;
    if (to->count > room)
        return err_set(err,
                       "%lld elements of a storage of %lld: it repeats them, "
                       "or is cut short",
                       (long long)to->count, (long long)room);
    for (int i = 0; i < to->dims && to->count; i++) {
        int64_t steps = to->shape[i] - 1;
        if (steps > 0 && from->stride[i] > (INT64_MAX - last) / steps)
            last = INT64_MAX;
        else
            last += steps * from->stride[i];
    }
    if (to->count ? last >= room : from->offset > room)
        return err_set(err, "it runs past the end of its storage of %lld",
                       (long long)room);
    return 0;
}

bool torch_tensor_is_packed(const struct torch_tensor *from,
                            const struct tensor *to)
{
    int64_t stride = 1;
    for (int i = to->dims - 1; i >= 0; i--) {
        if (to->shape[i] != 1 && from->stride[i] != stride)
            return to->count == 0;
        stride *= to->shape[i];
    }
    return true;
}

void torch_tensor_pack(void *packed, const struct torch_tensor *from,
                       const struct tensor *to)
{
    int64_t at[TENSOR_DIMS] = {0}, where = 0;
    unsigned char *next = packed;
    const unsigned char *data = to->data;
    for (int64_t i = 0; i < to->count; i++) {
        memcpy(next, data + (size_t)where * from->element, from->element);
        next += from->element;
        for (int k = to->dims - 1; k >= 0; k--) { /* count up, last first */
            where += from->stride[k];
            if (++at[k] < to->shape[k])
                break;
            where -= at[k] * from->stride[k];
            at[k] = 0;
        }
    }
}
