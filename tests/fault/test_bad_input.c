/*
 * Foreign files that are not what they say, given to every command that reads
 * them: one sentence with the tensor's name, exit 1, and nothing written.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/io/safetensors.h"
#include "tests/fault/lab.h"
#include "tests/program.h"
#include "tests/unit/torch_writer.h"

#define A       "m.q.lora_A.weight"
#define B       "m.q.lora_B.weight"
#define IS_LORA "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4}"

/* An entry of a header. */
#define T(name, type, shape, begin, end)                                       \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape                   \
    "],\"data_offsets\":[" begin "," end "]}"
#define GOOD_A T(A, "F32", "2,3", "0", "24")
#define GOOD_B T(B, "F32", "4,2", "24", "56")

enum { GOOD_BYTES = 56 };

static void new_folder(const char *config)
{
    lab_shell("rm -rf bad && mkdir bad");
    lab_write("bad/adapter_config.json", config);
}

/* A length that may lie, a header, and bytes all of ones. */
static void write_safetensors(uint64_t length, const char *header, size_t data)
{
    size_t size = strlen(header);
    char *bytes = calloc(1, 8 + size + data + 4);
    float one = 1;
    assert_non_null(bytes);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, size);
    for (size_t i = 0; i < data; i += 4)
        memcpy(bytes + 8 + size + i, &one, 4);
    lab_write_bytes("bad/adapter_model.safetensors", bytes, 8 + size + data);
    free(bytes);
}

static void write_header(const char *header, size_t data)
{
    new_folder(IS_LORA);
    write_safetensors(strlen(header), header, data);
}

/* By those who look, and by those who write. */
static void check_refused(const char *const *words)
{
    REFUSED(NULL, 1, words, "spectrum", "bad");
    REFUSED(NULL, 1, words, "resize", "bad", "--rank", "1", "-o", "new");
    REFUSED(NULL, 1, words, "merge", "bundled", "bad", "-o", "new");
    assert_false(lab_exists("new"));
}

static void test_good(void **state)
{
    (void)state;
    write_header("{" GOOD_A "," GOOD_B "}", GOOD_BYTES);
    free(DONE(NULL, "spectrum", "bad"));
    free(DONE(NULL, "resize", "bad", "--rank", "1", "--dry-run"));
}

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *words[3];
    } bad[] = {
        {"{" GOOD_A "," GOOD_B "}", 40, {B, "cut short"}},
        {"{" GOOD_A "," T(B, "F32", "4,2", "16", "48") "}", 48, {B, "overlap"}},
        {"{" GOOD_A "," T(B, "F32", "4,2", "32", "64") "}",
         64,
         {B, "belong to no tensor"}},
        {"{" GOOD_A "," T(B, "F16", "4,2", "24", "56") "}",
         56,
         {B, "32 bytes of data do not match 8 elements of F16"}},
        {"{" GOOD_A "," T(B, "F32", "4,2", "24", "9223372036854775807") "}",
         56,
         {B, "only 56"}},
        {"{" GOOD_A "," T(B, "F32", "4,2", "9223372036854775806",
                          "9223372036854775807") "}",
         56,
         {B, "only 56"}},
        {"{" GOOD_A "," T(B, "F32", "4294967296,4294967296", "24", "56") "}",
         56,
         {B, "2^63"}},
        {"{" GOOD_A "," T(A, "F32", "4,2", "24", "56") "}",
         56,
         {A, "duplicate"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_header(bad[i].header, bad[i].data);
        check_refused(bad[i].words);
    }
}

static void test_headers(void **state)
{
    (void)state;
    enum { DEEP = 200000 };
    static char deep[DEEP + 1];
    new_folder(IS_LORA);
    write_safetensors(1ULL << 63, "{" GOOD_A "," GOOD_B "}", GOOD_BYTES);
    check_refused(WORDS("adapter_model.safetensors", "9223372036854775808"));
    memset(deep, '[', DEEP);
    memcpy(deep, "{\"a\":", 5);
    write_header(deep, 0);
    check_refused(WORDS("adapter_model.safetensors", "depth"));
    write_header("{\"a\":{\"b\":{\"c\":{}}}}", 0);
    check_refused(WORDS("\"a\"", "dtype"));
    write_header("{}", 0);
    check_refused(WORDS("adapter_model.safetensors", "no"));
}

/* Tensors of 0 to 5 dimensions: a factor has two, a kernel's three to five. */
static void test_dimensions(void **state)
{
    (void)state;
    static const struct {
        const char *shape;
        bool fits; /* beside a B of (4, 2) */
    } a[] = {{"", false},           {"6", false},        {"2,3", true},
             {"2,3,1", true},       {"3,2,1", false},    {"2,1,3,1", true},
             {"1,2,3,1", false},    {"2,1,1,3,1", true}, {"6,1,1,1,1", false},
             {"2,3,1,1,1,1", false}};
    for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
        char header[512];
        int end = *a[i].shape ? 24 : 4;
        (void)snprintf(header, sizeof header,
                       "{\"" A "\":{\"dtype\":\"F32\",\"shape\":[%s],"
                       "\"data_offsets\":[0,%d]},\"" B "\":{\"dtype\":\"F32\","
                       "\"shape\":[4,2],\"data_offsets\":[%d,%d]}}",
                       a[i].shape, end, end, end + 32);
        write_header(header, (size_t)end + 32);
        if (a[i].fits)
            free(DONE(NULL, "spectrum", "bad"));
        else
            check_refused(WORDS(A));
    }
    /* One of 5 beside a pair that is right is no part of it. */
    write_header("{" GOOD_A "," GOOD_B
                 "," T("m.k", "F32", "1,1,1,1,1", "56", "60") "}",
                 60);
    free(DONE(NULL, "spectrum", "bad"));
}

