/*
 * What sets LoRA's kin apart: LoRA+'s two rates, LoRA-FA's frozen A, PiSSA's
 * residual, VeRA's shared factors.
 */
#include <math.h>
#include <string.h>

#include "tests/unit/method_list.h"

/* float32 of a product of rank 4 beside weights of size 1. */
#define ROUNDING 2e-6

static struct run *run_of(const struct model *model, const char *name)
{
    struct err err = {""};
    struct run_conf conf = listed_named("lora");
    conf.method.name = name;
    struct run *run = run_new(model, &conf, &err);
    assert_string_equal(err.text, "");
    return run;
}

/* Adam's first step is lr long in every value that has a gradient: of B 16
 * times as long, and A has none while B is zero. */
static void lora_plus_has_two_rates(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct err err = {""};
    struct team *team = team_new(1, &err);
    struct run *run = run_of(model, "lora_plus");
    const struct method *method = run_method(run);
    (void)listed_step(run, team, 0);
    double lr = run_result(run).lr;
    int bt = method_param(method, PARAM_BT, 0);
    const struct param *param = &method->param[bt];
    assert_near(param->lr_scale, 16, 0);
    assert_near(method->param[method_param(method, PARAM_A, 0)].lr_scale, 1, 0);
    for (int i = 0; i < param->rows * param->cols; i++)
        assert_near(fabsf(method->value[param->offset + (size_t)i]), 16 * lr,
                    0.01 * 16 * lr); /* Adam's eps */
    run_free(run);
    team_free(team);
    model_free(model);
}

static void lora_fa_keeps_a(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct err err = {""};
    struct team *team = team_new(1, &err);
    struct run *run = run_of(model, "lora_fa"), *lora = run_of(model, "lora");
    const struct method *method = run_method(run);
    struct mat bt, a;
    double scale;
    assert_true(method->ops->factors(method, 0, &bt, &a, &scale));
    struct mat before = mat_new(a.rows, a.cols);
    mat_copy(before, a);
    listed_train(run, team, 5);
    assert_memory_equal(before.at, a.at, sizeof(float) * 4 * 12);
    assert_true(mat_norm_squared(bt) > 0);
    assert_int_equal(method_param(method, PARAM_A, 0), -1);
    /* The same A as LoRA's of this seed and rank. */
    assert_true(
        run_method(lora)->ops->factors(run_method(lora), 0, &bt, &a, &scale));
    assert_memory_equal(before.at, a.at, sizeof(float) * 4 * 12);
    double share[8];
    assert_int_equal(run_gradient_share(run, 0, share, 8), 4);
    mat_free(&before);
    run_free(run);
    run_free(lora);
    team_free(team);
    model_free(model);
}

static double largest(struct mat w)
{
    struct err err = {""};
    int q = w.rows < w.cols ? w.rows : w.cols;
    double sigma[32];
    struct dmat wide = dmat_new(w.rows, w.cols), none = {0};
    dmat_from(wide, w);
    assert_true(q <= 32);
    assert_int_equal(linalg_svd(none, sigma, none, wide, &err), 0);
    dmat_free(&wide);
    return sigma[0];
}

/* What is left of W0 begins with its fifth singular value, and the four that
 * train are the others. */
static void pissa_takes_the_largest_directions(void **state)
{
    (void)state;
    struct model *model = listed_model(false);
    struct method_conf conf = small_lora();
    conf.name = "pissa";
    struct method *pissa = small_method(model, &conf);
    struct mat bt, a, w0 = model->base.site[4]; /* h.0.mlp.up */
    double scale, sigma[12];
    struct err err = {""};
    struct dmat wide = dmat_new(w0.rows, w0.cols), none = {0};
    dmat_from(wide, w0);
    assert_int_equal(linalg_svd(none, sigma, none, wide, &err), 0);
    assert_true(pissa->ops->factors(pissa, 4, &bt, &a, &scale));
    assert_int_equal(a.rows, 8);
    struct mat rest = mat_new(w0.rows, w0.cols);
    mat_copy(rest, w0);
    linalg_gemm(rest, (float)scale, mat_rows(bt, 0, 4), TRANSPOSED,
                mat_rows(a, 0, 4), PLAIN, 1);
    assert_near(largest(rest), sigma[4], ROUNDING);
    for (int k = 0; k < 4; k++)
        assert_near(scale * mat_norm_squared(mat_rows(a, 4 + k, 1)), sigma[k],
                    ROUNDING);
    mat_free(&rest);
    dmat_free(&wide);
    method_free(pissa);
    model_free(model);
}

