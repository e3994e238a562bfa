/*
 * PEFT adapters: written and read back they give the effective weights; the
 * config says what PEFT would need; what does not fit is refused by name.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io/adapter.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "tests/unit/small.h"

/* W in float on both sides, summed in another order. */
#define FLOAT_W 1e-6

static int merge(const struct model *model, struct weights *weights,
                 double strength, const char *folder, struct err *err)
{
    struct adapter *adapter = adapter_open(model, folder, err);
    if (!adapter)
        return -1;
    adapter_merge(adapter, weights, strength);
    adapter_close(adapter);
    return 0;
}

static char folder[] = "/tmp/rankscope-adapter-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    linalg_thread_init();
    return mkdtemp(folder) ? 0 : -1;
}

static char *path_of(const char *name)
{
    static char path[256];
    return file_join(path, sizeof path, folder, name);
}

static int remove_folder(void **state)
{
    (void)state;
    (void)remove(path_of("adapter_config.json"));
    (void)remove(path_of("adapter_model.safetensors"));
    return rmdir(folder);
}

/* The base's weights in storage of our own. */
static struct weights own_weights(const struct model *model)
{
    struct weights weights = weights_new(model);
    for (int i = 0; i < model->site_count; i++) {
        struct mat base = model->base.site[i];
        weights.site[i] = mat_new(base.rows, base.cols);
        mat_copy(weights.site[i], base);
    }
    return weights;
}

static void free_own(struct weights *weights, const struct model *model)
{
    for (int i = 0; i < model->site_count; i++)
        mat_free(&weights->site[i]);
    weights_free(weights);
}

/* Five kinds of target, two ranks, two rules, one site turned. */
static struct method *varied(const struct model *model)
{
    struct method_conf conf = small_lora();
    struct rank_change change;
    struct err err = {""};
    struct method *lora = small_method(model, &conf);
    const int turned[] = {model_site_of(model, SITE_V, 0),
                          model_site_of(model, SITE_DOWN, 1)};
    small_stir(lora, 0.3, 9);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lora->ops->set_rank(lora, turned[i], 7,
                                             RANK_ALPHA_SQRT_R, &change, &err),
                         0);
        rank_change_free(&change);
    }
    return lora;
}

static void save(const struct method *method)
{
    struct err err = {""};
    int status = adapter_save_peft(method, "bundled", folder, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, 0);
}

static void reads_back_what_it_wrote(void **state)
{
    (void)state;
    for (int tied = 0; tied < 2; tied++) {
        struct model *model = small_model(tied);
        struct method *lora = varied(model);
        struct weights weights = own_weights(model);
        struct err err = {""};
        save(lora);
        int status = merge(model, &weights, 1, folder, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(status, 0);
        for (int i = 0; i < model->site_count; i++) {
            struct mat base = model->base.site[i];
            struct mat want = mat_new(base.rows, base.cols);
            mat_copy(want, base);
            if (lora->ops->adapts(lora, i))
                lora->ops->effective(lora, i, want);
            double norm = sqrt(mat_norm_squared(want));
            assert_near_array(weights.site[i].at, want.at,
                              (size_t)(want.rows * want.cols), FLOAT_W * norm);
            mat_free(&want);
        }
        free_own(&weights, model);
        method_free(lora);
        model_free(model);
    }
}

static void strength_scales_the_update(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method *lora = varied(model);
    struct weights weights = own_weights(model);
    struct mat dw = mat_new(20, 12);
    struct err err = {""};
    int up = model_site_of(model, SITE_UP, 1);
    save(lora);
    assert_int_equal(merge(model, &weights, -0.5, folder, &err), 0);
    method_delta(lora, up, dw);
    for (int i = 0; i < 240; i++)
        assert_near(weights.site[up].at[i],
                    (double)model->base.site[up].at[i] - 0.5 * (double)dw.at[i],
                    FLOAT_W);
    mat_free(&dw);
    free_own(&weights, model);
    method_free(lora);
    model_free(model);
}

/* Two ways to add products of 12 to 20 floats of order 1: a few ulp apart. */
static const double beside_tolerance = 1e-5;

static void check_beside(const struct model *model, const struct method *lora)
{
    enum { TOKENS = 5 };
    struct weights weights = own_weights(model);
    struct err err = {""};
    save(lora);
    assert_int_equal(merge(model, &weights, 1.5, folder, &err), 0);
    struct adapter *adapter = adapter_open(model, folder, &err);
    assert_non_null(adapter);
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        struct mat x = mat_new(TOKENS, site->in);
        struct mat y = mat_new(TOKENS, site->out);
        struct mat want = mat_new(TOKENS, site->out);
        small_random(x.at, (size_t)(TOKENS * site->in), 1, (uint64_t)i);
        linalg_gemm(want, 1, x, PLAIN, weights.site[i], TRANSPOSED, 0);
        linalg_gemm(y, 1, x, PLAIN, model->base.site[i], TRANSPOSED, 0);
        adapter_beside(adapter, 1.5, i, x, y);
        assert_near_array(y.at, want.at, (size_t)(TOKENS * site->out),
                          beside_tolerance);
        mat_free(&x);
        mat_free(&y);
        mat_free(&want);
    }
    adapter_close(adapter);
    free_own(&weights, model);
}