static void test_pairs(void **state)
{
    (void)state;
    write_header("{" GOOD_A "," T(B, "F32", "2,4", "24", "56") "}", 56);
    check_refused(WORDS(B, "(2, 4)"));
    write_header("{" GOOD_A "," T("base_model.model." A, "F32", "2,3", "24",
                                  "48") "," T(B, "F32", "4,2", "48", "80") "}",
                 80);
    check_refused(WORDS(A, "base_model.model." A, "same part"));
    write_header("{" T("prompt_embeddings", "F32", "2,3", "0", "24") "}", 24);
    check_refused(WORDS("adapter_model.safetensors", "no "));
    new_folder("{\"peft_type\": \"P_TUNING\", \"num_virtual_tokens\": 4}");
    write_safetensors(strlen("{" GOOD_A "," GOOD_B "}"),
                      "{" GOOD_A "," GOOD_B "}", GOOD_BYTES);
    check_refused(WORDS("adapter_config.json", "P_TUNING"));
}

/* The last number is none. */
static void test_not_a_number(void **state)
{
    (void)state;
    size_t size;
    write_header("{" GOOD_A "," GOOD_B "}", GOOD_BYTES);
    char *bytes = lab_read("bad/adapter_model.safetensors", &size);
    float nan = NAN;
    memcpy(bytes + size - 4, &nan, 4);
    lab_write_bytes("bad/adapter_model.safetensors", bytes, size);
    free(bytes);
    REFUSED(NULL, 1, WORDS(B, "element 7"), "spectrum", "bad");
    REFUSED(NULL, 1, WORDS(B, "element 7"), "resize", "bad", "--rank", "1",
            "-o", "new");
    assert_false(lab_exists("new"));
}

/* The bundled base's c_attn is (32, 96). */
static void test_base_of_another_shape(void **state)
{
    (void)state;
#define C_ATTN "base_model.model.transformer.h.0.attn.c_attn.lora_"
    static const char header[] =
        "{" T(C_ATTN "A.weight", "F32", "2,3", "0",
              "24") "," T(C_ATTN "B.weight", "F32", "4,2", "24", "56") "}";
    new_folder("{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, "
               "\"fan_in_fan_out\": true, \"target_modules\": [\"c_attn\"]}");
    write_safetensors(strlen(header), header, GOOD_BYTES);
    free(DONE(NULL, "spectrum", "bad"));
    REFUSED(NULL, 1, WORDS("h.0.attn.c_attn"), "merge", "bundled", "bad", "-o",
            "new");
    REFUSED(NULL, 1, WORDS(C_ATTN "A.weight"), "generate", "bundled",
            "--adapter", "bad", "--prompt", "x");
    REFUSED(NULL, 1, WORDS(C_ATTN "A.weight"), "eval", "bundled", "--task",
            "world", "--adapter", "bad");
    assert_false(lab_exists("new"));
}

/* ---- torch's archives */

/* The base's weights as torch.save would write them, in a folder of their own
 * beside its config and tokenizer. */
static void write_torch_base(void)
{
    static struct bytes calls;
    static struct archive all;
    struct err err = {""};
    struct safetensors *file =
        safetensors_open("root/assets/base/model.safetensors", &err);
    assert_non_null(file);
    pickle_begin(&calls);
    for (int i = 0; i < safetensors_count(file); i++) {
        const struct tensor *tensor = safetensors_at(file, i);
        long shape[2] = {(long)tensor->shape[0], (long)tensor->shape[1]};
        long stride[2] = {tensor->dims == 2 ? shape[1] : 1, 1};
        char key[16], entry[32];
        (void)snprintf(key, sizeof key, "%d", i);
        (void)snprintf(entry, sizeof entry, "x/data/%d", i);
        pickle_shaped(&calls, tensor->name, key, 0, tensor->dims, shape, stride,
                      (long)tensor->count);
        archive_add(&all, entry, tensor->data, tensor->bytes);
    }
    pickle_end(&calls);
    archive_add(&all, "x/data.pkl", calls.at, calls.size);
    archive_end(&all);
    lab_shell("mkdir torch && cp root/assets/base/*.json torch");
    lab_write_bytes("torch/pytorch_model.bin", all.body.at, all.body.size);
    safetensors_close(file);
}