static void pissa_reports_against_the_file(void **state)
{
    (void)state;
    struct model *model = listed_model(false);
    struct method_conf conf = small_lora();
    conf.name = "pissa";
    struct method *pissa = small_method(model, &conf);
    struct mat w0 = model->base.site[5], dw = mat_new(w0.rows, w0.cols);
    method_delta(pissa, 5, dw);
    assert_near(sqrt(mat_norm_squared(dw)), 0, 1e-6);
    small_stir(pissa, 0.2, 1);
    method_delta(pissa, 5, dw);
    struct mat w = small_effective(pissa, 5);
    assert_true(mat_norm_squared(dw) > 0.1);
    for (int i = 0; i < w.rows * w.cols; i++)
        assert_near(w.at[i] - w0.at[i], dw.at[i], ROUNDING);
    mat_free(&w);
    mat_free(&dw);
    method_free(pissa);
    model_free(model);
}

static void vera_shares_what_is_frozen(void **state)
{
    (void)state;
    struct model *model = listed_model(false);
    struct method_conf conf = small_lora();
    conf.name = "vera";
    conf.rank = 40; /* more than any site has rows or columns */
    struct method *vera = small_method(model, &conf);
    struct mat bt, q, v, down;
    double scale;
    assert_true(vera->ops->factors(vera, 0, &bt, &q, &scale));
    assert_true(vera->ops->factors(vera, 2, &bt, &v, &scale));
    assert_true(vera->ops->factors(vera, 5, &bt, &down, &scale));
    assert_ptr_equal(q.at, v.at);
    assert_ptr_equal(q.at, down.at);
    assert_int_equal(q.rows, 40);
    assert_int_equal(q.cols, 12);
    assert_int_equal(down.cols, 20);
    /* b = 1 and d = 1 everywhere: B itself, the same rows for q and v. */
    for (size_t i = 0; i < vera->size; i++)
        vera->value[i] = 1;
    struct mat bq, bv;
    assert_true(vera->ops->factors(vera, 0, &bq, &q, &scale));
    assert_true(vera->ops->factors(vera, 2, &bv, &v, &scale));
    assert_memory_equal(bq.at, bv.at, sizeof(float) * 40 * 12);
    double bound = sqrt(6.0 / 40);
    for (int i = 0; i < 40 * 12; i++)
        assert_true(fabsf(bq.at[i]) <= (float)bound);
    method_free(vera);
    model_free(model);
}

static void fixed_ranks_say_why(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    static const struct {
        const char *name, *why;
    } of[] = {{"pissa", "the rank of pissa cannot turn: its factors began"},
              {"vera", "the rank of vera cannot turn: all sites share"}};
    for (int i = 0; i < 2; i++) {
        struct run *run = run_of(model, of[i].name);
        struct rank_change changes[16];
        struct err err = {""};
        int count;
        assert_int_equal(
            run_set_rank(run, -1, 2, RANK_KEEP_SCALE, changes, &count, &err),
            -1);
        assert_non_null(strstr(err.text, of[i].why));
        run_free(run);
    }
    model_free(model);
}

static void the_head_is_trained_once(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct method_conf conf = small_lora();
    struct err err = {""};
    conf.also[ALSO_HEAD] = true;
    assert_null(method_new(model, &conf, &err));
    assert_string_equal(err.text,
                        "lora: the head is a target and trains whole as well; "
                        "take it from targets or from also");
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lora_plus_has_two_rates),
        cmocka_unit_test(lora_fa_keeps_a),
        cmocka_unit_test(pissa_takes_the_largest_directions),
        cmocka_unit_test(pissa_reports_against_the_file),
        cmocka_unit_test(vera_shares_what_is_frozen),
        cmocka_unit_test(fixed_ranks_say_why),
        cmocka_unit_test(the_head_is_trained_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
