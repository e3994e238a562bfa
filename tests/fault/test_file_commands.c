/*
 * rankscope resize, extract and merge from the shell: what is not an adapter,
 * not whole or not of this base is one sentence with the tensor's name, exit
 * 1, and nothing was written; nothing is overwritten unasked.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fault/lab.h"
#include "tests/program.h"

#define FAILS(word, ...) REFUSED(NULL, 1, WORDS(word), __VA_ARGS__)

static const char config[] = "{\"peft_type\": \"LORA\", \"r\": 2, "
                             "\"lora_alpha\": 4, \"target_modules\": [\"q\"]}";

static int set_up(void **state)
{
    if (lab_set_up(state) != 0)
        return -1;
    lab_write("race.yaml", lab_race);
    free(DONE(NULL, "run", "race.yaml", "--out", "done"));
    return 0;
}

/* An adapter of one pair: shapes and offsets as given, floats of 4 bytes. */
static void write_adapter(const char *about, const char *header, size_t floats,
                          float value)
{
    char bytes[8192];
    uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < floats; i++)
        memcpy(bytes + 8 + length + 4 * i, &value, 4);
    lab_shell("rm -rf bad && mkdir bad");
    lab_write("bad/adapter_config.json", about);
    lab_write_bytes("bad/adapter_model.safetensors", bytes,
                    8 + length + 4 * floats);
}

/* One sentence that says what, and no trace of a file. */
static void check_refused(const char *says)
{
    FAILS(says, "resize", "bad", "--rank", "1", "-o", "new");
    assert_false(lab_exists("new"));
}

#define PAIR(a, b, end_a, end_b)                                               \
    "{\"m.q.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":" a                   \
    ",\"data_offsets\":[0," end_a                                              \
    "]},\"m.q.lora_B.weight\":{\"dtype\":\"F32\",\"shape\":" b                 \
    ",\"data_offsets\":[" end_a "," end_b "]}}"

static void test_bad_adapters(void **state)
{
    (void)state;
    write_adapter(config, PAIR("[2,3]", "[4,2]", "24", "56"), 14, 1);
    free(DONE(NULL, "resize", "bad", "--rank", "1", "--dry-run"));
    write_adapter(config, PAIR("[2,3]", "[2,4]", "24", "56"), 14, 1);
    check_refused("m.q.lora_B.weight");
    write_adapter(config, PAIR("[3,2]", "[4,2]", "24", "56"), 14, 1);
    check_refused("m.q.lora_B.weight");
    write_adapter(config, PAIR("[2,3]", "[4,2]", "24", "56"), 14, NAN);
    check_refused("m.q.lora_A.weight");
    write_adapter(config, PAIR("[2,3]", "[4,2]", "24", "56"), 10, 1);
    check_refused("cut short");
    write_adapter(config, PAIR("[6]", "[4,2]", "24", "56"), 14, 1);
    check_refused("1 dimensions");
    write_adapter(config,
                  "{\"m.q.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],"
                  "\"data_offsets\":[0,24]}}",
                  6, 1);
    check_refused("has no B beside it");
    write_adapter(config,
                  "{\"prompt_embeddings\":{\"dtype\":\"F32\",\"shape\":[2,3],"
                  "\"data_offsets\":[0,24]}}",
                  6, 1);
    check_refused("trained prompt tokens");
    write_adapter("{\"peft_type\": \"P_TUNING\"}",
                  PAIR("[2,3]", "[4,2]", "24", "56"), 14, 1);
    check_refused("P_TUNING");
    write_adapter("{\"peft_type\": \"LORA\", \"r\": 8, \"lora_alpha\": 4}",
                  PAIR("[2,3]", "[4,2]", "24", "56"), 14, 1);
    check_refused("m.q.lora_A.weight has rank 2");
}

static void test_other_base(void **state)
{
    (void)state;
    write_adapter(config, PAIR("[2,3]", "[4,2]", "24", "56"), 14, 1);
    FAILS("m.q.lora_A.weight", "merge", "bundled", "bad", "-o", "new");
    assert_false(lab_exists("new"));
    FAILS("cannot be read", "merge", "nowhere", "bad", "-o", "new");
    lab_shell("mkdir -p cut && cp -r done/runs/full/model/. cut && "
              "truncate -s -4 cut/model.safetensors");
    FAILS("cut short", "extract", "bundled", "cut", "--rank", "2", "-o", "new");
    FAILS("nothing to extract", "extract", "bundled", "bundled", "--rank", "2",
          "-o", "new");
    assert_false(lab_exists("new"));
}

static void test_nothing_is_overwritten(void **state)
{
    (void)state;
    const char *adapter = "done/runs/r8/adapter";
    free(DONE(NULL, "resize", adapter, "--rank", "1", "-o", "small"));
    lab_shell("cp -r small kept");
    FAILS("--force", "resize", adapter, "--rank", "2", "-o", "small");
    assert_same("small/adapter_model.safetensors",
                "kept/adapter_model.safetensors");
    free(
        DONE(NULL, "resize", adapter, "--rank", "2", "-o", "small", "--force"));
    free(DONE(NULL, "merge", "bundled", adapter, "-o", "merged"));
    FAILS("--force", "merge", "bundled", adapter, "-o", "merged");
    free(DONE(NULL, "extract", "bundled", "merged", "--energy", "1", "-o",
              "back", "--json"));
    /* No leftovers beside what was written. */
    lab_shell("test -z \"$(find small merged back -name '*.tmp-*')\"");
}

/* The same file on any number of threads. */
static void test_threads(void **state)
{
    (void)state;
    const char *adapter = "done/runs/r8/adapter";
    free(DONE(NULL, "resize", adapter, "--energy", ".9", "-o", "t1",
              "--threads", "1"));
    free(DONE(NULL, "resize", adapter, "--energy", ".9", "-o", "t3",
              "--threads", "3"));
    assert_same("t1/adapter_model.safetensors", "t3/adapter_model.safetensors");
    assert_same("t1/adapter_config.json", "t3/adapter_config.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_adapters),
        cmocka_unit_test(test_other_base),
        cmocka_unit_test(test_nothing_is_overwritten),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, set_up, lab_tear_down);
}
