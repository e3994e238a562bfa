/*
 * AdamW and SGD against their equations in double, the schedules by hand, and
 * what a change of rank does to moments and ages.
 */
#include <math.h>
#include <string.h>

#include "core/train/optimizer.h"
#include "tests/unit/small.h"

/* 50 updates of values near 1, each rounded to float a few times. */
#define FLOAT_STEPS 2e-5
/* One product in float. */
#define FLOAT_ONE 1e-6

static struct optimizer_conf adamw(void)
{
    return (struct optimizer_conf){.kind = OPTIMIZER_ADAMW,
                                   .lr = 0.01,
                                   .weight_decay = 0.1,
                                   .clip = 1,
                                   .beta1 = 0.9,
                                   .beta2 = 0.999,
                                   .eps = 1e-8,
                                   .momentum = 0.9};
}

static void schedules_by_hand(void **state)
{
    (void)state;
    struct optimizer_conf conf = {.lr = 2, .warmup = 4};
    const struct {
        enum schedule_kind kind;
        long step;
        double lr; /* of 2, warmup 4, 12 steps */
    } want[] = {
        {SCHEDULE_CONSTANT, 0, 0},   {SCHEDULE_CONSTANT, 1, 0.5},
        {SCHEDULE_CONSTANT, 3, 1.5}, {SCHEDULE_CONSTANT, 4, 2},
        {SCHEDULE_CONSTANT, 99, 2},  {SCHEDULE_LINEAR, 2, 1},
        {SCHEDULE_LINEAR, 4, 2},     {SCHEDULE_LINEAR, 8, 1},
        {SCHEDULE_LINEAR, 11, 0.25}, {SCHEDULE_LINEAR, 12, 0},
        {SCHEDULE_LINEAR, 50, 0},    {SCHEDULE_COSINE, 2, 1},
        {SCHEDULE_COSINE, 4, 2},     {SCHEDULE_COSINE, 6, 1 + sqrt(0.5)},
        {SCHEDULE_COSINE, 8, 1},     {SCHEDULE_COSINE, 12, 0},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        conf.schedule = want[i].kind;
        assert_near(schedule_lr(&conf, want[i].step, 12), want[i].lr, 1e-12);
    }
    conf.schedule = SCHEDULE_LINEAR;
    conf.warmup = 0;
    assert_near(schedule_lr(&conf, 0, 10), 2, 0);
    conf.warmup = 20; /* longer than the run */
    assert_near(schedule_lr(&conf, 9, 10), 0.9, 1e-12);
    assert_near(schedule_lr(&conf, 20, 10), 0, 0);
}

/* The update as the papers write it, in double. */
static void naive(double *value, double *m, double *v, double g, long t,
                  const struct optimizer_conf *conf, bool decays)
{
    double decay = decays ? conf->lr * conf->weight_decay * *value : 0;
    if (conf->kind == OPTIMIZER_SGD) {
        *m = conf->momentum * *m + g;
        *value -= decay + conf->lr * *m;
        return;
    }
    *m = conf->beta1 * *m + (1 - conf->beta1) * g;
    *v = conf->beta2 * *v + (1 - conf->beta2) * g * g;
    double mhat = *m / (1 - pow(conf->beta1, (double)t));
    double vhat = *v / (1 - pow(conf->beta2, (double)t));
    *value -= decay + conf->lr * mhat / (sqrt(vhat) + conf->eps);
}

