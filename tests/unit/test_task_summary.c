/* Task summary from SAMSum's csv, and what is refused. */
#include "tests/unit/task_fixture.h"

static const char *written(const char *name, const char *text)
{
    static char path[512];
    snprintf(path, sizeof path, "%s",
             scratch_write(fixture_folder, name, text));
    return path;
}

static char *chats(const char *header, const char *more)
{
    struct buffer text = {0};
    char row[256];
    buffer_add(&text, header, strlen(header));
    buffer_add(&text, more, strlen(more));
    for (int i = 0; i < 80; i++) {
        snprintf(row, sizeof row,
                 "%d,\"Mia: \"\"%d\"\"?\r\nLeo: yes, %d\",\"It, is %d. \"\n", i,
                 i, i, i);
        buffer_add(&text, row, strlen(row));
    }
    return buffer_take(&text);
}

static void test_samsum(void **state)
{
    (void)state;
    char *text = chats("\xEF\xBB\xBFid,dialogue,summary\r\n", "");
    written("validation.csv", "summary,id,dialogue\nShort.,1,A: hi\n");
    const char *path = written("train.csv", text);
    struct task *task = fixture_open(fixture_conf("summary", path));
    struct task_report report = task_report(task);
    assert_string_equal(report.said,
                        "train.csv to train on, validation.csv held out");
    assert_int_equal(report.examples[SPLIT_TRAIN], 80);
    fixture_has(task, SPLIT_TRAIN,
                "Mia: \"7\"?\nLeo: yes, 7\nsummary:", " It, is 7.");
    fixture_has(task, SPLIT_VALIDATION, "A: hi\nsummary:", " Short.");
    task_close(task);
    mem_free(text);
    (void)unlink(scratch_path(fixture_folder, "validation.csv"));
}

static void test_samsum_bad(void **state)
{
    (void)state;
    static const char *const bads[][2] = {
        {"1,\"a: b,c\n", "train.csv:3: row 2: after a closing quote stands"},
        {"1,a: b\n", "train.csv:2: row 2 has 2 fields; expected 3"},
        {"1,\" \",c\n", "train.csv:2: row 2: the dialogue is empty"},
        {"1,\"a: b\nb: c\",\n", "train.csv:2: row 2: the summary is empty"},
    };
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        char *text = chats("id,dialogue,summary\n", bads[i][0]);
        struct task_conf conf =
            fixture_conf("summary", written("train.csv", text));
        fixture_refused(conf, bads[i][1]);
        conf.skip_bad = true;
        struct task *task = fixture_open(conf);
        assert_int_equal(task_report(task).skipped, 1);
        task_close(task);
        mem_free(text);
    }
    fixture_refused(fixture_conf("summary", written("train.csv", "id,text\n")),
                    "train.csv:1: no column dialogue in the header; expected "
                    "SAMSum as csv");
    fixture_refused(fixture_conf("summary", written("train.csv", "")),
                    "train.csv: the file is empty");
}

static void test_samsum_published(void **state)
{
    (void)state;
    const char *path = fixture_shared("samsum/test.csv");
    if (!path)
        skip();
    struct task *task = fixture_open(fixture_conf("summary", path));
    struct task_report report = task_report(task);
    assert_int_equal(report.examples[SPLIT_TRAIN], 14731);
    assert_int_equal(report.examples[SPLIT_VALIDATION], 819);
    assert_int_equal(report.skipped, 0);
    assert_in_range(report.cut, 5000, 10000); /* a context of 256 */
    for (uint64_t i = 0; i < 50; i++) {
        char *p, *a;
        fixture_texts(task, SPLIT_VALIDATION, i, &p, &a);
        assert_string_equal(p + strlen(p) - 9, "\nsummary:");
        struct references refs = task_references(task, SPLIT_VALIDATION, i);
        assert_string_equal(refs.text[0], a); /* whole, however long */
        references_free(&refs);
        mem_free(p);
        mem_free(a);
    }
    task_close(task);
    fixture_check_pure(fixture_conf("summary", path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samsum),
        cmocka_unit_test(test_samsum_bad),
        cmocka_unit_test(test_samsum_published),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
