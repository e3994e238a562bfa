/* See program.h. */
#define _GNU_SOURCE /* posix_openpt is there already; setenv for children */
#include "tests/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_MS = 100000, LIMIT = 1 << 24 };

struct stream { /* one of the program's outputs */
    int fd;     /* -1: closed */
    char *text;
    size_t used, room;
};

static long now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return 1000L * t.tv_sec + t.tv_nsec / 1000000;
}

/* The sanitizers: a refused allocation is an answer, not the end. */
static void calm(const char *name)
{
    char value[512];
    const char *old = getenv(name);
    snprintf(value, sizeof value, "%s%sallocator_may_return_null=1",
             old ? old : "", old ? ":" : "");
    (void)setenv(name, value, 1);
}

static void become(const struct launch *launch, const char *const *arguments,
                   int out, int err)
{
    const char *argv[PROGRAM_ARGS + 2] = {getenv("RANKSCOPE_BIN")};
    for (int i = 0; arguments[i] && i < PROGRAM_ARGS; i++)
        argv[i + 1] = arguments[i];
    if (launch->terminal) {
        (void)setsid();
        (void)ioctl(out, TIOCSCTTY, 0);
        (void)setenv("TERM", launch->terminal, 1);
        (void)dup2(out, STDIN_FILENO);
    } else
        (void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    (void)dup2(launch->out ? open(launch->out, O_WRONLY) : out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    for (int i = 0; i < PROGRAM_VARS && launch->var[i]; i++)
        (void)putenv((char *)(uintptr_t)launch->var[i]);
    calm("ASAN_OPTIONS");
    calm("TSAN_OPTIONS");
    if (launch->file_bytes > 0) {
        rlim_t most = (rlim_t)launch->file_bytes;
        struct rlimit limit = {most, most};
        (void)signal(SIGXFSZ, SIG_IGN); /* write() says EFBIG instead */
        (void)setrlimit(RLIMIT_FSIZE, &limit);
    }
    (void)execv(argv[0], (char **)(uintptr_t)argv);
    _exit(127);
}

static void take(struct stream *from)
{
    if (from->room - from->used < 4097) {
        from->room = 2 * from->room + 8192;
        from->text = realloc(from->text, from->room);
        assert_non_null(from->text);
    }
    ssize_t got =
        read(from->fd, from->text + from->used, from->used < LIMIT ? 4096 : 0);
    if (got > 0)
        from->used += (size_t)got;
    else if (got == 0 || errno != EINTR) { /* EIO: a terminal's other end */
        (void)close(from->fd);
        from->fd = -1;
    }
    from->text[from->used] = '\0';
}

/* Until both streams have ended; true: the time was up, or the file there. */
static bool listen(struct stream *stream, long until, const char *file)
{
    while (stream[0].fd >= 0 || stream[1].fd >= 0) {
        long left = until - now_ms();
        struct pollfd wait[2] = {{stream[0].fd, POLLIN, 0},
                                 {stream[1].fd, POLLIN, 0}};
        if (left <= 0 || (file && access(file, F_OK) == 0))
            return true;
        if (poll(wait, 2, file && left > 10 ? 10 : (int)left) <= 0)
            continue;
        for (int i = 0; i < 2; i++)
            if (stream[i].fd >= 0 && wait[i].revents)
                take(&stream[i]);
    }
    return false;
}

/* What the child writes to, [0], and where it is read, [1]. */
static void open_terminal(int ends[2])
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    ends[1] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(ends[1] >= 0 && grantpt(ends[1]) == 0 &&
                unlockpt(ends[1]) == 0);
    ends[0] = open(ptsname(ends[1]), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(ends[0] >= 0);
    (void)ioctl(ends[0], TIOCSWINSZ, &size);
}

static void open_pipe(int ends[2])
{
    int both[2];
    assert_int_equal(pipe2(both, O_CLOEXEC), 0);
    ends[0] = both[1];
    ends[1] = both[0];
}

struct outcome program_run(const struct launch *launch,
                           const char *const *arguments)
{
    static const struct launch nothing;
    int out[2], err[2] = {-1, -1}, status = 0;
    launch = launch ? launch : &nothing;
    assert_non_null(getenv("RANKSCOPE_BIN"));
    if (launch->terminal)
        open_terminal(out);
    else {
        open_pipe(out);
        open_pipe(err);
    }
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        become(launch, arguments, out[0], err[0] < 0 ? out[0] : err[0]);
    (void)close(out[0]);
    if (err[0] >= 0)
        (void)close(err[0]);
    struct stream stream[2] = {{.fd = out[1]}, {.fd = err[1]}};
    int patience =
        launch->kill_after_ms > 0 ? launch->kill_after_ms : DEADLINE_MS;
    bool late = listen(stream, now_ms() + patience, launch->kill_when);
    if (late)
        (void)kill(child, launch->kill_signal ? launch->kill_signal : SIGKILL);
    if (listen(stream, now_ms() + DEADLINE_MS / 4, NULL))
        (void)kill(child, SIGKILL); /* it did not listen */
    assert_int_equal(waitpid(child, &status, 0), child);
    for (int i = 0; i < 2; i++) {
        if (stream[i].fd >= 0)
            (void)close(stream[i].fd);
        if (!stream[i].text)
            stream[i].text = calloc(1, 1);
    }
    return (struct outcome){
        .status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .late = late,
        .out = stream[0].text,
        .err = stream[1].text};
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
    *outcome = (struct outcome){0};
}

int line_count(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

void outcome_print(const struct outcome *outcome, const char *const *arguments)
{
    print_error("rankscope");
    for (int i = 0; arguments[i]; i++)
        print_error(" %.200s", arguments[i]);
    print_error("\nstatus %d, signal %d%s\nstdout: %.3000s\nstderr: %.6000s\n",
                outcome->status, outcome->signal,
                outcome->late ? ", at the deadline" : "", outcome->out,
                outcome->err);
}

char *assert_done(const struct launch *launch, const char *const *arguments,
                  const char *file, int line)
{
    struct outcome outcome = program_run(launch, arguments);
    if (outcome.status != 0) {
        outcome_print(&outcome, arguments);
        _fail(file, line);
    }
    free(outcome.err);
    return outcome.out;
}

static bool is_one_sentence(const char *text)
{
    static const char start[] = "rankscope: ";
    return line_count(text) == 1 && text[strlen(text) - 1] == '\n' &&
           strncmp(text, start, sizeof start - 1) == 0 &&
           strlen(text) > sizeof start + 8 && strlen(text) < 900;
}

void assert_refused(const struct launch *launch, int status,
                    const char *const *words, const char *const *arguments,
                    const char *file, int line)
{
    struct outcome outcome = program_run(launch, arguments);
    bool good = outcome.status == status && !outcome.out[0] &&
                is_one_sentence(outcome.err);
    for (int i = 0; good && words[i]; i++) {
        good = strstr(outcome.err, words[i]) != NULL;
        if (!good)
            print_error("not said: %s\n", words[i]);
    }
    if (!good) {
        outcome_print(&outcome, arguments);
        _fail(file, line);
    }
    outcome_free(&outcome);
}
