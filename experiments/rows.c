/*
 * See rows.h.
 */
#include "experiments/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

static int complain(struct err *err, const struct rows *rows, const char *what)
{
    char why[128];
    if (strerror_r(errno, why, sizeof why) != 0)
        snprintf(why, sizeof why, "error %d", errno);
    return err_set(err, "%.300s: cannot %s: %s", rows->path, what, why);
}

int rows_open(struct rows *rows, const char *path, const char *header,
              long keep, struct err *err)
{
    struct stat about;
    *rows = (struct rows){.fd = -1};
    snprintf(rows->path, sizeof rows->path, "%s", path);
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (keep < 0 ? O_TRUNC : 0);
    rows->fd = open(path, flags, 0666);
    if (rows->fd < 0)
        return complain(err, rows, "be written");
    rows->is_open = true;
    if (keep < 0) {
        rows_add(rows, "%s", header);
        return rows_flush(rows, err);
    }
    rows->written = keep;
    int result = 0;
    if (fstat(rows->fd, &about) != 0 || about.st_size < keep)
        result = err_set(err,
                         "%.300s: shorter than its checkpoint says; it was "
                         "changed, start anew with --force",
                         path);
    else if (ftruncate(rows->fd, keep) != 0)
        result = complain(err, rows, "be cut");
    if (result < 0)
        rows_close(rows);
    return result;
}

void rows_add(struct rows *rows, const char *format, ...)
{
    if (!rows->is_open)
        return;
    for (;;) {
        size_t left = rows->room - rows->used;
        va_list args;
        va_start(args, format);
        int length = vsnprintf(left ? rows->text + rows->used : NULL, left,
                               format, args);
        va_end(args);
        if (length < 0)
            return;
        if ((size_t)length < left) {
            rows->used += (size_t)length;
            return;
        }
        size_t room = 2 * rows->room + (size_t)length + 256;
        rows->text = xgrow(rows->text, rows->room, room, 1);
        rows->room = room;
    }
}

int rows_flush(struct rows *rows, struct err *err)
{
    if (!rows->is_open || rows->used == 0)
        return 0;
    errno = ENOSPC; /* what a short write means */
    ssize_t wrote;
    do
        wrote = pwrite(rows->fd, rows->text, rows->used, rows->written);
    while (wrote < 0 && errno == EINTR);
    if (wrote == (ssize_t)rows->used) {
        rows->written += wrote;
        rows->used = 0;
        return 0;
    }
    complain(err, rows, "be written");
    (void)!ftruncate(rows->fd, rows->written); /* already in trouble */
    return -1;
}

int rows_sync(struct rows *rows, struct err *err)
{
    if (rows_flush(rows, err) < 0)
        return -1;
    if (rows->is_open && fsync(rows->fd) != 0 && errno != EINVAL)
        return complain(err, rows, "reach the disk");
    return 0;
}

void rows_close(struct rows *rows)
{
    if (rows->is_open)
        (void)close(rows->fd); /* flushed or given up before */
    mem_free(rows->text);
    *rows = (struct rows){.fd = -1};
}

const char *rows_number(char *to, double value)
{
    if (isnan(value))
        to[0] = '\0';
    else
        snprintf(to, 32, "%.9g", value);
    return to;
}
