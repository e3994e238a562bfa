/*
 * Every adapter and torch file under ../shared/data: opened, or refused for
 * the reason that is true of it; and the singular values of s B A against a
 * dense SVD of the product.  tests/ref/adapter_svd.py does the same for every
 * pair with NumPy.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/update.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/io/adapter_file.h"
#include "core/io/adapter_find.h"
#include "core/io/file.h"
#include "tests/near.h"

/* The factors are floats: their product in double is exact to 1e-13 of its
 * norm, and so is either SVD.  What is asked for is 1e-5 of the largest. */
static const double dense_svd = 1e-5;

#define DATA "../shared/data/"

static const struct want {
    const char *path, *dialect;
    int pairs, rank, rest;
    double scale;
    bool warned; /* sources of the scale disagree */
} want[] = {
    {"adapters/lora_distilbert_raghava", "PEFT", 12, 4, 4, 8, false},
    {"adapters/lora_distilgpt2_niket", "PEFT", 6, 8, 0, 2, false},
    {"adapters/lora_gpt2_epochs_gurvineet/checkpoint_epoch_1", "PEFT", 36, 8, 1,
     4, false},
    {"adapters/lora_gpt2_epochs_gurvineet/checkpoint_epoch_2", "PEFT", 36, 8, 1,
     4, false},
    {"adapters/lora_gpt2_epochs_gurvineet/checkpoint_epoch_3", "PEFT", 36, 8, 1,
     4, false},
    {"adapters/lora_gptneo125m_sara", "PEFT", 24, 8, 0, 2, false},
    {"adapters/lora_mlx_qwen05b_wyek1n/0000100_adapters.safetensors", "MLX", 8,
     8, 0, 10, true},
    {"adapters/lora_mlx_qwen05b_wyek1n/0000200_adapters.safetensors", "MLX", 8,
     8, 0, 10, true},
    {"adapters/lora_sam_rank_sweep/lora_rank2.safetensors", "SAM", 24, 2, 0, 1,
     false},
    {"adapters/lora_sam_rank_sweep/lora_rank4.safetensors", "SAM", 24, 4, 0, 1,
     false},
    {"adapters/lora_sam_rank_sweep/lora_rank6.safetensors", "SAM", 24, 6, 0, 1,
     false},
    {"adapters/lora_sam_rank_sweep/lora_rank8.safetensors", "SAM", 24, 8, 0, 1,
     false},
    {"adapters/lora_sam_rank_sweep/lora_rank16.safetensors", "SAM", 24, 16, 0,
     1, false},
    {"adapters/lora_sd_cloneofsimo/analog_svd_rank4.safetensors", "cloneofsimo",
     192, 4, 0, 1, false},
    {"adapters/lora_sd_cloneofsimo/lora_disney.safetensors", "cloneofsimo", 192,
     1, 2, 1, false},
    {"adapters/lora_vit_B_zero", "PEFT", 24, 8, 0, 4, false},
};

/* True reasons: a transformer that is no adapter, tensors that are none, and
 * folders that hold several files. */
static const struct {
    const char *path, *words;
} refused[] = {
    {"formats/safetensors/weights_s2s.safetensors",
     "no tensor of it is a factor of LoRA"},
    {"formats/torch/fortran_tensor_3d.pth",
     "no tensor of it is a factor of LoRA"},
    {"formats/torch/test.pt", "no tensor of it is a factor of LoRA"},
    {"formats/torch/test_with_key.pt", "no tensor of it is a factor of LoRA"},
    {"adapters/lora_mlx_qwen05b_wyek1n",
     "holds 2 files of tensors, 0000100_adapters.safetensors and "
     "0000200_adapters.safetensors among them"},
    {"adapters/lora_sam_rank_sweep", "holds 5 files of tensors"},
};

static void need_data(void)
{
    if (file_exists(DATA "INDEX.md"))
        return;
    print_message("no " DATA ": skipped\n");
    skip();
}

static int set_up(void **state)
{
    (void)state;
    linalg_thread_init();
    return 0;
}

static struct adapter_file *open_it(const char *path)
{
    char whole[512];
    struct err err = {""};
    snprintf(whole, sizeof whole, DATA "%s", path);
    struct adapter_file *file = adapter_file_open(whole, &err);
    assert_string_equal(err.text, "");
    assert_non_null(file);
    return file;
}

