/*
 * The event loop on a terminal that is not one, with a source that trains
 * nothing: every way to leave, every kind of terminal, resizing, typing.
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

#include "tests/fake_snapshot.h"
#include "tests/pty/pty.h"
#include "tui/app.h"

static const char LEAVE_SCREEN[] = "\033[?1049l";

struct fake {
    struct snapshot *snapshot;
    int wake[2];
};

static const struct snapshot *fake_look(void *ctx)
{
    return ((struct fake *)ctx)->snapshot;
}

static void fake_done(void *ctx, const struct snapshot *snapshot)
{
    (void)ctx, (void)snapshot;
}

/* Pauses as a session would; a single step makes a noise on stderr. */
static bool fake_send(void *ctx, const struct command *command)
{
    struct fake *fake = ctx;
    if (command->kind == COMMAND_PAUSE)
        fake->snapshot->paused = !fake->snapshot->paused;
    if (command->kind == COMMAND_STEP)
        fprintf(stderr, "a noise from a library\n");
    if (command->kind == COMMAND_FORK)
        abort();
    return write(fake->wake[1], "x", 1) == 1;
}

/* What is asked is seen in the title. */
static void fake_ask(void *ctx, const struct question *question)
{
    struct fake *fake = ctx;
    if (question->is_asked && question->talk.wants_curve)
        snprintf(fake->snapshot->title, sizeof fake->snapshot->title,
                 "a curve is asked for");
    (void)!write(fake->wake[1], "x", 1);
}

static int run_app(void *ctx)
{
    (void)ctx;
    struct fake fake = {.snapshot = fake_snapshot(320)};
    struct run_spec run = {.method = "lora", .rank = 4, .alpha = 16};
    run.targets[SITE_Q] = true;
    run.optimizer.lr = 1e-3;
    struct app_options options = {.glyphs = -1, .new_run = &run};
    struct err err = {""};
    setlocale(LC_ALL, "C.UTF-8");
    if (pipe(fake.wake) != 0)
        return 98;
    struct app_source source = {.ctx = &fake,
                                .look = fake_look,
                                .done = fake_done,
                                .send = fake_send,
                                .ask = fake_ask,
                                .wake_fd = fake.wake[0]};
    int result = app_loop(&source, &options, &err);
    fake_snapshot_free(fake.snapshot);
    if (result < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (result > 0)
        app_die(result);
    return 0;
}

static struct pty *start(const char *term)
{
    struct pty *pty = pty_start(term, 80, 24, run_app, NULL);
    assert_true(pty_wait_text(pty, "A race of ranks"));
    return pty;
}

/* The terminal is as it was, the program is gone and says why. */
static void assert_left(struct pty *pty, int signal)
{
    assert_true(pty_wait_end(pty));
    if (signal) {
        assert_true(WIFSIGNALED(pty->status));
        assert_int_equal(WTERMSIG(pty->status), signal);
    } else {
        assert_true(WIFEXITED(pty->status));
        assert_int_equal(WEXITSTATUS(pty->status), 0);
    }
    assert_true(pty_restored(pty));
    assert_true(pty_wrote(pty, LEAVE_SCREEN, 0));
    pty_free(pty);
}

static void quits_on_q(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_send(pty, "q");
    assert_left(pty, 0);
}

static void leaves_on_every_signal(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                                  SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct pty *pty = start("xterm-256color");
        kill(pty->program, signals[i]);
        assert_left(pty, signals[i]);
    }
}

static void leaves_on_ctrl_c(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_send(pty, "\003");
    assert_left(pty, SIGINT);
}

static void leaves_on_an_abort_of_its_own(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_send(pty, "f");
    assert_left(pty, SIGABRT);
}

static void leaves_when_the_terminal_goes(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_hang_up(pty);
    assert_true(pty_wait_end(pty));
    assert_true(WIFSIGNALED(pty->status));
    assert_int_equal(WTERMSIG(pty->status), SIGHUP);
    pty_free(pty);
}

static void stops_and_comes_back(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_send(pty, "\032"); /* ^Z */
    assert_true(pty_wait_stopped(pty, true));
    pty_settle(pty, 20);
    assert_true(pty_restored(pty));
    assert_true(pty_wrote(pty, LEAVE_SCREEN, 0));
    pty_resize(pty, 100, 30); /* while it does not look */
    kill(pty->program, SIGCONT);
    assert_true(pty_wait_stopped(pty, false));
    pty_send(pty, "4");
    assert_true(pty_wait_text(pty, "rank dial"));
    assert_true(pty_wait_text(pty, "h.1.attn.v"));
    pty_send(pty, "q");
    assert_left(pty, 0);
}

static void draws_on_every_terminal(void **state)
{
    (void)state;
    static const char *const terms[] = {"xterm-256color", "xterm", "screen",
                                        "vt100", "linux"};
    static const struct {
        const char *keys, *text;
    } step[] = {{"2", "participation ratio"},   {"4", "rank dial"},
                {"0", "what happened"},         {"?", "In this view"},
                {"?", "what happened"},         {":", "train view"},
                {"spect\r", "singular values"}, {"a", "add a run"},
                {"\033", "rank measures"},      {"1", "leads on validation"}};
    for (size_t t = 0; t < sizeof terms / sizeof *terms; t++) {
        struct pty *pty = start(terms[t]);
        for (size_t i = 0; i < sizeof step / sizeof *step; i++) {
            pty_send(pty, step[i].keys);
            assert_true(pty_wait_text(pty, step[i].text));
        }
        pty_send(pty, "q");
        assert_true(pty_wait_end(pty));
        assert_int_equal(pty->status, 0);
        assert_true(pty_restored(pty));
        pty_free(pty);
    }
}

