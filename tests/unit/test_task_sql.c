/* Task sql from files: WikiSQL's three forms, and what is refused. */
#include "tests/unit/task_fixture.h"

#define TEXT(n)                                                                \
    "{\"text\": \"table: t1\\ncolumns: Player, No.\\nQ: who is " #n            \
    "?\\nA: SELECT Player FROM t1 WHERE No. = '" #n "'\"}\n"
#define V11(n)                                                                 \
    "{\"phase\": 1, \"table_id\": \"t1\", \"question\": \"who is " #n          \
    "?\", \"sql\": {\"sel\": 0, \"agg\": 0, \"conds\": [[1, 0, \"" #n          \
    "\"]]}}\n"

static const char *with_files(const char *train, const char *valid)
{
    static char path[512]; /* scratch_path's own turn over */
    scratch_write(fixture_folder, "valid.jsonl", valid);
    snprintf(path, sizeof path, "%s",
             scratch_write(fixture_folder, "train.jsonl", train));
    return path;
}

static void remove_files(void)
{
    const char *const names[] = {"valid.jsonl", "train.jsonl", "a.jsonl",
                                 "train.tables.jsonl", "valid.tables.jsonl"};
    for (int i = 0; i < 5; i++)
        (void)unlink(scratch_path(fixture_folder, names[i]));
}

static void test_text_form(void **state)
{
    (void)state;
    const char *path = with_files(TEXT(1) TEXT(2), TEXT(3));
    struct task *task = fixture_open(fixture_conf("sql", path));
    struct task_report report = task_report(task);
    assert_int_equal(report.examples[SPLIT_TRAIN], 2);
    assert_int_equal(report.examples[SPLIT_VALIDATION], 1);
    assert_int_equal(report.cut + report.skipped, 0);
    assert_string_equal(report.said,
                        "train.jsonl to train on, valid.jsonl held out");
    fixture_has(task, SPLIT_TRAIN,
                "table: t1\ncolumns: Player, No.\nQ: who is 2?\nA:",
                " SELECT Player FROM t1 WHERE No. = '2'");
    fixture_has(task, SPLIT_VALIDATION,
                "table: t1\ncolumns: Player, No.\nQ: who is 3?\nA:",
                " SELECT Player FROM t1 WHERE No. = '3'");
    task_close(task);
    remove_files();
}

/* The same with the mark and CRLF; naming the held-out file, or the folder,
 * finds the other one. */
static void test_siblings(void **state)
{
    (void)state;
    const char *train = "\xEF\xBB\xBF{\"text\": \"table: t\\nQ: a\\nA: SELECT "
                        "b\"}\r\n\r\n{\"text\": \"table: t\\nQ: c\\nA: SELECT "
                        "d\"}\r\n";
    const char *path = with_files(train, TEXT(3));
    const char *const ways[] = {
        path, scratch_path(fixture_folder, "valid.jsonl"), fixture_folder};
    for (int i = 0; i < 3; i++) {
        struct task *task = fixture_open(fixture_conf("sql", ways[i]));
        struct task_report report = task_report(task);
        assert_string_equal(report.said,
                            "train.jsonl to train on, valid.jsonl held out");
        assert_int_equal(report.examples[SPLIT_TRAIN], 2);
        fixture_has(task, SPLIT_TRAIN, "table: t\nQ: a\nA:", " SELECT b");
        assert_int_equal(task_validation_size(task, 100), 1);
        struct batch batch = {0};
        task_validation(task, &batch, 100);
        assert_int_equal(batch.sequences, 1);
        batch_free(&batch);
        task_close(task);
    }
    remove_files();
    fixture_refused(fixture_conf("sql", fixture_folder),
                    "is a folder without a file train.jsonl");
}

/* Form 1.1 without the tables file, and with it. */
static void test_numbered_form(void **state)
{
    (void)state;
    const char *path = with_files(
        V11(1) "{\"table_id\": \"t1\", \"question\": \"how many?\", \"sql\": "
               "{\"sel\": 1, \"agg\": 3, \"conds\": [[0, 1, 2.5], [1, 2, "
               "7]]}}\n",
        V11(2));
    struct task *task = fixture_open(fixture_conf("sql", path));
    assert_non_null(strstr(task_report(task).said, "no tables file"));
    fixture_has(task, SPLIT_TRAIN, "table: t1\nQ: who is 1?\nA:",
                " SELECT col0 FROM t1 WHERE col1 = '1'");
    fixture_has(task, SPLIT_TRAIN, "table: t1\nQ: how many?\nA:",
                " SELECT COUNT col1 FROM t1 WHERE col0 > 2.5 AND col1 < 7");
    task_close(task);
    const char *tables = "{\"id\": \"t0\", \"header\": [\"x\"]}\n{\"id\": "
                         "\"t1\", \"header\": [\"Player\", \"No.\"]}\n";
    scratch_write(fixture_folder, "train.tables.jsonl", tables);
    scratch_write(fixture_folder, "valid.tables.jsonl", tables);
    task = fixture_open(fixture_conf("sql", path));
    assert_null(strstr(task_report(task).said, "tables"));
    fixture_has(task, SPLIT_TRAIN,
                "table: t1\ncolumns: Player, No.\nQ: who is 1?\nA:",
                " SELECT Player FROM t1 WHERE No. = '1'");
    task_close(task);
    scratch_write(fixture_folder, "train.tables.jsonl", "{\"id\": \"t1\"}\n");
    fixture_refused(fixture_conf("sql", path),
                    "train.tables.jsonl:1: no table: expected");
    scratch_write(fixture_folder, "train.tables.jsonl",
                  "{\"id\": \"t2\", \"header\": [\"x\"]}\n");
    fixture_refused(fixture_conf("sql", path),
                    "train.jsonl:1: the table t1 is not in the tables file");
    remove_files();
}

