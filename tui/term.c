/*
 * Signals, stderr and the way out; see term.h.
 *
 * Handlers see only what is in `shared`: one process has one terminal.  Those
 * of ordinary signals write one byte; those of crashes write the prepared
 * sequence, restore the line discipline, show what stderr had to say, and
 * let the signal do its work.
 */
#include "tui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LEAVE = 256 };

static struct {
    int pipe[2];
    struct termios termios;
    int terminal;   /* stdin: where the state belongs */
    int stderr_was; /* the real one, while it is away */
    int log;        /* the file in its place; -1: it stayed */
    off_t log_read; /* shown in the status up to here */
    char leave[LEAVE];
    size_t leave_length;
} shared = {.pipe = {-1, -1}, .stderr_was = -1, .log = -1};

static const int caught[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                             SIGTSTP, SIGCONT, SIGWINCH};
static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
enum {
    CAUGHT = sizeof caught / sizeof *caught,
    CRASHES = sizeof crashes / sizeof *crashes
};
static struct sigaction before[CAUGHT + CRASHES + 1];

int term_check(struct err *err)
{
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(err,
                       "%s is not a terminal; `rankscope run` does the "
                       "same without a screen",
                       isatty(STDIN_FILENO) ? "standard output"
                                            : "standard input");
    if (!name || !name[0] || strcmp(name, "dumb") == 0 ||
        strcmp(name, "unknown") == 0)
        return err_set(err,
                       "TERM=%s cannot place a cursor; set TERM, or use "
                       "`rankscope run`, which needs no screen",
                       name ? name : "");
    return 0;
}

static void on_signal(int signal)
{
    int was = errno;
    char byte = (char)signal;
    /* A full pipe has more than enough bytes in it to wake the loop. */
    ssize_t written = write(shared.pipe[1], &byte, 1);
    (void)written;
    errno = was;
}

/* Only async-signal-safe calls from here to the end of on_crash(). */
static void copy_log(void)
{
    char piece[512];
    off_t at = 0;
    ssize_t got;
    while (shared.log >= 0 && shared.stderr_was >= 0 &&
           (got = pread(shared.log, piece, sizeof piece, at)) > 0) {
        if (write(shared.stderr_was, piece, (size_t)got) < 0)
            return;
        at += got;
    }
}

static void on_crash(int signal)
{
    ssize_t written = write(STDOUT_FILENO, shared.leave, shared.leave_length);
    (void)written;
    tcsetattr(shared.terminal, TCSANOW, &shared.termios);
    copy_log();
    if (shared.stderr_was >= 0)
        dup2(shared.stderr_was, STDERR_FILENO);
    raise(signal); /* SA_RESETHAND: now it is the default action */
}

static void catch_all(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &action, &before[i]);
    action.sa_handler = on_crash;
    action.sa_flags = (int)SA_RESETHAND;
    for (int i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &action, &before[CAUGHT + i]);
    action.sa_handler = SIG_IGN; /* a closed pipe is an errno, not an end */
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, &before[CAUGHT + CRASHES]);
}

static void release_all(void)
{
    for (int i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &before[i], NULL);
    for (int i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &before[CAUGHT + i], NULL);
    sigaction(SIGPIPE, &before[CAUGHT + CRASHES], NULL);
}

/* Libraries write to stderr when they like; that must not tear the screen.
 * Where no file can be had it stays, and only looks bad. */
static void take_stderr(void)
{
    char path[] = "/tmp/rankscope-XXXXXX";
    if (!isatty(STDERR_FILENO))
        return; /* somebody sent it elsewhere already */
    int log = mkstemp(path);
    if (log < 0)
        return;
    unlink(path);
    fcntl(log, F_SETFD, FD_CLOEXEC);
    fcntl(log, F_SETFL, O_APPEND);
    shared.stderr_was = dup(STDERR_FILENO);
    fcntl(shared.stderr_was, F_SETFD, FD_CLOEXEC);
    fflush(stderr);
    dup2(log, STDERR_FILENO);
    shared.log = log;
    shared.log_read = 0;
}

static void give_stderr(void)
{
    if (shared.log < 0)
        return;
    fflush(stderr);
    dup2(shared.stderr_was, STDERR_FILENO);
    copy_log();
    close(shared.log);
    close(shared.stderr_was);
    shared.log = shared.stderr_was = -1;
}

int term_open(struct err *err)
{
    if (pipe(shared.pipe) != 0)
        return err_set(err, "no pipe for signals: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(shared.pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(shared.pipe[i], F_SETFD, FD_CLOEXEC);
    }
    shared.terminal = STDIN_FILENO;
    shared.leave_length = 0;
    if (tcgetattr(shared.terminal, &shared.termios) != 0) {
        close(shared.pipe[0]);
        close(shared.pipe[1]);
        return err_set(err, "the terminal does not answer: %s",
                       strerror(errno));
    }
    catch_all();
    take_stderr();
    return 0;
}

void term_close(void)
{
    /* Also when curses has done it: it may have begun from another state.
     * Nothing can be done when the terminal is gone. */
    (void)tcsetattr(shared.terminal, TCSADRAIN, &shared.termios);
    give_stderr();
    release_all();
    close(shared.pipe[0]);
    close(shared.pipe[1]);
    shared.pipe[0] = shared.pipe[1] = -1;
}

void term_prepare_leave(const char *sequence, size_t length)
{
    length = length < LEAVE ? length : LEAVE;
    memcpy(shared.leave, sequence, length);
    shared.leave_length = length;
}

int term_signal_fd(void)
{
    return shared.pipe[0];
}

int term_signal(void)
{
    unsigned char byte;
    return read(shared.pipe[0], &byte, 1) == 1 ? byte : 0;
}

void term_suspend(void)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, ours;
    sigset_t only, was;
    sigemptyset(&stop.sa_mask);
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    (void)tcsetattr(shared.terminal, TCSADRAIN, &shared.termios);
    sigaction(SIGTSTP, &stop, &ours);
    pthread_sigmask(SIG_UNBLOCK, &only, &was);
    raise(SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    sigaction(SIGTSTP, &ours, NULL);
}

void term_die(int number)
{
    struct sigaction end = {.sa_handler = SIG_DFL};
    sigemptyset(&end.sa_mask);
    sigaction(number, &end, NULL);
    raise(number);
}

bool term_note(char *to, size_t size)
{
    char piece[1024];
    off_t end = shared.log < 0 ? 0 : lseek(shared.log, 0, SEEK_END);
    if (end <= shared.log_read)
        return false;
    off_t from = end > (off_t)sizeof piece ? end - (off_t)sizeof piece : 0;
    ssize_t got = pread(shared.log, piece, sizeof piece, from);
    shared.log_read = end;
    while (got > 0 && piece[got - 1] == '\n')
        got--;
    ssize_t start = got;
    while (start > 0 && piece[start - 1] != '\n')
        start--;
    if (got <= start)
        return false;
    snprintf(to, size, "%.*s", (int)(got - start), piece + start);
    return true;
}