static void each_opens(void **state)
{
    (void)state;
    need_data();
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct adapter_file *file = open_it(want[i].path);
        assert_string_equal(adapter_file_dialect(file), want[i].dialect);
        assert_int_equal(adapter_file_count(file), want[i].pairs);
        assert_int_equal(adapter_file_rest(file), want[i].rest);
        for (int k = 0; k < want[i].pairs; k++) {
            const struct file_pair *pair = adapter_file_at(file, k);
            assert_int_equal(pair->rank, want[i].rank);
            assert_near(pair->scale.scale, want[i].scale, 0);
            assert_true(pair->scale.from[0]);
            assert_int_equal(pair->scale.warning[0] != '\0', want[i].warned);
        }
        adapter_file_close(file);
    }
}

static void others_are_refused_truly(void **state)
{
    (void)state;
    need_data();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char whole[512];
        struct err err = {""};
        snprintf(whole, sizeof whole, DATA "%s", refused[i].path);
        assert_null(adapter_file_open(whole, &err));
        if (!strstr(err.text, refused[i].words))
            print_error("said: %s\n", err.text);
        assert_non_null(strstr(err.text, refused[i].words));
    }
}

static bool is_listed(const char *path)
{
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        size_t length = strlen(want[i].path);
        if (strncmp(path, want[i].path, length) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strcmp(path, refused[i].path) == 0)
            return true;
    return false;
}

/* Files of tensors below a folder that no row above names. */
static int count_unlisted(const char *folder, int depth)
{
    char whole[512], inner[512];
    int count = 0;
    snprintf(whole, sizeof whole, DATA "%s", folder);
    DIR *dir = opendir(whole);
    for (struct dirent *at; dir && (at = readdir(dir));) {
        if (at->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", folder, at->d_name);
        if (adapter_find_is_tensors(at->d_name) && !is_listed(inner)) {
            print_error("not tested: %s\n", inner);
            count++;
        } else if (depth) {
            count += count_unlisted(inner, depth - 1);
        }
    }
    if (dir)
        closedir(dir);
    return count;
}

static void none_is_forgotten(void **state)
{
    (void)state;
    need_data();
    assert_int_equal(count_unlisted("adapters", 3), 0);
    assert_int_equal(count_unlisted("formats", 2), 0);
}

/* Against dgesdd of the product, all min(out, in) values. */
static void check_pair(const struct file_pair *pair)
{
    struct mat bt, a;
    struct err err = {""};
    struct spectrum spectrum;
    assert_int_equal(adapter_file_read(&bt, &a, pair, &err), 0);
    struct update update = update_of_factors(bt, a, pair->scale.scale);
    assert_int_equal(update_spectrum(&spectrum, &update, VALUES_ONLY, &err), 0);
    struct dmat wide_a = dmat_new(a.rows, a.cols);
    struct dmat wide_b = dmat_new(bt.rows, bt.cols);
    struct dmat dense = dmat_new(pair->out, pair->in);
    dmat_from(wide_a, a);
    dmat_from(wide_b, bt);
    linalg_dgemm(dense, pair->scale.scale, wide_b, TRANSPOSED, wide_a, PLAIN,
                 0);
    int least = pair->out < pair->in ? pair->out : pair->in;
    double *sigma = xcalloc((size_t)least, sizeof *sigma);
    assert_int_equal(
        linalg_svd((struct dmat){0}, sigma, (struct dmat){0}, dense, &err), 0);
    for (int i = 0; i < least; i++)
        assert_near(i < spectrum.count ? spectrum.sigma[i] : 0, sigma[i],
                    dense_svd * sigma[0]);
    spectrum_free(&spectrum);
    mem_free(sigma);
    dmat_free(&wide_a);
    dmat_free(&wide_b);
    dmat_free(&dense);
    mat_free(&bt);
    mat_free(&a);
}

static void values_are_the_products(void **state)
{
    (void)state;
    need_data();
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct adapter_file *file = open_it(want[i].path);
        check_pair(adapter_file_at(file, 0));
        check_pair(adapter_file_at(file, adapter_file_count(file) - 1));
        adapter_file_close(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_opens),
        cmocka_unit_test(others_are_refused_truly),
        cmocka_unit_test(none_is_forgotten),
        cmocka_unit_test(values_are_the_products),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