static void follows_the_window(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_resize(pty, 20, 5);
    assert_true(pty_wait_text(pty, "40x10 needed"));
    pty_resize(pty, 200, 60);
    assert_true(pty_wait_text(pty, "gradient share"));
    assert_true(pty_wait_text(pty, "leads on validation"));
    pty_resize(pty, 20, 5);
    assert_true(pty_wait_text(pty, "40x10 needed"));
    pty_send(pty, "q");
    assert_left(pty, 0);
}

/* What a large screen shows beside is asked from the first frame on. */
static void begins_as_large_as_it_is(void **state)
{
    (void)state;
    struct pty *pty = pty_start("xterm-256color", 200, 60, run_app, NULL);
    assert_true(pty_wait_text(pty, "A race of ranks"));
    pty_send(pty, "6");
    assert_true(pty_wait_text(pty, "a curve is asked for"));
    pty_send(pty, "q");
    assert_left(pty, 0);
}

static void answers_keys(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_send(pty, " ");
    assert_true(pty_wait_text(pty, "paused"));
    pty_send(pty, " ");
    assert_true(pty_wait_text(pty, "running"));
    pty_send(pty, "4+");
    assert_true(pty_wait_text(pty, "rank of all sites 16"));
    pty_send(pty, "\033[B"); /* an arrow, not an Esc and two letters */
    assert_true(pty_wait_text(pty, "h.0.attn.q at step 320, cut to"));
    pty_send(pty, "q");
    assert_left(pty, 0);
}

static void keeps_stderr_off_the_screen(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    size_t from = pty->raw_used;
    pty_send(pty, ".");
    pty_settle(pty, 300);
    /* In the alternate screen it may only stand in the message line. */
    assert_false(pty_wrote(pty, "library\r\n", from));
    pty_send(pty, "q");
    assert_true(pty_wait_end(pty));
    assert_true(pty_wrote(pty, "a noise from a library", from));
    assert_true(pty_shows(pty, "a noise from a library"));
    pty_free(pty);
}

static void draws_nothing_when_idle(void **state)
{
    (void)state;
    struct pty *pty = start("xterm-256color");
    pty_settle(pty, 300);
    size_t from = pty->raw_used;
    pty_settle(pty, 1000);
    assert_int_equal(pty->raw_used, from);
    pty_free(pty);
}

static void refuses_a_dumb_terminal(void **state)
{
    (void)state;
    static const char *const terms[] = {"dumb", "", "no-such-terminal", NULL};
    for (size_t t = 0; t < 4; t++) {
        struct pty *pty = pty_start(terms[t], 80, 24, run_app, NULL);
        assert_true(pty_wait_end(pty));
        assert_true(WIFEXITED(pty->status));
        assert_int_equal(WEXITSTATUS(pty->status), 1);
        assert_true(pty_wrote(pty, "`rankscope run`", 0));
        assert_true(pty_restored(pty));
        pty_free(pty);
    }
}

static int run_without_terminal(void *ctx)
{
    (void)ctx;
    if (!freopen("/dev/null", "r", stdin))
        return 98;
    return run_app(NULL);
}

static void refuses_a_pipe(void **state)
{
    (void)state;
    struct pty *pty = pty_start("xterm", 80, 24, run_without_terminal, NULL);
    assert_true(pty_wait_end(pty));
    assert_int_equal(WEXITSTATUS(pty->status), 1);
    assert_true(pty_shows(pty, "standard input is not a terminal"));
    assert_true(pty_wrote(pty, "`rankscope run`", 0));
    pty_free(pty);
}

static int run_colourless(void *ctx)
{
    setenv("NO_COLOR", "1", 1);
    return run_app(ctx);
}

static void honours_no_color(void **state)
{
    (void)state;
    struct pty *pty = pty_start("xterm-256color", 80, 24, run_colourless, NULL);
    assert_true(pty_wait_text(pty, "A race of ranks"));
    pty_send(pty, "2");
    assert_true(pty_wait_text(pty, "participation ratio"));
    assert_false(pty_wrote(pty, "\033[38;", 0));
    assert_false(pty_wrote(pty, "\033[48;", 0));
    assert_false(pty_wrote(pty,
                           "\033[3"
                           "4m",
                           0));
    pty_free(pty);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quits_on_q),
        cmocka_unit_test(leaves_on_every_signal),
        cmocka_unit_test(leaves_on_ctrl_c),
        cmocka_unit_test(leaves_on_an_abort_of_its_own),
        cmocka_unit_test(leaves_when_the_terminal_goes),
        cmocka_unit_test(stops_and_comes_back),
        cmocka_unit_test(draws_on_every_terminal),
        cmocka_unit_test(follows_the_window),
        cmocka_unit_test(begins_as_large_as_it_is),
        cmocka_unit_test(answers_keys),
        cmocka_unit_test(keeps_stderr_off_the_screen),
        cmocka_unit_test(draws_nothing_when_idle),
        cmocka_unit_test(refuses_a_dumb_terminal),
        cmocka_unit_test(refuses_a_pipe),
        cmocka_unit_test(honours_no_color),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
