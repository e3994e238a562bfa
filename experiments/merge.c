/* See merge.h. */
#include "experiments/merge.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/rounding.h"
#include "experiments/merge_private.h"

/* What lies beside the weights and belongs to them. */
static const char *const beside[] = {"generation_config.json",
                                     "tokenizer.json",
                                     "tokenizer_config.json",
                                     "tokenizer.model",
                                     "special_tokens_map.json",
                                     "added_tokens.json",
                                     "vocab.json",
                                     "vocab.txt",
                                     "merges.txt",
                                     "chat_template.jinja"};

struct writing {
    const struct merge_ask *ask;
    struct merge *merge;
    struct safetensors_stream **stream; /* (shards) NULL once committed */
    bool made_folder;
};

enum tensor_type merge_type(const struct tensor *tensor,
                            const struct merge_site *site,
                            const struct merge_ask *ask)
{
    if (tensor->type == TENSOR_OTHER)
        return TENSOR_OTHER;
    if (ask->has_type)
        return ask->type;
    /* Sums are in float; what is not touched keeps its bytes. */
    return site && tensor->type == TENSOR_F64 ? TENSOR_F32 : tensor->type;
}

static struct merge_site *site_of(const struct merge *merge,
                                  const struct tensor *tensor)
{
    for (int i = 0; i < merge->count; i++)
        if (merge->site[i].tensor == tensor)
            return &merge->site[i];
    return NULL;
}

static struct safetensors_stream *declare(const struct writing *to, int shard)
{
    const struct safetensors *file = to->merge->base->shard[shard].file;
    struct safetensors_stream *stream = safetensors_stream_new();
    safetensors_stream_meta(stream, "format", "pt");
    for (int i = 0; i < safetensors_count(file); i++) {
        const struct tensor *tensor = safetensors_at(file, i);
        enum tensor_type type =
            merge_type(tensor, site_of(to->merge, tensor), to->ask);
        bool same = type == tensor->type;
        safetensors_stream_declare(
            stream, tensor->name,
            same ? tensor->type_name : tensor_type_name(type), tensor->dims,
            tensor->shape,
            same ? tensor->bytes
                 : (size_t)tensor->count * tensor_type_size(type));
    }
    return stream;
}

/* A tensor nothing is added to. */
static int copy(struct safetensors_stream *to, const struct tensor *tensor,
                enum tensor_type type, struct err *err)
{
    enum { CHUNK = 1 << 16 };
    if (type == tensor->type)
        return safetensors_stream_bytes(to, tensor->data, tensor->bytes, err);
    float *w = xcalloc(CHUNK, sizeof *w);
    int status = 0;
    for (int64_t i = 0; i < tensor->count && status == 0; i += CHUNK) {
        int64_t n = tensor->count - i < CHUNK ? tensor->count - i : CHUNK;
        if (tensor_read_part(w, tensor, i, n, err) ||
            safetensors_stream_put(to, w, (size_t)n, err))
            status = -1;
    }
    mem_free(w);
    return status;
}

static int write_shard(const struct writing *to, int shard, struct err *err)
{
    const struct safetensors *file = to->merge->base->shard[shard].file;
    for (int i = 0; i < safetensors_count(file); i++) {
        const struct tensor *tensor = safetensors_at(file, i);
        struct merge_site *site = site_of(to->merge, tensor);
        enum tensor_type type = merge_type(tensor, site, to->ask);
        int status =
            site ? merge_tensor(site, to->stream[shard], to->merge, to->ask,
                                type, (int)(site - to->merge->site), err)
                 : copy(to->stream[shard], tensor, type, err);
        safetensors_release(file, tensor);
        if (status)
            return -1;
    }
    return 0;
}

static int read_back(const struct writing *to, int shard, struct err *err)
{
    struct safetensors *file =
        safetensors_open(safetensors_stream_beside(to->stream[shard]), err);
    int status = file ? 0 : -1;
    for (int i = 0; i < to->merge->count && status == 0; i++) {
        struct merge_site *site = &to->merge->site[i];
        if (site->shard == shard && !site->replacement)
            status = merge_read_back(site, file, i, err);
    }
    safetensors_close(file);
    return status;
}

static char *out_path(char path[1024], const struct writing *to,
                      const char *name)
{
    return file_join(path, 1024, to->ask->out, name);
}

