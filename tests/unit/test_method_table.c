/*
 * What every method that moves weights must do, one after another: train as
 * many values as its formula says, start at the base, have the gradient of
 * what it writes, learn, and come back from a state; on any threads.
 */
#include <math.h>
#include <string.h>

#include "tests/unit/method_list.h"
#include "tests/unit/run_packed.h"

/* The third derivative of what the methods write times step^2, and float32
 * sums over some twenty products of size one divided by the step. */
#define STEP  4e-3
#define NOISE 4e-3

static void the_formula_is_the_size(void **state)
{
    (void)state;
    for (int tied = 0; tied < 2; tied++) {
        struct model *model = small_model(tied);
        for (int i = 0; i < LISTED; i++) {
            struct method_conf conf = listed(i);
            struct method *method = small_method(model, &conf);
            assert_int_equal(method->size, method_count(model, &conf));
            method_free(method);
        }
        model_free(model);
    }
}

/* To the bit, or where the base itself is taken apart nearly so. */
static void each_starts_at_the_base(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    for (int i = 0; i < LISTED; i++) {
        struct method_conf conf = listed(i);
        struct method *method = small_method(model, &conf);
        bool near = strcmp(conf.name, "pissa") == 0;
        for (int site = 0; site < model->site_count; site++) {
            struct mat w0 = model->base.site[site];
            if (!method->ops->adapts(method, site))
                continue;
            struct mat w = small_effective(method, site);
            for (int k = 0; k < w.rows * w.cols; k++)
                assert_near(w.at[k], w0.at[k], near ? 1e-6 : 0);
            mat_free(&w);
        }
        method_free(method);
    }
    model_free(model);
}

static void check_param(struct method *method, int site,
                        const struct param *param, const float *grad,
                        struct mat x, struct mat dy)
{
    for (int i = 0; i < param->rows * param->cols; i++) {
        float *value = method->value + param->offset + i, old = *value;
        *value = old + (float)STEP;
        double span = (double)*value, up = small_loss(method, site, x, dy);
        *value = old - (float)STEP;
        span -= (double)*value;
        double down = small_loss(method, site, x, dy);
        *value = old;
        double slope = (up - down) / span;
        assert_near(grad[param->offset + (size_t)i], slope,
                    NOISE * (1 + fabs(slope)));
    }
}

static void check_site(struct method *method, int site)
{
    enum { TOKENS = 5 };
    const struct site *of = &method->model->site[site];
    size_t room =
        method->ops->scratch ? method->ops->scratch(method, site, TOKENS) : 0;
    struct arena scratch;
    assert_int_equal(arena_init(&scratch, room + 256), 0);
    struct mat x = small_mat(TOKENS, of->in, 0.5, 20);
    struct mat dy = small_mat(TOKENS, of->out, 0.5, 21);
    struct mat w = small_effective(method, site);
    float *grad = xcalloc(method_gradient_size(method), sizeof *grad);
    /* In two parts, as slices do it. */
    method->ops->gradient(method, grad, site, mat_rows(x, 0, 2),
                          mat_rows(dy, 0, 2), &scratch);
    method->ops->gradient(method, grad, site, mat_rows(x, 2, 3),
                          mat_rows(dy, 2, 3), &scratch);
    assert_int_equal(scratch.used, 0);
    for (int p = 0; p < method->param_count; p++)
        if (method->param[p].site == site)
            check_param(method, site, &method->param[p], grad, x, dy);
    mem_free(grad);
    mat_free(&w);
    mat_free(&x);
    mat_free(&dy);
    arena_free(&scratch);
}

static void gradients_are_slopes(void **state)
{
    (void)state;
    struct model *model = listed_model(false);
    for (int i = 0; i < LISTED; i++) {
        struct method_conf conf = listed(i);
        struct method *method = small_method(model, &conf);
        small_stir(method, 0.2, 1);
        /* The first layer has all kinds of sites but the head. */
        for (int site = 0; site < model->site_count; site++)
            if (method->ops->adapts(method, site) &&
                (model->site[site].layer != 1))
                check_site(method, site);
        method_free(method);
    }
    model_free(model);
}

/* As trained by Adam for a while, so that nothing is zero any more. */
static struct run *ready(const struct model *model, struct run_conf *conf,
                         struct team *team)
{
    struct err err = {""};
    char *bytes;
    conf->optimizer.lr = 0.05;
    conf->method.budget.penalty = 0;
    conf->method.lr_ratio = 1; /* one rate for all: descent */
    struct run *first = run_new(model, conf, &err);
    listed_train(first, team, 4);
    struct safetensors *file = run_packed(first, &bytes);
    conf->optimizer.kind = OPTIMIZER_SGD;
    conf->optimizer.clip = conf->optimizer.momentum = 0;
    struct run *run = run_new(model, conf, &err);
    assert_int_equal(run_load(run, file, &err), 0);
    safetensors_close(file);
    mem_free(bytes);
    run_free(first);
    return run;
}

