/*
 * Which runs section 7 and twins need: what a session has is used, what it
 * lacks is asked for, and nothing is trained where nothing can be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "experiments/plan.h"
#include "tests/fake_snapshot.h"
#include "tests/near.h"

enum { STEP = 200 }; /* before the fake session's r8 grew at one site */
enum { R1, R8, FULL };

static struct run_spec like_this(void)
{
    struct run_spec like = {
        .name = "run4", .method = "lora", .rank = 4, .alpha = 16, .seed = 1};
    like.targets[SITE_UP] = true;
    like.optimizer.lr = 4e-3;
    like.optimizer.weight_decay = 0.1;
    return like;
}

static void section7_uses_what_there_is(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(STEP);
    struct run_spec like = like_this();
    struct plan plan;
    plan_section7(&plan, snapshot, &like);
    assert_string_equal(plan.refusal, "");
    assert_int_equal(plan.count, 3);
    assert_int_equal(plan.missing, 2);
    assert_int_equal(plan.run[SECTION7_LOW], R8);
    assert_int_equal(plan.run[SECTION7_HIGH], -1);
    assert_int_equal(plan.run[SECTION7_SEED], -1);
    const struct run_spec *high = &plan.wanted[SECTION7_HIGH];
    const struct run_spec *seed = &plan.wanted[SECTION7_SEED];
    assert_string_equal(high->name, "r64");
    assert_string_equal(seed->name, "r64-seed");
    assert_int_equal(high->rank, 64);
    assert_int_equal(seed->rank, 64);
    assert_true(high->seed != seed->seed);
    assert_true(high->targets[SITE_Q] && high->targets[SITE_V] &&
                high->targets[SITE_UP]);
    fake_snapshot_add(snapshot, "r64", 64, 5, STEP);
    plan_section7(&plan, snapshot, &like);
    assert_int_equal(plan.run[SECTION7_HIGH], 3);
    assert_int_equal(plan.missing, 1);
    assert_true(plan.wanted[SECTION7_SEED].seed != 5);
    fake_snapshot_add(snapshot, "again", 64, 5, STEP); /* no other seed */
    plan_section7(&plan, snapshot, &like);
    assert_int_equal(plan.missing, 1);
    fake_snapshot_add(snapshot, "other", 64, 6, STEP);
    plan_section7(&plan, snapshot, &like);
    assert_int_equal(plan.missing, 0);
    assert_int_equal(plan.run[SECTION7_SEED], 5);
    fake_snapshot_free(snapshot);
}

/* A run that diverged, or has another rank at one site, will not do; a name
 * that is taken gets a number. */
static void section7_passes_over(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(STEP);
    struct run_spec like = like_this();
    struct plan plan;
    snapshot->run[R8].state = RUN_DIVERGED;
    plan_section7(&plan, snapshot, &like);
    assert_int_equal(plan.run[SECTION7_LOW], -1);
    assert_string_equal(plan.wanted[SECTION7_LOW].name, "r8-2");
    snapshot->run[R8].state = RUN_RUNNING;
    snapshot->run[R8].rank_high = 16;
    plan_section7(&plan, snapshot, &like);
    assert_int_equal(plan.run[SECTION7_LOW], -1);
    snapshot->run[R8].rank_high = 8;
    for (int s = 0; s < snapshot->site_count; s++) /* v stays as it is */
        if (snapshot->site[s].kind == SITE_V)
            snapshot->run[R8].site[s].adapted = false;
    plan_section7(&plan, snapshot, &like);
    assert_int_equal(plan.run[SECTION7_LOW], -1);
    fake_snapshot_free(snapshot);
}

static void section7_fits_the_model(void **state)
{
    (void)state;
    static const struct {
        int width, low, high;
    } cases[] = {{128, 8, 64}, {64, 8, 64}, {32, 8, 32},
                 {16, 8, 16},  {8, 1, 8},   {2, 1, 2}};
    struct run_spec like = like_this();
    struct snapshot *snapshot = fake_snapshot(STEP);
    struct site site[32];
    struct plan plan;
    const struct site *old = snapshot->site;
    memcpy(site, old, (size_t)snapshot->site_count * sizeof *site);
    snapshot->site = site;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int s = 0; s < snapshot->site_count; s++)
            site[s].out = cases[i].width;
        snapshot->run[R8].rank_low = snapshot->run[R8].rank_high = 0;
        snapshot->run[R1].rank_low = snapshot->run[R1].rank_high = 0;
        plan_section7(&plan, snapshot, &like);
        assert_string_equal(plan.refusal, "");
        assert_int_equal(plan.wanted[SECTION7_LOW].rank, cases[i].low);
        assert_int_equal(plan.wanted[SECTION7_HIGH].rank, cases[i].high);
    }
    for (int s = 0; s < snapshot->site_count; s++)
        site[s].out = 1;
    plan_section7(&plan, snapshot, &like);
    assert_non_null(strstr(plan.refusal, "rank 2 or more"));
    snapshot->site = old;
    fake_snapshot_free(snapshot);
}

