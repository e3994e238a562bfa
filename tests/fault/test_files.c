/*
 * The file tools on what others have written: adapters of other dialects and
 * files of tensors are looked at without their model, and what is wrong with
 * one of them is one sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "tests/fault/lab.h"
#include "tests/near.h"
#include "tests/program.h"

/* One value read from two files, of the same floats. */
static const double same_floats = 1e-12;
/* W0 + dW in float, and W0 taken out again: a few ulp of W0 against dW. */
static const double subtracted = 1e-5;

#define ADAPTER "done/runs/r8/adapter"

static int set_up(void **state)
{
    if (lab_set_up(state) != 0)
        return -1;
    lab_write("race.yaml", lab_race);
    free(DONE(NULL, "run", "race.yaml", "--out", "done"));
    return 0;
}

static struct json *parse(char *text)
{
    struct err err = {""};
    struct json *root = json_parse(text, strlen(text), "stdout", &err);
    assert_string_equal(err.text, "");
    free(text);
    return root;
}

static const struct json *site_at(const struct json *root, int i)
{
    return json_at(json_get(root, "sites"), i);
}

static bool says(const struct json *object, const char *key, const char *word)
{
    return strstr(json_text(json_get(object, key), ""), word) != NULL;
}

static double first_sigma(const struct json *site)
{
    return json_number(json_at(json_get(site, "sigma"), 0), NAN);
}

/* The adapter's tensors under other names; alpha 0: no such tensor. */
static void rename_to_kohya(const char *to, float alpha)
{
    struct err err = {""};
    struct safetensors *from =
        safetensors_open(ADAPTER "/adapter_model.safetensors", &err);
    struct safetensors_out *out = safetensors_out_new();
    assert_string_equal(err.text, "");
    for (int i = 0; i < safetensors_count(from); i++) {
        const struct tensor *tensor = safetensors_at(from, i);
        char name[200];
        snprintf(name, sizeof name, "%s", tensor->name);
        char *part = strstr(name, ".lora_");
        assert_non_null(part);
        bool is_a = part[6] == 'A';
        strcpy(part, is_a ? ".lora_down.weight" : ".lora_up.weight");
        safetensors_out_add(out, name, (int)tensor->shape[0],
                            (int)tensor->shape[1], tensor->data);
        strcpy(part, ".alpha");
        if (is_a && alpha > 0)
            safetensors_out_add(out, name, -1, 1, &alpha);
    }
    assert_int_equal(safetensors_out_commit(out, to, &err), 0);
    safetensors_close(from);
}

static void test_dialects(void **state)
{
    (void)state;
    rename_to_kohya("kohya.safetensors", 5);
    struct json *peft = parse(DONE(NULL, "spectrum", ADAPTER, "--json"));
    struct json *kohya =
        parse(DONE(NULL, "spectrum", "kohya.safetensors", "--json"));
    assert_int_equal(json_length(json_get(kohya, "sites")), 4);
    for (int i = 0; i < 4; i++) {
        const struct json *one = site_at(peft, i), *other = site_at(kohya, i);
        double rank = json_number(json_get(other, "rank"), NAN);
        double s = json_number(json_get(one, "scale"), NAN);
        assert_true(says(other, "scale_from", "tensor: alpha 5 / r "));
        assert_near(first_sigma(other), first_sigma(one) / s * 5 / rank,
                    same_floats);
    }
    json_free(peft);
    json_free(kohya);
    char *table = DONE(NULL, "overlap", "kohya.safetensors", ADAPTER);
    assert_non_null(strstr(table, "h.0.attn.c_attn"));
    free(table);
    REFUSED(NULL, 1, WORDS("W0 of", "--base"), "overlap",
            "done/runs/full/model/model.safetensors", "base");
}

static void test_scale_warning(void **state)
{
    (void)state;
    lab_shell("cp -R " ADAPTER " odd && sed -i 's/\"r\": [0-9]*/\"r\": 3/; "
              "s/\"rank_pattern\": {[^}]*}/\"rank_pattern\": {}/' "
              "odd/adapter_config.json && tr -d '\\n' <odd/adapter_config.json "
              ">odd/x && sed 's/\"rank_pattern\": *{[^}]*}/\"rank_pattern\": "
              "{}/' odd/x >odd/adapter_config.json && rm odd/x");
    char *table = DONE(NULL, "spectrum", "odd");
    assert_non_null(strstr(table, "the config says r 3, the tensors have"));
    free(table);
    struct json *root = parse(DONE(NULL, "spectrum", "odd", "--json"));
    assert_true(says(site_at(root, 0), "scale_warning", "the config says r 3"));
    json_free(root);
    REFUSED(NULL, 1, WORDS("lora_A.weight", "expected (3, "), "eval", "bundled",
            "--task", "world", "--adapter", "odd");
}