static void same_output(char *one, char *two)
{
    assert_string_equal(one, two);
    free(one);
    free(two);
}

static void test_torch_base(void **state)
{
    (void)state;
    write_torch_base();
    same_output(DONE(NULL, "generate", "torch", "--prompt", "Mia has"),
                DONE(NULL, "generate", "bundled", "--prompt", "Mia has"));
    free(DONE(NULL, "eval", "torch", "--task", "world", "--examples", "2"));
    free(DONE(NULL, "spectrum", "torch"));
    lab_write(
        "torch.yaml",
        "base: torch\ntask: {name: world}\nsteps: 2\nbatch: 2\n"
        "evaluate: {every: 2, examples: 2}\nruns: [{name: r1, rank: 1}]\n");
    free(DONE(NULL, "run", "torch.yaml", "--out", "torch-out"));
    assert_true(
        lab_exists("torch-out/runs/r1/adapter/adapter_model.safetensors"));
    lab_shell("truncate -s -40 torch/pytorch_model.bin");
    REFUSED(NULL, 1, WORDS("pytorch_model.bin", "cut short"), "generate",
            "torch", "--prompt", "x");
}

/* Where nothing is fused there is nothing to split, and no base is needed. */
static void test_split_of_nothing(void **state)
{
    (void)state;
    write_header("{" GOOD_A "," GOOD_B "}", GOOD_BYTES);
    char *said = DONE(NULL, "spectrum", "bad", "--split");
    assert_non_null(strstr(said, "nothing to split"));
    free(said);
    write_header("{" T("h.0.c_attn.lora_A.weight", "F32", "2,3", "0",
                       "24") "," T("h.0.c_attn.lora_B.weight", "F32", "4,2",
                                   "24", "56") "}",
                 56);
    REFUSED(NULL, 1, WORDS("nothing beside it names its base", "--base"),
            "spectrum", "bad", "--split");
}

static struct bytes pickle;
static struct archive archive;

static void write_archive(const char *code, size_t size, uint32_t claimed)
{
    static const float six[6] = {1, 2, 3, 4, 5, 6};
    memset(&archive, 0, sizeof archive);
    new_folder(IS_LORA);
    archive_add(&archive, "x/data.pkl", code, size);
    archive.deflate = 9;
    archive.claimed = claimed;
    archive_add(&archive, "x/data/0", six, sizeof six);
    archive_end(&archive);
    lab_write_bytes("bad/adapter_model.bin", archive.body.at,
                    archive.body.size);
}

static void test_archives(void **state)
{
    (void)state;
    static const char evil[] = "\x80\x02"
                               "cposix\nsystem\n(X\x0c\0\0\0touch ran-itltR.";
    static const char inst[] = "\x80\x02(X\x04\0\0\0trueios\nsystem\n.";
    write_archive(evil, sizeof evil - 1, 0);
    check_refused(
        WORDS("adapter_model.bin", "posix.system", "nothing was run"));
    write_archive(inst, sizeof inst - 1, 0);
    check_refused(WORDS("adapter_model.bin", "opcode 0x69"));
    assert_false(lab_exists("ran-it"));
    write_archive("\x80\x02}.", 4, UINT32_MAX - 1);
    check_refused(WORDS("adapter_model.bin", "a bomb"));
    pickle.size = 0;
    pickle_begin(&pickle);
    pickle_tensor(&pickle, A, "0", 1, (long[]){2, 3}, (long[]){3, 1}, 6);
    pickle_end(&pickle);
    write_archive((const char *)pickle.at, pickle.size, 0);
    check_refused(WORDS(A, "runs past the end of its storage"));
    pickle.size = 0;
    pickle_begin(&pickle);
    pickle_tensor(&pickle, A, "7", 0, (long[]){2, 3}, (long[]){3, 1}, 6);
    pickle_end(&pickle);
    write_archive((const char *)pickle.at, pickle.size, 0);
    check_refused(WORDS(A, "x/data/7 is not in the archive"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_dimensions),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_base_of_another_shape),
        cmocka_unit_test(test_archives),
        cmocka_unit_test(test_torch_base),
        cmocka_unit_test(test_split_of_nothing),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