static void stored_runs_are_only_looked_at(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(STEP);
    struct run_spec none = {.method = ""};
    struct plan plan;
    plan_section7(&plan, snapshot, &none);
    assert_non_null(strstr(plan.refusal, "only looked at"));
    plan_section7(&plan, snapshot, NULL);
    assert_non_null(strstr(plan.refusal, "only looked at"));
    plan_twins(&plan, snapshot, R8, &none); /* both are there */
    assert_string_equal(plan.refusal, "");
    snapshot->run_count = FULL;
    plan_twins(&plan, snapshot, R8, &none);
    assert_non_null(strstr(plan.refusal, "only looked at"));
    snapshot->run_count = FULL + 1;
    fake_snapshot_free(snapshot);
}

static void twins_find_each_other(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(STEP);
    struct run_spec like = like_this();
    struct plan plan;
    for (int chosen = R1; chosen <= FULL; chosen++) {
        plan_twins(&plan, snapshot, chosen, &like);
        assert_int_equal(plan.missing, 0);
        /* full's twin is the LoRA run that has most rank. */
        assert_int_equal(plan.run[TWINS_LORA], chosen == FULL ? R8 : chosen);
        assert_int_equal(plan.run[TWINS_FULL], FULL);
    }
    snapshot->run[R8].state = RUN_DIVERGED;
    plan_twins(&plan, snapshot, FULL, &like);
    assert_int_equal(plan.run[TWINS_LORA], R1);
    snapshot->run[R8].state = RUN_RUNNING;
    /* Of neither kind: it is nobody's twin. */
    snprintf(snapshot->run[FULL].method, sizeof snapshot->run[FULL].method,
             "bitfit");
    plan_twins(&plan, snapshot, R8, &like);
    assert_int_equal(plan.run[TWINS_FULL], -1);
    assert_int_equal(plan.missing, 1);
    plan_twins(&plan, snapshot, FULL, &like);
    assert_int_equal(plan.run[TWINS_LORA], R8);
    assert_int_equal(plan.run[TWINS_FULL], -1);
    fake_snapshot_free(snapshot);
}

static void missing_twins_are_wanted(void **state)
{
    (void)state;
    struct snapshot *snapshot = fake_snapshot(STEP);
    struct run_spec like = like_this();
    struct plan plan;
    snapshot->run_count = FULL;
    plan_twins(&plan, snapshot, R8, &like);
    const struct run_spec *full = &plan.wanted[TWINS_FULL];
    assert_int_equal(plan.run[TWINS_LORA], R8);
    assert_int_equal(plan.missing, 1);
    assert_string_equal(full->method, "full");
    assert_string_equal(full->name, "full");
    assert_near(full->optimizer.weight_decay, 0, 0);
    /* A quarter of its twin's 1e-3, and the same seed. */
    assert_near(full->optimizer.lr, 2.5e-4, 1e-12);
    assert_int_equal(full->seed, snapshot->run[R8].seed);
    snapshot->run_count = FULL + 1;
    snapshot->run[R1].state = snapshot->run[R8].state = RUN_DIVERGED;
    plan_twins(&plan, snapshot, FULL, &like);
    const struct run_spec *lora = &plan.wanted[TWINS_LORA];
    assert_int_equal(plan.missing, 1);
    assert_int_equal(plan.run[TWINS_FULL], FULL);
    assert_string_equal(lora->method, "lora");
    assert_int_equal(lora->rank, 4);
    assert_near(lora->optimizer.lr, 4 * 3e-4, 1e-12);
    /* A session of full runs alone begins at full's learning rate. */
    snprintf(like.method, sizeof like.method, "full");
    like.optimizer.lr = 1e-3;
    plan_section7(&plan, snapshot, &like);
    assert_near(plan.wanted[SECTION7_LOW].optimizer.lr, 4e-3, 1e-12);
    fake_snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(section7_uses_what_there_is),
        cmocka_unit_test(section7_passes_over),
        cmocka_unit_test(section7_fits_the_model),
        cmocka_unit_test(stored_runs_are_only_looked_at),
        cmocka_unit_test(twins_find_each_other),
        cmocka_unit_test(missing_twins_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
