/*
 * torch's archives: stored and deflated, strided and nested; and every kind of
 * damage and malice refused in a sentence, with nothing run.
 */
#include "core/io/tensor_file.h"
#include "core/io/file.h"
#include "core/io/peft.h"
#include "tests/near.h"
#include "tests/unit/scratch.h"
#include "tests/unit/torch_writer.h"

static char *folder;
static struct archive *archive;
static struct bytes *pickle;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_make();
    return folder ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    free(archive);
    free(pickle);
    return 0;
}

static void begin(void)
{
    free(archive);
    free(pickle);
    archive = calloc(1, sizeof *archive);
    pickle = calloc(1, sizeof *pickle);
    assert_true(archive && pickle);
}

static const float six[6] = {1, 2, 3, 4, 5, 6};
static const long shape[2] = {2, 3}, packed[2] = {3, 1}, turned[2] = {1, 2};

static const char *finish(void)
{
    const char *path = scratch_path(folder, "x.pt");
    archive_end(archive);
    archive_write(archive, path);
    return path;
}

static const char *write_plain(void)
{
    archive_add(archive, "a/data.pkl", pickle->at, pickle->size);
    archive_add(archive, "a/byteorder", "little", 6);
    archive_add(archive, "a/data/0", six, sizeof six);
    return finish();
}

static struct tensor_file *opened(const char *path)
{
    struct err err = {""};
    struct tensor_file *file = tensor_file_open(path, &err);
    assert_string_equal(err.text, "");
    assert_non_null(file);
    return file;
}

static void refused(const char *path, const char *words)
{
    struct err err = {""};
    assert_null(tensor_file_open(path, &err));
    if (!strstr(err.text, words))
        print_error("said: %s\n", err.text);
    assert_non_null(strstr(err.text, words));
    assert_null(strchr(err.text, '\n'));
}

static void holds(const struct tensor_file *file, const char *name,
                  const float *values)
{
    struct err err = {""};
    float got[6];
    const struct tensor *tensor = tensor_file_find(file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->dims, 2);
    assert_int_equal(tensor->shape[0], 2);
    assert_int_equal(tensor->shape[1], 3);
    assert_int_equal(tensor_read(got, tensor, &err), 0);
    assert_memory_equal(got, values, sizeof got);
}

static void reads_stored_and_deflated(void **state)
{
    static const float across[6] = {1, 3, 5, 2, 4, 6};
    (void)state;
    for (int level = 0; level < 10; level += 9) {
        begin();
        archive->deflate = level;
        pickle_begin(pickle);
        pickle_tensor(pickle, "w", "0", 0, shape, packed, 6);
        pickle_tensor(pickle, "t", "0", 0, shape, turned, 6);
        pickle_end(pickle);
        struct tensor_file *file = opened(write_plain());
        assert_int_equal(tensor_file_count(file), 2);
        holds(file, "w", six);
        holds(file, "t", across);
        assert_null(tensor_file_find(file, "x"));
        assert_null(tensor_file_meta(file, "x"));
        tensor_file_close(file);
    }
}

/* {"model": {"w": tensor}, "step": 3, "more": [tensor, None]} */
static void flattens_what_is_nested(void **state)
{
    (void)state;
    begin();
    pickle_begin(pickle);
    put_text(pickle, "model");
    put_code(pickle, "}(");
    pickle_tensor(pickle, "w", "0", 0, shape, packed, 6);
    put_code(pickle, "u");
    put_text(pickle, "step");
    put_int(pickle, 3);
    put_text(pickle, "more");
    put_code(pickle, "](");
    pickle_tensor(pickle, "", "0", 0, shape, packed, 6);
    put_code(pickle, "Ne");
    pickle_end(pickle);
    struct tensor_file *file = opened(write_plain());
    assert_int_equal(tensor_file_count(file), 2);
    holds(file, "model.w", six);
    holds(file, "more.1", six); /* 0 is the text before it */
    tensor_file_close(file);
}

/* A list that holds itself ends. */
static void circles_end(void **state)
{
    (void)state;
    begin();
    put_raw(pickle,
            "\x80\x02]q\x00h\x00"
            "a.",
            9);
    refused(write_plain(), "lies deeper than");
}