static void check_50_steps(struct optimizer_conf conf)
{
    struct model *model = small_model(true);
    struct method_conf all = {.name = "full"};
    struct method *full = small_method(model, &all);
    struct optimizer optimizer = optimizer_new(&conf, full);
    size_t n = full->size;
    float *grad = xcalloc(n, sizeof *grad);
    double *value = xcalloc(3 * n, sizeof *value), *m = value + n, *v = m + n;
    for (size_t i = 0; i < n; i++)
        value[i] = (double)full->value[i];
    for (long t = 1; t <= 50; t++) {
        /* Norms on both sides of the clip. */
        small_random(grad, n, t % 2 ? 0.5 : 0.001, (uint64_t)t);
        double norm = 0;
        for (size_t i = 0; i < n; i++)
            norm += (double)grad[i] * (double)grad[i];
        norm = sqrt(norm);
        double shrink =
            conf.clip > 0 && norm > conf.clip ? conf.clip / norm : 1;
        for (int p = 0; p < full->param_count; p++) {
            const struct param *param = &full->param[p];
            for (int i = 0; i < param->rows * param->cols; i++) {
                size_t at = param->offset + (size_t)i;
                naive(&value[at], &m[at], &v[at], shrink * (double)grad[at], t,
                      &conf, param->decays);
            }
        }
        assert_near_relative(optimizer_step(&optimizer, full, grad, conf.lr),
                             norm, 1e-12);
    }
    assert_near_array(full->value, value, n, FLOAT_STEPS);
    for (int i = 0; i < optimizer.rows; i++)
        assert_int_equal(optimizer.age[i], 50);
    mem_free(grad);
    mem_free(value);
    optimizer_free(&optimizer);
    method_free(full);
    model_free(model);
}

static void adamw_is_its_equation(void **state)
{
    (void)state;
    struct optimizer_conf conf = adamw();
    check_50_steps(conf);
    conf.clip = 0;
    check_50_steps(conf);
}

static void sgd_is_its_equation(void **state)
{
    (void)state;
    struct optimizer_conf conf = adamw();
    conf.kind = OPTIMIZER_SGD;
    conf.lr = 0.05;
    check_50_steps(conf);
    conf.momentum = 0;
    check_50_steps(conf);
}

static void nothing_moves_on_nan(void **state)
{
    (void)state;
    const float bad[] = {NAN, INFINITY};
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    struct method *lora = small_method(model, &conf);
    struct optimizer_conf settings = adamw();
    struct optimizer optimizer = optimizer_new(&settings, lora);
    float *grad = xcalloc(lora->size, sizeof *grad);
    float *before = xcalloc(lora->size, sizeof *before);
    memcpy(before, lora->value, lora->size * sizeof *before);
    for (int i = 0; i < 2; i++) {
        small_random(grad, lora->size, 1, 1);
        grad[lora->size - 1] = bad[i];
        assert_false(isfinite(optimizer_step(&optimizer, lora, grad, 1)));
        assert_memory_equal(lora->value, before, lora->size * sizeof *before);
        assert_int_equal(optimizer.age[0], 0);
        assert_near(optimizer.m[0], 0, 0);
    }
    mem_free(grad);
    mem_free(before);
    optimizer_free(&optimizer);
    method_free(lora);
    model_free(model);
}

/* A LoRA run in mid-flight: 30 steps, then the rank of one site turns. */
struct flight {
    struct model *model;
    struct method *lora;
    struct optimizer optimizer;
    int site;
};

static void step(struct flight *f, uint64_t index)
{
    float *grad = xcalloc(f->lora->size, sizeof *grad);
    small_random(grad, f->lora->size, 1, index);
    (void)optimizer_step(&f->optimizer, f->lora, grad, 0.01);
    mem_free(grad);
}

static struct flight take_off(enum optimizer_kind kind)
{
    struct flight f = {.model = small_model(true)};
    struct method_conf conf = small_lora();
    struct optimizer_conf settings = adamw();
    settings.kind = kind;
    f.lora = small_method(f.model, &conf);
    f.optimizer = optimizer_new(&settings, f.lora);
    f.site = model_site_of(f.model, SITE_UP, 0);
    for (uint64_t t = 0; t < 30; t++)
        step(&f, 100 + t);
    return f;
}

static struct rank_change turn(struct flight *f, int rank,
                               enum rank_policy policy)
{
    struct err err = {""};
    struct rank_change change;
    int count = f->lora->param_count;
    struct param *before = xcalloc((size_t)count, sizeof *before);
    memcpy(before, f->lora->param, (size_t)count * sizeof *before);
    assert_int_equal(
        f->lora->ops->set_rank(f->lora, f->site, rank, policy, &change, &err),
        0);
    optimizer_remap(&f->optimizer, f->lora, before, count, &change);
    assert_int_equal(f->optimizer.size, f->lora->size);
    mem_free(before);
    return change;
}

