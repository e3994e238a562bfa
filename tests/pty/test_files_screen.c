/*
 * View 7 on a terminal: an adapter made by the program, opened from the shell
 * and beside a session, and at paths that are wrong; real ones of other
 * programs where ../shared/data lies, else skipped.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/program.h"
#include "tests/pty/pty.h"

enum { PATH_BYTES = 256 };

static char folder[] = "/tmp/rankscope-files-XXXXXX";
static char adapter[2][PATH_BYTES];

struct call {
    const char *argument[4];
};

static int run_program(void *ctx)
{
    const struct call *call = ctx;
    const char *program = getenv("RANKSCOPE_BIN");
    setenv("LC_ALL", "C.UTF-8", 1);
    execl(program, program, call->argument[0], call->argument[1],
          call->argument[2], call->argument[3], (char *)NULL);
    return 97;
}

static void need_program(void)
{
    const char *program = getenv("RANKSCOPE_BIN");
    if (program && access(program, X_OK) == 0)
        return;
    print_message("RANKSCOPE_BIN names no program; nothing to test\n");
    skip();
}

static struct pty *start(const struct call *call, const char *term,
                         const char *text)
{
    struct pty *pty = pty_start(term, 80, 24, run_program, (void *)call);
    if (!pty_wait_text(pty, text))
        pty_print(pty);
    assert_true(pty_shows(pty, text));
    return pty;
}

static void leave(struct pty *pty)
{
    pty_send(pty, "q");
    assert_true(pty_wait_end(pty));
    assert_true(WIFEXITED(pty->status));
    assert_int_equal(WEXITSTATUS(pty->status), 0);
    assert_true(pty_restored(pty));
    pty_free(pty);
}

/* Two runs of a few steps; r8's adapter and r1's. */
static int make_adapters(void **state)
{
    (void)state;
    const char *program = getenv("RANKSCOPE_BIN");
    if (!program || access(program, X_OK) != 0)
        return 0;
    if (!mkdtemp(folder))
        return -1;
    char out[PATH_BYTES];
    (void)snprintf(out, sizeof out, "%s/out", folder);
    struct outcome made = RUN(NULL, "run", "race", "--set", "steps=4", "--out",
                              out, "--threads", "1");
    int status = made.status;
    outcome_free(&made);
    (void)snprintf(adapter[0], PATH_BYTES, "%s/runs/r8/adapter", out);
    (void)snprintf(adapter[1], PATH_BYTES, "%s/runs/r1/adapter", out);
    return status;
}

static int remove_adapters(void **state)
{
    (void)state;
    char command[PATH_BYTES];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return strchr(folder, 'X') ? 0 : system(command) != 0;
}

static void an_adapter_is_opened_and_looked_into(void **state)
{
    (void)state;
    need_program();
    struct call call = {{"open", adapter[0]}};
    struct pty *pty = start(&call, "xterm-256color", "LoRA adapter, written");
    assert_true(pty_wait_text(pty, "all known"));
    assert_true(pty_shows(pty, "scale s"));
    pty_send(pty, "2");
    assert_true(pty_wait_text(pty, "by chance"));
    pty_send(pty, "3");
    assert_true(pty_wait_text(pty, "the whole subspaces"));
    pty_send(pty, "1");
    assert_true(pty_wait_text(pty, "no losses and no training"));
    pty_send(pty, "7v");
    assert_true(pty_wait_text(pty, "what other tools keep"));
    leave(pty);
}

static void two_adapters_are_compared(void **state)
{
    (void)state;
    need_program();
    struct call call = {{"open", adapter[0], adapter[1]}};
    struct pty *pty = start(&call, "vt100", "file 1 of 2");
    pty_send(pty, "3");
    assert_true(pty_wait_text(pty, "cosine"));
    leave(pty);
}

/* One sentence on the terminal, exit 1, and no screen. */
static void wrong_paths_are_refused(void **state)
{
    (void)state;
    need_program();
    static const char *const wrong[][2] = {
        {"/nowhere/adapter.safetensors", "/nowhere/adapter.safetensors"},
        {"/nowhere/at/all", "/nowhere/at/all"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct call call = {{"open", wrong[i][0]}};
        struct pty *pty = pty_start("xterm", 80, 24, run_program, &call);
        assert_true(pty_wait_end(pty));
        assert_true(WIFEXITED(pty->status));
        assert_int_equal(WEXITSTATUS(pty->status), 1);
        assert_true(pty_wrote(pty, wrong[i][1], 0));
        assert_false(pty_wrote(pty, "\033[?1049h", 0));
        pty_free(pty);
    }
}

static void a_file_is_opened_beside_a_session(void **state)
{
    (void)state;
    need_program();
    struct call call = {{"open", "race", "--set", "steps=5000"}};
    struct pty *pty = start(&call, "xterm-256color", "A race of ranks");
    pty_send(pty, "7");
    assert_true(pty_wait_text(pty, "no file is open"));
    pty_send(pty, "o/nowhere/file.safetensors\n");
    assert_true(pty_wait_text(pty, "there is no folder"));
    assert_true(pty_shows(pty, "no file is open"));
    pty_send(pty, "o");
    pty_send(pty, adapter[0]);
    pty_send(pty, "\n");
    assert_true(pty_wait_text(pty, "LoRA adapter, written"));
    pty_send(pty, "2");
    assert_true(pty_wait_text(pty, "by chance"));
    pty_send(pty, "1"); /* the runs are still there */
    assert_true(pty_wait_text(pty, "A race of ranks"));
    pty_send(pty, "7");
    assert_true(pty_wait_text(pty, "LoRA adapter, written"));
    pty_send(pty, "\033");
    assert_true(pty_wait_text(pty, "no file is open"));
    leave(pty);
}

static void real_adapters_are_opened(void **state)
{
    (void)state;
    need_program();
    static const char *const real[][2] = {
        {"lora_distilgpt2_niket", "written as PEFT"},
        {"lora_mlx_qwen05b_wyek1n/0000200_adapters.safetensors",
         "written as MLX"},
        {"lora_sam_rank_sweep/lora_rank4.safetensors", "written as SAM"},
        {"lora_vit_B_zero", "zero: no update"}};
    if (access("../shared/data/adapters", R_OK) != 0) {
        print_message("../shared/data/adapters is not there\n");
        skip();
    }
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "../shared/data/adapters/%s",
                       real[i][0]);
        struct call call = {{"open", path}};
        struct pty *pty = start(&call, "xterm-256color", real[i][1]);
        assert_true(pty_wait_text(pty, "all known"));
        leave(pty);
    }
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adapter_is_opened_and_looked_into),
        cmocka_unit_test(two_adapters_are_compared),
        cmocka_unit_test(wrong_paths_are_refused),
        cmocka_unit_test(a_file_is_opened_beside_a_session),
        cmocka_unit_test(real_adapters_are_opened),
    };
    return cmocka_run_group_tests(tests, make_adapters, remove_adapters);
}
