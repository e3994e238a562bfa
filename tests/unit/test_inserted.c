/*
 * The folder of what an inserting method has learned: back with the same
 * bits, and one sentence for whatever is wrong with it.
 */
#include <string.h>

#include "core/io/inserted.h"
#include "core/model/transformer.h"
#include "tests/unit/scratch.h"
#include "tests/unit/small.h"

static const char *const inserting[] = {"adapter_h", "adapter_l",
                                        "prefix_embed", "prefix_layer"};
static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = scratch_make();
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static struct method_conf conf_of(int which)
{
    return (struct method_conf){
        .name = inserting[which], .rank = 3, .prefix = 3, .infix = 2};
}

static void it_comes_back_with_the_same_bits(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    for (int i = 0; i < 4; i++) {
        struct err err = {""};
        struct method_conf conf = conf_of(i);
        struct method *method = small_method(model, &conf);
        small_stir(method, 0.3, 1);
        assert_int_equal(inserted_save(method, &conf, "base", folder, &err), 0);
        assert_true(inserted_is(folder));
        struct method *again = inserted_open(model, folder, &err);
        assert_string_equal(err.text, "");
        assert_ptr_equal(again->ops, method->ops);
        assert_int_equal(again->size, method->size);
        assert_memory_equal(again->value, method->value,
                            method->size * sizeof(float));
        method_free(method);
        method_free(again);
    }
    model_free(model);
}

static void assert_refused(const struct model *model, const char *text)
{
    struct err err = {""};
    assert_null(inserted_open(model, folder, &err));
    if (!strstr(err.text, text))
        print_error("%s\n", err.text);
    assert_non_null(strstr(err.text, text));
}

static void what_is_wrong_gets_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } wrong[] = {
        {"{", "method.json"},
        {"{}", "method.json: \"method\" is missing"},
        {"{\"method\": \"lora\"}", "method \"lora\" inserts nothing"},
        {"{\"method\": \"adapter_h\"}", "\"rank\" is missing"},
        {"{\"method\": \"adapter_h\", \"rank\": 13}",
         "rank 13 is not allowed; use 1..12"},
        {"{\"method\": \"adapter_h\", \"rank\": 4}",
         "tensor h.0.attn.adapter.down.weight is missing or not (4, 12)"},
        {"{\"method\": \"prefix_embed\", \"prefix\": -1}",
         "\"prefix\" is -1; use 0 to 4096"},
    };
    struct err err = {""};
    struct model *model = small_model(true);
    struct method_conf conf = conf_of(0);
    struct method *method = small_method(model, &conf);
    assert_int_equal(inserted_save(method, &conf, "base", folder, &err), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)scratch_write(folder, "method.json", wrong[i].text);
        assert_refused(model, wrong[i].sentence);
    }
    (void)scratch_write(folder, "method.json",
                        "{\"method\": \"adapter_h\", \"rank\": 3}");
    (void)scratch_write(folder, "inserted.safetensors", "no tensors");
    assert_refused(model, "inserted.safetensors");
    assert_false(inserted_is("/nowhere"));
    method_free(method);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_comes_back_with_the_same_bits,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_is_wrong_gets_its_sentence,
                                        make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