static void asks_for(const char *code, size_t size, const char *words)
{
    begin();
    put_raw(pickle, code, size);
    refused(write_plain(), words);
}

#define CODE(text) text, sizeof(text) - 1

static void nothing_is_run(void **state)
{
    (void)state;
    asks_for(CODE("\x80\x02"
                  "cposix\nsystem\n(X\x02\0\0\0lstR."),
             "asks for posix.system, which no tensor needs; nothing was run");
    asks_for(CODE("\x80\x04\x8c\x08"
                  "builtins\x8c\x04"
                  "eval\x93."),
             "asks for builtins.eval");
    asks_for(CODE("(S'ls'\nios\nsystem\n."), "opcode 0x53 ('S')");
    asks_for(CODE("\x80\x02(ios\nsystem\n."), "opcode 0x69 ('i')");
    asks_for(CODE("\x80\x02\x82\x01."), "opcode 0x82");
    asks_for(CODE("\x80\x02)\x81."), "opcode 0x81");
    asks_for(CODE("\x80\x02}(u"), "it is cut short");
    asks_for(CODE("\x80\x02X\xff\xff\xff\x7f."), "it is cut short");
    asks_for(CODE("\x80\x02t."), "a mark is missing");
    asks_for(CODE("\x80\x02."), "stack is empty");
    asks_for(CODE("\x80\x02h\x07."), "memo 7 was never set");
    asks_for(CODE("\x80\x02Nr\xff\xff\xff\x7f."), "memo 2147483647 is out");
    asks_for(CODE("\x80\x02N)R."), "a call of what is no function");
    asks_for(CODE("\x80\x02N."), "holds no tensors");
    asks_for(CODE("\x80\x02(N(."), "its stack is empty");
}

static void pickled(long offset, const long *of, const long *stride)
{
    begin();
    pickle_begin(pickle);
    pickle_tensor(pickle, "w", "0", offset, of, stride, 6);
    pickle_end(pickle);
}

static void tensors_stay_in_their_storage(void **state)
{
    static const long wide[2] = {2, 4}, huge[2] = {1 << 30, 1 << 30};
    static const long still[2] = {0, 0}, far[2] = {1 << 30, 1};
    (void)state;
    pickled(1, shape, packed);
    refused(write_plain(), "tensor \"w\": it runs past the end");
    pickled(0, wide, (long[]){4, 1});
    refused(write_plain(), "8 elements of a storage of 6");
    pickled(0, huge, still);
    refused(write_plain(), "tensor \"w\": ");
    pickled(0, shape, far);
    refused(write_plain(), "it runs past the end");
    pickled(-1, shape, packed);
    refused(write_plain(), "its offset");
    pickled(0, (long[]){-2, 3}, packed);
    refused(write_plain(), "dimension 0 is no whole number");
    pickled(0, shape, packed);
    archive_add(archive, "a/data.pkl", pickle->at, pickle->size);
    refused(finish(), "its storage a/data/0 is not in the archive");
}

static void bombs_are_refused(void **state)
{
    (void)state;
    pickled(0, shape, packed);
    archive->claimed = UINT32_MAX - 1;
    archive->deflate = 9;
    archive_add(archive, "a/data/0", six, sizeof six);
    refused(finish(), "a bomb");
    pickled(0, shape, packed);
    archive_add(archive, "a/data/0", six, sizeof six);
    archive_add(archive, "a/data/1", six, sizeof six);
    memset(archive->directory.at + 54 + 42, 0, 4); /* both at byte 0 */
    refused(finish(), "overlap");
}

static void damage_is_refused(void **state)
{
    (void)state;
    pickled(0, shape, packed);
    archive->deflate = 9;
    archive_add(archive, "a/data.pkl", pickle->at, pickle->size);
    archive->body.at[60] ^= 0x40;
    refused(finish(), "entry \"a/data.pkl\"");
    pickled(0, shape, packed);
    archive_add(archive, "x", six, sizeof six);
    refused(finish(), "not torch's: no data.pkl");
    pickled(0, shape, packed);
    archive_add(archive, "a/data.pkl", pickle->at, pickle->size);
    archive_add(archive, "a/byteorder", "big", 3);
    refused(finish(), "not little-endian");
    pickled(0, shape, packed);
    archive_add(archive, "a/data.pkl", pickle->at, pickle->size);
    archive_add(archive, "a/data.pkl", pickle->at, pickle->size);
    refused(finish(), "is there twice");
    pickled(0, shape, packed);
    (void)write_plain();
    archive->body.size -= 30;
    archive_write(archive, scratch_path(folder, "x.pt"));
    refused(scratch_path(folder, "x.pt"), "cut short");
    scratch_write(folder, "y.bin", "nothing of the kind");
    refused(scratch_path(folder, "y.bin"), "not a safetensors file");
    scratch_write(folder, "y.bin", "");
    refused(scratch_path(folder, "y.bin"), "too few");
    refused(folder, "no ordinary file");
}

