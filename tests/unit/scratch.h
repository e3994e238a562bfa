/* A folder of its own for the files a test writes, removed at the end. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline char *scratch_make(void)
{
    static char folder[64];
    snprintf(folder, sizeof folder, "/tmp/rankscope-test-XXXXXX");
    return mkdtemp(folder);
}

/* folder/name, in one of four buffers that take turns. */
static inline const char *scratch_path(const char *folder, const char *name)
{
    static char paths[4][512];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline const char *scratch_write(const char *folder, const char *name,
                                        const char *text)
{
    const char *path = scratch_path(folder, name);
    FILE *to = fopen(path, "wb");
    if (!to || fwrite(text, 1, strlen(text), to) != strlen(text) ||
        fclose(to) != 0)
        abort();
    return path;
}

static inline void scratch_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            (void)unlink(scratch_path(folder, entry->d_name));
    if (dir)
        (void)closedir(dir);
    (void)rmdir(folder);
}

#endif
