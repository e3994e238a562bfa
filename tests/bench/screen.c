/*
 * What the screen costs, and how quick it is, measured on the real program in
 * a pseudo-terminal: first frame, first moving curve, keys while all cores
 * train, the share of training that screen and analysis take, and what an
 * idle screen burns.  Numbers, not a test: run by `make bench`.
 *
 * Training rates are compared in pairs, one after the other, several times:
 * medians of ratios, since machines are noisy.
 */
#define _GNU_SOURCE /* wait4 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/linalg.h"
#include "experiments/session.h"
#include "tests/pty/pty.h"

enum { STARTS = 9, KEYS = 300, PAIRS = 5, PAIR_SECONDS = 8 };

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *value, int count, double q)
{
    qsort(value, (size_t)count, sizeof *value, by_value);
    int at = (int)(q * (count - 1) + 0.5);
    return value[at];
}

static int child_race(void *ctx)
{
    char *program = ctx;
    (void)execl(program, "rankscope", "open", "race", "--set", "steps=100000",
                (char *)NULL);
    return 127;
}

static int child_paused(void *ctx)
{
    char *program = ctx;
    (void)execl(program, "rankscope", "open", "race", "--paused", (char *)NULL);
    return 127;
}

static void measure_start(char *program)
{
    double frame[STARTS], curve[STARTS];
    for (int i = 0; i < STARTS; i++) {
        double from = now_ms();
        struct pty *pty =
            pty_start("xterm-256color", 100, 30, child_race, program);
        (void)pty_wait_text(pty, "A race of ranks");
        frame[i] = now_ms() - from;
        (void)pty_wait_no_text(pty, "step 0/");
        curve[i] = now_ms() - from;
        pty_send(pty, "q");
        (void)pty_wait_end(pty);
        pty_free(pty);
    }
    printf("first frame        %6.0f ms median, %.0f worst of %d\n",
           quantile(frame, STARTS, 0.5), quantile(frame, STARTS, 1), STARTS);
    printf("curves moving      %6.0f ms median, %.0f worst of %d\n",
           quantile(curve, STARTS, 0.5), quantile(curve, STARTS, 1), STARTS);
}

static void measure_keys(char *program)
{
    double wait[KEYS];
    struct pty *pty = pty_start("xterm-256color", 100, 30, child_race, program);
    (void)pty_wait_text(pty, "A race of ranks");
    (void)pty_wait_no_text(pty, "step 0/");
    for (int i = 0; i < KEYS; i++) {
        bool dial = i % 2 == 0;
        /* Uneven pauses, so that keys meet every phase of a tick. */
        struct timespec pause = {0, 20000000 + (i * 7919 % 50) * 1000000};
        (void)nanosleep(&pause, NULL);
        pty_settle(pty, 0);
        double from = now_ms();
        pty_send(pty, dial ? "4" : "0");
        (void)pty_wait_text(pty, dial ? "rank dial" : "what happened");
        wait[i] = now_ms() - from;
    }
    pty_send(pty, "q");
    (void)pty_wait_end(pty);
    pty_free(pty);
    printf("key to screen      %6.1f ms median, %.1f ms 99th percentile of "
           "%d, while all cores train\n",
           quantile(wait, KEYS, 0.5), quantile(wait, KEYS, 0.99), KEYS);
}

/* Seconds of processor time of everything that has ended so far. */
static double children_seconds(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    return (double)usage.ru_utime.tv_sec +
           1e-6 * (double)usage.ru_utime.tv_usec +
           (double)usage.ru_stime.tv_sec +
           1e-6 * (double)usage.ru_stime.tv_usec;
}

static double paused_seconds(char *program, double seconds)
{
    double before = children_seconds();
    struct pty *pty =
        pty_start("xterm-256color", 100, 30, child_paused, program);
    (void)pty_wait_text(pty, "paused");
    double until = now_ms() + 1e3 * seconds;
    while (now_ms() < until)
        pty_settle(pty, 100);
    pty_send(pty, "q");
    (void)pty_wait_end(pty);
    pty_free(pty);
    return children_seconds() - before;
}

