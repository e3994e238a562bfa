/*
 * Pseudo-terminal, shell and screen; see pty.h.
 */
#include "tests/pty/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

struct report {
    char kind; /* 'P' program's pid, 'S' stopped, 'C' continued, 'E' ended */
    int value;
};

static void say(int fd, char kind, int value)
{
    struct report report = {.kind = kind, .value = value};
    if (write(fd, &report, sizeof report) != (ssize_t)sizeof report)
        _exit(99);
}

static void run_program(int slave, int (*child)(void *), void *ctx)
{
    setpgid(0, 0);
    /* A background group may take the terminal only if SIGTTOU is ignored. */
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(slave, getpid());
    signal(SIGTTOU, SIG_DFL);
    for (int fd = 0; fd < 3; fd++)
        dup2(slave, fd);
    if (slave > 2)
        close(slave);
    int status = child(ctx);
    fflush(NULL);
    _exit(status);
}

/* Session leader: starts the program, reports what becomes of it, and stays,
 * so that the terminal does too. */
static void run_shell(int slave, int reports, int (*child)(void *), void *ctx)
{
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    signal(SIGHUP, SIG_IGN);
    pid_t program = fork();
    if (program == 0) {
        close(reports);
        signal(SIGHUP, SIG_DFL);
        run_program(slave, child, ctx);
    }
    say(reports, 'P', program);
    int status;
    while (waitpid(program, &status, WUNTRACED | WCONTINUED) == program) {
        if (WIFSTOPPED(status)) {
            say(reports, 'S', 0);
        } else if (WIFCONTINUED(status)) {
            say(reports, 'C', 0);
        } else {
            say(reports, 'E', status);
            break;
        }
    }
    close(slave);
    /* Until the test is done, or dead: then its end of the pipe is closed. */
    struct pollfd test = {.fd = reports};
    while (poll(&test, 1, -1) < 0 || !(test.revents & POLLERR))
        continue;
    _exit(0);
}

static void open_terminal(struct pty *pty, int cols, int rows)
{
    struct winsize size = {.ws_col = (unsigned short)cols,
                           .ws_row = (unsigned short)rows};
    pty->master = posix_openpt(O_RDWR | O_NOCTTY);
    if (pty->master < 0 || grantpt(pty->master) != 0 ||
        unlockpt(pty->master) != 0) {
        perror("no pseudo-terminal");
        abort();
    }
    pty->slave = open(ptsname(pty->master), O_RDWR | O_NOCTTY);
    ioctl(pty->slave, TIOCSWINSZ, &size);
    tcgetattr(pty->slave, &pty->before);
    fcntl(pty->master, F_SETFL, O_NONBLOCK);
    fcntl(pty->master, F_SETFD, FD_CLOEXEC);
    pty->vterm = vterm_new(rows, cols);
    vterm_set_utf8(pty->vterm, 1);
    pty->screen = vterm_obtain_screen(pty->vterm);
    vterm_screen_enable_altscreen(pty->screen, 1);
    vterm_screen_reset(pty->screen, 1);
}

struct pty *pty_start(const char *term, int cols, int rows,
                      int (*child)(void *ctx), void *ctx)
{
    struct pty *pty = calloc(1, sizeof *pty);
    int reports[2];
    if (!pty || pipe(reports) != 0)
        abort();
    open_terminal(pty, cols, rows);
    pty->shell = fork();
    if (pty->shell == 0) {
        close(pty->master);
        close(reports[0]);
        if (term)
            setenv("TERM", term, 1);
        else
            unsetenv("TERM");
        run_shell(pty->slave, reports[1], child, ctx);
    }
    close(reports[1]);
    pty->reports = reports[0];
    struct report report;
    if (read(pty->reports, &report, sizeof report) == (ssize_t)sizeof report)
        pty->program = report.value;
    return pty;
}

