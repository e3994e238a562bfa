/*
 * A grid, and a search for the intrinsic dimension, on a terminal: the table
 * fills, its pages turn, q stops it at any moment, the same call goes on, and
 * its folder can be looked at.  Skipped where the program was not built.
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

static const char grid[] =
    "title: A grid of two\n"
    "task: {name: cipher}\n"
    "steps: 8\n"
    "batch: 4\n"
    "slices: 2\n"
    "grid:\n"
    "  seeds: [1, 2]\n"
    "  paper: table4\n"
    "  rows:\n"
    "    - {name: small, rank: 1, lr: [0.01, 0.02], paper: lora-4.7m}\n"
    "    - {name: large, method: full, lr: 0.003, paper: ft}\n"
    "  search: {examples: 2}\n"
    "  report: {examples: 8, generate: true}\n";

static const char search[] =
    "title: A search\n"
    "base: {family: linear, sizes: [32, 32]}\n"
    "task: {name: teacher, rank: 4}\n"
    "steps: 60\n"
    "batch: 32\n"
    "slices: 2\n"
    "optimizer: {lr: 0.1, warmup: 5, clip: 0}\n"
    "intrinsic:\n"
    "  first: 128\n"
    "  ratio: 1.3\n"
    "  lr_dims: 128\n"
    "  rows:\n"
    "    - {name: full, method: full}\n"
    "    - {name: did, method: subspace, lr: 0.5}\n"
    "    - {name: said, method: subspace, layered: true, lr: 0.5}\n"
    "  search: {examples: 2}\n"
    "  report: {examples: 30}\n";

static char folder[400];

struct call {
    const char *what; /* inside the folder */
    const char *out;  /* --out, or NULL */
};

static int run_program(void *ctx)
{
    const struct call *call = ctx;
    const char *program = getenv("RANKSCOPE_BIN");
    setenv("LC_ALL", "C.UTF-8", 1);
    if (chdir(folder) != 0)
        return 96;
    if (call->out)
        execl(program, program, "open", call->what, "--out", call->out,
              (char *)NULL);
    else
        execl(program, program, "open", call->what, (char *)NULL);
    return 97;
}

static struct pty *start(const char *term, struct call *call, const char *title)
{
    const char *program = getenv("RANKSCOPE_BIN");
    if (!program || access(program, X_OK) != 0) {
        print_message("RANKSCOPE_BIN names no program; nothing to test\n");
        skip();
    }
    struct pty *pty = pty_start(term, 80, 24, run_program, call);
    assert_true(pty_wait_text(pty, title));
    return pty;
}

static void quit(struct pty *pty)
{
    pty_send(pty, "q");
    assert_true(pty_wait_end(pty));
    assert_true(WIFEXITED(pty->status));
    assert_int_equal(WEXITSTATUS(pty->status), 0);
    assert_true(pty_restored(pty));
    pty_free(pty);
}

static void fills_and_turns_its_pages(void **state)
{
    (void)state;
    struct call call = {"grid.yaml", "filled"};
    struct pty *pty = start("xterm-256color", &call, "A grid of two");
    assert_true(pty_wait_text(pty, "page 1 of 3"));
    assert_true(pty_wait_text(pty, "6/6 cells"));
    assert_true(pty_wait_text(pty, "done"));
    pty_send(pty, "j");
    assert_true(pty_wait_text(pty, "large at cipher"));
    pty_send(pty, "v");
    assert_true(pty_wait_text(pty, "Figure 2"));
    pty_send(pty, "v");
    assert_true(pty_wait_text(pty, "as good as full"));
    pty_send(pty, "0");
    assert_true(pty_wait_text(pty, "large@cipher@seed-2"));
    pty_send(pty, "1");
    assert_true(pty_wait_text(pty, "9 shows its table"));
    pty_send(pty, "9?");
    assert_true(pty_wait_text(pty, "What the numbers mean"));
    pty_send(pty, "?");
    pty_resize(pty, 20, 5);
    assert_true(pty_wait_text(pty, "40x10 needed"));
    pty_resize(pty, 200, 60);
    pty_send(pty, "v");
    assert_true(pty_wait_text(pty, "the paper"));
    quit(pty);
}

/* Stopped wherever it is, twice, on a poor terminal; then to the end. */
static void stops_and_goes_on(void **state)
{
    (void)state;
    struct call call = {"grid.yaml", "stopped"};
    for (int i = 0; i < 2; i++) {
        struct pty *pty = start("vt100", &call, "A grid of two");
        assert_true(pty_wait_text(pty, i ? "/6 cells" : "step "));
        quit(pty);
    }
    struct pty *pty = start("vt100", &call, "A grid of two");
    assert_true(pty_wait_text(pty, "6/6 cells"));
    quit(pty);
    call = (struct call){"stopped", NULL};
    pty = start("vt100", &call, "A grid of two");
    assert_true(pty_wait_text(pty, "6/6 cells"));
    assert_true(pty_wait_text(pty, "small at cipher"));
    quit(pty);
}

/* A search for the intrinsic dimension: stopped wherever it is; then to
 * its end, its pages turned; then looked at. */
static void searches_and_goes_on(void **state)
{
    (void)state;
    struct call call = {"search.yaml", "searched"};
    struct pty *pty = start("xterm-256color", &call, "A search");
    assert_true(pty_wait_text(pty, "trainings"));
    quit(pty);
    pty = start("vt100", &call, "A search");
    assert_true(pty_wait_text(pty, "the search is over"));
    pty_send(pty, "j");
    assert_true(pty_wait_text(pty, "curve 2 of 2"));
    pty_send(pty, "v");
    assert_true(pty_wait_text(pty, "page 2 of 2"));
    pty_send(pty, "9");
    assert_true(pty_wait_text(pty, "5 shows it"));
    pty_send(pty, "0");
    assert_true(pty_wait_text(pty, "@teacher@seed-1"));
    pty_resize(pty, 20, 5);
    assert_true(pty_wait_text(pty, "40x10 needed"));
    pty_resize(pty, 200, 60);
    pty_send(pty, "5v");
    assert_true(pty_wait_text(pty, "of the gain"));
    quit(pty);
    call = (struct call){"searched", NULL};
    pty = start("vt100", &call, "A search");
    assert_true(pty_wait_text(pty, "the search is over"));
    quit(pty);
}

static int write_recipe(const char *name, const char *text)
{
    char path[500];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *to = fopen(path, "w");
    if (!to)
        return -1;
    fputs(text, to);
    return fclose(to);
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.300s/grid-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    return write_recipe("grid.yaml", grid) |
           write_recipe("search.yaml", search);
}

static int tear_down(void **state)
{
    (void)state;
    char command[500];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_and_turns_its_pages),
        cmocka_unit_test(stops_and_goes_on),
        cmocka_unit_test(searches_and_goes_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
