/*
 * Files that are either there whole or not there: written beside their
 * target, synced, renamed.  Nothing existing is overwritten without force.
 */
#ifndef CORE_IO_FILE_H
#define CORE_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/base/err.h"

struct file_out {
    FILE *to;          /* write here */
    char path[1024];   /* the final name */
    char beside[1056]; /* the name until commit: path.tmp-PID */
};

/* Opens the temporary file. */
int file_out_open(struct file_out *out, const char *path, struct err *err);
/* Flushes, syncs, renames; on failure the target is untouched and the
 * temporary file is gone. */
int file_out_commit(struct file_out *out, struct err *err);
void file_out_abandon(struct file_out *out);

/* The whole text in one go; *text is NUL-terminated, freed by mem_free().
 * Refuses files above limit bytes. */
int file_read(char **text, size_t *size, const char *path, size_t limit,
              struct err *err);
int file_write(const char *path, const char *text, size_t size,
               struct err *err);

/* mkdir -p.  Exists already as a folder: fine. */
int file_make_folder(const char *path, struct err *err);
bool file_exists(const char *path);
bool file_is_folder(const char *path);

/* dir + "/" + name into out (size bytes); asserts that it fits 1024. */
char *file_join(char *out, size_t size, const char *dir, const char *name);

#endif