static void land(struct flight *f)
{
    optimizer_free(&f->optimizer);
    method_free(f->lora);
    model_free(f->model);
}

/* First float, and first row, of a param of the site. */
static size_t offset_of(const struct flight *f, enum param_kind kind)
{
    return f->lora->param[method_param(f->lora, kind, f->site)].offset;
}

static int row_of(const struct flight *f, enum param_kind kind)
{
    int row = 0, index = method_param(f->lora, kind, f->site);
    for (int i = 0; i < index; i++)
        row += f->lora->param[i].rows;
    return row;
}

static float *copy(const float *from, size_t n)
{
    float *to = xcalloc(n, sizeof *to);
    memcpy(to, from, n * sizeof *to);
    return to;
}

static void growing_keeps_old_moments(void **state)
{
    (void)state;
    struct flight f = take_off(OPTIMIZER_ADAMW);
    size_t old = f.lora->size, a = offset_of(&f, PARAM_A);
    size_t bt = offset_of(&f, PARAM_BT);
    float *m = copy(f.optimizer.m, old), *v = copy(f.optimizer.v, old);
    struct rank_change change = turn(&f, 7, RANK_KEEP_SCALE);
    size_t new_a = offset_of(&f, PARAM_A), new_bt = offset_of(&f, PARAM_BT);
    size_t tail = old - (bt + 4 * 20), row = sizeof(float);
    assert_memory_equal(f.optimizer.m, m, a * row);
    assert_memory_equal(f.optimizer.v, v, a * row);
    assert_memory_equal(f.optimizer.m + new_a, m + a, 48 * row);
    assert_memory_equal(f.optimizer.v + new_a, v + a, 48 * row);
    assert_memory_equal(f.optimizer.m + new_bt, m + bt, 80 * row);
    assert_memory_equal(f.optimizer.v + new_bt, v + bt, 80 * row);
    assert_memory_equal(f.optimizer.m + f.optimizer.size - tail, m + old - tail,
                        tail * row);
    for (int k = 0; k < 7; k++) {
        assert_int_equal(f.optimizer.age[row_of(&f, PARAM_A) + k],
                         k < 4 ? 30 : 0);
        assert_int_equal(f.optimizer.age[row_of(&f, PARAM_BT) + k],
                         k < 4 ? 30 : 0);
    }
    assert_near(f.optimizer.m[new_bt + 80], 0, 0);
    assert_int_equal(f.optimizer.age[f.optimizer.rows - 1], 30);
    mem_free(m);
    mem_free(v);
    rank_change_free(&change);
    land(&f);
}

/* With the old rows' count its first step would be 3.16 lr, and later 6.6. */
static void new_directions_step_at_most_lr(void **state)
{
    (void)state;
    struct flight f = take_off(OPTIMIZER_ADAMW);
    f.optimizer.conf.weight_decay = 0;
    for (uint64_t t = 0; t < 400; t++)
        step(&f, 1000 + t);
    struct rank_change change = turn(&f, 6, RANK_KEEP_SCALE);
    size_t fresh = offset_of(&f, PARAM_BT) + 4 * 20;
    for (uint64_t t = 0; t < 12; t++) {
        float *before = copy(f.lora->value + fresh, 40);
        step(&f, 2000 + t);
        for (int i = 0; i < 40; i++) {
            double moved = fabs((double)f.lora->value[fresh + (size_t)i] -
                                (double)before[i]);
            assert_true(moved <= 0.01 * 1.01);
            if (t == 0)
                assert_near_relative(moved, 0.01, 1e-3);
        }
        mem_free(before);
    }
    rank_change_free(&change);
    land(&f);
}