/* Without a model, and with an unknown one, tensor by tensor. */
static void test_checkpoints(void **state)
{
    (void)state;
    struct json *sites = parse(DONE(NULL, "spectrum", "done/runs/full/model",
                                    "--base", "bundled", "--json"));
    struct json *files =
        parse(DONE(NULL, "spectrum", "done/runs/full/model/model.safetensors",
                   "--base", "root/assets/base/model.safetensors", "--json"));
    assert_true(says(files, "kind", "delta"));
    const struct json *down = NULL;
    for (int i = 0; i < json_length(json_get(sites, "sites")); i++)
        if (says(site_at(sites, i), "name", "h.1.mlp.down"))
            down = site_at(sites, i);
    for (int i = 0; i < json_length(json_get(files, "sites")); i++)
        if (says(site_at(files, i), "tensor", "h.1.mlp.c_proj.weight"))
            assert_near_relative(first_sigma(site_at(files, i)),
                                 first_sigma(down), subtracted);
    assert_non_null(down);
    json_free(sites);
    json_free(files);
    lab_shell("cp -R done/runs/full/model zebra && sed -i s/gpt2/zebra/ "
              "zebra/config.json");
    char *table = DONE(NULL, "spectrum", "zebra");
    assert_non_null(strstr(table, "h.0.mlp.c_fc"));
    free(table);
}

/* The file tools take every dialect, and write PEFT's. */
static void test_tools_take_dialects(void **state)
{
    (void)state;
    rename_to_kohya("kohya.safetensors", 5);
    free(DONE(NULL, "resize", "kohya.safetensors", "--energy", "1", "--out",
              "as_peft"));
    struct json *was =
        parse(DONE(NULL, "spectrum", "kohya.safetensors", "--json"));
    struct json *is = parse(DONE(NULL, "spectrum", "as_peft", "--json"));
    for (int i = 0; i < 4; i++) {
        assert_near_relative(first_sigma(site_at(is, i)),
                             first_sigma(site_at(was, i)), subtracted);
        assert_near_relative(
            json_number(json_get(site_at(is, i), "scale"), NAN),
            json_number(json_get(site_at(was, i), "scale"), NAN), same_floats);
        assert_true(says(site_at(is, i), "scale_from", "adapter_config.json"));
    }
    json_free(was);
    json_free(is);
    free(DONE(NULL, "merge", "bundled", "kohya.safetensors", "--out", "one"));
    free(DONE(NULL, "merge", "bundled", "as_peft", "--out", "other"));
    is = parse(DONE(NULL, "spectrum", "one/model.safetensors", "--base",
                    "other/model.safetensors", "--json"));
    const struct json *sites = json_get(is, "sites");
    for (int i = 0; i < json_length(sites); i++) {
        double sigma = first_sigma(json_at(sites, i));
        assert_true(!(sigma > subtracted)); /* none: nothing differs */
    }
    json_free(is);
    lab_shell(
        "mkdir kernel && printf '{\"c.lora_down.weight\":{\"dtype\":"
        "\"F32\",\"shape\":[1,1,2,2],\"data_offsets\":[0,16]},"
        "\"c.lora_up.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,1,1],"
        "\"data_offsets\":[16,24]}}' >kernel/head && { printf "
        "\"\\\\$(printf %%o $(wc -c <kernel/head))\\0\\0\\0\\0\\0\\0\\0\"; "
        "cat kernel/head; head -c 24 /dev/zero; } "
        ">kernel.safetensors");
    char *table = DONE(NULL, "spectrum", "kernel.safetensors");
    assert_non_null(strstr(table, "2x2 kernel as out x (in 2 2)"));
    free(table);
    REFUSED(NULL, 1, WORDS("c.lora_down.weight", "convolution"), "resize",
            "kernel.safetensors", "--rank", "1", "--out", "none");
    assert_false(lab_exists("none"));
}

static void test_bad_files(void **state)
{
    (void)state;
    rename_to_kohya("kohya.safetensors", 0);
    lab_shell("head -c 300 kohya.safetensors >cut.safetensors");
    REFUSED(NULL, 1, WORDS("cut.safetensors"), "spectrum", "cut.safetensors");
    lab_write("empty.pt", "");
    REFUSED(NULL, 1, WORDS("empty.pt", "too few"), "spectrum", "empty.pt");
    lab_shell("printf 'PK\\003\\004' >bad.pt && head -c 60 /dev/zero >>bad.pt");
    REFUSED(NULL, 1, WORDS("bad.pt", "directory"), "spectrum", "bad.pt");
    lab_shell("mkdir tuning && echo '{\"peft_type\": \"P_TUNING\"}' "
              ">tuning/adapter_config.json && cp kohya.safetensors "
              "tuning/adapter_model.safetensors");
    REFUSED(NULL, 1, WORDS("peft_type is P_TUNING", "only LORA"), "spectrum",
            "tuning");
    lab_shell("mkdir several && cp kohya.safetensors several/a.safetensors && "
              "cp kohya.safetensors several/b.safetensors");
    REFUSED(NULL, 1, WORDS("several holds 2 files", "a.safetensors"),
            "spectrum", "several");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_scale_warning),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_tools_take_dialects),
        cmocka_unit_test(test_bad_files),
    };
    return cmocka_run_group_tests(tests, set_up, lab_tear_down);
}
