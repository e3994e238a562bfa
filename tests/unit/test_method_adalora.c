/*
 * AdaLoRA's budget: its schedule, what counts as important, the penalty's
 * gradient, and that directions really go, with their memory, without W
 * changing a bit.
 */
#include <math.h>
#include <string.h>

#include "core/method/adalora.h"
#include "tests/unit/method_list.h"

enum { STEPS = 100, FIRST = 6, LAST = 4 };

static struct method_conf conf_of(void)
{
    struct method_conf conf = small_lora(); /* rank 4 on five kinds */
    conf.name = "adalora";
    conf.budget = (struct budget_conf){.rank = FIRST,
                                       .initial = 0.2,
                                       .final = 0.3,
                                       .every = 5,
                                       .penalty = 0.5};
    return conf;
}

/* Sites: q, v, up and down of two layers (0 2 4 5, 6 8 10 11), and the head
 * (12). */
enum { ALL = 9 };

static void the_budget_falls_along_a_cubic(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method_conf conf = conf_of();
    struct method *ada = small_method(model, &conf);
    int before = ALL * FIRST;
    assert_int_equal(adalora_triplets(ada), ALL * FIRST);
    for (long t = 1; t <= STEPS; t++) {
        int now = adalora_budget(ada, t, STEPS);
        assert_true(now <= before);
        if (t <= 20)
            assert_int_equal(now, ALL * FIRST);
        if (t >= 70)
            assert_int_equal(now, ALL * LAST);
        before = now;
    }
    /* Half way: an eighth of the 18 is left. */
    assert_int_equal(adalora_budget(ada, 45, STEPS), ALL * LAST + 2);
    method_free(ada);
    model_free(model);
}

static void importance_is_as_the_paper_has_it(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method_conf conf = conf_of();
    conf.budget.penalty = 0;
    struct method *ada = small_method(model, &conf);
    const struct adalora *is = ada->state;
    float *grad = xcalloc(ada->size, sizeof *grad);
    ada->value[7] = 2;
    grad[7] = -3;
    ada->ops->before_update(ada, grad);
    assert_near(is->mean[7], 0.15 * 6, 1e-6);
    assert_near(is->swing[7], 0.15 * (6 - 0.9), 1e-6);
    grad[7] = 1;
    ada->ops->before_update(ada, grad);
    assert_near(is->mean[7], 0.85 * 0.9 + 0.15 * 2, 1e-6);
    assert_near(is->swing[7], 0.85 * 0.765 + 0.15 * (2 - 1.065), 1e-6);
    assert_near(is->mean[8], 0, 0);
    mem_free(grad);
    method_free(ada);
    model_free(model);
}

/* gamma times the mean over P and Q of |F F^T - I|. */
static double penalty(const struct method *ada, double gamma)
{
    double sum = 0;
    int count = 0;
    for (int p = 0; p < ada->param_count; p++) {
        const struct param *of = &ada->param[p];
        const float *f = ada->value + of->offset;
        double square = 0;
        if (of->kind == PARAM_MID)
            continue;
        for (int a = 0; a < of->rows; a++)
            for (int b = 0; b < of->rows; b++) {
                double dot = a == b ? -1 : 0;
                for (int j = 0; j < of->cols; j++)
                    dot += (double)f[a * of->cols + j] *
                           (double)f[b * of->cols + j];
                square += dot * dot;
            }
        sum += sqrt(square);
        count++;
    }
    return gamma * sum / count;
}

static void the_penalty_has_its_gradient(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method_conf conf = conf_of();
    struct method *ada = small_method(model, &conf);
    float *grad = xcalloc(ada->size, sizeof *grad);
    const double step = 4e-3, noise = 1e-4; /* of a double sum */
    small_stir(ada, 0.3, 1);
    ada->ops->before_update(ada, grad);
    for (size_t i = 0; i < ada->size; i += 3) {
        float *at = ada->value + i, old = *at;
        *at = old + (float)step;
        double span = (double)*at, up = penalty(ada, 0.5);
        *at = old - (float)step;
        span -= (double)*at;
        assert_near(grad[i], (up - penalty(ada, 0.5)) / span, noise);
        *at = old;
    }
    mem_free(grad);
    method_free(ada);
    model_free(model);
}