/* PEFT's .bin, deflated: what was unpacked is still there after the file's
 * pages have left memory. */
static void an_adapter_can_be_read_again(void **state)
{
    enum { WIDE = 4096, RANK = 2, COUNT = RANK * WIDE };
    static float values[COUNT];
    static const long of_a[2] = {RANK, WIDE}, of_b[2] = {WIDE, RANK};
    static const long by_a[2] = {WIDE, 1}, by_b[2] = {RANK, 1};
    static const char config[] = "{\"peft_type\": \"LORA\", \"r\": 2, "
                                 "\"lora_alpha\": 6, \"fan_in_fan_out\": true}";
    (void)state;
    for (int level = 0; level < 10; level += 9) {
        struct err err = {""};
        struct mat bt, a;
        begin();
        for (int i = 0; i < COUNT; i++)
            values[i] = (float)(i % 97) - 40;
        archive->deflate = level;
        pickle_begin(pickle);
        pickle_tensor(pickle, "h.0.q.lora_A.weight", "0", 0, of_a, by_a, COUNT);
        pickle_tensor(pickle, "h.0.q.lora_B.weight", "0", 0, of_b, by_b, COUNT);
        pickle_end(pickle);
        archive_add(archive, "a/data.pkl", pickle->at, pickle->size);
        archive_add(archive, "a/data/0", values, sizeof values);
        archive_end(archive);
        (void)unlink(scratch_path(folder, "x.pt"));
        (void)unlink(scratch_path(folder, "y.bin"));
        archive_write(archive, scratch_path(folder, "adapter_model.bin"));
        scratch_write(folder, "adapter_config.json", config);
        struct peft *peft = peft_open(folder, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(peft->count, 1);
        assert_near(peft->pair[0].scale, 3, 0);
        for (int turn = 0; turn < 2; turn++) {
            assert_int_equal(peft_read(&bt, &a, peft, 0, &err), 0);
            assert_memory_equal(a.at, values, sizeof values);
            for (int i = 0; i < COUNT; i++)
                assert_near(mat_row(bt, i % RANK)[i / RANK], values[i], 0);
            mat_free(&bt);
            mat_free(&a);
        }
        peft_close(peft);
        (void)unlink(scratch_path(folder, "adapter_model.bin"));
        (void)unlink(scratch_path(folder, "adapter_config.json"));
    }
}

/* candle's: 1 to 24 in order, stored column by column. */
static void reads_published_files(void **state)
{
    (void)state;
    static const char path[] =
        "../shared/data/formats/torch/fortran_tensor_3d.pth";
    if (!file_exists(path)) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    struct tensor_file *file = opened(path);
    const struct tensor *tensor = tensor_file_at(file, 0);
    int64_t *at = (int64_t *)tensor->data;
    assert_string_equal(tensor->type_name, "I64");
    assert_int_equal(tensor->dims, 3);
    assert_int_equal(tensor->shape[0], 2);
    assert_int_equal(tensor->shape[1], 3);
    assert_int_equal(tensor->shape[2], 4);
    for (int i = 0; i < 24; i++)
        assert_int_equal(at[i], i + 1);
    tensor_file_close(file);
    file = opened("../shared/data/formats/torch/test_with_key.pt");
    assert_non_null(strchr(tensor_file_at(file, 0)->name, '.'));
    tensor_file_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_stored_and_deflated),
        cmocka_unit_test(flattens_what_is_nested),
        cmocka_unit_test(circles_end),
        cmocka_unit_test(nothing_is_run),
        cmocka_unit_test(tensors_stay_in_their_storage),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(an_adapter_can_be_read_again),
        cmocka_unit_test(reads_published_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
