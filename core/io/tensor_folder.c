/* See tensor_folder.h. */
#include "core/io/tensor_folder.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"

static const char WHOLE[] = "model.safetensors";
static const char INDEX[] = "model.safetensors.index.json";

static int find_shard(const struct tensor_folder *folder, const char *name)
{
    for (int i = 0; i < folder->shards; i++)
        if (strcmp(folder->shard[i].name, name) == 0)
            return i;
    return -1;
}

static int add_shard(struct tensor_folder *folder, const char *name,
                     struct err *err)
{
    char path[1024];
    struct tensor_shard *shard;
    if (strchr(name, '/') || strlen(name) >= sizeof shard->name || !*name)
        return err_set(err, "\"%.100s\" is not the name of a shard", name);
    (void)file_join(path, sizeof path, folder->path, name);
    struct safetensors *file = safetensors_open(path, err);
    if (!file)
        return -1;
    folder->shard = xgrow(folder->shard, (size_t)folder->shards,
                          (size_t)folder->shards + 1, sizeof *folder->shard);
    shard = &folder->shard[folder->shards++];
    (void)snprintf(shard->name, sizeof shard->name, "%s", name);
    shard->file = file;
    return 0;
}

static int open_shards(struct tensor_folder *folder, struct err *err)
{
    const struct json *map = json_get(folder->index, "weight_map");
    if (!json_length(map))
        return err_set(err, "\"weight_map\" is missing or empty");
    for (const char *key = json_next_key(map, NULL); key;
         key = json_next_key(map, key)) {
        const char *name = json_text(json_get(map, key), "");
        int at = find_shard(folder, name);
        if (at < 0 && add_shard(folder, name, err) != 0)
            return -1;
        at = at < 0 ? folder->shards - 1 : at;
        if (!safetensors_find(folder->shard[at].file, key))
            return err_set(err, "tensor \"%.200s\" is not in %.100s", key,
                           name);
    }
    return 0;
}

static int open_all(struct tensor_folder *folder, struct err *err)
{
    char path[1024];
    (void)file_join(path, sizeof path, folder->path, "config.json");
    if (file_exists(path)) {
        folder->config = json_read(path, err);
        if (!folder->config)
            return -1;
    }
    (void)file_join(path, sizeof path, folder->path, INDEX);
    if (!file_exists(path))
        return add_shard(folder, WHOLE, err);
    folder->index = json_read(path, err);
    if (!folder->index)
        return -1;
    return open_shards(folder, err) ? err_prefix(err, "%.300s", path) : 0;
}

struct tensor_folder *tensor_folder_open(const char *path, struct err *err)
{
    enum { MOST = 700 }; /* of the 1024 of a path */
    if (strlen(path) > MOST) {
        err_set(err,
                "%.60s...: the folder's name is longer than %d bytes; use a "
                "shorter one",
                path, MOST);
        return NULL;
    }
    struct tensor_folder *folder = xcalloc(1, sizeof *folder);
    (void)snprintf(folder->path, sizeof folder->path, "%s", path);
    if (open_all(folder, err) == 0)
        return folder;
    tensor_folder_close(folder);
    return NULL;
}

void tensor_folder_close(struct tensor_folder *folder)
{
    if (!folder)
        return;
    for (int i = 0; i < folder->shards; i++)
        safetensors_close(folder->shard[i].file);
    mem_free(folder->shard);
    json_free(folder->config);
    json_free(folder->index);
    mem_free(folder);
}

const struct tensor *tensor_folder_find(const struct tensor_folder *folder,
                                        const char *name, int *shard)
{
    for (int i = 0; i < folder->shards; i++) {
        const struct tensor *tensor =
            safetensors_find(folder->shard[i].file, name);
        if (!tensor)
            continue;
        if (shard)
            *shard = i;
        return tensor;
    }
    return NULL;
}

bool tensor_folder_is_transposed(const struct tensor_folder *folder,
                                 const char *name)
{
    static const char *const families[] = {"gpt2", "openai-gpt", "imagegpt",
                                           "decision_transformer"};
    static const char *const ends[] = {".c_attn.weight", ".c_proj.weight",
                                       ".c_fc.weight", ".q_attn.weight"};
    const char *family = json_text(json_get(folder->config, "model_type"), "");
    bool has_conv1d = false;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        has_conv1d |= strcmp(family, families[i]) == 0;
    for (size_t i = 0; has_conv1d && i < sizeof ends / sizeof *ends; i++) {
        size_t size = strlen(name), end = strlen(ends[i]);
        if (size > end && strcmp(name + size - end, ends[i]) == 0)
            return true;
    }
    return false;
}
