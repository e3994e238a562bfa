/* See lab.h. */
#include "tests/fault/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/program.h"

static char folder[400];

const char lab_race[] =
    "title: a small race\n"
    "task: {name: world}\n"
    "seed: 3\n"
    "steps: 24\n"
    "batch: 4\n"
    "slices: 2\n"
    "optimizer: {lr: 0.01, warmup: 2}\n"
    "evaluate: {every: 8, examples: 6, forget: 2}\n"
    "spectra: {every: 8}\n"
    "runs:\n"
    "  - {name: r1, rank: 1}\n"
    "  - {name: r8, rank: 8, targets: [q, v, up], ranks: {h.1.attn.v: 2}}\n"
    "  - {name: full, method: full, optimizer: {lr: 0.003}}\n";

static const char make_base[] =
    "base: {layers: 2, width: 32, heads: 2, inner: 48, vocab: 400, "
    "context: 128}\n"
    "task: {name: world}\n"
    "steps: 4\n"
    "batch: 4\n"
    "slices: 2\n"
    "optimizer: {lr: 0.01, warmup: 2}\n"
    "evaluate: {every: 2, examples: 4}\n"
    "runs: [{name: base, method: full}]\n";

int lab_set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR"), *root = getenv("RANKSCOPE_ROOT");
    if (!root || !getenv("RANKSCOPE_BIN")) {
        print_error("RANKSCOPE_ROOT and RANKSCOPE_BIN must be set\n");
        return -1;
    }
    /* In memory where there is such a place: these tests sync a lot. */
    if (access("/dev/shm", W_OK | X_OK) == 0)
        base = "/dev/shm";
    snprintf(folder, sizeof folder, "%.300s/rankscope-lab-XXXXXX",
             base ? base : "/tmp");
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    lab_shell("mkdir -p root/assets && cp -R '%s/assets/world' root/assets/",
              root);
    char here[500];
    snprintf(here, sizeof here, "%s/root", folder);
    (void)setenv("RANKSCOPE_ROOT", here, 1);
    lab_write("base.yaml", make_base);
    struct outcome made =
        RUN(NULL, "pretrain", "base.yaml", "--out", "root/assets/base");
    if (made.status != 0)
        print_error("%s\n", made.err);
    int result = made.status;
    outcome_free(&made);
    return result;
}

int lab_tear_down(void **state)
{
    (void)state;
    lab_shell("cd / && chmod -R u+w '%s' && rm -rf '%s'", folder, folder);
    return 0;
}

void lab_write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, size, to), size);
    assert_int_equal(fclose(to), 0);
}

void lab_write(const char *path, const char *text)
{
    lab_write_bytes(path, text, strlen(text));
}

char *lab_read(const char *path, size_t *size)
{
    struct stat about;
    FILE *from = fopen(path, "rb");
    if (!from)
        return NULL;
    assert_int_equal(fstat(fileno(from), &about), 0);
    char *text = calloc(1, (size_t)about.st_size + 1);
    assert_non_null(text);
    size_t got = fread(text, 1, (size_t)about.st_size, from);
    assert_int_equal(got, (size_t)about.st_size);
    (void)fclose(from);
    if (size)
        *size = got;
    return text;
}

bool lab_exists(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

void lab_shell(const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_in_range(length, 0, sizeof command - 1);
    if (system(command) != 0) {
        print_error("failed: %s\n", command);
        fail();
    }
}

void assert_same(const char *a, const char *b)
{
    lab_shell("cmp '%s' '%s' >&2", a, b);
}

void assert_same_results(const char *a, const char *b)
{
    lab_shell("diff -r -x timing.tsv -x '*.tmp-*' '%s' '%s' >&2", a, b);
}
