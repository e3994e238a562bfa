/*
 * Assets that are cut, damaged, missing or do not fit together: one sentence
 * that names the file, and nothing is left behind.
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

static const struct launch broken = {.var = {"RANKSCOPE_ROOT=broken"}};

static const char good[] = "task: {name: world}\nsteps: 2\nbatch: 2\n"
                           "evaluate: {every: 10, examples: 2}\n"
                           "runs: [{name: a, rank: 2}]\n";

static void make_anew(void)
{
    lab_shell("rm -rf broken && cp -R root broken");
    lab_write("good.yaml", good);
}

static void refuse(const char *const *words)
{
    REFUSED(&broken, 1, words, "run", "good.yaml", "--out", "out");
    assert_false(lab_exists("out"));
}

/* Neither run nor eval nor generate read half a model. */
static void refuse_everywhere(const char *const *words)
{
    refuse(words);
    REFUSED(&broken, 1, words, "eval", "bundled", "--task", "world");
    REFUSED(&broken, 1, words, "generate", "bundled", "--prompt", "A");
}

static void test_model(void **state)
{
    static const long cut[] = {0, 7, 8, 1000, 100000, -1};
    size_t size;
    (void)state;
    char *whole = lab_read("root/assets/base/model.safetensors", &size);
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        make_anew();
        lab_write_bytes("broken/assets/base/model.safetensors", whole,
                        cut[i] < 0 ? size - 1 : (size_t)cut[i]);
        refuse_everywhere(WORDS("model.safetensors"));
    }
    memset(whole + 8, '[', 200);
    lab_write_bytes("broken/assets/base/model.safetensors", whole, size);
    refuse_everywhere(WORDS("model.safetensors"));
    free(whole);
    lab_shell("rm broken/assets/base/model.safetensors");
    refuse_everywhere(WORDS("model.safetensors", "No such file"));
}

static void test_not_finite(void **state)
{
    static const unsigned char nan[] = {0, 0, 0xc0, 0x7f};
    size_t size;
    (void)state;
    make_anew();
    char *whole = lab_read("root/assets/base/model.safetensors", &size);
    memcpy(whole + size - sizeof nan, nan, sizeof nan);
    lab_write_bytes("broken/assets/base/model.safetensors", whole, size);
    free(whole);
    struct outcome outcome = RUN(&broken, "run", "good.yaml", "--out", "out");
    /* Refused, or every loss is unknown and the run says it diverged. */
    assert_true(outcome.status == 1 || strstr(outcome.out, "diverged"));
    outcome_free(&outcome);
    lab_shell("rm -rf out");
}

static void test_config(void **state)
{
    static const struct {
        const char *edit, *say;
    } bad[] = {
        {"s/gpt2/gpt9/", "gpt9"},
        {"s/\"n_embd\": 32/\"n_embd\": 64/", "wte"},
        {"s/\"n_embd\": 32/\"n_embd\": 1000000000/", "n_embd"},
        {"s/\"n_embd\": 32/\"n_embd\": -1/", "n_embd"},
        {"s/\"n_embd\": 32/\"n_embd\": \"x\"/", "n_embd"},
        {"s/\"n_layer\": 2/\"n_layer\": 3/", "h.2."},
        {"s/\"n_head\": 2/\"n_head\": 5/", "5"},
        {"s/\"vocab_size\": 400/\"vocab_size\": 500/", "wte"},
        {"s/\"n_layer\"/\"layers\"/", "n_layer"},
        {"s/,//", "config.json:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        make_anew();
        lab_shell("sed '%s' root/assets/base/config.json "
                  ">broken/assets/base/config.json",
                  bad[i].edit);
        refuse_everywhere(WORDS("broken/assets/base", bad[i].say));
    }
    lab_shell("rm broken/assets/base/config.json");
    refuse_everywhere(WORDS("config.json", "No such file"));
}

static void test_tokenizer(void **state)
{
    static const char *const bad[][2] = {
        {"{\"model\": {", "tokenizer.json:"},
        {"{}", "tokenizer.json"},
        {"[]", "tokenizer.json"},
        {"", "tokenizer.json"},
        {"{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": "
         "[\"q z\"]}}",
         "tokenizer.json"},
        {"{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 5}, \"merges\": "
         "[]}}",
         "tokenizer.json"},
        {"\xff\xfe", "tokenizer.json:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        make_anew();
        lab_write("broken/assets/base/tokenizer.json", bad[i][0]);
        refuse_everywhere(WORDS(bad[i][1]));
    }
    lab_shell("rm -r broken/assets/base");
    refuse_everywhere(WORDS("broken/assets/base", "No such file"));
}

static void test_world(void **state)
{
    static const char *const files[] = {"document", "people", "stories"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        make_anew();
        lab_shell("rm broken/assets/world/%s.txt", files[i]);
        refuse(WORDS("broken/assets/world"));
        lab_write_bytes("broken/assets/world/people.txt", "a\0b", 3);
        refuse(WORDS("broken/assets/world"));
    }
    make_anew();
    lab_shell("printf 'loop =\\n    x <loop>\\n' "
              ">>broken/assets/world/people.txt");
    refuse(WORDS("people.txt:", "loop"));
    make_anew();
    lab_shell("rm broken/assets/world/*.txt");
    refuse(WORDS("broken/assets/world"));
    lab_shell("rm -r broken/assets/world");
    refuse(WORDS("RANKSCOPE_ROOT=broken"));
}

static void test_adapters(void **state)
{
    size_t size;
    (void)state;
    lab_write("good.yaml", good);
    free(DONE(NULL, "run", "good.yaml", "--out", "made"));
    char *whole =
        lab_read("made/runs/a/adapter/adapter_model.safetensors", &size);
    lab_shell("cp -R made/runs/a/adapter cut; cp -R cut odd; mkdir empty");
    lab_write_bytes("cut/adapter_model.safetensors", whole, size - 40);
    free(whole);
    lab_shell("sed 's/\"r\": [0-9]*/\"r\": 77/' made/runs/a/adapter/"
              "adapter_config.json >odd/adapter_config.json");
    static const char *const bad[][2] = {
        {"nowhere", "there is no"}, {"empty", "adapter_model"},
        {"cut", "adapter_model"},    {"odd", "odd"},
        {"good.yaml", "good.yaml"},  {"made/runs/a", "no tensor"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const *words = WORDS(bad[i][0], bad[i][1]);
        REFUSED(NULL, 1, words, "eval", "bundled", "--task", "world",
                "--adapter", bad[i][0]);
        REFUSED(NULL, 1, words, "generate", "bundled", "--prompt", "A",
                "--adapter", bad[i][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),  cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_config), cmocka_unit_test(test_tokenizer),
        cmocka_unit_test(test_world),  cmocka_unit_test(test_adapters),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