static void test_named_form(void **state)
{
    (void)state;
    const char *row =
        "{\"table_id\": \"t1\", \"question\": \"which?\", \"sql\": {\"sel\": "
        "\"Team/Place\", \"conds\": [[\"No.\", \"=\", 3], [\"A\", \"<\", "
        "\"x y\"]], \"agg\": \"MAX\"}, \"question_id\": 1}\n";
    const char *path = with_files(row, V11(2));
    struct task *task = fixture_open(fixture_conf("sql", path));
    fixture_has(task, SPLIT_TRAIN, "table: t1\nQ: which?\nA:",
                " SELECT MAX Team/Place FROM t1 WHERE No. = 3 AND A < 'x y'");
    task_close(task);
    remove_files();
}

struct bad {
    const char *row, *why;
};

static const struct bad bads[] = {
    {"hello\n", "a.jsonl:2: not valid JSON: "},
    {"{\"text\": \"a\"\n", "a.jsonl:2: not valid JSON: "},
    {"[1]\n", "a.jsonl:2: neither \"text\" nor \"table_id\""},
    {"{\"text\": \"Q: a\\nA: b\"}\n",
     "a.jsonl:2: \"text\" has no line \"Q: ...\" with a line \"A: SELECT"},
    {"{\"table_id\": \"t\", \"question\": \"q\", \"sql\": {\"sel\": 0, "
     "\"agg\": 6, \"conds\": []}}\n",
     "a.jsonl:2: \"agg\" is not one of 0..5"},
    {"{\"table_id\": \"t\", \"question\": \"q\", \"sql\": {\"sel\": -1, "
     "\"agg\": 0, \"conds\": []}}\n",
     "a.jsonl:2: \"sel\" is no column"},
    {"{\"table_id\": \"t\", \"question\": \"q\", \"sql\": {\"sel\": 0, "
     "\"agg\": 0, \"conds\": [[0, 3, \"x\"]]}}\n",
     "a.jsonl:2: the sign of a condition is not =, > or <"},
    {"{\"table_id\": \"t\", \"question\": \"q\", \"sql\": {\"sel\": 0, "
     "\"agg\": 0, \"conds\": [[0, 0]]}}\n",
     "a.jsonl:2: a condition does not begin with a column"},
    {"{\"table_id\": \"t\", \"question\": \"q\", \"sql\": {\"sel\": 0, "
     "\"agg\": 0, \"conds\": [[0, 0, null]]}}\n",
     "a.jsonl:2: the value of a condition is neither text nor a number"},
    {"{\"table_id\": \"t\", \"question\": \"q\", \"sql\": {\"sel\": 0, "
     "\"agg\": 0}}\n",
     "a.jsonl:2: \"conds\" is no list"},
};

/* Sixty good rows, so that both splits have some. */
static void add_rows(struct buffer *text)
{
    for (int i = 0; i < 60; i++) {
        char row[256];
        snprintf(row, sizeof row,
                 "{\"text\": \"table: t\\nQ: number %d?\\nA: SELECT n%d\"}\n",
                 i, i);
        buffer_add(text, row, strlen(row));
    }
}

static void test_bad_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        struct buffer text = {0};
        buffer_add(&text, "\n", 1);
        buffer_add(&text, bads[i].row, strlen(bads[i].row));
        add_rows(&text);
        const char *path = scratch_write(fixture_folder, "a.jsonl", text.at);
        struct task_conf conf = fixture_conf("sql", path);
        fixture_refused(conf, bads[i].why);
        fixture_refused(conf, "skip_bad leaves such rows out");
        conf.skip_bad = true;
        struct task *task = fixture_open(conf);
        struct task_report report = task_report(task);
        assert_int_equal(report.skipped, 1);
        assert_int_equal(report.examples[0] + report.examples[1], 60);
        task_close(task);
        buffer_free(&text);
    }
    remove_files();
}

