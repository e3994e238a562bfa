/* What was written is read back; every kind of malformed header is refused
 * with a sentence; bytes turned at random never do harm; real files open. */
#include "core/io/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "tests/near.h"

/* A file in memory: length, header, then size bytes of data. */
static char *pack(size_t *total, const char *header, const void *data,
                  size_t size)
{
    uint64_t length = strlen(header);
    *total = 8 + length + size;
    char *bytes = xcalloc(*total, 1);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    if (size)
        memcpy(bytes + 8 + length, data, size);
    return bytes;
}

static const float numbers[6] = {1, -2, 3.5f, 0, 1e-40f, 1e38f};

static void assert_refused(const char *header, size_t data, const char *why)
{
    static const char zeros[64];
    struct err err = {""};
    size_t size;
    char *bytes = pack(&size, header, zeros, data);
    struct safetensors *file = safetensors_from(bytes, size, "bad", &err);
    if (file || !strstr(err.text, why) || !strstr(err.text, "bad"))
        fail_msg("%s\n%s, but it says '%s'", header,
                 file ? "was accepted" : "was refused", err.text);
    mem_free(bytes);
}

static void written_and_read(void **state)
{
    (void)state;
    struct err err = {""};
    struct safetensors_out *out = safetensors_out_new();
    safetensors_out_add(out, "z.matrix", 2, 3, numbers);
    safetensors_out_add(out, "a.vector", -1, 2, numbers + 3);
    safetensors_out_add(out, "none", 0, 7, NULL);
    safetensors_out_meta(out, "format", "pt"); /* late, but stands first */
    char *bytes;
    size_t size;
    assert_int_equal(safetensors_out_pack(out, &bytes, &size, &err), 0);
    assert_memory_equal(bytes + 8, "{\"__metadata__\":{\"format\":\"pt\"},",
                        32);
    assert_int_equal(bytes[0] % 8, 0); /* the data are aligned */

    struct safetensors *file = safetensors_from(bytes, size, "memory", &err);
    assert_non_null(file);
    assert_int_equal(safetensors_count(file), 3);
    assert_string_equal(safetensors_meta(file, "format"), "pt");
    assert_null(safetensors_meta(file, "other"));
    const struct tensor *tensor = safetensors_at(file, 0);
    assert_string_equal(tensor->name, "z.matrix");
    assert_int_equal(tensor->dims, 2);
    assert_int_equal(tensor->shape[0], 2);
    assert_int_equal(tensor->shape[1], 3);
    assert_int_equal(tensor->count, 6);
    assert_int_equal(tensor->bytes, 24);
    assert_string_equal(tensor->type_name, "F32");
    assert_non_null(tensor_view(tensor));
    float got[6];
    assert_int_equal(tensor_read(got, tensor, &err), 0);
    assert_memory_equal(got, numbers, sizeof got);
    tensor = safetensors_find(file, "a.vector");
    assert_ptr_equal(tensor, safetensors_at(file, 1));
    assert_int_equal(tensor->dims, 1);
    assert_int_equal(tensor_read(got, tensor, &err), 0);
    assert_memory_equal(got, numbers + 3, 2 * sizeof *got);
    assert_int_equal(safetensors_find(file, "none")->count, 0);
    assert_null(safetensors_find(file, "a.vecto"));
    safetensors_close(file);
    mem_free(bytes);
}

static void file_and_memory_are_the_same(void **state)
{
    (void)state;
    char path[] = "/tmp/test_safetensors_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct err err = {""};
    char *bytes[2];
    size_t size[2];
    for (int k = 0; k < 2; k++) {
        struct safetensors_out *out = safetensors_out_new();
        char name[16];
        for (int i = 0; i < 200; i++) { /* more than the first room */
            snprintf(name, sizeof name, "t%d", i);
            safetensors_out_add(out, name, -1, i % 7, numbers);
        }
        if (k == 0)
            assert_int_equal(
                safetensors_out_pack(out, &bytes[0], &size[0], &err), 0);
        else
            assert_int_equal(safetensors_out_commit(out, path, &err), 0);
    }
    assert_int_equal(file_read(&bytes[1], &size[1], path, 1 << 20, &err), 0);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    struct safetensors *file = safetensors_open(path, &err);
    assert_non_null(file);
    assert_int_equal(safetensors_count(file), 200);
    safetensors_close(file);
    unlink(path);
    mem_free(bytes[0]);
    mem_free(bytes[1]);
}

