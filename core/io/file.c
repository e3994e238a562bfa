/*
 * Whole files, or none; see file.h.  Write beside the target, fsync, rename,
 * fsync the folder: a crash at any moment leaves the old file or the new one.
 */
#include "core/io/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

/* "PATH: cannot WHAT: why" from errno. */
static int complain(struct err *err, const char *path, const char *what)
{
    char why[128];
    if (strerror_r(errno, why, sizeof why) != 0)
        snprintf(why, sizeof why, "error %d", errno);
    return err_set(err, "%.300s: cannot %s: %s", path, what, why);
}

int file_out_open(struct file_out *out, const char *path, struct err *err)
{
    *out = (struct file_out){0};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof out->path)
        return err_set(err,
                       "%.100s: a file name has 1 to %zu bytes, this one %zu",
                       path, sizeof out->path - 1, length);
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        /* Renaming onto /dev/null as root would replace the device. */
        return err_set(err,
                       "%.300s: there already, and not an ordinary file; "
                       "choose another name",
                       path);
    memcpy(out->path, path, length + 1);
    snprintf(out->beside, sizeof out->beside, "%s.tmp-%ld", out->path,
             (long)getpid());
    /* Left over from a process of the same number that was killed. */
    (void)unlink(out->beside);
    int fd = open(out->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return complain(err, path, "be written here");
    out->to = fdopen(fd, "w");
    if (!out->to) {
        complain(err, path, "be written");
        (void)close(fd); /* nothing was written yet */
        (void)unlink(out->beside);
        return -1;
    }
    return 0;
}

/* A rename is only durable once its folder is.  Some file systems cannot
 * sync a folder; the file is whole all the same, so this never fails. */
static void sync_folder_of(const char *path)
{
    char folder[1024];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length == 0)
        snprintf(folder, sizeof folder, "%s", slash ? "/" : ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

int file_out_commit(struct file_out *out, struct err *err)
{
    assert(out->to);
    errno = 0;
    bool bad = fflush(out->to) != 0 || ferror(out->to);
    /* An earlier write failed and its errno is gone: one more byte finds the
     * reason again. */
    if (bad && errno == 0)
        (void)!write(fileno(out->to), "", 1);
    bad = bad || fsync(fileno(out->to)) != 0;
    int reason = errno;
    bool closed = fclose(out->to) == 0;
    if (!bad && !closed)
        reason = errno;
    out->to = NULL;
    if (!bad && closed) {
        if (rename(out->beside, out->path) == 0) {
            sync_folder_of(out->path);
            return 0;
        }
        reason = errno;
    }
    (void)unlink(out->beside);
    errno = reason ? reason : EIO;
    return complain(err, out->path, "be written, and is as it was");
}

void file_out_abandon(struct file_out *out)
{
    if (!out->to)
        return;
    (void)fclose(out->to); /* what it held is thrown away anyway */
    (void)unlink(out->beside);
    out->to = NULL;
}

/* Doubles text until the file ends; works for pipes too. */
static int read_all(char **text, size_t *size, FILE *from, const char *path,
                    size_t limit, struct err *err)
{
    size_t room = limit < 65536 ? limit + 1 : 65536;
    *size = 0;
    *text = mem_try(room + 1, 1);
    while (*text) {
        *size += fread(*text + *size, 1, room - *size, from);
        if (ferror(from))
            return complain(err, path, "be read");
        if (*size > limit)
            return err_set(err, "%.300s: larger than the %zu bytes allowed",
                           path, limit);
        if (*size < room)
            return 0;
        size_t grown = room <= (limit + 1) / 2 ? room * 2 : limit + 1;
        char *more = mem_try(grown + 1, 1);
        if (more)
            memcpy(more, *text, *size);
        mem_free(*text);
        *text = more;
        room = grown;
    }
    return err_set(err, "%.300s: out of memory while reading it", path);
}

int file_read(char **text, size_t *size, const char *path, size_t limit,
              struct err *err)
{
    assert(limit < SIZE_MAX - 1);
    *text = NULL;
    *size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return complain(err, path, "be read");
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0 &&
        (unsigned long long)about.st_size > limit) {
        (void)close(fd);
        return err_set(err, "%.300s: %lld bytes, larger than the %zu allowed",
                       path, (long long)about.st_size, limit);
    }
    FILE *from = fdopen(fd, "r");
    if (!from) {
        complain(err, path, "be read");
        (void)close(fd);
        return -1;
    }
    int result = read_all(text, size, from, path, limit, err);
    (void)fclose(from); /* read only: nothing can be lost */
    if (result != 0) {
        mem_free(*text);
        *text = NULL;
        *size = 0;
        return -1;
    }
    (*text)[*size] = '\0';
    return 0;
}

int file_write(const char *path, const char *text, size_t size, struct err *err)
{
    struct file_out out;
    if (file_out_open(&out, path, err) != 0)
        return -1;
    /* A short write leaves the error flag, which commit looks at. */
    if (size)
        (void)fwrite(text, 1, size, out.to);
    return file_out_commit(&out, err);
}

int file_make_folder(const char *path, struct err *err)
{
    char part[1024];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part)
        return err_set(err, "%.100s: a folder name has 1 to %zu bytes", path,
                       sizeof part - 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        struct stat about;
        if (mkdir(part, 0777) == 0)
            continue;
        int reason = errno;
        if (stat(part, &about) == 0 && S_ISDIR(about.st_mode))
            continue;
        errno = reason == EEXIST ? ENOTDIR : reason;
        return complain(err, part, "be made a folder");
    }
    return 0;
}

bool file_is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool file_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

char *file_join(char *out, size_t size, const char *dir, const char *name)
{
    size_t length = strlen(dir);
    const char *slash = length == 0 || dir[length - 1] == '/' ? "" : "/";
    assert(length + strlen(slash) + strlen(name) < size && size <= 1024);
    snprintf(out, size, "%s%s%s", dir, slash, name);
    return out;
}
