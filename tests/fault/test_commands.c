/*
 * The subcommands doing what they are for, on a base of 32,000 weights.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/io/json.h"
#include "tests/fault/lab.h"
#include "tests/near.h"
#include "tests/program.h"

/* eval adds s B A to W, the run accumulated it direction by direction: they
 * differ in the last bits of W, and the loss by a part in a million or so. */
static const double merged_tolerance = 1e-5;

static struct json *parse(char *text)
{
    struct err err = {{0}};
    struct json *root = json_parse(text, strlen(text), "stdout", &err);
    if (!root)
        print_error("%s\n%s\n", err.text, text);
    assert_non_null(root);
    free(text);
    return root;
}

/* Column validation_loss of the last row. */
static double last_validation(const char *path)
{
    char *text = lab_read(path, NULL);
    assert_non_null(text);
    text[strlen(text) - 1] = '\0';
    char *column = strrchr(text, '\n') + 1;
    for (int i = 0; i < 5; i++)
        column = strchr(column, '\t') + 1;
    double value = strtod(column, NULL);
    free(text);
    assert_true(value > 0);
    return value;
}

static double evaluate(const char *base, const char *adapter)
{
    char *said =
        adapter ? DONE(NULL, "eval", base, "--task", "world", "--json",
                       "--examples", "6", "--seed", "3", "--adapter", adapter)
                : DONE(NULL, "eval", base, "--task", "world", "--json",
                       "--examples", "6", "--seed", "3");
    struct json *root = parse(said);
    double nats = json_number(json_get(root, "nats_per_token"), -1);
    assert_int_equal(json_int(json_get(root, "examples"), 0), 6);
    assert_true(json_int(json_get(root, "tokens"), 0) > 6);
    assert_string_equal(json_text(json_get(root, "task"), ""), "world");
    json_free(root);
    return nats;
}

static void test_eval_agrees_with_run(void **state)
{
    (void)state;
    lab_write("race.yaml", lab_race);
    char *said = DONE(NULL, "run", "race.yaml", "--out", "done");
    assert_non_null(strstr(said, "results in done\n"));
    assert_int_equal(line_count(said), 4);
    free(said);
    double r8 = last_validation("done/runs/r8/metrics.tsv");
    double full = last_validation("done/runs/full/metrics.tsv");
    assert_near(evaluate("bundled", "done/runs/r8/adapter"), r8,
                merged_tolerance);
    assert_near(evaluate("done/runs/full/model", NULL), full, merged_tolerance);
    assert_true(full < evaluate("bundled", NULL) - 0.01);
    said = DONE(NULL, "eval", "bundled", "--task", "world", "--examples", "2");
    assert_non_null(strstr(said, "nats per token"));
    free(said);
    /* Nothing of the adapter at strength 0. */
    struct json *zero = parse(DONE(
        NULL, "eval", "bundled", "--task", "world", "--json", "--scale", "0",
        "--examples", "6", "--seed", "3", "--adapter", "done/runs/r8/adapter"));
    assert_near(json_number(json_get(zero, "nats_per_token"), -1),
                evaluate("bundled", NULL), merged_tolerance);
    json_free(zero);
}

static void test_generate(void **state)
{
    (void)state;
    char *text[5] = {
        DONE(NULL, "generate", "bundled", "--prompt", "Mia has", "--tokens",
             "20"),
        DONE(NULL, "generate", "bundled", "--prompt", "Mia has", "--tokens",
             "20", "--seed", "7"),
        DONE(NULL, "generate", "bundled", "--prompt", "Mia has", "--tokens",
             "20", "--temperature", "1", "--seed", "7"),
        DONE(NULL, "generate", "bundled", "--prompt", "Mia has", "--tokens",
             "20", "--temperature", "1", "--seed", "7"),
        DONE(NULL, "generate", "bundled", "--prompt", "Mia has", "--tokens",
             "20", "--temperature", "1", "--seed", "8")};
    for (int i = 0; i < 5; i++)
        assert_memory_equal(text[i], "Mia has", 7);
    assert_string_equal(text[0], text[1]);
    assert_string_equal(text[2], text[3]);
    assert_string_not_equal(text[2], text[4]);
    /* A beam of one is greedy; a wider one is something of its own. */
    char *one = DONE(NULL, "generate", "bundled", "--prompt", "Mia has",
                     "--tokens", "20", "--beam", "1");
    assert_string_equal(one, text[0]);
    free(one);
    char *wide = DONE(NULL, "generate", "bundled", "--prompt", "Mia has",
                      "--tokens", "20", "--beam", "4", "--length-penalty",
                      "0.9", "--no-repeat", "4");
    assert_memory_equal(wide, "Mia has", 7);
    free(wide);
    for (int i = 0; i < 5; i++)
        free(text[i]);
    /* Longer than the context, and bytes that are no text. */
    free(DONE(NULL, "generate", "bundled", "--prompt", "\xff\x01 \xe2\x82",
              "--tokens", "300"));
}