static void nowhere_to_write(void **state)
{
    (void)state;
    struct err err = {""};
    struct safetensors_out *out = safetensors_out_new();
    safetensors_out_add(out, "a", -1, 2, numbers);
    assert_int_equal(
        safetensors_out_commit(out, "/nonexistent/a.safetensors", &err), -1);
    assert_non_null(strstr(err.text, "/nonexistent/a.safetensors"));
}

static void nothing_inside(void **state)
{
    (void)state;
    struct err err = {""};
    struct safetensors_out *out = safetensors_out_new();
    char *bytes;
    size_t size;
    assert_int_equal(safetensors_out_pack(out, &bytes, &size, &err), 0);
    struct safetensors *file = safetensors_from(bytes, size, "empty", &err);
    assert_non_null(file);
    assert_int_equal(safetensors_count(file), 0);
    assert_null(safetensors_find(file, "a"));
    safetensors_close(file);
    mem_free(bytes);
}

/* One entry "a" with these three values. */
#define ENTRY(dtype, shape, offsets)                                           \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape                             \
    ",\"data_offsets\":" offsets "}}"

static void malformed_entries(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *why;
    } cases[] = {
        {ENTRY("\"F32\"", "[3]", "[0,8]"), 8, "do not match"},
        {ENTRY("\"F16\"", "[2]", "[0,8]"), 8, "do not match"},
        {ENTRY("\"F32\"", "[]", "[0,8]"), 8, "do not match"},
        {ENTRY("\"F31\"", "[2]", "[0,8]"), 8, "unknown dtype"},
        {ENTRY("32", "[2]", "[0,8]"), 8, "dtype"},
        {ENTRY("\"F32\"", "[-2]", "[0,8]"), 8, "dimension 0"},
        {ENTRY("\"F32\"", "[1,2.0]", "[0,8]"), 8, "dimension 1"},
        {ENTRY("\"F32\"", "[\"2\"]", "[0,8]"), 8, "dimension 0"},
        {ENTRY("\"F32\"", "2", "[0,8]"), 8, "not a list"},
        {ENTRY("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), 8, "dimensions"},
        {ENTRY("\"F32\"", "[4294967296,4294967296]", "[0,8]"), 8, "2^63"},
        {ENTRY("\"F32\"", "[4611686018427387904]", "[0,8]"), 8, "match"},
        {ENTRY("\"F32\"", "[4611686018427387904]", "[0,0]"), 0, "match"},
        {ENTRY("\"F32\"", "[9223372036854775808]", "[0,8]"), 8, "JSON"},
        {ENTRY("\"F32\"", "[2]", "[0,16]"), 8, "only 8"},
        {ENTRY("\"F32\"", "[2]", "[8,16]"), 8, "only 8"},
        {ENTRY("\"F32\"", "[2]", "[8,0]"), 8, "data_offsets"},
        {ENTRY("\"F32\"", "[2]", "[-8,0]"), 8, "data_offsets"},
        {ENTRY("\"F32\"", "[2]", "[0,8.0]"), 8, "data_offsets"},
        {ENTRY("\"F32\"", "[2]", "[0]"), 8, "data_offsets"},
        {ENTRY("\"F32\"", "[2]", "[0,8,8]"), 8, "data_offsets"},
        {ENTRY("\"F32\"", "[2]", "8"), 8, "data_offsets"},
        {ENTRY("\"F32\"", "[2]", "[0,8]"), 9, "1 bytes at the end"},
        {ENTRY("\"F32\"", "[2]", "[4,12]"), 12, "belong to no tensor"},
        {ENTRY("\"F32\"", "[0]", "[4,4]"), 4, "belong to no tensor"},
        {"{\"a\":{}}", 0, "\"dtype\" is missing"},
        {"{\"a\":{\"dtype\":\"F32\"}}", 0, "shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 0, "data_offsets"},
        {"{\"a\":[]}", 0, "not an object"},
        {"{\"a\":null}", 0, "not an object"},
        {"{}", 1, "1 bytes at the end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i].header, cases[i].data, cases[i].why);
    /* The sentence names the tensor. */
    assert_refused(ENTRY("\"F32\"", "[3]", "[0,8]"), 8, "tensor \"a\"");
}

#define TENSOR(name, offsets)                                                  \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" offsets "}"

static void malformed_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *why;
    } cases[] = {
        {"{" TENSOR("a", "[0,4]") "," TENSOR("b", "[2,6]") "}", 6, "overlap"},
        {"{" TENSOR("a", "[0,4]") "," TENSOR("b", "[0,4]") "}", 4, "overlap"},
        {"{" TENSOR("a", "[0,4]") "," TENSOR("b", "[5,9]") "}", 9, "no tensor"},
        {"{" TENSOR("a", "[0,4]") "," TENSOR("a", "[4,8]") "}", 8, "duplicate"},
        {"{\"__metadata__\":[]}", 0, "__metadata__"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__"},
        {"", 0, "does not begin with {"},
        {" {}", 0, "does not begin with {"},
        {"[]", 0, "does not begin with {"},
        {"{", 0, "JSON"},
        {"{} {}", 0, "JSON"},
        {"{\"a\xff\":1}", 0, "JSON"},
        {"{\"\033[2J\":1}", 0, "JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i].header, cases[i].data, cases[i].why);
}

/* In any order, with trailing blanks, and with empty tensors between. */
static void unusual_but_right(void **state)
{
    (void)state;
    static const char header[] = "{" TENSOR(
        "b", "[4,8]") ","
                      "\"e\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_"
                      "offsets\":[4,4]},"
                      "\"s\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":["
                      "8,16]}," TENSOR("a", "[0,4]") "}  \n ";
    struct err err = {""};
    size_t size;
    char *bytes = pack(&size, header, "aaaabbbb12345678", 16);
    struct safetensors *file = safetensors_from(bytes, size, "f", &err);
    assert_string_equal(err.text, "");
    assert_non_null(file);
    assert_string_equal(safetensors_at(file, 0)->name, "b"); /* as written */
    assert_memory_equal(safetensors_find(file, "a")->data, "aaaa", 4);
    assert_memory_equal(safetensors_find(file, "b")->data, "bbbb", 4);
    assert_int_equal(safetensors_find(file, "s")->count, 1);
    float none[4];
    assert_int_equal(tensor_read(none, safetensors_find(file, "a"), &err), -1);
    assert_non_null(strstr(err.text, "U8"));
    safetensors_close(file);
    mem_free(bytes);
}

static void lengths_that_lie(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {3,          17,         100000001,
                                       UINT64_MAX, 1ull << 63, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct err err = {""};
        char bytes[24] = "........{}              ";
        memcpy(bytes, &lengths[i], 8);
        assert_null(safetensors_from(bytes, sizeof bytes, "bad", &err));
        assert_non_null(strstr(err.text, "bad"));
    }
    for (size_t size = 0; size < 10; size++) {
        struct err err = {""};
        const char bytes[10] = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
        struct safetensors *file = safetensors_from(bytes, size, "short", &err);
        assert_null(file);
        assert_non_null(strstr(err.text, "short"));
    }
}

/* All 65536 halves against the definition. */
static void halves(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        uint16_t half = (uint16_t)bits;
        int exponent = half >> 10 & 31, fraction = half & 1023;
        double want = exponent == 0 ? ldexp(fraction, -24)
                                    : ldexp(1024 + fraction, exponent - 25);
        float got, bfloat;
        struct err err = {""};
        struct tensor tensor = {
            .name = "h", .type = TENSOR_F16, .count = 1, .data = &half};
        int result = tensor_read(&got, &tensor, &err);
        assert_int_equal(result, exponent == 31 ? -1 : 0);
        if (result == 0)
            assert_near(got, half & 0x8000 ? -want : want, 0);
        tensor.type = TENSOR_BF16;
        result = tensor_read(&bfloat, &tensor, &err);
        uint32_t wide = bits << 16;
        memcpy(&got, &wide, sizeof got);
        assert_int_equal(result, isfinite(got) ? 0 : -1);
        assert_memory_equal(&bfloat, &got, sizeof got);
    }
}

static void numbers_that_are_none(void **state)
{
    (void)state;
    struct err err = {""};
    float got[3], bad[3] = {1, NAN, 2};
    struct tensor tensor = {
        .name = "h.0.w", .type = TENSOR_F32, .count = 3, .data = bad};
    assert_int_equal(tensor_read(got, &tensor, &err), -1);
    assert_non_null(strstr(err.text, "\"h.0.w\": element 1"));
    double wide[3] = {1, 2, 1e300};
    tensor.type = TENSOR_F64;
    tensor.data = wide;
    assert_int_equal(tensor_read(got, &tensor, &err), -1);
    assert_non_null(strstr(err.text, "element 2"));
    wide[2] = -0.5;
    assert_int_equal(tensor_read(got, &tensor, &err), 0);
    assert_near_array(got, wide, 3, 0);
    assert_null(tensor_view(&tensor));
}

static void any_byte(void **state)
{
    (void)state;
    char block[16] = {0};
    for (int shift = 0; shift < 4; shift++) {
        memcpy(block + shift, numbers, 8);
        struct tensor tensor = {
            .name = "t", .type = TENSOR_F32, .count = 2, .data = block + shift};
        struct err err = {""};
        float got[2];
        assert_int_equal(tensor_read(got, &tensor, &err), 0);
        assert_memory_equal(got, numbers, 8);
        bool aligned = (uintptr_t)(block + shift) % 4 == 0;
        assert_int_equal(tensor_view(&tensor) != NULL, aligned);
    }
}

/* Bytes changed, cut and doubled at random: opened or refused with a
 * sentence, and every tensor that is offered can be read. */
static void survives_noise(void **state)
{
    (void)state;
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\"}," TENSOR(
            "a", "[0,4]") ","
                          "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_"
                          "offsets\":[4,28]},"
                          "\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_"
                          "offsets\":[28,32]}}";
    size_t size;
    char *good = pack(&size, header, numbers, 24);
    mem_free(good);
    char data[32] = {0};
    memcpy(data + 4, numbers, 24);
    good = pack(&size, header, data, sizeof data);
    struct rng rng = rng_make(1, STREAM_TEST, 0);
    int opened = 0;
    for (int round = 0; round < 20000; round++) {
        size_t cut =
            rng_below(&rng, 4) ? size : rng_below(&rng, (uint32_t)size);
        char *bytes = malloc(cut + 1); /* exact, for AddressSanitizer */
        assert_non_null(bytes);
        memcpy(bytes, good, cut);
        for (uint32_t k = rng_below(&rng, 4); k > 0 && cut > 0; k--) {
            static const char likely[] = "0123456789-.,:[]{}\"eF";
            uint32_t at = rng_below(&rng, (uint32_t)cut);
            bytes[at] = rng_below(&rng, 2)
                            ? (char)rng_u32(&rng)
                            : likely[rng_below(&rng, sizeof likely - 1)];
        }
        struct err err = {""};
        char *exact = realloc(bytes, cut ? cut : 1);
        assert_non_null(exact);
        struct safetensors *file = safetensors_from(exact, cut, "noise", &err);
        opened += file != NULL;
        if (!file)
            assert_true(err.text[0] != '\0');
        for (int i = 0; file && i < safetensors_count(file); i++) {
            const struct tensor *tensor = safetensors_at(file, i);
            assert_true(tensor->count <= 32);
            float got[32];
            (void)tensor_read(got, tensor, &err); /* may be NaN: no matter */
        }
        safetensors_close(file);
        free(exact);
    }
    assert_true(opened > 1000 && opened < 19000);
    mem_free(good);
}

#define DATA "../shared/data/"

static struct safetensors *open_or_skip(const char *path)
{
    if (!file_exists(path)) {
        print_message("%s is not here\n", path);
        skip();
    }
    struct err err = {""};
    struct safetensors *file = safetensors_open(path, &err);
    if (!file)
        fail_msg("%s", err.text);
    return file;
}

static void real_files(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int count;
    } cases[] = {
        {DATA "models/microlm/model.safetensors", 28},
        {DATA "models/stories260K/model.safetensors", 47},
        {DATA "formats/safetensors/weights_s2s.safetensors", 188},
        {DATA "adapters/lora_vit_B_zero/adapter_model.safetensors", 48},
        {DATA "adapters/lora_distilgpt2_niket/adapter_model.safetensors", 12},
        {DATA "adapters/lora_mlx_qwen05b_wyek1n/0000100_adapters.safetensors",
         16},
        {DATA "adapters/lora_sam_rank_sweep/lora_rank16.safetensors", 48},
        {DATA "adapters/lora_sd_cloneofsimo/lora_disney.safetensors", 386},
        {DATA "adapters/lora_sd_cloneofsimo/analog_svd_rank4.safetensors", 384},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct safetensors *file = open_or_skip(cases[i].path);
        assert_int_equal(safetensors_count(file), cases[i].count);
        for (int k = 0; k < safetensors_count(file); k++) {
            struct err err = {""};
            const struct tensor *tensor = safetensors_at(file, k);
            assert_ptr_equal(safetensors_find(file, tensor->name), tensor);
            float *to = mem_try((size_t)tensor->count, sizeof *to);
            if (tensor_read(to, tensor, &err) != 0)
                fail_msg("%s: %s", cases[i].path, err.text);
            mem_free(to);
        }
        safetensors_close(file);
    }
}

/* Half floats at odd addresses.  The values were computed with Python's
 * struct module from the same bytes. */
static void real_halves_at_odd_offsets(void **state)
{
    (void)state;
    struct safetensors *file = open_or_skip(
        DATA "adapters/lora_sd_cloneofsimo/analog_svd_rank4.safetensors");
    const struct tensor *tensor = safetensors_find(file, "text_encoder:0:down");
    assert_non_null(tensor);
    assert_int_equal((uintptr_t)tensor->data % 2, 1);
    static float got[4 * 768];
    struct err err = {""};
    assert_int_equal(tensor_read(got, tensor, &err), 0);
    static const double want[4] = {-0.0098419189453125, 0.0343017578125,
                                   0.054168701171875, 0.0203399658203125};
    assert_near_array(got, want, 4, 0);
    assert_string_equal(safetensors_meta(file, "text_encoder:0:rank"), "4");
    safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read),
        cmocka_unit_test(file_and_memory_are_the_same),
        cmocka_unit_test(nowhere_to_write),
        cmocka_unit_test(nothing_inside),
        cmocka_unit_test(malformed_entries),
        cmocka_unit_test(malformed_headers),
        cmocka_unit_test(unusual_but_right),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(halves),
        cmocka_unit_test(numbers_that_are_none),
        cmocka_unit_test(any_byte),
        cmocka_unit_test(survives_noise),
        cmocka_unit_test(real_files),
        cmocka_unit_test(real_halves_at_odd_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
