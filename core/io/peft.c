/* See peft.h. */
#include "core/io/peft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"

/* The ends of a tensor's name, and what they say it is. */
static const struct {
    const char *end;
    enum part part;
    bool is_embedding;
} ends[] = {{".lora_A.weight", PART_A, false},
            {".lora_B.weight", PART_B, false},
            {".lora_A.default.weight", PART_A, false},
            {".lora_B.default.weight", PART_B, false},
            {".lora_embedding_A", PART_A, true},
            {".lora_embedding_B", PART_B, true},
            {".lora_magnitude_vector", PART_MAGNITUDE, false},
            {".lora_magnitude_vector.weight", PART_MAGNITUDE, false},
            {".lora_magnitude_vector.default.weight", PART_MAGNITUDE, false}};

const char *peft_bare_name(const char *name)
{
    static const char prefix[] = "base_model.model.";
    while (strncmp(name, prefix, sizeof prefix - 1) == 0)
        name += sizeof prefix - 1;
    return name;
}

/* What a tensor is; *length is that of the module's name in bare. */
static enum part part_of(const char *bare, size_t *length, bool *is_embedding)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t size = strlen(bare), end = strlen(ends[i].end);
        if (size <= end || strcmp(bare + size - end, ends[i].end))
            continue;
        *length = size - end;
        *is_embedding = ends[i].is_embedding;
        return ends[i].part;
    }
    return PART_NONE;
}

/* A tensor as one part of a module; sorted, they make the pairs. */
struct piece {
    const struct tensor *tensor;
    const char *module;
    size_t length;
    enum part part;
    bool is_embedding;
    int place; /* in the file */
};

static int by_module(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    size_t least = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->module, y->module, least);
    if (order || x->length != y->length)
        return order ? order : x->length < y->length ? -1 : 1;
    return x->part != y->part ? (int)x->part - (int)y->part
                              : x->place - y->place;
}

static int by_place(const void *a, const void *b)
{
    const struct peft_pair *x = a, *y = b;
    const struct tensor *one = x->a, *other = y->a;
    return (const char *)one->data < (const char *)other->data ? -1 : 1;
}

static bool same_module(const struct piece *one, const struct piece *other)
{
    return one->length == other->length &&
           memcmp(one->module, other->module, one->length) == 0;
}

static int check_shape(const struct tensor *tensor, int dims, struct err *err)
{
    enum { MOST = 1 << 24 };
    if (tensor->dims != dims)
        return err_set(err,
                       "tensor %.200s has %d dimensions; only updates of "
                       "matrices are supported, with %d",
                       tensor->name, tensor->dims, dims);
    for (int i = 0; i < dims; i++)
        if (tensor->shape[i] < 1 || tensor->shape[i] > MOST)
            return err_set(err, "tensor %.200s has a side of %lld",
                           tensor->name, (long long)tensor->shape[i]);
    return 0;
}

/* Ranks that agree with one another and with the config, and a scale. */
static int fill_pair(struct peft_pair *pair, const struct json *config,
                     struct err *err)
{
    struct peft_scale scale;
    const struct tensor *a = pair->a, *b = pair->b;
    if (!a || !b)
        return err_set(err, "tensor %.200s has no lora_%s beside it",
                       a   ? a->name
                       : b ? b->name
                           : pair->magnitude->name,
                       a ? "B" : "A");
    if (check_shape(a, 2, err) || check_shape(b, 2, err) ||
        (pair->magnitude && check_shape(pair->magnitude, 1, err)) ||
        peft_scale_of(&scale, config, pair->module, err))
        return -1;
    pair->rank = (int)a->shape[0];
    pair->in = (int)a->shape[1];
    pair->out = (int)b->shape[0];
    pair->scale = scale.scale;
    memcpy(pair->scale_from, scale.from, sizeof scale.from);
    if (b->shape[1] != pair->rank)
        return err_set(err,
                       "tensor %.200s is (%d, %lld), but its lora_A has "
                       "rank %d",
                       b->name, pair->out, (long long)b->shape[1], pair->rank);
    if (pair->rank != scale.rank)
        return err_set(err,
                       "tensor %.200s has rank %d, but adapter_config.json "
                       "says %d: its scale is not known",
                       a->name, pair->rank, scale.rank);
    if (pair->magnitude && pair->magnitude->shape[0] != pair->out)
        return err_set(err, "tensor %.200s has %lld numbers, expected %d",
                       pair->magnitude->name,
                       (long long)pair->magnitude->shape[0], pair->out);
    return 0;
}

static int put_piece(struct peft_pair *pair, const struct piece *piece,
                     struct err *err)
{
    const struct tensor **to = piece->part == PART_A   ? &pair->a
                               : piece->part == PART_B ? &pair->b
                                                       : &pair->magnitude;
    if (*to)
        return err_set(err, "tensors %.200s and %.200s are the same part",
                       (*to)->name, piece->tensor->name);
    *to = piece->tensor;
    pair->is_embedding |= piece->is_embedding;
    return 0;
}

/* Pieces (count), sorted, become pairs. */
static int pair_up(struct peft *peft, const struct piece *piece, int count,
                   struct err *err)
{
    peft->pair = xcalloc((size_t)count + 1, sizeof *peft->pair);
    for (int i = 0; i < count; i++) {
        if (!i || !same_module(&piece[i], &piece[i - 1])) {
            struct peft_pair *pair = &peft->pair[peft->count++];
            pair->module = xcalloc(piece[i].length + 1, 1);
            memcpy(pair->module, piece[i].module, piece[i].length);
        }
        if (put_piece(&peft->pair[peft->count - 1], &piece[i], err))
            return -1;
    }
    for (int i = 0; i < peft->count; i++) {
        if (fill_pair(&peft->pair[i], peft->config, err))
            return -1;
        peft->has_magnitudes |= peft->pair[i].magnitude != NULL;
    }
    qsort(peft->pair, (size_t)peft->count, sizeof *peft->pair, by_place);
    return 0;
}

