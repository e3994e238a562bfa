/*
 * What the analyst finds out for a screen: moments through time, chance, and
 * answers to questions.
 */
#include <math.h>
#include <time.h>

#include "tests/unit/session_fixture.h"

enum { R1, R4, FULL, Q0 = 0, UP0 = 4 };

static void pause_for(long milliseconds)
{
    struct timespec time = {0, milliseconds * 1000000};
    (void)nanosleep(&time, NULL);
}

static struct session *open_watched(const char *const *sets, int count)
{
    struct recipe recipe = fixture_recipe(sets, count);
    struct session_options options = fixture_options(NULL, 2);
    struct err err = {{0}};
    options.watch = true;
    struct session *session = session_open(&recipe, &options, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(session_start(session, &err), 0);
    return session;
}

/* A snapshot of which is true, or the test fails. */
static const struct snapshot *
await(struct session *session, bool (*is_so)(const struct snapshot *, void *),
      void *ctx)
{
    for (int i = 0; i < 20000; i++) {
        const struct snapshot *now = session_look(session);
        if (is_so(now, ctx))
            return now;
        snapshot_release(now);
        pause_for(1);
    }
    fail_msg("the analyst never found it out");
    return NULL;
}

static bool all_past_is_known(const struct snapshot *now, void *ctx)
{
    (void)ctx;
    for (int r = 0; r < now->run_count; r++) {
        const struct run_view *run = &now->run[r];
        if (run->moment_count < 3)
            return false;
        for (int i = 0; i < run->moment_count; i++)
            if (!run->moment[i].site)
                return false;
    }
    return now->finished;
}

static void the_past_is_kept(void **state)
{
    (void)state;
    struct session *session = open_watched(NULL, 0);
    const struct snapshot *now = await(session, all_past_is_known, NULL);
    for (int r = 0; r < now->run_count; r++) {
        const struct run_view *run = &now->run[r];
        assert_int_equal(run->moment_count, 3);
        for (int i = 0; i < 3; i++) {
            const struct sigma_view *site = &run->moment[i].site[Q0];
            assert_int_equal(run->moment[i].step, 4 * (i + 1));
            assert_int_equal(site->count, r == FULL ? 16 : r == R1 ? 1 : 4);
            assert_int_equal(site->rank, r == FULL ? 0 : r == R1 ? 1 : 4);
            assert_true(site->sigma[0] > 0);
        }
    }
    snapshot_release(now);
    session_close(session);
}

static bool chance_is_drawn(const struct snapshot *now, void *ctx)
{
    (void)ctx;
    const struct site_view *lora = &now->run[R4].site[UP0];
    const struct site_view *full = &now->run[FULL].site[UP0];
    return lora->chance && full->chance && full->base_norm > 0 &&
           full->rounding_floor > 0;
}

static void chance_is_of_shape_and_rank(void **state)
{
    (void)state;
    struct session *session = open_watched(NULL, 0);
    session_ask(session, &(struct question){.run = R4, .site = UP0});
    const struct snapshot *now = await(session, chance_is_drawn, NULL);
    const struct site *up = &now->site[UP0];
    const struct chance *lora = now->run[R4].site[UP0].chance;
    const struct chance *full = now->run[FULL].site[UP0].chance;
    assert_int_equal(lora->rank, 4);
    assert_int_equal(full->rank, 0);
    assert_int_equal(full->out, up->out);
    assert_int_equal(full->in, up->in);
    assert_true(isnan(now->run[R4].site[UP0].rounding_floor));
    snapshot_release(now);
    session_close(session);
}

static bool is_answered(const struct snapshot *now, void *ctx)
{
    const struct question *question = ctx;
    const struct study *study = now->study[question->kind];
    return now->finished && study && question_same(&study->asked, question) &&
           study->step == now->steps;
}

static const struct snapshot *ask(struct session *session,
                                  struct question question)
{
    question.is_asked = true;
    question.kind = STUDY_OVERLAP;
    session_ask(session, &question);
    return await(session, is_answered, &question);
}

static void questions_are_answered(void **state)
{
    (void)state;
    const double rounding = 1e-9;
    struct session *session = open_watched(NULL, 0);
    struct operand now_r4 = {OPERAND_RUN, R4, -1};
    struct operand then = {OPERAND_RUN, R4, 4};
    struct operand full = {OPERAND_RUN, FULL, -1};
    const struct snapshot *now =
        ask(session, (struct question){.a = now_r4, .b = now_r4});
    const struct overlap_study *self = &now->study[STUDY_OVERLAP]->overlap;
    assert_int_equal(self->rows, 4);
    for (int i = 0; i < 4; i++)
        assert_near(self->phi[i * 4 + i], 1, rounding);
    assert_int_equal(self->trail_count, 3);
    assert_near(self->trail_top[2], 1, rounding); /* the last is now */
    snapshot_release(now);
    now = ask(session, (struct question){.a = now_r4, .b = then});
    const struct overlap_study *past = &now->study[STUDY_OVERLAP]->overlap;
    assert_non_null(strstr(past->name_b, "step 4"));
    assert_true(past->phi[0] < 1 - 1e-6);
    snapshot_release(now);
    now = ask(session, (struct question){.a = now_r4, .b = full});
    assert_int_equal(now->study[STUDY_OVERLAP]->overlap.cols, 16);
    snapshot_release(now);
    session_close(session);
}

static bool is_refused(const struct snapshot *now, void *ctx)
{
    (void)ctx;
    const struct study *study = now->study[STUDY_OVERLAP];
    return study && study->refusal[0];
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct session *session = open_watched(NULL, 0);
    struct question question = {.kind = STUDY_OVERLAP,
                                .is_asked = true,
                                .a = {OPERAND_RUN, 77, -1},
                                .b = {OPERAND_RANDOM, -1, -1}};
    session_ask(session, &question);
    snapshot_release(await(session, is_refused, NULL));
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_is_kept),
        cmocka_unit_test(chance_is_of_shape_and_rank),
        cmocka_unit_test(questions_are_answered),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
