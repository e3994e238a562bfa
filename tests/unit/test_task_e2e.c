/* Task e2e from files: meanings with several texts, what is refused. */
#include "tests/unit/task_fixture.h"

static const char *written(const char *name, const char *text)
{
    static char path[512];
    snprintf(path, sizeof path, "%s",
             scratch_write(fixture_folder, name, text));
    return path;
}

static char *cards(const char *more)
{
    struct buffer text = {0};
    char row[256];
    buffer_add(&text, more, strlen(more));
    for (int i = 0; i < 80; i++)
        for (int k = 0; k < 3; k++) {
            snprintf(row, sizeof row,
                     "name : %d | Type : x||Text %d of %d . "
                     "\r\n",
                     i, k, i);
            buffer_add(&text, row, strlen(row));
        }
    return buffer_take(&text);
}

static void test_e2e(void **state)
{
    (void)state;
    char *text = cards("");
    struct task *task =
        fixture_open(fixture_conf("e2e", written("valid.txt", text)));
    struct task_report report = task_report(task);
    long train = report.examples[SPLIT_TRAIN];
    long held = report.examples[SPLIT_VALIDATION];
    assert_int_equal(train + 3 * held, 240); /* a meaning each is asked once */
    for (long i = 0; i < held; i++) {
        struct references refs =
            task_references(task, SPLIT_VALIDATION, (uint64_t)i);
        assert_int_equal(refs.count, 3);
        for (int k = 0; k < 3; k++) {
            char wanted[32];
            snprintf(wanted, sizeof wanted, " Text %d of ", k);
            assert_int_equal(strncmp(refs.text[k], wanted, 11), 0);
            assert_string_equal(strchr(refs.text[k], 'f'),
                                strchr(refs.text[0], 'f'));
        }
        references_free(&refs);
    }
    task_close(task);
    fixture_check_disjoint(fixture_conf("e2e", written("valid.txt", text)),
                           1000);
    mem_free(text);
    static const char *const bads[][2] = {
        {"name : x | y\n", "valid.txt:1: no || between meaning and text"},
        {"name : x||\n", "valid.txt:1: the text is empty"},
        {"||a\n", "valid.txt:1: the meaning is empty"},
    };
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        text = cards(bads[i][0]);
        struct task_conf conf = fixture_conf("e2e", written("valid.txt", text));
        fixture_refused(conf, bads[i][1]);
        conf.skip_bad = true;
        task_close(fixture_open(conf));
        mem_free(text);
    }
}

static void test_e2e_published(void **state)
{
    (void)state;
    const char *path = fixture_shared("e2e/test.txt");
    if (!path)
        skip();
    struct task_conf conf = fixture_conf("e2e", path);
    struct task *task = fixture_open(conf);
    struct references refs = task_references(task, SPLIT_VALIDATION, 0);
    assert_in_range(refs.count, 2, 60);
    references_free(&refs);
    assert_non_null(strstr(task_report(task).said, "test.txt alone"));
    task_close(task);
    fixture_check_pure(conf);
    fixture_check_disjoint(conf, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_e2e),
        cmocka_unit_test(test_e2e_published),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
