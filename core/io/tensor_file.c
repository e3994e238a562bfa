/* See tensor_file.h. */
#include "core/io/tensor_file.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/mapping.h"
#include "core/io/torch_file.h"
#include "core/io/zip.h"

struct tensor_file {
    struct mapping mapping;
    struct safetensors *safetensors; /* or */
    struct torch_file *torch;
    const struct tensor **sorted; /* torch's, by name */
};

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct tensor *const *)a)->name,
                  (*(const struct tensor *const *)b)->name);
}

static int sort(struct tensor_file *file, const char *path, struct err *err)
{
    int count = torch_file_count(file->torch);
    file->sorted = xcalloc((size_t)count + 1, sizeof *file->sorted);
    for (int i = 0; i < count; i++)
        file->sorted[i] = torch_file_at(file->torch, i);
    qsort(file->sorted, (size_t)count, sizeof *file->sorted, by_name);
    for (int i = 1; i < count; i++)
        if (strcmp(file->sorted[i - 1]->name, file->sorted[i]->name) == 0)
            return err_set(err, "%.200s: tensor \"%.100s\" is there twice",
                           path, file->sorted[i]->name);
    return 0;
}

/* What torch.save wrote before 1.6: three pickles, the first of them a magic
 * number. */
static bool is_old_torch(const struct mapping *mapping)
{
    static const unsigned char magic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c,
                                          0xfc, 0x9c, 0x46, 0xf9, 0x20,
                                          0x6a, 0xa8, 0x50, 0x19};
    return mapping->size > sizeof magic &&
           memcmp(mapping->bytes, magic, sizeof magic) == 0;
}

static int open_mapped(struct tensor_file *file, const char *path,
                       struct err *err)
{
    const struct mapping *mapping = &file->mapping;
    if (zip_is(mapping->bytes, mapping->size)) {
        file->torch = torch_file_open(mapping->bytes, mapping->size, path, err);
        return file->torch ? sort(file, path, err) : -1;
    }
    if (is_old_torch(mapping))
        return err_set(err,
                       "%.200s: written by a torch before 1.6, or by its "
                       "_use_new_zipfile_serialization=False; load it there "
                       "and save it anew",
                       path);
    file->safetensors = safetensors_from((const char *)mapping->bytes,
                                         mapping->size, path, err);
    return file->safetensors ? 0 : -1;
}

struct tensor_file *tensor_file_open(const char *path, struct err *err)
{
    struct tensor_file *file = xcalloc(1, sizeof *file);
    if (mapping_open(&file->mapping, path, "a file of tensors", err) == 0 &&
        open_mapped(file, path, err) == 0)
        return file;
    tensor_file_close(file);
    return NULL;
}

void tensor_file_close(struct tensor_file *file)
{
    if (!file)
        return;
    safetensors_close(file->safetensors);
    torch_file_close(file->torch);
    mem_free(file->sorted);
    mapping_close(&file->mapping);
    mem_free(file);
}

int tensor_file_count(const struct tensor_file *file)
{
    return file->safetensors ? safetensors_count(file->safetensors)
                             : torch_file_count(file->torch);
}

const struct tensor *tensor_file_at(const struct tensor_file *file, int i)
{
    return file->safetensors ? safetensors_at(file->safetensors, i)
                             : torch_file_at(file->torch, i);
}

const struct tensor *tensor_file_find(const struct tensor_file *file,
                                      const char *name)
{
    const struct tensor wanted = {.name = name}, *key = &wanted;
    if (file->safetensors)
        return safetensors_find(file->safetensors, name);
    size_t count = (size_t)torch_file_count(file->torch);
    const struct tensor **found =
        bsearch(&key, file->sorted, count, sizeof *file->sorted, by_name);
    return found ? *found : NULL;
}

const char *tensor_file_meta(const struct tensor_file *file, const char *key)
{
    return file->safetensors ? safetensors_meta(file->safetensors, key) : NULL;
}

size_t tensor_file_size(const struct tensor_file *file)
{
    return file->mapping.size;
}

void tensor_file_forget(const struct tensor_file *file,
                        const struct tensor *tensor)
{
    const unsigned char *begin = file->mapping.bytes, *data = tensor->data;
    uintptr_t at = (uintptr_t)data, from = (uintptr_t)begin;
    if (at >= from && at - from < file->mapping.size)
        mapping_forget(data, tensor->bytes);
}