/* Importance by hand: nothing of site 2, two directions of site 0. */
static void weigh(struct method *method)
{
    struct adalora *ada = method->state;
    for (int p = 0; p < method->param_count; p++) {
        const struct param *of = &method->param[p];
        for (int k = 0; k < of->rows; k++)
            for (int j = 0; j < of->cols; j++) {
                size_t at = of->offset + (size_t)(k * of->cols + j);
                bool high = of->site == 0 ? k % 3 == 1 : of->site != 2;
                ada->mean[at] = high ? 1 : 0.1F / (float)(k + 1);
                ada->swing[at] = 1;
            }
    }
}

struct dropping {
    struct model *model;
    struct method *ada;
    struct optimizer optimizer;
    struct mat w[16];
};

static struct dropping prepare(void)
{
    struct dropping d = {.model = small_model(false)};
    struct method_conf conf = conf_of();
    struct optimizer_conf adam = {
        .kind = OPTIMIZER_ADAMW, .beta1 = 0.9, .beta2 = 0.999};
    d.ada = small_method(d.model, &conf);
    d.optimizer = optimizer_new(&adam, d.ada);
    small_stir(d.ada, 0.3, 1);
    weigh(d.ada);
    for (size_t i = 0; i < d.ada->size; i++)
        d.optimizer.m[i] = d.ada->value[i];
    for (int i = 0; i < d.optimizer.rows; i++)
        d.optimizer.age[i] = 5;
    return d;
}

/* As a run does it. */
static void drop_all(struct dropping *d)
{
    struct err err = {""};
    for (int i = 0; i < d->model->site_count; i++) {
        struct rank_change change;
        int count = d->ada->param_count;
        struct param *before = xcalloc((size_t)count, sizeof *before);
        memcpy(before, d->ada->param, (size_t)count * sizeof *before);
        assert_int_equal(d->ada->ops->drop(d->ada, i, &change, &err), 0);
        optimizer_remap(&d->optimizer, d->ada, before, count, &change);
        rank_change_free(&change);
        mem_free(before);
    }
}

static void directions_go_and_w_stays(void **state)
{
    (void)state;
    struct dropping d = prepare();
    struct method *ada = d.ada;
    size_t size = ada->size;
    /* Step 70 of 100 is the first at the final budget. */
    assert_false(ada->ops->after_update(ada, 67, STEPS));
    assert_true(ada->ops->after_update(ada, 69, STEPS));
    for (int i = 0; i < d.model->site_count; i++)
        if (ada->ops->adapts(ada, i))
            d.w[i] = small_effective(ada, i);
    /* What is left has its value as first moment; the others' lambda is 0. */
    for (size_t i = 0; i < size; i++)
        d.optimizer.m[i] = ada->value[i];
    drop_all(&d);
    assert_int_equal(adalora_triplets(ada), ALL * LAST);
    assert_int_equal(ada->ops->rank(ada, 0), 2);
    assert_int_equal(ada->ops->rank(ada, 2), 0);
    assert_int_equal(ada->ops->rank(ada, 4), FIRST);
    /* Of equals the later ones go: 2 + 7 x 6 were high, 36 stay. */
    assert_int_equal(ada->ops->rank(ada, 11), FIRST - 2);
    assert_int_equal(ada->ops->rank(ada, 12), 0);
    assert_true(ada->size < size);
    assert_int_equal(d.optimizer.size, ada->size);
    assert_memory_equal(d.optimizer.m, ada->value, ada->size * sizeof(float));
    for (int i = 0; i < d.optimizer.rows; i++)
        assert_int_equal(d.optimizer.age[i], 5);
    for (int i = 0; i < d.model->site_count; i++)
        if (d.w[i].at) {
            struct mat w = small_effective(ada, i);
            assert_true(ada->ops->adapts(ada, i));
            assert_memory_equal(w.at, d.w[i].at,
                                sizeof(float) * (size_t)w.rows *
                                    (size_t)w.cols);
            mat_free(&w);
            mat_free(&d.w[i]);
        }
    assert_false(ada->ops->after_update(ada, 70, STEPS));
    optimizer_free(&d.optimizer);
    method_free(ada);
    model_free(d.model);
}