static void beside_is_as_merged(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method *lora = varied(model);
    struct method_conf conf = small_lora();
    conf.name = "dora";
    struct method *dora = small_method(model, &conf);
    small_stir(dora, 0.3, 9);
    check_beside(model, lora);
    check_beside(model, dora);
    method_free(lora);
    method_free(dora);
    model_free(model);
}

/* q, k and v come apart with the ranks they had, and the updates they had. */
static void factors_come_apart_by_site(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method *lora = varied(model);
    struct err err = {""};
    small_stir(lora, 0.1, 10); /* what rank 7 has grown, too */
    save(lora);
    struct adapter *adapter = adapter_open(model, folder, &err);
    assert_non_null(adapter);
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        struct mat bt, a, got = mat_new(site->out, site->in);
        struct mat want = mat_new(site->out, site->in);
        double scale = 0;
        int none = adapter_factors(adapter, i, &bt, &a, &scale);
        assert_int_equal(!none, lora->ops->adapts(lora, i));
        if (!none) {
            assert_int_equal(bt.rows, lora->ops->rank(lora, i));
            assert_int_equal(a.rows, bt.rows);
            assert_int_equal(bt.cols, site->out);
            linalg_gemm(got, (float)scale, bt, TRANSPOSED, a, PLAIN, 0);
        }
        method_delta(lora, i, want);
        assert_near_array(got.at, want.at, (size_t)(site->out * site->in),
                          FLOAT_W * (1 + sqrt(mat_norm_squared(want))));
        mat_free(&bt);
        mat_free(&a);
        mat_free(&got);
        mat_free(&want);
    }
    adapter_close(adapter);
    method_free(lora);
    model_free(model);
}

/* Nothing is learned yet: nobody can say whose the directions are. */
static void zero_pair_keeps_its_directions(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    struct method *lora = small_method(model, &conf);
    struct mat bt, a;
    struct err err = {""};
    double scale;
    save(lora);
    struct adapter *adapter = adapter_open(model, folder, &err);
    assert_non_null(adapter);
    int k = model_site_of(model, SITE_K, 0), o = k + 2;
    assert_int_equal(adapter_factors(adapter, o, &bt, &a, &scale), 1);
    assert_null(bt.at);
    assert_int_equal(adapter_factors(adapter, k, &bt, &a, &scale), 0);
    assert_int_equal(bt.rows, 8);
    assert_near(mat_norm_squared(bt), 0, 0);
    mat_free(&bt);
    mat_free(&a);
    adapter_close(adapter);
    method_free(lora);
    model_free(model);
}

