/*
 * See cell_lock.h.  A lock is written beside and linked to its name, so it is
 * never seen empty; link() also fails when the name is there, on every file
 * system that has it.  Two who find the same stale lock are told apart by a
 * record lock on it, under which its text is read once more and replaced.
 */
#include "experiments/cell_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHO = 300, PATH_BYTES = 1400 };

/* "host pid" */
static void own_name(char to[WHO])
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0 || !host[0])
        snprintf(host, sizeof host, "localhost");
    for (char *c = host; *c; c++)
        if (*c <= ' ')
            *c = '_';
    snprintf(to, WHO, "%s %ld", host, (long)getpid());
}

/* Nothing runs under it: no process, or one killed that nobody waited for,
 * which kill() still finds and only /proc tells apart. */
static bool is_gone(long pid)
{
    if (kill((pid_t)pid, 0) != 0)
        return errno == ESRCH;
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *from = fopen(path, "r");
    if (!from)
        return false;
    bool read = fgets(text, sizeof text, from) != NULL;
    (void)fclose(from);
    const char *after = read ? strrchr(text, ')') : NULL;
    return after && (strncmp(after, ") Z", 3) == 0 ||
                     strncmp(after, ") X", 3) == 0);
}

/* Of this host, and its process is gone, or was an earlier one of our id. */
static bool is_stale(const char *who)
{
    char mine[WHO];
    own_name(mine);
    const char *blank = strrchr(who, ' ');
    size_t host = (size_t)(strrchr(mine, ' ') - mine);
    if (!blank || (size_t)(blank - who) != host ||
        strncmp(who, mine, host) != 0)
        return !blank; /* no lock of ours is without one: damaged */
    long pid = strtol(blank + 1, NULL, 10);
    if (pid <= 0 || pid == (long)getpid())
        return true;
    return is_gone(pid);
}

static void read_who(int fd, char to[WHO])
{
    ssize_t got = pread(fd, to, WHO - 1, 0);
    to[got > 0 ? got : 0] = '\0';
    to[strcspn(to, "\n")] = '\0';
}

/* 1: there was no lock, now it is ours; 0: there is one; -1: errno. */
static int make_lock(const char *path, const char *mine)
{
    char beside[PATH_BYTES];
    snprintf(beside, sizeof beside, "%s.%s", path, mine);
    FILE *to = fopen(beside, "w");
    if (!to)
        return -1;
    bool written = fprintf(to, "%s\n", mine) > 0;
    written = fclose(to) == 0 && written;
    int result = written && link(beside, path) == 0 ? 1 : -1;
    if (result < 0 && written && errno == EEXIST)
        result = 0;
    int reason = errno;
    (void)unlink(beside); /* the lock has a name of its own */
    errno = reason;
    return result;
}

/* The lock that is there: 1 taken over, 0 somebody's, -1 gone again. */
static int take_over(const char *path, const char *mine, char who[WHO])
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -1 : 0;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat about;
    int result = 0;
    read_who(fd, who);
    if (is_stale(who) && fcntl(fd, F_SETLK, &whole) == 0) {
        read_who(fd, who); /* now nobody else can be at it */
        if (fstat(fd, &about) == 0 && about.st_nlink == 0)
            result = -1;
        else if (is_stale(who) && ftruncate(fd, 0) == 0 &&
                 pwrite(fd, mine, strlen(mine), 0) == (ssize_t)strlen(mine))
            result = 1;
    }
    (void)close(fd);
    return result;
}

int cell_lock(const char *path, char *who, size_t size, struct err *err)
{
    char mine[WHO], other[WHO] = "";
    own_name(mine);
    for (int attempt = 0; attempt < 100; attempt++) {
        int made = make_lock(path, mine);
        if (made < 0)
            return err_set(err, "%.300s: cannot be made: %s", path,
                           strerror(errno));
        int taken = made ? 1 : take_over(path, mine, other);
        snprintf(who, size, "%s", taken > 0 ? mine : other);
        if (taken >= 0)
            return taken;
    }
    return 0; /* it comes and goes: somebody is busy there */
}

void cell_unlock(const char *path)
{
    (void)unlink(path); /* ours; were it gone, nothing would be lost */
}
