/*
 * Bases that cannot be run, or not read: one sentence, status 1; but what is
 * only unknown can be looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fault/lab.h"
#include "tests/program.h"

static void refuse(const char *const *words)
{
    REFUSED(NULL, 1, words, "generate", "m", "--prompt", "A");
    REFUSED(NULL, 1, words, "eval", "m", "--task", "world");
}

static void base_with(const char *change)
{
    char command[256];
    snprintf(command, sizeof command,
             "rm -rf m && cp -R root/assets/base m && "
             "sed -i.old '%s' m/config.json",
             change);
    lab_shell(command);
}

static void test_configs(void **state)
{
    (void)state;
    base_with("s/gpt2/mamba/");
    refuse(WORDS("mamba", "not supported", "llama"));
    char *seen = DONE(NULL, "spectrum", "m", "--site", "h.0.mlp");
    assert_non_null(strstr(seen, "transformer.h.0.mlp.c_fc"));
    free(seen);
    base_with("s/{/[/");
    refuse(WORDS("config.json"));
    /* Tensors are there all the same, and have names. */
    seen = DONE(NULL, "spectrum", "m", "--site", "h.0.mlp");
    assert_non_null(strstr(seen, "transformer.h.0.mlp.c_fc"));
    free(seen);
    base_with("s/n_embd/n_emb/");
    refuse(WORDS("n_embd"));
    base_with("s/\"n_head\": [0-9]*/\"n_head\": 3/");
    refuse(WORDS("3 heads"));
    base_with("s/\"n_layer\": [0-9]*/\"n_layer\": 9/");
    refuse(WORDS("is missing"));
}

static void test_tokenizers(void **state)
{
    (void)state;
    base_with("s/x/x/");
    lab_write("m/tokenizer.json", "{\"model\": {\"type\": \"Unigram\"}}");
    refuse(WORDS("tokenizer.json"));
    lab_shell("rm m/tokenizer.json");
    refuse(WORDS("tokenizer.json", "No such file"));
    lab_write("m/vocab.json", "{}");
    lab_write("m/merges.txt", "a b\n");
    refuse(WORDS("0 entries"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configs),
        cmocka_unit_test(test_tokenizers),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