static void pairs_are_as_filed(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method *lora = varied(model);
    struct err err = {""};
    char base[64];
    save(lora);
    struct adapter *adapter = adapter_open(model, folder, &err);
    assert_non_null(adapter);
    assert_int_equal(adapter_pair_count(adapter), 7);
    struct adapter_pair pair = adapter_pair_at(adapter, 0);
    assert_string_equal(pair.name, "h.0.attn.c_attn");
    assert_string_equal(pair.tensor, "base_model.model.transformer.h.0.attn."
                                     "c_attn.lora_A.weight");
    assert_string_equal(pair.scale_from,
                        "adapter_config.json: lora_alpha 11 / r 11");
    assert_int_equal(pair.sites, 3);
    assert_int_equal(pair.site[1], model_site_of(model, SITE_K, 0));
    assert_int_equal(pair.b.rows, 36);
    pair = adapter_pair_at(adapter, 6);
    assert_string_equal(pair.name, "lm_head");
    assert_string_equal(
        pair.scale_from,
        "adapter_config.json: alpha_pattern 6 / rank_pattern 4");
    adapter_close(adapter);
    assert_int_equal(adapter_base_name(base, sizeof base, folder, &err), 0);
    assert_string_equal(base, "bundled");
    assert_int_equal(adapter_base_name(base, sizeof base, "/nowhere", &err),
                     -1);
    method_free(lora);
    model_free(model);
}

static void config_is_pefts(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method *lora = varied(model);
    struct err err = {""};
    save(lora);
    struct json *c = json_read(path_of("adapter_config.json"), &err);
    assert_non_null(c);
    assert_string_equal(json_text(json_get(c, "peft_type"), ""), "LORA");
    assert_string_equal(json_text(json_get(c, "task_type"), ""), "CAUSAL_LM");
    assert_true(json_bool(json_get(c, "fan_in_fan_out"), false));
    assert_false(json_bool(json_get(c, "use_rslora"), true));
    /* c_attn of layer 0: q of rank 4, v turned to 7. */
    assert_int_equal(json_number(json_get(c, "r"), 0), 11);
    assert_int_equal(json_number(json_get(c, "lora_alpha"), 0), 11);
    const struct json *ranks = json_get(c, "rank_pattern");
    const struct json *alphas = json_get(c, "alpha_pattern");
    assert_int_equal(json_number(json_get(ranks, "h.1.attn.c_attn"), 0), 8);
    assert_int_equal(json_number(json_get(ranks, "h.1.mlp.c_proj"), 0), 7);
    assert_int_equal(json_number(json_get(ranks, "lm_head"), 0), 4);
    assert_int_equal(json_number(json_get(alphas, "h.0.mlp.c_fc"), 0), 6);
    assert_near(json_number(json_get(alphas, "h.1.mlp.c_proj"), 0) / 7,
                6 / sqrt(7), 1e-15);
    assert_int_equal(json_length(json_get(c, "target_modules")), 4);
    json_free(c);
    method_free(lora);
    model_free(model);
}

static void tensors_are_pefts(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method *lora = varied(model);
    struct err err = {""};
    save(lora);
    struct safetensors *file =
        safetensors_open(path_of("adapter_model.safetensors"), &err);
    const struct {
        const char *name;
        int rows, cols;
    } want[] = {
        {"base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", 11, 12},
        {"base_model.model.transformer.h.0.attn.c_attn.lora_B.weight", 36, 11},
        {"base_model.model.transformer.h.1.mlp.c_fc.lora_A.weight", 4, 12},
        {"base_model.model.transformer.h.1.mlp.c_fc.lora_B.weight", 20, 4},
        {"base_model.model.transformer.h.1.mlp.c_proj.lora_A.weight", 7, 20},
        {"base_model.model.lm_head.lora_B.weight", 30, 4},
    };
    assert_non_null(file);
    assert_int_equal(safetensors_count(file), 2 * (2 + 4 + 1));
    assert_string_equal(safetensors_meta(file, "format"), "pt");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const struct tensor *t = safetensors_find(file, want[i].name);
        assert_non_null(t);
        assert_int_equal(t->shape[0], want[i].rows);
        assert_int_equal(t->shape[1], want[i].cols);
    }
    safetensors_close(file);
    method_free(lora);
    model_free(model);
}

static void full_is_no_adapter(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = {.name = "full"};
    struct method *full = small_method(model, &conf);
    struct err err = {""};
    assert_int_equal(adapter_save_peft(full, "", folder, &err), -1);
    assert_non_null(strstr(err.text, "full has no low-rank factors"));
    method_free(full);
    model_free(model);
}

