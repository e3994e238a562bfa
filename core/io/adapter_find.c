/* See adapter_find.h. */
#include "core/io/adapter_find.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/io/file.h"

enum { GIVEN_MOST = 900 };

static const char CONFIG[] = "adapter_config.json";

/* What PEFT, diffusers and mlx-lm call it, in the order they look. */
static const char *const usual[] = {
    "adapter_model.safetensors", "adapter_model.bin",
    "pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin",
    "adapters.safetensors"};

bool adapter_find_is_tensors(const char *name)
{
    static const char *const endings[] = {".safetensors", ".bin", ".pt", ".pth",
                                          ".ckpt"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t end = strlen(endings[i]);
        if (length > end && strcasecmp(name + length - end, endings[i]) == 0)
            return true;
    }
    return false;
}

enum { FILE_NAME = 256 };

/* How many, and the first two by name. */
static int count_files(char one[FILE_NAME], char other[FILE_NAME],
                       const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    one[0] = other[0] = '\0';
    for (struct dirent *at; dir && (at = readdir(dir));) {
        if (!adapter_find_is_tensors(at->d_name))
            continue;
        bool first = !count || strcmp(at->d_name, one) < 0;
        if (first)
            (void)snprintf(other, FILE_NAME, "%s", one);
        if (first)
            (void)snprintf(one, FILE_NAME, "%s", at->d_name);
        else if (!other[0] || strcmp(at->d_name, other) < 0)
            (void)snprintf(other, FILE_NAME, "%s", at->d_name);
        count++;
    }
    if (dir)
        (void)closedir(dir); /* was only read */
    return count;
}

int adapter_find_count(const char *folder)
{
    char one[FILE_NAME], other[FILE_NAME];
    return count_files(one, other, folder);
}

/* The one file of tensors in a folder. */
static int find_only(char *to, const char *folder, struct err *err)
{
    char one[FILE_NAME], other[FILE_NAME];
    int count = count_files(one, other, folder);
    if (count == 1) {
        (void)snprintf(to, ADAPTER_PATH, "%s/%s", folder, one);
        return 0;
    }
    if (count)
        return err_set(err,
                       "%s holds %d files of tensors, %.80s and %.80s among "
                       "them; give one of them",
                       folder, count, one, other);
    return err_set(err,
                   "%s holds no adapter_model.safetensors and no other file of "
                   "tensors; give an adapter's folder or file",
                   folder);
}

static int find_in_folder(char *to, const char *folder, struct err *err)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        (void)snprintf(to, ADAPTER_PATH, "%s/%s", folder, usual[i]);
        if (file_exists(to))
            return 0;
    }
    return find_only(to, folder, err);
}

int adapter_find(char *tensors, char *config, const char *path, struct err *err)
{
    size_t length = strlen(path);
    if (length == 0 || length > GIVEN_MOST)
        return err_set(err, "\"%.60s\": a path has 1 to %d bytes", path,
                       (int)GIVEN_MOST);
    DIR *dir = opendir(path);
    bool is_folder = dir != NULL;
    if (dir)
        (void)closedir(dir); /* was only looked at */
    if (!is_folder && !file_exists(path))
        return err_set(err,
                       "there is no %s; give an adapter's folder or its file "
                       "of tensors",
                       path);
    const char *slash = strrchr(path, '/');
    size_t end = is_folder ? length : slash ? (size_t)(slash - path) : 0;
    if (!is_folder && !slash)
        (void)snprintf(config, ADAPTER_PATH, "%s", CONFIG);
    else
        (void)snprintf(config, ADAPTER_PATH, "%.*s/%s", (int)end, path, CONFIG);
    if (!file_exists(config))
        config[0] = '\0';
    (void)snprintf(tensors, ADAPTER_PATH, "%s", path);
    return is_folder ? find_in_folder(tensors, path, err) : 0;
}