/* Before the end a lambda is only set to zero, and may come back. */
static void the_masked_may_come_back(void **state)
{
    (void)state;
    struct dropping d = prepare();
    struct method *ada = d.ada;
    size_t size = ada->size;
    assert_false(ada->ops->after_update(ada, 41, STEPS)); /* not the fifth */
    assert_true(adalora_lambda(ada, 2)[5] != 0);
    assert_false(ada->ops->after_update(ada, 44, STEPS));
    assert_near(adalora_lambda(ada, 2)[5], 0, 0);
    assert_true(adalora_lambda(ada, 0)[1] != 0);
    assert_int_equal(ada->size, size);
    adalora_lambda(ada, 2)[5] = 1; /* as an update may */
    struct adalora *is = ada->state;
    for (size_t i = 0; i < size; i++)
        is->mean[i] = 1;
    for (int k = 0; k < FIRST; k++)
        is->mean[ada->param[is->site[2].lambda].offset + (size_t)k] = 9;
    assert_false(ada->ops->after_update(ada, 49, STEPS));
    assert_near(adalora_lambda(ada, 2)[5], 1, 0);
    optimizer_free(&d.optimizer);
    method_free(ada);
    model_free(d.model);
}

static void a_run_ends_at_its_budget(void **state)
{
    (void)state;
    struct model *model = listed_model(true);
    struct run_conf conf = listed_named("adalora");
    struct err err = {""};
    struct team *team = team_new(2, &err);
    struct run *run = run_new(model, &conf, &err);
    long first = run_trainable(run);
    assert_int_equal(first, method_count(model, &conf.method));
    listed_train(run, team, 11); /* T - t_f is 12 */
    assert_int_equal(adalora_triplets(run_method(run)), ALL * 6);
    listed_train(run, team, 12);
    assert_int_equal(adalora_triplets(run_method(run)), ALL * 4);
    assert_true(run_trainable(run) < first);
    listed_train(run, team, 20);
    assert_int_equal(adalora_triplets(run_method(run)), ALL * 4);
    run_free(run);
    team_free(team);
    model_free(model);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    static const struct {
        struct budget_conf budget;
        int rank;
        const char *why;
    } bad[] = {
        {{.rank = 3, .every = 1}, 4, "adalora: the budget falls from rank 3"},
        {{.initial = 0.6, .final = 0.6, .every = 1}, 4, "are shares of the"},
        {{.rank = 13, .every = 1}, 4, "rank 13 is not allowed; use 1..12"},
        {{.every = 1}, 13, "rank 20 is not allowed; use 1..12"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct method_conf conf = conf_of();
        struct err err = {""};
        conf.budget = bad[i].budget;
        conf.rank = bad[i].rank;
        assert_null(method_new(model, &conf, &err));
        assert_non_null(strstr(err.text, bad[i].why));
    }
    /* 1.5 times 10 is more than a site of 12 has: all of it. */
    struct method_conf conf = conf_of();
    conf.rank = 10;
    conf.budget.rank = 0;
    struct method *ada = small_method(model, &conf);
    assert_int_equal(ada->ops->rank(ada, 0), 12);
    method_free(ada);
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_falls_along_a_cubic),
        cmocka_unit_test(importance_is_as_the_paper_has_it),
        cmocka_unit_test(the_penalty_has_its_gradient),
        cmocka_unit_test(directions_go_and_w_stays),
        cmocka_unit_test(the_masked_may_come_back),
        cmocka_unit_test(a_run_ends_at_its_budget),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