#define PLAIN_CONFIG "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4"
#define UP           "transformer.h.0.mlp.c_fc"
#define UP7          "transformer.h.7.mlp.c_fc"

/* A pair for c_fc, B (20, 2) and an A of any shape, and any config. */
static void write_pair(const char *name, const char *of_b, int a_rows,
                       int a_cols, float first, const char *config)
{
    struct err err = {""};
    char full[128];
    struct mat a = small_mat(a_rows, a_cols, 1, 1), b = small_mat(20, 2, 1, 2);
    struct safetensors_out *out = safetensors_out_new();
    a.at[0] = first;
    (void)snprintf(full, sizeof full, "base_model.model.%s.lora_A.weight",
                   name);
    safetensors_out_add(out, full, a.rows, a.cols, a.at);
    (void)snprintf(full, sizeof full, "base_model.model.%s.lora_B.weight",
                   of_b);
    safetensors_out_add(out, full, b.rows, b.cols, b.at);
    assert_int_equal(
        safetensors_out_commit(out, path_of("adapter_model.safetensors"), &err),
        0);
    assert_int_equal(file_write(path_of("adapter_config.json"), config,
                                strlen(config), &err),
                     0);
    mat_free(&a);
    mat_free(&b);
}

static void write_adapter(const char *name, int a_rows, int a_cols, float first,
                          const char *config)
{
    write_pair(name, UP, a_rows, a_cols, first, config);
}

/* Refused with these words, and no weight has moved. */
static void refused(struct model *model, const char *words)
{
    struct err err = {""};
    struct weights weights = own_weights(model);
    assert_int_equal(merge(model, &weights, 1, folder, &err), -1);
    if (!strstr(err.text, words))
        print_error("said: %s\n", err.text);
    assert_non_null(strstr(err.text, words));
    for (int i = 0; i < model->site_count; i++)
        assert_memory_equal(weights.site[i].at, model->base.site[i].at,
                            sizeof(float) * (size_t)(weights.site[i].rows *
                                                     weights.site[i].cols));
    free_own(&weights, model);
}

static void refuses_misfits_by_name(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    write_adapter(UP, 2, 13, 1, PLAIN_CONFIG "}");
    refused(model, UP ".lora_A.weight is (2, 13), expected (2, 12)");
    write_adapter(UP, 3, 12, 1, PLAIN_CONFIG "}");
    refused(model, UP ".lora_A.weight\" is (3, 12) and \"base_model");
    write_adapter(UP, 2, 12, 1,
                  "{\"peft_type\": \"LORA\", \"r\": 3, "
                  "\"lora_alpha\": 4}");
    refused(model, UP ".lora_A.weight is (2, 12), expected (3, 12)");
    write_pair(UP7, UP7, 2, 12, 1, PLAIN_CONFIG "}");
    refused(model, UP7 ".lora_A.weight does not belong");
    write_adapter("transformer.h.1.mlp.c_fc", 2, 12, 1, PLAIN_CONFIG "}");
    refused(model, UP ".lora_B.weight\" has no A beside it");
    write_adapter(UP, 2, 12, NAN, PLAIN_CONFIG "}");
    refused(model, UP ".lora_A.weight");
    model_free(model);
}

