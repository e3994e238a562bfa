/*
 * The method table and full fine-tuning: where its values lie, what the tied
 * head shares, and its gradient against a plain loop.
 */
#include <string.h>

#include "core/method/method.h"
#include "tests/unit/small.h"

/* A GEMM in float over 5 tokens of normal numbers. */
#define FLOAT_SUMS 1e-5

static void finds_every_method(void **state)
{
    (void)state;
    for (int i = 0; method_table[i]; i++)
        assert_ptr_equal(method_find(method_table[i]->name), method_table[i]);
    assert_null(method_find("Full"));
}

static void names_the_nearest(void **state)
{
    (void)state;
    struct err err = {""};
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    conf.name = "lorra";
    assert_null(method_new(model, &conf, &err));
    assert_string_equal(err.text,
                        "unknown method \"lorra\"; did you mean \"lora\"?");
    conf.name = "zzzzzzzz";
    assert_null(method_new(model, &conf, &err));
    assert_non_null(strstr(err.text, "unknown method \"zzzzzzzz\""));
    model_free(model);
}

static void full_starts_at_the_base(void **state)
{
    (void)state;
    for (int tied = 0; tied < 2; tied++) {
        struct model *model = small_model(tied);
        struct method_conf conf = {.name = "full"};
        struct method *full = small_method(model, &conf);
        assert_int_equal(full->size, model_parameters(model));
        for (int i = 0; i < model->site_count; i++) {
            struct mat w = small_effective(full, i), dw = w;
            size_t n = (size_t)w.rows * (size_t)w.cols;
            assert_true(full->ops->adapts(full, i));
            assert_memory_equal(w.at, model->base.site[i].at, n * sizeof *w.at);
            assert_memory_equal(w.at, full->ops->direct(full, i),
                                n * sizeof *w.at);
            method_delta(full, i, dw);
            assert_near(mat_norm_squared(dw), 0, 0);
            mat_free(&w);
        }
        method_free(full);
        model_free(model);
    }
}

static void full_shares_the_tied_head(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = {.name = "full"};
    struct method *full = small_method(model, &conf);
    int head = model_site_of(model, SITE_HEAD, model->conf.layers);
    int embed = model_other_find(model, "embed");
    assert_int_equal(method_param(full, PARAM_W, head), -1);
    const float *w = full->ops->direct(full, head);
    for (int i = 0; i < full->param_count; i++)
        if (full->param[i].other == embed)
            assert_ptr_equal(w, full->value + full->param[i].offset);
    method_free(full);
    model_free(model);
    model = small_model(false);
    full = small_method(model, &conf);
    assert_true(method_param(full, PARAM_W, head) >= 0);
    method_free(full);
    model_free(model);
}

static void full_lays_q_k_v_side_by_side(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = {.name = "full"};
    struct method *full = small_method(model, &conf);
    for (int layer = 0; layer < model->conf.layers; layer++) {
        int q = model_site_of(model, SITE_Q, layer);
        const float *at = full->ops->direct(full, q);
        int size = model->conf.width * model->conf.width;
        assert_ptr_equal(full->ops->direct(full, q + 1), at + size);
        assert_ptr_equal(full->ops->direct(full, q + 2), at + 2 * size);
    }
    method_free(full);
    model_free(model);
}

static void full_decays_matrices_only(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method_conf conf = {.name = "full"};
    struct method *full = small_method(model, &conf);
    for (int i = 0; i < full->param_count; i++) {
        const struct param *param = &full->param[i];
        bool thin = strstr(param->name, "gain") || strstr(param->name, "bias");
        assert_int_equal(param->decays, !thin);
    }
    method_free(full);
    model_free(model);
}

/* d<dy, W x>/dW = dy^T x, added to what the gradient already holds. */
static void full_gradient_is_the_outer_product(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = {.name = "full"};
    struct method *full = small_method(model, &conf);
    struct arena scratch = {0};
    float *grad = xcalloc(full->size, sizeof *grad);
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        struct mat x = small_mat(5, site->in, 1, 10);
        struct mat dy = small_mat(5, site->out, 1, 11);
        float *at = grad + (full->ops->direct(full, i) - full->value);
        for (int twice = 0; twice < 2; twice++)
            full->ops->gradient(full, grad, i, x, dy, &scratch);
        for (int o = 0; o < site->out; o++)
            for (int j = 0; j < site->in; j++) {
                double sum = 0;
                for (int t = 0; t < 5; t++)
                    sum += (double)mat_row(dy, t)[o] * mat_row(x, t)[j];
                assert_near(at[o * site->in + j], 2 * sum, FLOAT_SUMS);
            }
        mat_free(&x);
        mat_free(&dy);
    }
    mem_free(grad);
    method_free(full);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_method),
        cmocka_unit_test(names_the_nearest),
        cmocka_unit_test(full_starts_at_the_base),
        cmocka_unit_test(full_shares_the_tied_head),
        cmocka_unit_test(full_lays_q_k_v_side_by_side),
        cmocka_unit_test(full_decays_matrices_only),
        cmocka_unit_test(full_gradient_is_the_outer_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