void pty_free(struct pty *pty)
{
    int status;
    if (!pty->ended)
        kill(pty->program, SIGKILL);
    kill(pty->shell, SIGKILL);
    waitpid(pty->shell, &status, 0);
    if (pty->master >= 0)
        close(pty->master);
    if (pty->slave >= 0)
        close(pty->slave);
    close(pty->reports);
    vterm_free(pty->vterm);
    free(pty);
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void take_output(struct pty *pty)
{
    char piece[4096];
    ssize_t got = read(pty->master, piece, sizeof piece);
    if (got <= 0)
        return;
    size_t room = PTY_RAW - pty->raw_used;
    size_t kept = (size_t)got < room ? (size_t)got : room;
    memcpy(pty->raw + pty->raw_used, piece, kept);
    pty->raw_used += kept;
    vterm_input_write(pty->vterm, piece, (size_t)got);
}

static void take_report(struct pty *pty)
{
    struct report report;
    if (read(pty->reports, &report, sizeof report) != (ssize_t)sizeof report)
        return;
    if (report.kind == 'S' || report.kind == 'C')
        pty->stopped = report.kind == 'S';
    if (report.kind == 'E') {
        pty->ended = true;
        pty->status = report.value;
    }
}

/* Waits for output or a report at most so long; false: nothing came. */
static bool pump(struct pty *pty, int ms)
{
    struct pollfd fd[2] = {{.fd = pty->master, .events = POLLIN},
                           {.fd = pty->reports, .events = POLLIN}};
    if (poll(fd, 2, ms) <= 0)
        return false;
    if (fd[0].revents & POLLIN)
        take_output(pty);
    if (fd[1].revents & POLLIN)
        take_report(pty);
    return ((fd[0].revents | fd[1].revents) & POLLIN) != 0;
}

void pty_settle(struct pty *pty, int quiet)
{
    long end = now_ms() + PTY_DEADLINE;
    while (now_ms() < end && pump(pty, quiet))
        continue;
}

void pty_send(struct pty *pty, const char *keys)
{
    size_t length = strlen(keys);
    while (length > 0) {
        ssize_t sent = write(pty->master, keys, length);
        if (sent < 0 && errno != EAGAIN)
            return;
        if (sent > 0) {
            keys += sent;
            length -= (size_t)sent;
        }
        pump(pty, 0);
    }
}

void pty_resize(struct pty *pty, int cols, int rows)
{
    struct winsize size = {.ws_col = (unsigned short)cols,
                           .ws_row = (unsigned short)rows};
    vterm_set_size(pty->vterm, rows, cols);
    ioctl(pty->master, TIOCSWINSZ, &size);
}

void pty_hang_up(struct pty *pty)
{
    close(pty->slave);
    close(pty->master);
    pty->slave = pty->master = -1;
}

/* One row as UTF-8; blank cells are spaces. */
static void row_text(struct pty *pty, int row, int cols, char *to)
{
    for (int col = 0; col < cols; col++) {
        VTermScreenCell cell;
        VTermPos at = {.row = row, .col = col};
        uint32_t glyph = ' ';
        if (vterm_screen_get_cell(pty->screen, at, &cell) && cell.chars[0])
            glyph = cell.chars[0];
        if (glyph == UINT32_MAX) /* right half of a wide one */
            continue;
        if (glyph < 0x80) {
            *to++ = (char)glyph;
        } else if (glyph < 0x800) {
            *to++ = (char)(0xc0 | glyph >> 6);
            *to++ = (char)(0x80 | (glyph & 63));
        } else {
            *to++ = (char)(0xe0 | glyph >> 12);
            *to++ = (char)(0x80 | (glyph >> 6 & 63));
            *to++ = (char)(0x80 | (glyph & 63));
        }
    }
    *to = '\0';
}

bool pty_shows(struct pty *pty, const char *text)
{
    int rows, cols;
    vterm_get_size(pty->vterm, &rows, &cols);
    char *line = calloc((size_t)cols * 4 + 1, 1);
    bool found = false;
    for (int row = 0; row < rows && !found; row++) {
        row_text(pty, row, cols, line);
        found = strstr(line, text) != NULL;
    }
    free(line);
    return found;
}

void pty_print(struct pty *pty)
{
    int rows, cols;
    vterm_get_size(pty->vterm, &rows, &cols);
    char *line = calloc((size_t)cols * 4 + 1, 1);
    for (int row = 0; row < rows; row++) {
        row_text(pty, row, cols, line);
        fprintf(stderr, "|%s|\n", line);
    }
    free(line);
}

static bool wait_shows(struct pty *pty, const char *text, bool wanted)
{
    enum { SLICE = 50 };
    long end = now_ms() + PTY_DEADLINE;
    while (pty_shows(pty, text) != wanted) {
        if (now_ms() > end || (pty->ended && !pump(pty, SLICE))) {
            fprintf(stderr, "waited in vain for %s\"%s\":\n",
                    wanted ? "" : "the end of ", text);
            pty_print(pty);
            return false;
        }
        pump(pty, SLICE);
    }
    return true;
}

bool pty_wait_text(struct pty *pty, const char *text)
{
    return wait_shows(pty, text, true);
}

bool pty_wait_no_text(struct pty *pty, const char *text)
{
    return wait_shows(pty, text, false);
}

bool pty_wait_stopped(struct pty *pty, bool stopped)
{
    long end = now_ms() + PTY_DEADLINE;
    while (pty->stopped != stopped && now_ms() < end)
        pump(pty, 50);
    return pty->stopped == stopped;
}

bool pty_wait_end(struct pty *pty)
{
    long end = now_ms() + PTY_DEADLINE;
    while (!pty->ended && now_ms() < end) {
        if (pty->master < 0) { /* only reports are left */
            struct pollfd fd = {.fd = pty->reports, .events = POLLIN};
            if (poll(&fd, 1, 50) > 0)
                take_report(pty);
        } else {
            pump(pty, 50);
        }
    }
    if (pty->master >= 0)
        pty_settle(pty, 20); /* what it wrote last */
    return pty->ended;
}

bool pty_restored(const struct pty *pty)
{
    struct termios now;
    if (tcgetattr(pty->slave, &now) != 0)
        return false;
    return now.c_iflag == pty->before.c_iflag &&
           now.c_oflag == pty->before.c_oflag &&
           now.c_cflag == pty->before.c_cflag &&
           now.c_lflag == pty->before.c_lflag;
}

bool pty_wrote(const struct pty *pty, const char *bytes, size_t from)
{
    size_t length = strlen(bytes);
    for (size_t i = from; i + length <= pty->raw_used; i++)
        if (memcmp(pty->raw + i, bytes, length) == 0)
            return true;
    return false;
}