/* What the model writes greedily is right as often as teacher forcing says. */
static void test_eval_writes(void **state)
{
    (void)state;
    struct json *root = parse(DONE(NULL, "eval", "bundled", "--task", "sql",
                                   "--generate", "--json", "--examples", "9"));
    const struct json *written = json_get(root, "written");
    assert_non_null(written);
    assert_near(json_number(json_get(written, "exact_match"), -1),
                json_number(json_get(root, "exact_match"), -2), 0);
    assert_true(json_number(json_get(written, "tokens"), 0) > 0);
    json_free(root);
    char *said = DONE(NULL, "eval", "bundled", "--task", "sql", "--generate",
                      "--examples", "3", "--beam", "2", "--tokens", "1");
    assert_non_null(strstr(said, "exact match, written with beam 2: "));
    free(said);
    REFUSED(NULL, 1, WORDS("world has no answers"), "eval", "bundled", "--task",
            "world", "--generate");
    REFUSED(NULL, 2, WORDS("--generate"), "eval", "bundled", "--task", "sql",
            "--beam", "2");
    REFUSED(NULL, 2, WORDS("--temperature"), "generate", "bundled", "--prompt",
            "A", "--beam", "2", "--temperature", "1");
}

static void test_show(void **state)
{
    static const char *const views[] = {"train", "spectrum", "ranks", "log"};
    (void)state;
    lab_write("race.yaml", lab_race);
    free(DONE(NULL, "run", "race.yaml", "--out", "shown"));
    for (int i = 0; i < 4; i++) {
        char *text = DONE(NULL, "show", "shown", "--view", views[i], "--size",
                          "100x30", "--ascii");
        assert_int_equal(line_count(text), 30);
        for (const char *at = text; *at; at++)
            assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
        assert_non_null(strstr(text, views[i]));
        free(text);
    }
    free(DONE(NULL, "show", "shown", "--size", "1x1"));
    free(DONE(NULL, "show", "shown", "--svg", "shown.svg"));
    free(DONE(NULL, "show", "shown", "--screen", "screen.svg"));
    lab_shell("for f in shown.svg screen.svg; do head -c 4 $f | grep -q '<svg' "
              "&& tail -1 $f | grep -q '</svg>' || exit 1; done");
    /* Vectors in one, cells in the other. */
    lab_shell("grep -q '<polyline' shown.svg && ! grep -q '<polyline' "
              "screen.svg && grep -q 'DejaVu Sans Mono' screen.svg");
    REFUSED(NULL, 2, WORDS("--svg", "--screen"), "show", "shown", "--svg",
            "a.svg", "--screen", "b.svg");
    REFUSED(NULL, 1, WORDS("log", "--screen"), "show", "shown", "--view", "log",
            "--svg", "log.svg");
    REFUSED(NULL, 1, WORDS("screen.svg", "--force"), "show", "shown",
            "--screen", "screen.svg");
    lab_shell("test ! -e log.svg && test ! -e a.svg");
}

static void test_bench(void **state)
{
    static const char *const numbers[] = {
        "step_ms",      "tokens_per_s",  "forward_ms",  "backward_ms",
        "optimizer_ms", "gemm_bound_ms", "peak_rss_mib"};
    (void)state;
    struct json *root = parse(DONE(
        NULL, "bench", "--json", "--layers", "1", "--width", "16", "--heads",
        "2", "--vocab", "50", "--seq", "8", "--batch", "4", "--steps", "3",
        "--threads", "2", "--rank", "2", "--targets", "all"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_false(json_number(json_get(root, numbers[i]), -1e9) == -1e9);
    assert_true(json_number(json_get(root, "tokens_per_s"), 0) > 0);
    json_free(root);
    free(DONE(NULL, "bench", "--steps", "1", "--method", "full", "--batch", "3",
              "--slices", "5", "--layers", "1"));
}

/* The base of the lab, made again, is the same base. */
static void test_pretrain(void **state)
{
    static const char *const files[] = {"config.json", "tokenizer.json",
                                        "model.safetensors"};
    (void)state;
    char *said =
        DONE(NULL, "pretrain", "base.yaml", "--out", "again", "--threads", "1");
    assert_non_null(strstr(said, "parameters"));
    assert_non_null(strstr(said, "trigram"));
    free(said);
    for (int i = 0; i < 3; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "again/%s", files[i]);
        snprintf(b, sizeof b, "root/assets/base/%s", files[i]);
        assert_same(a, b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eval_agrees_with_run),
        cmocka_unit_test(test_generate),
        cmocka_unit_test(test_eval_writes),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_bench),
        cmocka_unit_test(test_pretrain),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