static void measure_idle(char *program)
{
    double brief = paused_seconds(program, 1),
           longer = paused_seconds(program, 11);
    printf("paused             %6.2f %% of a core\n",
           100 * (longer - brief) / 10);
}

enum watched { UNWATCHED, WATCHED };

/* Ticks a second of the race with or without analysis, in this process. */
static double session_rate(const char *root, enum watched watched)
{
    char recipe_path[1024], assets[1024];
    (void)snprintf(recipe_path, sizeof recipe_path,
                   "%s/experiments/recipes/race.yaml", root);
    (void)snprintf(assets, sizeof assets, "%s/assets", root);
    const char *sets[] = {"steps=100000", "evaluate.every=100000"};
    struct recipe recipe;
    struct err err = {""};
    struct session_options options = {.assets = assets,
                                      .watch = watched == WATCHED};
    struct session *session = NULL;
    if (recipe_read(&recipe, recipe_path, sets, 2, &err) == 0)
        session = session_open(&recipe, &options, &err);
    if (!session || session_start(session, &err) != 0) {
        fprintf(stderr, "bench: %s\n", err.text);
        exit(1);
    }
    struct timespec warm = {1, 0}, span = {PAIR_SECONDS, 0};
    (void)nanosleep(&warm, NULL);
    const struct snapshot *a = session_look(session);
    double from = now_ms();
    (void)nanosleep(&span, NULL);
    const struct snapshot *b = session_look(session);
    double rate = 1e3 * (double)(b->tick - a->tick) / (now_ms() - from);
    snapshot_release(a);
    snapshot_release(b);
    session_close(session);
    return rate;
}

static int child_quiet_race(void *ctx)
{
    char *program = ctx;
    (void)execl(program, "rankscope", "open", "race", "--set", "steps=100000",
                "--set", "evaluate.every=100000", (char *)NULL);
    return 127;
}

/* The step number in the header, "step 1 234/..." with its blanks left out. */
static long shown_step(struct pty *pty)
{
    for (long step = 0;; step++) {
        char text[32];
        (void)snprintf(text, sizeof text, "step %ld/", step);
        if (pty_shows(pty, text))
            return step;
        if (step > 100000)
            return -1;
    }
}

/* The same with analysis and a screen in a pseudo-terminal. */
static double shown_rate(char *program)
{
    struct pty *pty =
        pty_start("xterm-256color", 100, 30, child_quiet_race, program);
    (void)pty_wait_text(pty, "A race of ranks");
    (void)pty_wait_no_text(pty, "step 0/");
    double until = now_ms() + 1000;
    while (now_ms() < until)
        pty_settle(pty, 20);
    long before = shown_step(pty);
    double from = now_ms();
    until = from + 1e3 * PAIR_SECONDS;
    while (now_ms() < until)
        pty_settle(pty, 20);
    long after = shown_step(pty);
    double rate = 1e3 * (double)(after - before) / (now_ms() - from);
    pty_send(pty, "q");
    (void)pty_wait_end(pty);
    pty_free(pty);
    return rate;
}

static void measure_share(const char *root, char *program)
{
    double plain[PAIRS], analysis[PAIRS], screen[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        double p = session_rate(root, UNWATCHED);
        double a = session_rate(root, WATCHED);
        double s = shown_rate(program);
        plain[i] = p;
        analysis[i] = 100 * (1 - a / p);
        screen[i] = 100 * (1 - s / a);
    }
    printf("the race           %6.1f lock-step steps a second, no screen\n"
           "analysis takes     %6.1f %% of them (median of %d pairs)\n"
           "the screen takes   %6.1f %% of what is left, at 10 frames a "
           "second\n",
           quantile(plain, PAIRS, 0.5), quantile(analysis, PAIRS, 0.5), PAIRS,
           quantile(screen, PAIRS, 0.5));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: screen ROOT PROGRAM\n");
        return 2;
    }
    linalg_thread_init();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    measure_start(argv[2]);
    measure_keys(argv[2]);
    measure_idle(argv[2]);
    measure_share(argv[1], argv[2]);
    return 0;
}
