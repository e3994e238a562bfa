/*
 * The fuzzers' corpora without a fuzzer: every kept file opens or is refused
 * in one sentence, whatever the compiler.  Files called found-* were found by
 * the fuzzer and may be anything; broke-* once broke a reader; all others are
 * valid and open (tests/fuzz/seeds.c).
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/file.h"
#include "tests/fuzz/fuzz.h"

#define CORPUS "tests/fuzz/corpus/"

typedef int target(const uint8_t *data, size_t size, struct err *err);

/* Not a byte more than the file has, for AddressSanitizer. */
static int feed(target *run, const char *path, struct err *err)
{
    char *text;
    size_t size;
    struct err why = {""};
    if (file_read(&text, &size, path, 1 << 20, &why) != 0)
        fail_msg("%s", why.text);
    uint8_t *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    memcpy(exact, text, size);
    mem_free(text);
    int status = run(exact, size, err);
    free(exact);
    return status;
}

static bool is_valid(const char *name)
{
    return strncmp(name, "found-", 6) != 0 && strncmp(name, "broke-", 6) != 0;
}

/* Every file of a corpus; there are at least so many, and valid ones. */
static void replay(target *run, const char *folder, int least)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int count = 0, opened = 0;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char path[512];
        struct err err = {""};
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        int status = feed(run, path, &err);
        bool said = err.text[0] && !strchr(err.text, '\n');
        if (status != 0 && (!said || is_valid(entry->d_name)))
            fail_msg("%s: refused: %s", path, err.text);
        opened += status == 0;
        count++;
    }
    (void)closedir(dir);
    assert_true(count >= least);
    assert_true(opened > 0 && opened < count);
}

static void safetensors(void **state)
{
    (void)state;
    replay(fuzz_safetensors, CORPUS "safetensors", 50);
}

static void torch(void **state)
{
    (void)state;
    replay(fuzz_torch, CORPUS "torch", 80);
}

static void tokenizer(void **state)
{
    (void)state;
    replay(fuzz_tokenizer, CORPUS "tokenizer", 50);
}

static void config(void **state)
{
    (void)state;
    replay(fuzz_config, CORPUS "config", 50);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safetensors),
        cmocka_unit_test(torch),
        cmocka_unit_test(tokenizer),
        cmocka_unit_test(config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
