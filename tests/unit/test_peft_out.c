/*
 * Adapters as they are written, in PEFT's dialect and in kohya's: the same
 * update comes back, module by module, whatever their order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/peft_out.h"
#include "tests/unit/scratch.h"
#include "tests/unit/small.h"

enum { MODULES = 12, RANK = 3, OUT = 5, IN = 7 };

/* alpha is a float in kohya's files: s r / r is s to an eps of float. */
#define SCALE 1e-7

static char *root;

/* Layers as a sorted file has them: 0, 1, 10, 11, 2, ... */
static const char *module(char name[64], int i)
{
    static const int order[MODULES] = {0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9};
    (void)snprintf(name, 64, "model.layers.%d.mlp.up_proj", order[i]);
    return name;
}

static struct mat factor(int i, int cols)
{
    return small_mat(RANK, cols, 1, (uint64_t)(2 * i + (cols == IN)));
}

static double scale_of(int i)
{
    return 0.3 + 0.1 * i;
}

static struct peft_out *begun(const char *folder, enum adapter_names names)
{
    static char name[MODULES][64];
    struct err err = {""};
    struct peft_out *out = peft_out_new(NULL, "x", false, true, TENSOR_F32);
    peft_out_set_names(out, names);
    for (int i = 0; i < MODULES; i++)
        peft_out_add(out, (struct peft_item){module(name[i], i), RANK, OUT, IN,
                                             scale_of(i), false});
    assert_int_equal(peft_out_begin(out, folder, true, &err), 0);
    for (int i = 0; i < MODULES; i++) {
        struct mat bt = factor(i, OUT), a = factor(i, IN);
        assert_int_equal(peft_out_put(out, bt, a, &err), 0);
        mat_free(&bt);
        mat_free(&a);
    }
    return out;
}

static void check_pair(const struct peft *peft, int at, int i)
{
    struct mat bt, a, want_bt = factor(i, OUT), want_a = factor(i, IN);
    struct err err = {""};
    assert_int_equal(peft_read(&bt, &a, peft, at, &err), 0);
    assert_memory_equal(bt.at, want_bt.at, sizeof(float) * RANK * OUT);
    assert_memory_equal(a.at, want_a.at, sizeof(float) * RANK * IN);
    assert_near(peft->pair[at].scale, scale_of(i), SCALE * scale_of(i));
    mat_free(&bt);
    mat_free(&a);
    mat_free(&want_bt);
    mat_free(&want_a);
}

static void modules_are_found_in_any_order(void **state)
{
    (void)state;
    for (int names = NAMES_PEFT; names <= NAMES_KOHYA; names++) {
        char name[64];
        struct err err = {""};
        struct peft_out *out =
            begun(scratch_path(root, names ? "any-kohya" : "any-peft"),
                  (enum adapter_names)names);
        struct peft *back = peft_out_read_back(out, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(back->count, MODULES);
        for (int i = 0; i < MODULES; i++) {
            int at = -1;
            assert_int_equal(
                peft_out_find(&at, out, back, module(name, i), &err), 0);
            check_pair(back, at, i);
        }
        int at;
        assert_int_equal(peft_out_find(&at, out, back, "model.norm", &err), -1);
        assert_non_null(strstr(err.text, "model.norm"));
        peft_close(back);
        assert_int_equal(peft_out_commit(out, &err), 0);
    }
}

static void kohya_is_one_file_with_alphas(void **state)
{
    (void)state;
    struct err err = {""};
    const char *folder = scratch_path(root, "kohya");
    assert_int_equal(peft_out_commit(begun(folder, NAMES_KOHYA), &err), 0);
    struct adapter_file *file =
        adapter_file_open(scratch_path(root, "kohya"), &err);
    assert_string_equal(err.text, "");
    assert_string_equal(adapter_file_dialect(file), "kohya");
    assert_null(adapter_file_config(file));
    const struct tensor_file *tensors = adapter_file_tensors(file);
    assert_string_equal(tensor_file_meta(tensors, "ss_network_dim"), "Dynamic");
    const struct tensor *alpha =
        tensor_file_find(tensors, "lora_model_layers_10_mlp_up_proj.alpha");
    assert_non_null(alpha);
    assert_int_equal(alpha->dims, 0);
    for (int i = 0; i < adapter_file_count(file); i++)
        assert_string_equal(adapter_file_at(file, i)->scale.warning, "");
    adapter_file_close(file);
}

static void modules_have_kohyas_names(void **state)
{
    static const struct {
        const char *module, *called;
    } row[] = {
        {"unet.down_blocks.0.attn1.to_q", "lora_unet_down_blocks_0_attn1_to_q"},
        {"text_encoder.layers.0.mlp.fc1", "lora_te_layers_0_mlp_fc1"},
        {"h.0.attn.c_attn", "lora_h_0_attn_c_attn"},
        {"lora_unet_mid_block", "lora_unet_mid_block"}};
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char name[128], tensor[160], want[160];
        adapter_names_module(name, sizeof name, NAMES_KOHYA, row[i].module);
        assert_string_equal(name, row[i].called);
        adapter_names_tensor(tensor, sizeof tensor, NAMES_KOHYA, row[i].module,
                             NAMED_B, false);
        (void)snprintf(want, sizeof want, "%s.lora_up.weight", row[i].called);
        assert_string_equal(tensor, want);
    }
}

static void kohya_has_no_form_for_embeddings(void **state)
{
    (void)state;
    struct err err = {""};
    struct peft_out *out = peft_out_new(NULL, "x", false, true, TENSOR_F32);
    peft_out_set_names(out, NAMES_KOHYA);
    peft_out_add(out, (struct peft_item){"wte", RANK, OUT, IN, 1, true});
    assert_int_equal(
        peft_out_begin(out, scratch_path(root, "none"), false, &err), -1);
    assert_non_null(strstr(err.text, "wte is an embedding"));
    peft_out_abandon(out);
}

/* One dialect is not written over another's folder unasked. */
static void nothing_is_overwritten(void **state)
{
    (void)state;
    struct err err = {""};
    assert_int_equal(
        peft_out_commit(begun(scratch_path(root, "two"), NAMES_PEFT), &err), 0);
    const char *folder = scratch_path(root, "two");
    assert_int_equal(peft_out_may_write(folder, NAMES_KOHYA, false, &err), -1);
    assert_non_null(strstr(err.text, "--force"));
    assert_int_equal(peft_out_may_write(folder, NAMES_PEFT, true, &err), 0);
    /* Whoever opens the folder would still find PEFT's. */
    assert_int_equal(peft_out_may_write(folder, NAMES_KOHYA, true, &err), -1);
    assert_non_null(strstr(err.text, "another folder"));
}

static int set_up(void **state)
{
    (void)state;
    root = scratch_make();
    return root ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[600];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_are_found_in_any_order),
        cmocka_unit_test(kohya_is_one_file_with_alphas),
        cmocka_unit_test(modules_have_kohyas_names),
        cmocka_unit_test(kohya_has_no_form_for_embeddings),
        cmocka_unit_test(nothing_is_overwritten),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