static void refuses_what_is_not_lora(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    const struct {
        const char *config, *words;
    } bad[] = {
        {PLAIN_CONFIG ", \"use_dora\": true}", "use_dora is set"},
        {PLAIN_CONFIG ", \"bias\": \"all\"}", "bias is set"},
        {PLAIN_CONFIG ", \"modules_to_save\": [\"score\"]}",
         "modules_to_save is set"},
        {PLAIN_CONFIG ", \"init_lora_weights\": \"pissa\"}",
         "init_lora_weights is pissa"},
        {PLAIN_CONFIG ", \"rank_pattern\": {\"(\": 2}}", "pattern \"(\""},
        {PLAIN_CONFIG ", \"rank_pattern\": {\"c_fc\": 0}}", "is not a rank"},
        {PLAIN_CONFIG ", \"alpha_pattern\": {\"c_fc\": \"x\"}}",
         "is missing or not a number"},
        {"{\"peft_type\": \"LORA\", \"r\": 2}", "is missing or not a number"},
        {"{\"peft_type\": \"LOHA\", \"r\": 2}", "peft_type is LOHA"},
        {"{\"peft_type\": \"LORA\", \"r\": 0, \"lora_alpha\": 4}", "r"},
        {"{}", "peft_type is nothing"},
        {"[", "adapter_config.json"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_adapter(UP, 2, 12, 1, bad[i].config);
        refused(model, bad[i].words);
    }
    assert_int_equal(remove(path_of("adapter_model.safetensors")), 0);
    refused(model, "holds no adapter_model.safetensors");
    model_free(model);
}

/* s from the config: alpha/r, alpha/sqrt r, and by pattern. */
static void scale_is_pefts(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    const struct {
        const char *config;
        double scale;
    } want[] = {
        {PLAIN_CONFIG "}", 2},
        {PLAIN_CONFIG ", \"use_rslora\": true}", 4 / sqrt(2)},
        {PLAIN_CONFIG ", \"alpha_pattern\": {\"h\\\\.[0-9].mlp.c_fc\": 7}}",
         3.5},
        {PLAIN_CONFIG ", \"alpha_pattern\": {\"mlp.c\": 7}}", 2},
    };
    struct mat a = small_mat(2, 12, 1, 1), b = small_mat(20, 2, 1, 2);
    a.at[0] = 1;
    int up = model_site_of(model, SITE_UP, 0);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct weights weights = own_weights(model);
        struct err err = {""};
        write_adapter(UP, 2, 12, 1, want[i].config);
        int status = merge(model, &weights, 1, folder, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(status, 0);
        double moved =
            (double)weights.site[up].at[0] - (double)model->base.site[up].at[0];
        assert_near(moved,
                    want[i].scale * ((double)b.at[0] * (double)a.at[0] +
                                     (double)b.at[1] * (double)a.at[12]),
                    10 * FLOAT_W);
        free_own(&weights, model);
    }
    mat_free(&a);
    mat_free(&b);
    model_free(model);
}

/* A published adapter for distilgpt2: c_attn, r 8, alpha 16. */
static void reads_a_published_adapter(void **state)
{
    (void)state;
    const char *const at = "../shared/data/adapters/lora_distilgpt2_niket";
    struct err err = {""};
    if (!file_exists("../shared/data/adapters/lora_distilgpt2_niket/"
                     "adapter_model.safetensors")) {
        print_message("no %s: skipped\n", at);
        skip();
    }
    struct model_conf conf = {.family = "gpt2",
                              .layers = 6,
                              .width = 768,
                              .heads = 12,
                              .inner = 64,
                              .vocab = 16,
                              .context = 4,
                              .norm_eps = 1e-5f,
                              .tied = true};
    struct model *model = model_new(&conf, &err);
    model_init(model, 1);
    struct weights weights = own_weights(model);
    int status = merge(model, &weights, 1, at, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, 0);
    for (int i = 0; i < model->site_count; i++) {
        struct mat w = weights.site[i], base = model->base.site[i];
        bool fused = model->site[i].kind <= SITE_V, moved = false;
        for (int j = 0; j < w.rows * w.cols; j++)
            moved |= w.at[j] != base.at[j];
        assert_int_equal(moved, fused);
    }
    free_own(&weights, model);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(strength_scales_the_update),
        cmocka_unit_test(beside_is_as_merged),
        cmocka_unit_test(factors_come_apart_by_site),
        cmocka_unit_test(zero_pair_keeps_its_directions),
        cmocka_unit_test(pairs_are_as_filed),
        cmocka_unit_test(config_is_pefts),
        cmocka_unit_test(tensors_are_pefts),
        cmocka_unit_test(full_is_no_adapter),
        cmocka_unit_test(refuses_misfits_by_name),
        cmocka_unit_test(refuses_what_is_not_lora),
        cmocka_unit_test(scale_is_pefts),
        cmocka_unit_test(reads_a_published_adapter),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