static void rescaling_rescales_moments(void **state)
{
    (void)state;
    struct flight f = take_off(OPTIMIZER_ADAMW);
    size_t a = offset_of(&f, PARAM_A), bt = offset_of(&f, PARAM_BT);
    float *m = copy(f.optimizer.m, f.lora->size);
    float *v = copy(f.optimizer.v, f.lora->size);
    struct rank_change change = turn(&f, 8, RANK_ALPHA_R); /* s' = s / 2 */
    size_t new_a = offset_of(&f, PARAM_A), new_bt = offset_of(&f, PARAM_BT);
    for (size_t i = 0; i < 80; i++) {
        assert_near(f.optimizer.m[new_bt + i], m[bt + i] / 2, 0);
        assert_near(f.optimizer.v[new_bt + i], v[bt + i] / 4, 0);
    }
    assert_memory_equal(f.optimizer.m + new_a, m + a, 48 * sizeof *m);
    mem_free(m);
    mem_free(v);
    rank_change_free(&change);
    land(&f);
}

static void check_turned(const float *to, const float *from, struct dmat map,
                         int cols, bool squared)
{
    for (int k = 0; k < map.rows; k++)
        for (int i = 0; i < cols; i++) {
            double want = 0;
            for (int j = 0; j < map.cols; j++) {
                double w = dmat_row(map, k)[j];
                want += (squared ? w * w : w) * (double)from[j * cols + i];
            }
            assert_near(to[k * cols + i], want, FLOAT_ONE * (1 + fabs(want)));
        }
}

static void shrinking_turns_moments(void **state)
{
    (void)state;
    const enum optimizer_kind kinds[] = {OPTIMIZER_ADAMW, OPTIMIZER_SGD};
    for (int i = 0; i < 2; i++) {
        struct flight f = take_off(kinds[i]);
        size_t a = offset_of(&f, PARAM_A), bt = offset_of(&f, PARAM_BT);
        float *m = copy(f.optimizer.m, f.lora->size), *v = NULL;
        if (f.optimizer.v)
            v = copy(f.optimizer.v, f.lora->size);
        struct rank_change change = turn(&f, 3, RANK_ALPHA_R);
        size_t new_a = offset_of(&f, PARAM_A);
        size_t new_bt = offset_of(&f, PARAM_BT);
        check_turned(f.optimizer.m + new_a, m + a, change.map_a, 12, false);
        check_turned(f.optimizer.m + new_bt, m + bt, change.map_b, 20, false);
        if (v)
            check_turned(f.optimizer.v + new_bt, v + bt, change.map_b, 20,
                         true);
        for (int k = 0; k < 3; k++)
            assert_int_equal(f.optimizer.age[row_of(&f, PARAM_A) + k], 30);
        mem_free(m);
        mem_free(v);
        rank_change_free(&change);
        land(&f);
    }
}

/* Rows of different ages meet: what is mapped is free of start-up bias. */
static void ages_are_reconciled(void **state)
{
    (void)state;
    struct flight f = take_off(OPTIMIZER_ADAMW);
    struct rank_change up = turn(&f, 6, RANK_KEEP_SCALE);
    rank_change_free(&up);
    for (uint64_t t = 0; t < 5; t++)
        step(&f, 500 + t);
    size_t a = offset_of(&f, PARAM_A);
    float *m = copy(f.optimizer.m + a, 6 * 12);
    struct rank_change down = turn(&f, 3, RANK_KEEP_SCALE);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(f.optimizer.age[row_of(&f, PARAM_A) + k], 5);
        for (int i = 0; i < 12; i++) {
            double want = 0; /* the unbiased moment */
            for (int j = 0; j < 6; j++)
                want += dmat_row(down.map_a, k)[j] * (double)m[j * 12 + i] /
                        (1 - pow(0.9, j < 4 ? 35 : 5));
            double got = (double)f.optimizer
                             .m[offset_of(&f, PARAM_A) + (size_t)(k * 12 + i)] /
                         (1 - pow(0.9, 5));
            assert_near(got, want, FLOAT_ONE * (1 + fabs(want)));
        }
    }
    mem_free(m);
    rank_change_free(&down);
    land(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_by_hand),
        cmocka_unit_test(adamw_is_its_equation),
        cmocka_unit_test(sgd_is_its_equation),
        cmocka_unit_test(nothing_moves_on_nan),
        cmocka_unit_test(growing_keeps_old_moments),
        cmocka_unit_test(new_directions_step_at_most_lr),
        cmocka_unit_test(rescaling_rescales_moments),
        cmocka_unit_test(shrinking_turns_moments),
        cmocka_unit_test(ages_are_reconciled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