static void test_bad_files(void **state)
{
    (void)state;
    const char *path = scratch_write(fixture_folder, "a.jsonl", "");
    struct task_conf conf = fixture_conf("sql", path);
    fixture_refused(conf, "a.jsonl: the file is empty; expected WikiSQL");
    scratch_write(fixture_folder, "a.jsonl", "\xEF\xBB\xBF\r\n \r\n");
    fixture_refused(conf, "a.jsonl: the file is empty");
    scratch_write(fixture_folder, "a.jsonl", TEXT(1));
    fixture_refused(conf, "1 examples are too few to hold out one prompt in "
                          "16");
    scratch_write(fixture_folder, "a.jsonl", "no\nno\n");
    conf.skip_bad = true;
    fixture_refused(conf, "no example is left (2 rows are bad)");
    conf.data = "nowhere.jsonl";
    fixture_refused(conf, "nowhere.jsonl");
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    fwrite("{\n\0}\n", 1, 5, to);
    fclose(to);
    conf.data = path;
    fixture_refused(conf, "a.jsonl:2: a NUL byte");
    remove_files();
}

/* The prompt loses its beginning, the answer nothing; an answer that is too
 * long is refused. */
static void test_too_long(void **state)
{
    (void)state;
    struct buffer text = {0}, answer = {0};
    add_rows(&text);
    const char *const long_row =
        "{\"text\": \"table: first %s\\nQ: the last?\\nA: SELECT %s\"}\n";
    char words[4096] = "", row[9000];
    for (int i = 0; i < 300; i++)
        strcat(words, "many words ");
    snprintf(row, sizeof row, long_row, words, "one");
    buffer_add(&text, row, strlen(row));
    const char *path = scratch_write(fixture_folder, "a.jsonl", text.at);
    struct task_conf conf = fixture_conf("sql", path);
    struct task *task = fixture_open(conf);
    assert_int_equal(task_report(task).cut, 1);
    int cut = 0;
    for (uint64_t i = 0; i < 61; i++)
        for (int split = 0; split < 2; split++) {
            char *p, *a;
            fixture_texts(task, (enum split)split, i, &p, &a);
            const char *tail = "many words \nQ: the last?\nA:";
            size_t at = strlen(p) - strlen(tail);
            if (strlen(p) > 300) {
                cut++;
                assert_string_equal(p + at, tail);
                assert_string_equal(a, " SELECT one");
                assert_null(strstr(p, "first"));
            }
            mem_free(p);
            mem_free(a);
        }
    assert_true(cut > 0);
    task_close(task);
    snprintf(row, sizeof row, long_row, "", words);
    buffer_add(&text, row, strlen(row));
    scratch_write(fixture_folder, "a.jsonl", text.at);
    fixture_refused(conf, "a.jsonl:62: the answer alone is longer than the "
                          "context of 256 tokens");
    conf.skip_bad = true;
    task = fixture_open(conf);
    assert_int_equal(task_report(task).skipped, 1);
    task_close(task);
    buffer_free(&text);
    buffer_free(&answer);
    remove_files();
}

/* ---- the real files, where they are */

static void test_published(void **state)
{
    (void)state;
    const char *path = fixture_shared("wikisql/train.jsonl");
    if (!path)
        skip();
    struct task *task = fixture_open(fixture_conf("sql", path));
    struct task_report report = task_report(task);
    assert_int_equal(report.examples[SPLIT_TRAIN], 1000);
    assert_int_equal(report.examples[SPLIT_VALIDATION], 100);
    struct references refs = task_references(task, SPLIT_VALIDATION, 3);
    assert_int_equal(refs.count, 1);
    assert_int_equal(strncmp(refs.text[0], " SELECT ", 8), 0);
    references_free(&refs);
    assert_null(task_labels(task));
    task_close(task);
    fixture_check_pure(fixture_conf("sql", path));
}

static void test_published_without_columns(void **state)
{
    (void)state;
    const char *const names[] = {"wikisql/wikisql_dev_clean.jsonl",
                                 "wikisql/wikisql_v2_dev.jsonl"};
    const long rows[] = {8421, 8467};
    for (int i = 0; i < 2; i++) {
        const char *path = fixture_shared(names[i]);
        if (!path)
            skip();
        struct task_conf conf = fixture_conf("sql", path);
        struct task *task = fixture_open(conf);
        struct task_report report = task_report(task);
        assert_int_equal(report.examples[0] + report.examples[1], rows[i]);
        /* One in 16; the standard deviation of the hash is 22. */
        assert_in_range(report.examples[1], rows[i] / 16 - 110,
                        rows[i] / 16 + 110);
        assert_non_null(strstr(report.said, "one prompt in 16 is held out"));
        assert_non_null(strstr(report.said, "prompts have no columns"));
        task_close(task);
        fixture_check_disjoint(conf, 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_form),
        cmocka_unit_test(test_siblings),
        cmocka_unit_test(test_numbered_form),
        cmocka_unit_test(test_named_form),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_published_without_columns),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
