/*
 * A run: the same bits on any number of threads, through save and load, and
 * across growth of the rank; gradients of what really trains.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/train/run.h"
#include "tests/near.h"
#include "tests/unit/run_packed.h"

static struct model *small_model(void)
{
    struct model_conf conf = {.family = "gpt2",
                              .layers = 2,
                              .width = 16,
                              .heads = 2,
                              .inner = 32,
                              .vocab = 24,
                              .context = 16,
                              .norm_eps = 1e-5F,
                              .tied = true};
    struct err err;
    struct model *model = model_new(&conf, &err);
    assert_non_null(model);
    model_init(model, 1);
    for (int i = 0; i < model->site_count - 1; i++)
        for (int j = 0; j < model->site[i].out * model->site[i].in; j++)
            model->base.site[i].at[j] *= 8.0F;
    return model;
}

static struct batch step_batch(long step)
{
    struct batch batch = {0};
    for (int s = 0; s < 7; s++) {
        struct rng rng = rng_make(4, STREAM_TEST, (uint64_t)(step * 100 + s));
        int32_t ids[12];
        int count = 6 + (int)rng_below(&rng, 6);
        for (int t = 0; t < count; t++)
            ids[t] = (int32_t)rng_below(&rng, 6);
        struct example example = {ids, count, 1 + s % 3};
        batch_add(&batch, &example);
    }
    return batch;
}

static struct run_conf lora_conf(void)
{
    struct run_conf conf = {
        .method = {.name = "lora", .rank = 2, .alpha = 4, .seed = 7},
        .optimizer = {.kind = OPTIMIZER_ADAMW,
                      .lr = 1e-2,
                      .clip = 1,
                      .beta1 = 0.9,
                      .beta2 = 0.999,
                      .eps = 1e-8,
                      .weight_decay = 0.01,
                      .schedule = SCHEDULE_LINEAR,
                      .warmup = 3},
        .seed = 7,
        .steps = 100,
        .slices = 3};
    for (int i = 0; i < SITE_KINDS; i++)
        conf.method.targets[i] = true;
    return conf;
}

static void train(struct run *run, struct team *team, long to)
{
    while (run_step(run) < to) {
        struct batch batch = step_batch(run_step(run));
        run_post_step(run, team, &batch);
        team_wait(team);
        assert_false(run_result(run).diverged);
        batch_free(&batch);
    }
}

static double held_out(struct run *run, struct team *team)
{
    struct batch batch = step_batch(999);
    run_post_evaluate(run, team, &batch);
    team_wait(team);
    batch_free(&batch);
    return run_score(run).loss;
}

static void assert_same_values(const struct run *a, const struct run *b)
{
    const struct method *ma = run_method(a), *mb = run_method(b);
    assert_int_equal(ma->size, mb->size);
    assert_memory_equal(ma->value, mb->value, ma->size * sizeof(float));
}

static struct run *trained(const struct model *model,
                           const struct run_conf *conf, int threads)
{
    struct err err;
    struct team *team = team_new(threads, &err);
    struct run *run = run_new(model, conf, &err);
    assert_non_null(run);
    train(run, team, 12);
    team_free(team);
    return run;
}

static void same_bits_on_any_threads(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf();
    for (int full = 0; full < 2; full++) {
        conf.method.name = full ? "full" : "lora";
        struct run *one = trained(model, &conf, 1);
        for (int threads = 2; threads <= 4; threads++) {
            struct run *many = trained(model, &conf, threads);
            assert_same_values(one, many);
            run_free(many);
        }
        run_free(one);
    }
    model_free(model);
}

static void it_learns(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf();
    struct err err;
    struct team *team = team_new(1, &err);
    struct run *run = run_new(model, &conf, &err);
    double before = held_out(run, team);
    train(run, team, 60);
    /* Six of 24 ids are ever used: knowing that alone is worth ln 4 of the
     * ln 24 nats a token. */
    assert_true(held_out(run, team) < 0.75 * before);
    run_free(run);
    team_free(team);
    model_free(model);
}

/* At step 0 LoRA is the base, to the bit, and only B has a gradient. */
static void starts_at_the_base(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf();
    struct err err;
    struct team *team = team_new(2, &err);
    struct run *run = run_new(model, &conf, &err);
    struct batch batch = step_batch(999);
    struct pass *pass = pass_new(model);
    double base = pass_score(pass, &model->base, &batch).loss;
    assert_true(held_out(run, team) == base);
    const struct method *method = run_method(run);
    float *start = xcalloc(method->size, sizeof *start);
    memcpy(start, method->value, method->size * sizeof *start);
    train(run, team, 2); /* the first step has lr 0: warm-up */
    for (int i = 0; i < method->param_count; i++) {
        const struct param *p = &method->param[i];
        size_t size = (size_t)p->rows * (size_t)p->cols * sizeof(float);
        bool moved =
            memcmp(start + p->offset, method->value + p->offset, size) != 0;
        assert_true(moved || p->kind == PARAM_A);
    }
    mem_free(start);
    pass_free(pass);
    batch_free(&batch);
    run_free(run);
    team_free(team);
    model_free(model);
}

