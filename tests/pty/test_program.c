/*
 * The program itself on a terminal: it starts, its keys work, and however it
 * is made to go, the terminal is as it was.  Skipped where it was not built.
 */
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/pty/pty.h"

static const char LEAVE_SCREEN[] = "\033[?1049l";

static int run_program(void *ctx)
{
    (void)ctx;
    const char *program = getenv("RANKSCOPE_BIN");
    setenv("LC_ALL", "C.UTF-8", 1);
    execl(program, program, (char *)NULL);
    return 97;
}

static struct pty *start(const char *term)
{
    const char *program = getenv("RANKSCOPE_BIN");
    if (!program || access(program, X_OK) != 0) {
        print_message("RANKSCOPE_BIN names no program; nothing to test\n");
        skip();
    }
    struct pty *pty = pty_start(term, 80, 24, run_program, NULL);
    assert_true(pty_wait_text(pty, "A race of ranks"));
    return pty;
}

static void assert_left(struct pty *pty, int signal)
{
    assert_true(pty_wait_end(pty));
    assert_int_equal(WIFSIGNALED(pty->status) ? WTERMSIG(pty->status) : 0,
                     signal);
    if (!signal)
        assert_int_equal(WEXITSTATUS(pty->status), 0);
    assert_true(pty_restored(pty));
    assert_true(pty_wrote(pty, LEAVE_SCREEN, 0));
    assert_int_equal(kill(pty->program, 0), -1);
    pty_free(pty);
}

static void trains_and_turns_the_dial(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    assert_true(pty_wait_text(pty, "full"));
    pty_send(pty, "2");
    assert_true(pty_wait_text(pty, "participation ratio"));
    pty_send(pty, "4+");
    assert_true(pty_wait_text(pty, "unchanged to"));
    pty_send(pty, "0");
    assert_true(pty_wait_text(pty, "all sites: rank"));
    pty_send(pty, "?");
    assert_true(pty_wait_text(pty, "In this view"));
    pty_send(pty, "?:");
    assert_true(pty_wait_text(pty, "train view"));
    pty_send(pty, "\033");
    pty_resize(pty, 20, 5);
    assert_true(pty_wait_text(pty, "40x10 needed"));
    pty_resize(pty, 200, 60);
    pty_send(pty, "1");
    assert_true(pty_wait_text(pty, "gradient share"));
    pty_send(pty, " ");
    assert_true(pty_wait_text(pty, "paused"));
    pty_send(pty, "q");
    assert_left(pty, 0);
}

static void leaves_on_every_signal(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,
                                  SIGQUIT, SIGABRT, SIGSEGV};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct pty *pty = start("xterm-256color");
        kill(pty->program, signals[i]);
        assert_left(pty, signals[i]);
    }
}

static void stops_and_comes_back(void **state)
{
    (void)state;
    struct pty *pty = start("screen");
    pty_send(pty, "\032");
    assert_true(pty_wait_stopped(pty, true));
    assert_true(pty_restored(pty));
    kill(pty->program, SIGCONT);
    assert_true(pty_wait_stopped(pty, false));
    pty_send(pty, "4");
    assert_true(pty_wait_text(pty, "rank dial"));
    pty_send(pty, "\003");
    assert_left(pty, SIGINT);
}

static void leaves_when_the_terminal_goes(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_hang_up(pty);
    assert_true(pty_wait_end(pty));
    assert_int_equal(WTERMSIG(pty->status), SIGHUP);
    pty_free(pty);
}

static void starts_on_poor_terminals(void **state)
{
    (void)state;
    static const char *const terms[] = {"vt100", "linux", "screen"};
    for (size_t t = 0; t < sizeof terms / sizeof *terms; t++) {
        struct pty *pty = start(terms[t]);
        pty_send(pty, "2");
        assert_true(pty_wait_text(pty, "participation ratio"));
        pty_send(pty, "q");
        assert_true(pty_wait_end(pty));
        assert_int_equal(pty->status, 0);
        assert_true(pty_restored(pty));
        pty_free(pty);
    }
}

static void refuses_a_dumb_terminal(void **state)
{
    (void)state;
    pty_free(start("xterm")); /* skips where there is no program */
    struct pty *pty = pty_start("dumb", 80, 24, run_program, NULL);
    assert_true(pty_wait_end(pty));
    assert_true(WIFEXITED(pty->status));
    assert_true(WEXITSTATUS(pty->status) == 1 || WEXITSTATUS(pty->status) == 2);
    assert_true(pty_wrote(pty, "rankscope run", 0));
    pty_free(pty);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trains_and_turns_the_dial),
        cmocka_unit_test(leaves_on_every_signal),
        cmocka_unit_test(stops_and_comes_back),
        cmocka_unit_test(leaves_when_the_terminal_goes),
        cmocka_unit_test(starts_on_poor_terminals),
        cmocka_unit_test(refuses_a_dumb_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
