/* See mapping.h. */
#define _DEFAULT_SOURCE 1 /* madvise: glibc's posix_madvise ignores this */
#include "core/io/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char nothing[1];

static int map(struct mapping *to, int fd, const char *path, const char *what,
               struct err *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return err_set(err, "%.300s: cannot be looked at", path);
    if (!S_ISREG(about.st_mode))
        return err_set(err, "%.300s: not %s: no ordinary file", path, what);
    *to = (struct mapping){nothing, (size_t)about.st_size};
    if (to->size == 0)
        return 0;
    void *at = mmap(NULL, to->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
        char why[128] = "";
        (void)strerror_r(errno, why, sizeof why); /* empty is fine too */
        *to = (struct mapping){0};
        return err_set(err, "%.300s: cannot be mapped: %s", path, why);
    }
    to->bytes = at;
    return 0;
}

int mapping_open(struct mapping *to, const char *path, const char *what,
                 struct err *err)
{
    char why[128] = "";
    *to = (struct mapping){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        (void)strerror_r(errno, why, sizeof why); /* empty is fine too */
        return err_set(err, "%.300s: cannot be read: %s", path, why);
    }
    int status = map(to, fd, path, what, err);
    (void)close(fd); /* read only */
    return status;
}

void mapping_close(struct mapping *mapping)
{
    if (mapping->size)
        (void)munmap((void *)mapping->bytes, mapping->size);
    *mapping = (struct mapping){0};
}

void mapping_forget(const void *from, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)from + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)from + size) / page * page;
    if (first < end) /* advice: when it is not taken, nothing is wrong */
        (void)madvise((void *)first, end - first, MADV_DONTNEED);
}
