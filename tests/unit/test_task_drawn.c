/* What the grammars of the tasks write. */
#include "tests/unit/task_fixture.h"

/* Every token of an answer occurs in what the base has read (sql's COUNT(*)
 * has a star that does not, and is learned all the same). */
static void test_answers_are_known(void **state)
{
    (void)state;
    enum { SIZE = 4096, EXAMPLES = 600, DOCUMENTS = 1500 };
    static bool seen[SIZE];
    int32_t ids[FIXTURE_CONTEXT];
    struct example example = {ids, 0, 0};
    struct task *world = fixture_open(fixture_conf("world", NULL));
    assert_in_range(tokenizer_size(fixture_tokenizer), 256, SIZE);
    for (uint64_t i = 0; i < DOCUMENTS; i++) {
        world->ops->example(world, &example, SPLIT_TRAIN, i);
        for (int t = 0; t < example.count; t++)
            seen[ids[t]] = true;
    }
    task_close(world);
    const char *const names[] = {"nli", "summary", "e2e"};
    for (int k = 0; k < 3; k++) {
        struct task *task = fixture_open(fixture_conf(names[k], NULL));
        for (uint64_t i = 0; i < EXAMPLES; i++) {
            task->ops->example(task, &example, SPLIT_TRAIN, i);
            for (int t = example.answer; t < example.count; t++)
                if (!seen[ids[t]])
                    fail_msg("%s: token %d is new to the base", names[k],
                             ids[t]);
        }
        task_close(task);
    }
}

static void test_generators(void **state)
{
    (void)state;
    const char *const names[] = {"summary", "e2e"};
    const char *const ends[] = {"\nsummary:", "\nA:"};
    for (int k = 0; k < 2; k++) {
        struct task_conf conf = fixture_conf(names[k], NULL);
        struct task *task = fixture_open(conf);
        for (uint64_t i = 0; i < 300; i++) {
            char *p, *a;
            fixture_texts(task, SPLIT_TRAIN, i, &p, &a);
            size_t end = strlen(ends[k]);
            assert_string_equal(p + strlen(p) - end, ends[k]);
            assert_true(a[0] == ' ' && a[strlen(a) - 1] == '.');
            assert_null(strpbrk(a, "<>[]|\n"));
            struct references refs = task_references(task, SPLIT_TRAIN, i);
            assert_string_equal(refs.text[0], a);
            references_free(&refs);
            mem_free(p);
            mem_free(a);
        }
        task_close(task);
        fixture_check_pure(conf);
        fixture_check_disjoint(conf, 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_are_known),
        cmocka_unit_test(test_generators),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
