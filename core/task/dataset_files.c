/* See dataset_files.h. */
#include "core/task/dataset_files.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/io/file.h"

/* The longer word first where one begins with another. */
static const char *const held_out[] = {"validation",  "valid", "val",
                                       "dev_matched", "dev",   "test"};
static const char *const endings[] = {"jsonl", "csv", "tsv", "txt"};

enum {
    HELD_OUT = sizeof held_out / sizeof *held_out,
    ENDINGS = sizeof endings / sizeof *endings,
};

/* The last place of word in the file's name, or NULL. */
static const char *find_word(const char *path, const char *word)
{
    const char *slash = strrchr(path, '/'), *found = NULL;
    const char *at = slash ? slash + 1 : path;
    while ((at = strstr(at, word)))
        found = at++;
    return found;
}

/* path with the word at that place replaced; false: there is no such file. */
static bool sibling(char *to, size_t size, const char *path, const char *at,
                    const char *word, const char *instead)
{
    int length = snprintf(to, size, "%.*s%s%s", (int)(at - path), path, instead,
                          at + strlen(word));
    if (length > 0 && (size_t)length < size && file_exists(to))
        return true;
    to[0] = '\0';
    return false;
}

static void find_siblings(struct data_files *to, const char *path)
{
    const size_t size = sizeof to->validation;
    (void)snprintf(to->train, sizeof to->train, "%s", path);
    to->validation[0] = '\0';
    const char *at = find_word(path, "train");
    for (int i = 0; at && i < HELD_OUT; i++)
        if (sibling(to->validation, size, path, at, "train", held_out[i]))
            return;
    for (int i = 0; !at && i < HELD_OUT; i++) {
        const char *word = find_word(path, held_out[i]);
        char train[sizeof to->train];
        if (word &&
            sibling(train, sizeof train, path, word, held_out[i], "train")) {
            memcpy(to->train, train, sizeof train);
            (void)snprintf(to->validation, size, "%s", path);
            return;
        }
    }
}

int data_files_find(struct data_files *to, const char *path, struct err *err)
{
    struct stat about;
    if (strlen(path) > sizeof to->train - 32)
        return err_set(err, "a path is too long; use at most 990 bytes");
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)) {
        find_siblings(to, path);
        return 0;
    }
    for (int i = 0; i < ENDINGS; i++) {
        char file[sizeof to->train];
        (void)snprintf(file, sizeof file, "%s/train.%s", path, endings[i]);
        if (file_exists(file)) {
            find_siblings(to, file);
            return 0;
        }
    }
    return err_set(err,
                   "%.300s is a folder without a file train.jsonl, train.csv, "
                   "train.tsv or train.txt; name the file",
                   path);
}