/* A step of plain descent by +-h along the gradient of everything that trains:
 * the losses differ by 2 h |g|^2.  Biases and tables are among it. */
static void the_whole_gradient_is_a_slope(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct err err = {""};
    struct team *team = team_new(1, &err);
    for (int i = 0; i < LISTED; i++) {
        double after[2], slope = 0;
        for (int way = 0; way < 2; way++) {
            struct run_conf conf = listed_run(i);
            struct run *run = ready(model, &conf, team);
            run_set_lr(run, way ? -1e-3 : 1e-3);
            (void)listed_step(run, team, 77);
            slope = pow(run_result(run).grad_norm, 2);
            after[way] = listed_step(run, team, 77);
            run_free(run);
        }
        double seen = (after[1] - after[0]) / 2e-3;
        assert_near(seen / slope, 1, 0.02); /* float32 losses over the step */
    }
    team_free(team);
    model_free(model);
}

static void assert_same(const struct run *a, const struct run *b)
{
    const struct method *ma = run_method(a), *mb = run_method(b);
    assert_int_equal(ma->size, mb->size);
    assert_memory_equal(ma->value, mb->value, ma->size * sizeof(float));
    assert_true(run_result(a).loss == run_result(b).loss);
}

/* Saved at steps before, among and after the changes a method makes itself. */
static void a_state_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct err err = {""};
    struct team *team = team_new(2, &err);
    for (int i = 0; i < LISTED; i++)
        for (long at = 3; at < 18; at += 7) {
            struct run_conf conf = listed_run(i);
            struct run *run = run_new(model, &conf, &err);
            struct rank_change change;
            int count = 0;
            listed_train(run, team, 2);
            if (run_method(run)->ops->set_rank)
                assert_int_equal(run_set_rank(run, 2, 2, RANK_ALPHA_R, &change,
                                              &count, &err),
                                 0);
            if (count)
                rank_change_free(&change);
            listed_train(run, team, at);
            char *bytes;
            struct safetensors *file = run_packed(run, &bytes);
            struct run *again = run_new(model, &conf, &err);
            assert_int_equal(run_load(again, file, &err), 0);
            long step;
            struct method *alone =
                run_load_method(&step, model, &conf.method, file, &err);
            assert_non_null(alone);
            assert_memory_equal(alone->value, run_method(run)->value,
                                alone->size * sizeof(float));
            method_free(alone);
            listed_train(run, team, 20);
            listed_train(again, team, 20);
            assert_same(run, again);
            safetensors_close(file);
            mem_free(bytes);
            run_free(run);
            run_free(again);
        }
    team_free(team);
    model_free(model);
}

static void threads_change_no_bit_and_all_learn(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct err err = {""};
    struct team *one = team_new(1, &err), *three = team_new(3, &err);
    for (int i = 0; i < LISTED; i++) {
        struct run_conf conf = listed_run(i);
        struct run *a = run_new(model, &conf, &err);
        struct run *b = run_new(model, &conf, &err);
        assert_string_equal(err.text, "");
        double first = listed_step(a, one, 0), last = 0;
        (void)listed_step(b, three, 0);
        for (int k = 1; k < 20; k++) {
            double now = listed_step(a, one, k % 2 ? k : 0);
            last = k % 2 ? last : now;
            (void)listed_step(b, three, k % 2 ? k : 0);
        }
        if (!(last < 0.99 * first))
            print_error("%s: %g, then %g\n", conf.method.name, first, last);
        assert_true(last < 0.99 * first);
        assert_same(a, b);
        run_free(a);
        run_free(b);
    }
    team_free(one);
    team_free(three);
    model_free(model);
}

/* Methods that are written as an adapter have nothing beside it. */
static void adapters_hold_all_that_was_learned(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    for (int i = 0; i < LISTED; i++) {
        struct method_conf conf = listed(i);
        struct method *method = small_method(model, &conf);
        bool plain = conf.targets[SITE_HEAD] && method->ops->rank;
        assert_int_equal(method_is_adapter(method), plain);
        method_free(method);
    }
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_formula_is_the_size),
        cmocka_unit_test(each_starts_at_the_base),
        cmocka_unit_test(gradients_are_slopes),
        cmocka_unit_test(the_whole_gradient_is_a_slope),
        cmocka_unit_test(a_state_goes_on_with_the_same_bits),
        cmocka_unit_test(threads_change_no_bit_and_all_learn),
        cmocka_unit_test(adapters_hold_all_that_was_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
