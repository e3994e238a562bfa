/* See shards.h. */
#include "core/io/shards.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/tensor_file.h"

enum { FILES_MOST = 10000 };

struct shards {
    struct tensor_file **file;
    int files, count; /* count: of tensors */
    const char *name; /* of the file, or of the index */
};

/* What Hugging Face's libraries call it, in the order they look; every second
 * one is an index. */
static const char *const usual[] = {
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json"};

static int add_file(struct shards *shards, const char *folder, const char *name,
                    struct err *err)
{
    char path[1024];
    struct tensor_file *file =
        tensor_file_open(file_join(path, sizeof path, folder, name), err);
    if (!file)
        return -1;
    size_t files = (size_t)shards->files;
    shards->file = xgrow(shards->file, files, files + 1, sizeof file);
    shards->file[shards->files++] = file;
    shards->count += tensor_file_count(file);
    return 0;
}

/* A file of the folder, not of another one. */
static int check_name(const char *name, const char *tensor, struct err *err)
{
    enum { LONGEST = 200 };
    size_t length = strlen(name);
    if (length > 0 && length <= LONGEST && !strchr(name, '/'))
        return 0;
    return err_set(err,
                   "weight_map of \"%.100s\" is no name of a file beside the "
                   "index",
                   tensor);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of a weight_map, each once, in the order of their names. */
static int list_files(const char ***list, int *count, const struct json *map,
                      struct err *err)
{
    int all = json_length(map), kept = 0, i = 0;
    const char **names = xcalloc((size_t)all + 1, sizeof *names);
    *list = names;
    for (const char *key = json_next_key(map, NULL); key;
         key = json_next_key(map, key)) {
        names[i] = json_text(json_get(map, key), "");
        if (check_name(names[i++], key, err) != 0)
            return -1;
    }
    qsort(names, (size_t)all, sizeof *names, by_text);
    for (i = 0; i < all; i++)
        if (kept == 0 || strcmp(names[i], names[kept - 1]) != 0)
            names[kept++] = names[i];
    *count = kept;
    if (kept > 0 && kept <= FILES_MOST)
        return 0;
    return err_set(err, "weight_map names %d files; expected 1 to %d", kept,
                   FILES_MOST);
}

/* Both ways: what the index names is there, and nothing is there twice. */
static int check_map(const struct shards *shards, const struct json *map,
                     const char *const *file_name, struct err *err)
{
    for (int f = 0; f < shards->files; f++)
        for (int i = 0; i < tensor_file_count(shards->file[f]); i++) {
            const char *name = tensor_file_at(shards->file[f], i)->name;
            for (int g = 0; g < f; g++)
                if (tensor_file_find(shards->file[g], name))
                    return err_set(err,
                                   "tensor \"%.100s\" is in %.100s and in "
                                   "%.100s",
                                   name, file_name[g], file_name[f]);
        }
    for (const char *key = json_next_key(map, NULL); key;
         key = json_next_key(map, key)) {
        const char *in = json_text(json_get(map, key), "");
        for (int f = 0; f < shards->files; f++)
            if (strcmp(file_name[f], in) == 0 &&
                !tensor_file_find(shards->file[f], key))
                return err_set(err, "tensor \"%.100s\" is not in %.100s", key,
                               in);
    }
    return 0;
}

static int open_index(struct shards *shards, const char *folder,
                      const char *path, struct err *err)
{
    struct json *index = json_read(path, err);
    if (!index)
        return -1;
    const struct json *map = json_get(index, "weight_map");
    const char **name = NULL;
    int count = 0, status = 0;
    if (!json_is_object(map))
        status = err_set(err, "no weight_map in it");
    if (status == 0)
        status = list_files(&name, &count, map, err);
    for (int i = 0; i < count && status == 0; i++)
        if (add_file(shards, folder, name[i], err) != 0)
            status = -2; /* the sentence names the file already */
    if (status == 0)
        status = check_map(shards, map, name, err);
    if (status == -1)
        (void)err_prefix(err, "%s", path);
    mem_free(name);
    json_free(index);
    return status;
}

struct shards *shards_open(const char *folder, struct err *err)
{
    char path[1024];
    size_t which = 0, names = sizeof usual / sizeof *usual;
    while (which < names &&
           !file_exists(file_join(path, sizeof path, folder, usual[which])))
        which++;
    which %= names; /* where there is none, the first is missed */
    struct shards *shards = xcalloc(1, sizeof *shards);
    shards->name = usual[which];
    int status = which % 2 ? open_index(shards, folder, path, err)
                           : add_file(shards, folder, shards->name, err);
    if (status == 0)
        return shards;
    shards_close(shards);
    return NULL;
}

void shards_close(struct shards *shards)
{
    if (!shards)
        return;
    for (int i = 0; i < shards->files; i++)
        tensor_file_close(shards->file[i]);
    mem_free(shards->file);
    mem_free(shards);
}

const char *shards_name(const struct shards *shards)
{
    return shards->name;
}

const struct tensor *shards_find(const struct shards *shards, const char *name)
{
    for (int i = 0; i < shards->files; i++) {
        const struct tensor *found = tensor_file_find(shards->file[i], name);
        if (found)
            return found;
    }
    return NULL;
}

int shards_count(const struct shards *shards)
{
    return shards->count;
}

const struct tensor *shards_at(const struct shards *shards, int i)
{
    assert(i >= 0 && i < shards->count);
    int f = 0;
    while (i >= tensor_file_count(shards->file[f]))
        i -= tensor_file_count(shards->file[f++]);
    return tensor_file_at(shards->file[f], i);
}
