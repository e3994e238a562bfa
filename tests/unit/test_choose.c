/* Choosing a label by its loss, with the bundled base. */
#include "core/model/choose.h"

#include "core/base/linalg.h"
#include "core/model/model.h"
#include "tests/near.h"
#include "tests/unit/task_fixture.h"

enum { EXAMPLES = 20 };

/* Two passes of the same numbers. */
static const double SAME = 1e-9;

static struct model *base(void)
{
    struct err err = {""};
    linalg_thread_init();
    struct model *model = model_open("assets/base", &err);
    if (!model)
        fail_msg("%s", err.text);
    return model;
}

/* The right label's nats are the example's own; the chosen one has fewest. */
static void test_nats(void **state)
{
    (void)state;
    struct model *model = base();
    struct pass *pass = pass_new(model);
    struct task *task = fixture_open(fixture_conf("nli", NULL));
    const char *const *labels = task_labels(task);
    int32_t ids[FIXTURE_CONTEXT];
    struct example example = {ids, 0, 0};
    struct batch batch = {0};
    for (uint64_t i = 0; i < EXAMPLES; i++) {
        double nats[3];
        task->ops->example(task, &example, SPLIT_VALIDATION, i);
        int chosen =
            choose_label(nats, pass, &model->base, task, &example, labels);
        int right = choose_right(task, &example, labels);
        assert_int_equal(right, i % 3); /* as many of each */
        batch_clear(&batch);
        batch_add(&batch, &example);
        double own = pass_score(pass, &model->base, &batch).loss;
        assert_near(nats[right], own, SAME * own);
        for (int k = 0; k < 3; k++)
            assert_true(nats[chosen] <= nats[k]);
    }
    batch_free(&batch);
    task_close(task);
    pass_free(pass);
    model_free(model);
}

/* A prompt that fills the context gives way to a longer label. */
static void test_full_context(void **state)
{
    (void)state;
    struct model *model = base();
    struct pass *pass = pass_new(model);
    struct task *task = fixture_open(fixture_conf("nli", NULL));
    const char *const labels[] = {"yes", "something quite long", NULL};
    int32_t ids[FIXTURE_CONTEXT];
    struct example example = {ids, FIXTURE_CONTEXT, FIXTURE_CONTEXT - 2};
    ids[0] = tokenizer_end(fixture_tokenizer);
    for (int t = 1; t < FIXTURE_CONTEXT; t++)
        ids[t] = 40;
    int answer[2];
    assert_int_equal(tokenizer_encode(fixture_tokenizer, answer, 2, " yes", 4),
                     1);
    ids[FIXTURE_CONTEXT - 2] = answer[0];
    ids[FIXTURE_CONTEXT - 1] = ids[0];
    double nats[2];
    int chosen = choose_label(nats, pass, &model->base, task, &example, labels);
    assert_int_equal(chosen, 0);
    assert_true(nats[1] > nats[0]);
    assert_int_equal(choose_right(task, &example, labels), 0);
    task_close(task);
    pass_free(pass);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nats),
        cmocka_unit_test(test_full_context),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