static int sort_out(struct peft *peft, struct err *err)
{
    int all = safetensors_count(peft->file), count = 0;
    struct piece *piece = xcalloc((size_t)all + 1, sizeof *piece);
    peft->other = xcalloc((size_t)all + 1, sizeof *peft->other);
    for (int i = 0; i < all; i++) {
        const struct tensor *tensor = safetensors_at(peft->file, i);
        struct piece is = {.tensor = tensor,
                           .module = peft_bare_name(tensor->name),
                           .place = i};
        is.part = part_of(is.module, &is.length, &is.is_embedding);
        if (is.part == PART_NONE)
            peft->other[peft->other_count++] = tensor;
        else
            piece[count++] = is;
    }
    qsort(piece, (size_t)count, sizeof *piece, by_module);
    int status = pair_up(peft, piece, count, err);
    if (status == 0 && !peft->count)
        status = err_set(err, "no tensor is a lora_A or a lora_B; this is no "
                              "adapter in PEFT's names");
    mem_free(piece);
    return status;
}

static int open_all(struct peft *peft, const char *config, const char *tensors,
                    struct err *err)
{
    peft->config = peft->own_config = json_read(config, err);
    if (!peft->config)
        return -1;
    if (peft_check_config(peft->config, err))
        return err_prefix(err, "%.300s", config);
    peft->file = safetensors_open(tensors, err);
    if (!peft->file)
        return -1;
    return sort_out(peft, err) ? err_prefix(err, "%.300s", tensors) : 0;
}

struct peft *peft_open_files(const char *folder, const char *config,
                             const char *tensors, struct err *err)
{
    struct peft *peft = xcalloc(1, sizeof *peft);
    (void)snprintf(peft->folder, sizeof peft->folder, "%s", folder);
    if (open_all(peft, config, tensors, err) == 0)
        return peft;
    peft_close(peft);
    return NULL;
}

static struct peft *open_other(const char *path, struct err *err)
{
    struct peft *peft = xcalloc(1, sizeof *peft);
    if (peft_open_other(peft, path, err) == 0)
        return peft;
    peft_close(peft);
    return NULL;
}

struct peft *peft_open(const char *folder, struct err *err)
{
    enum { MOST = 900 }; /* of the 1024 of a path */
    char config[1024], tensors[1024];
    if (strlen(folder) > MOST) {
        err_set(err,
                "%.60s...: the folder's name is longer than %d bytes; use a "
                "shorter one",
                folder, MOST);
        return NULL;
    }
    if (peft_is_other(folder))
        return open_other(folder, err);
    (void)file_join(config, sizeof config, folder, "adapter_config.json");
    (void)file_join(tensors, sizeof tensors, folder,
                    "adapter_model.safetensors");
    return peft_open_files(folder, config, tensors, err);
}

void peft_close(struct peft *peft)
{
    if (!peft)
        return;
    for (int i = 0; i < peft->count; i++)
        mem_free(peft->pair[i].module);
    mem_free(peft->pair);
    mem_free(peft->other);
    safetensors_close(peft->file);
    json_free(peft->own_config);
    adapter_file_close(peft->dialect);
    mem_free(peft);
}

enum tensor_type peft_type(const struct peft *peft)
{
    enum tensor_type type = peft->pair[0].a->type;
    for (int i = 0; i < peft->count; i++) {
        const struct peft_pair *pair = &peft->pair[i];
        if (pair->a->type != type || pair->b->type != type)
            return TENSOR_F32;
    }
    return type == TENSOR_F16 || type == TENSOR_BF16 ? type : TENSOR_F32;
}

void peft_release(const struct peft *peft, const struct tensor *tensor)
{
    if (peft->file)
        safetensors_release(peft->file, tensor);
    else
        tensor_file_forget(adapter_file_tensors(peft->dialect), tensor);
}

int peft_read(struct mat *bt, struct mat *a, const struct peft *peft, int i,
              struct err *err)
{
    const struct peft_pair *pair = &peft->pair[i];
    struct mat b = {0};
    if (peft->dialect)
        return peft_read_other(bt, a, peft, i, err);
    *bt = *a = (struct mat){0};
    a->at = mem_try((size_t)pair->rank * (size_t)pair->in, sizeof(float));
    bt->at = mem_try((size_t)pair->rank * (size_t)pair->out, sizeof(float));
    b.at = mem_try((size_t)pair->rank * (size_t)pair->out, sizeof(float));
    int status = -1;
    if (!a->at || !bt->at || !b.at) {
        err_set(err, "%.200s: not enough memory for its factors", pair->module);
        goto out;
    }
    *a = mat_of(a->at, pair->rank, pair->in);
    *bt = mat_of(bt->at, pair->rank, pair->out);
    b = mat_of(b.at, pair->out, pair->rank);
    if (tensor_read(a->at, pair->a, err) || tensor_read(b.at, pair->b, err)) {
        err_prefix(err, "%.200s", peft->folder);
        goto out;
    }
    mat_transpose(*bt, b);
    status = 0;
out:
    peft_release(peft, pair->a);
    peft_release(peft, pair->b);
    mem_free(b.at);
    if (status) {
        mem_free(a->at);
        mem_free(bt->at);
        *bt = *a = (struct mat){0};
    }
    return status;
}
