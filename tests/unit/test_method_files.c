/*
 * What every method leaves in files says the same W: an adapter read back, a
 * whole model opened again; and PEFT's flags for DoRA and rsLoRA.
 */
#include <math.h>
#include <string.h>

#include "core/io/adapter.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "tests/unit/method_list.h"
#include "tests/unit/scratch.h"

/* W in float on both sides, summed in another order. */
#define FLOAT_W 2e-6

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    linalg_thread_init();
    folder = scratch_make();
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static bool flag(const char *key)
{
    struct err err = {""};
    struct json *config =
        json_read(scratch_path(folder, "adapter_config.json"), &err);
    assert_non_null(config);
    bool is = json_bool(json_get(config, key), false);
    json_free(config);
    return is;
}

static void adapters_read_back(void **state)
{
    (void)state;
    struct model *model = listed_model(false);
    for (int i = 0; i < LISTED; i++) {
        struct method_conf conf = listed(i);
        struct method *method = small_method(model, &conf);
        struct err err = {""};
        bool dora = strcmp(conf.name, "dora") == 0;
        if (method_is_adapter(method)) {
            small_stir(method, 0.1, 1);
            assert_int_equal(adapter_save_peft(method, "b", folder, &err), 0);
            assert_int_equal(flag("use_rslora"),
                             strcmp(conf.name, "rslora") == 0);
            assert_int_equal(flag("use_dora"), dora);
            struct adapter *adapter = adapter_open(model, folder, &err);
            assert_string_equal(err.text, "");
            struct weights weights = weights_new(model);
            for (int site = 0; site < model->site_count; site++) {
                struct mat w0 = model->base.site[site];
                weights.site[site] = mat_new(w0.rows, w0.cols);
                mat_copy(weights.site[site], w0);
            }
            adapter_merge(adapter, &weights, 1);
            for (int site = 0; site < model->site_count; site++) {
                struct mat w = weights.site[site];
                struct mat want = method->ops->adapts(method, site)
                                      ? small_effective(method, site)
                                      : model->base.site[site];
                for (int k = 0; k < w.rows * w.cols; k++)
                    assert_near(w.at[k], want.at[k], FLOAT_W);
                if (method->ops->adapts(method, site))
                    mat_free(&want);
                mat_free(&w);
            }
            weights_free(&weights);
            adapter_close(adapter);
        }
        method_free(method);
    }
    model_free(model);
}

static struct mat tensor_of(const struct safetensors *file, const char *module,
                            const char *what)
{
    char name[128];
    struct err err = {""};
    snprintf(name, sizeof name, "base_model.model.%s.%s", module, what);
    const struct tensor *tensor = safetensors_find(file, name);
    assert_non_null(tensor);
    int rows = tensor->dims == 2 ? (int)tensor->shape[0] : 1;
    struct mat to = mat_new(rows, (int)(tensor->count / rows));
    assert_int_equal(tensor_read(to.at, tensor, &err), 0);
    return to;
}

/* PEFT's W of a module: row by row m V / |V|, V = W0 + s B A. */
static void check_dora(const struct safetensors *file, const char *module,
                       const struct method *dora, const int *sites, int count,
                       double s)
{
    struct mat a = tensor_of(file, module, "lora_A.weight");
    struct mat b = tensor_of(file, module, "lora_B.weight");
    struct mat m = tensor_of(file, module, "lora_magnitude_vector");
    int row = 0;
    for (int k = 0; k < count; k++) {
        struct mat w0 = dora->model->base.site[sites[k]];
        struct mat want = dora->ops->adapts(dora, sites[k])
                              ? small_effective(dora, sites[k])
                              : w0;
        struct mat v = mat_new(w0.rows, w0.cols);
        mat_copy(v, w0);
        linalg_gemm(v, (float)s, mat_rows(b, row, v.rows), PLAIN, a, PLAIN, 1);
        for (int i = 0; i < v.rows; i++) {
            double by = (double)m.at[row + i] /
                        sqrt(mat_norm_squared(mat_rows(v, i, 1)));
            for (int j = 0; j < v.cols; j++)
                assert_near(by * (double)mat_row(v, i)[j], mat_row(want, i)[j],
                            FLOAT_W);
        }
        row += v.rows;
        mat_free(&v);
        if (want.at != w0.at)
            mat_free(&want);
    }
    assert_int_equal(row, m.cols);
    mat_free(&a);
    mat_free(&b);
    mat_free(&m);
}

/* k of the fused c_attn is no target: its magnitudes are the base's norms. */
static void dora_is_written_as_peft_reads_it(void **state)
{
    (void)state;
    struct model *model = listed_model(false);
    struct method_conf conf = small_lora();
    conf.name = "dora";
    struct method *dora = small_method(model, &conf);
    struct err err = {""};
    small_stir(dora, 0.2, 1);
    assert_int_equal(adapter_save_peft(dora, "b", folder, &err), 0);
    assert_true(flag("use_dora"));
    struct safetensors *file = safetensors_open(
        scratch_path(folder, "adapter_model.safetensors"), &err);
    assert_non_null(file);
    check_dora(file, "transformer.h.0.attn.c_attn", dora, (int[]){0, 1, 2}, 3,
               1);
    check_dora(file, "transformer.h.1.mlp.c_proj", dora, (int[]){11}, 1,
               conf.alpha / conf.rank);
    safetensors_close(file);
    method_free(dora);
    model_free(model);
}

/* Also when only one of a tied pair trains: two tensors then. */
static void models_open_again(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct err err = {""};
    struct team *team = team_new(1, &err);
    for (int i = 0; i < LISTED; i++) {
        struct run_conf conf = listed_run(i);
        conf.method.also[ALSO_HEAD] = false;
        struct run *run = run_new(model, &conf, &err);
        listed_train(run, team, 3);
        assert_int_equal(model_save(model, run_weights(run), folder, &err), 0);
        struct model *again = model_open(folder, &err);
        assert_string_equal(err.text, "");
        const struct weights *now = run_weights(run);
        for (int k = 0; k < model->site_count; k++)
            assert_memory_equal(again->base.site[k].at, now->site[k].at,
                                sizeof(float) * (size_t)now->site[k].rows *
                                    (size_t)now->site[k].cols);
        for (int k = 0; k < model->other_count; k++)
            assert_memory_equal(again->base.other[k], now->other[k],
                                sizeof(float) * (size_t)model->other[k].rows *
                                    (size_t)model->other[k].cols);
        model_free(again);
        run_free(run);
    }
    team_free(team);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adapters_read_back),
        cmocka_unit_test(dora_is_written_as_peft_reads_it),
        cmocka_unit_test(models_open_again),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
