/*
 * A program on a terminal that only exists here: a pseudo-terminal whose
 * screen libvterm keeps, under a shell of a few lines, so that job control
 * works and the terminal outlives the program.  Waiting is always for
 * something, with a deadline; nothing sleeps blindly.
 */
#ifndef TESTS_PTY_PTY_H
#define TESTS_PTY_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

enum { PTY_RAW = 1 << 20, PTY_DEADLINE = 10000 /* ms */ };

struct pty {
    int master, slave;
    int reports; /* from the shell: stopped, continued, ended */
    pid_t shell, program;
    struct termios before;
    void *vterm, *screen; /* VTerm, VTermScreen */
    bool stopped, ended;
    int status;        /* as waitpid gives it, once ended */
    char raw[PTY_RAW]; /* all that was written */
    size_t raw_used;
};

/* Runs child(ctx) as the program; what it returns is the exit status. */
struct pty *pty_start(const char *term, int cols, int rows,
                      int (*child)(void *ctx), void *ctx);
void pty_free(struct pty *pty); /* ends what is left */

void pty_send(struct pty *pty, const char *keys);
void pty_resize(struct pty *pty, int cols, int rows);
void pty_hang_up(struct pty *pty); /* the terminal goes away */

/* Until the screen shows text; false when the deadline passed first. */
bool pty_wait_text(struct pty *pty, const char *text);
bool pty_wait_no_text(struct pty *pty, const char *text);
bool pty_wait_stopped(struct pty *pty, bool stopped);
bool pty_wait_end(struct pty *pty);
/* Reads what comes for so many ms at most, until nothing came for quiet. */
void pty_settle(struct pty *pty, int quiet);

bool pty_shows(struct pty *pty, const char *text);
void pty_print(struct pty *pty); /* the screen, for a failed test */
/* The terminal's line discipline is what it was before. */
bool pty_restored(const struct pty *pty);
/* raw holds these bytes after byte from. */
bool pty_wrote(const struct pty *pty, const char *bytes, size_t from);

#endif