static int write_json(const struct writing *to, const struct json *root,
                      const char *name, struct err *err)
{
    char path[1024];
    char *text = json_write(root);
    int status = file_write(out_path(path, to, name), text, strlen(text), err);
    mem_free(text);
    return status;
}

/* The config with its type, the index, and the tokenizer's files. */
static int write_beside(const struct writing *to, struct err *err)
{
    enum { MOST = 1 << 28 };
    static const char *const types[] = {[TENSOR_F32] = "float32",
                                        [TENSOR_F16] = "float16",
                                        [TENSOR_BF16] = "bfloat16"};
    const struct tensor_folder *base = to->merge->base;
    char path[1024], *text;
    size_t size;
    if (base->config && to->ask->has_type)
        json_put_text(base->config, "torch_dtype", types[to->ask->type]);
    if (base->config && write_json(to, base->config, "config.json", err))
        return -1;
    if (base->index &&
        write_json(to, base->index, "model.safetensors.index.json", err))
        return -1;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        (void)file_join(path, sizeof path, base->path, beside[i]);
        if (!file_exists(path))
            continue;
        if (file_read(&text, &size, path, MOST, err))
            return -1;
        int status = file_write(out_path(path, to, beside[i]), text, size, err);
        mem_free(text);
        if (status)
            return -1;
    }
    return 0;
}

static int begin(struct writing *to, struct err *err)
{
    const struct tensor_folder *base = to->merge->base;
    char path[1024];
    for (int i = 0; i < base->shards && !to->ask->force; i++)
        if (file_exists(out_path(path, to, base->shard[i].name)))
            return err_set(err,
                           "%.300s: there already; choose another folder, or "
                           "--force to replace it",
                           path);
    to->made_folder = !file_exists(to->ask->out);
    if (file_make_folder(to->ask->out, err))
        return -1;
    for (int i = 0; i < base->shards; i++) {
        to->stream[i] = declare(to, i);
        if (safetensors_stream_begin(
                to->stream[i], out_path(path, to, base->shard[i].name), err))
            return -1;
    }
    return 0;
}

static int write_all(struct writing *to, struct err *err)
{
    int shards = to->merge->base->shards;
    if (begin(to, err))
        return -1;
    for (int i = 0; i < shards; i++)
        if (write_shard(to, i, err) || read_back(to, i, err))
            return -1;
    for (int i = 0; i < shards; i++) {
        struct safetensors_stream *stream = to->stream[i];
        to->stream[i] = NULL;
        if (safetensors_stream_commit(stream, err))
            return -1;
    }
    return write_beside(to, err);
}

static int run(const struct merge_ask *ask, struct merge *merge,
               struct err *err)
{
    if (strlen(ask->out) > 700)
        return err_set(err, "%.60s...: the folder's name is too long",
                       ask->out);
    merge->base = tensor_folder_open(ask->base, err);
    if (!merge->base)
        return -1;
    for (int i = 0; i < ask->adapters; i++) {
        merge->peft[i] = peft_open(ask->adapter[i], err);
        if (!merge->peft[i])
            return -1;
    }
    if (merge_link(merge, ask, err))
        return -1;
    struct writing to = {.ask = ask, .merge = merge};
    int shards = merge->base->shards;
    to.stream = xcalloc((size_t)shards, sizeof(struct safetensors_stream *));
    int status = write_all(&to, err);
    for (int i = 0; i < shards; i++)
        safetensors_stream_abandon(to.stream[i]);
    mem_free(to.stream);
    if (status && to.made_folder)
        (void)rmdir(ask->out); /* if something is in it, it stays */
    return status;
}

struct merge *merge_run(const struct merge_ask *ask, struct err *err)
{
    struct merge *merge = xcalloc(1, sizeof *merge);
    if (run(ask, merge, err) == 0)
        return merge;
    merge_close(merge);
    return NULL;
}

void merge_close(struct merge *merge)
{
    if (!merge)
        return;
    for (int i = 0; i < merge->count; i++)
        mem_free(merge->site[i].meant);
    mem_free(merge->site);
    for (int i = 0; i < MERGE_MOST; i++)
        peft_close(merge->peft[i]);
    tensor_folder_close(merge->base);
    mem_free(merge);
}