static void growth_keeps_the_loss(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf();
    struct err err = {""};
    struct team *team = team_new(2, &err);
    struct run *run = run_new(model, &conf, &err);
    struct rank_change changes[16];
    train(run, team, 9);
    for (int rank = 3; rank <= 16; rank += 4) {
        double before = held_out(run, team);
        int count;
        assert_int_equal(
            run_set_rank(run, -1, rank, RANK_KEEP_SCALE, changes, &count, &err),
            0);
        assert_int_equal(count, model->site_count);
        for (int i = 0; i < count; i++)
            rank_change_free(&changes[i]);
        assert_true(held_out(run, team) == before); /* to the bit */
        train(run, team, run_step(run) + 2);
        double share[16], total = 0;
        assert_int_equal(run_gradient_share(run, 0, share, 16), rank);
        for (int i = 0; i < rank; i++) {
            assert_true(share[i] > 0);
            total += share[i];
        }
        assert_near(total, 1.0, 1e-12);
    }
    run_free(run);
    team_free(team);
    model_free(model);
}

static void refusals_change_nothing(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf();
    struct err err = {""};
    struct run *run = run_new(model, &conf, &err), *same;
    struct rank_change changes[16];
    int count;
    same = run_new(model, &conf, &err);
    assert_int_equal(
        run_set_rank(run, -1, 17, RANK_KEEP_SCALE, changes, &count, &err), -1);
    assert_string_equal(err.text,
                        "h.0.attn.q: rank 17 is not allowed; use 1..16");
    assert_int_equal(
        run_set_rank(run, 2, 0, RANK_KEEP_SCALE, changes, &count, &err), -1);
    assert_same_values(run, same);
    run_free(run);
    run_free(same);
    model_free(model);
}

/* Saved after changes of rank, restored into a fresh run, both go on alike. */
static void a_state_is_complete(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf();
    struct err err = {""};
    struct team *team = team_new(2, &err);
    for (int full = 0; full < 2; full++) {
        conf.method.name = full ? "full" : "lora";
        struct run *run = run_new(model, &conf, &err), *again;
        struct rank_change change;
        int count = 0;
        train(run, team, 5);
        if (!full)
            assert_int_equal(
                run_set_rank(run, 3, 6, RANK_ALPHA_R, &change, &count, &err),
                0);
        if (count)
            rank_change_free(&change);
        train(run, team, 8);
        char *bytes;
        struct safetensors *file = run_packed(run, &bytes);
        again = run_new(model, &conf, &err);
        assert_int_equal(run_load(again, file, &err), 0);
        assert_true(held_out(run, team) == held_out(again, team));
        train(run, team, 15);
        train(again, team, 15);
        assert_same_values(run, again);
        assert_true(run_result(run).loss == run_result(again).loss);
        safetensors_close(file);
        mem_free(bytes);
        run_free(run);
        run_free(again);
    }
    team_free(team);
    model_free(model);
}

static void a_wrong_state_is_refused(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf(), other = lora_conf();
    struct err err = {""};
    other.method.name = "full";
    struct run *run = run_new(model, &conf, &err);
    struct run *full = run_new(model, &other, &err);
    struct run *same = run_new(model, &conf, &err);
    char *bytes;
    struct safetensors *file = run_packed(full, &bytes);
    assert_int_equal(run_load(run, file, &err), -1);
    assert_string_equal(err.text,
                        "this state is of method full, the run's is lora");
    assert_same_values(run, same);
    safetensors_close(file);
    mem_free(bytes);
    run_free(run);
    run_free(full);
    run_free(same);
    model_free(model);
}

/* A learning rate from another world: the run says so and keeps its values. */
static void divergence_is_said(void **state)
{
    (void)state;
    struct model *model = small_model();
    struct run_conf conf = lora_conf();
    struct err err = {""};
    conf.optimizer.kind = OPTIMIZER_SGD;
    conf.optimizer.lr = 1e30;
    conf.optimizer.clip = 0;
    struct team *team = team_new(1, &err);
    struct run *run = run_new(model, &conf, &err);
    bool diverged = false;
    for (int i = 0; i < 20 && !diverged; i++) {
        struct batch batch = step_batch(i);
        run_post_step(run, team, &batch);
        team_wait(team);
        diverged = run_result(run).diverged;
        batch_free(&batch);
    }
    assert_true(diverged);
    run_free(run);
    team_free(team);
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_on_any_threads),
        cmocka_unit_test(it_learns),
        cmocka_unit_test(starts_at_the_base),
        cmocka_unit_test(growth_keeps_the_loss),
        cmocka_unit_test(refusals_change_nothing),
        cmocka_unit_test(a_state_is_complete),
        cmocka_unit_test(a_wrong_state_is_refused),
        cmocka_unit_test(divergence_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
