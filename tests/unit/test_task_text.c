/* Task text: pieces that cover a file once. */
#include "tests/unit/task_fixture.h"

static const char *written(const char *name, const char *text)
{
    static char path[512];
    snprintf(path, sizeof path, "%s",
             scratch_write(fixture_folder, name, text));
    return path;
}

/* The pieces of both splits together are the whole text, each token once. */
static void test_text(void **state)
{
    (void)state;
    struct buffer text = {0};
    for (int i = 0; i < 3000; i++) {
        char line[64];
        snprintf(line, sizeof line, "Line %d of a long text.\n", i);
        buffer_add(&text, line, strlen(line));
    }
    struct task_conf conf = fixture_conf("text", written("a.txt", text.at));
    conf.context = 64;
    struct task *task = fixture_open(conf);
    struct task_report report = task_report(task);
    assert_non_null(strstr(report.said, "one piece in 16 is held out"));
    int32_t ids[64];
    struct example example = {ids, 0, 0};
    long tokens = 0;
    size_t bytes = 0;
    for (int split = 0; split < 2; split++)
        for (long i = 0; i < report.examples[split]; i++) {
            task->ops->example(task, &example, (enum split)split, (uint64_t)i);
            assert_int_equal(example.answer, 1);
            assert_int_equal(ids[0], tokenizer_end(fixture_tokenizer));
            char *piece =
                tokenizer_decode(fixture_tokenizer, ids + 1, example.count - 1);
            assert_non_null(strstr(text.at, piece));
            tokens += example.count - 1;
            bytes += strlen(piece);
            mem_free(piece);
        }
    assert_int_equal(tokens, tokenizer_encode(fixture_tokenizer, NULL, 0,
                                              text.at, text.used));
    assert_int_equal(bytes, text.used);
    task_close(task);
    buffer_free(&text);
    fixture_refused(fixture_conf("text", written("a.txt", "\n \n")),
                    "a.txt: the file is empty; expected plain text");
    fixture_refused(fixture_conf("text", written("a.txt", "short")),
                    "a.txt: too short to hold out one piece of 256 tokens in "
                    "16; use a longer text");
    fixture_refused(fixture_conf("text", NULL), "made from a file");
}

static char *first_piece(const char *name, const char *content)
{
    int32_t ids[FIXTURE_CONTEXT];
    struct example example = {ids, 0, 0};
    struct task *task =
        fixture_open(fixture_conf("text", written(name, content)));
    task->ops->example(task, &example, SPLIT_TRAIN, 0);
    char *piece =
        tokenizer_decode(fixture_tokenizer, ids + 1, example.count - 1);
    task_close(task);
    return piece;
}

/* A mark and CRLF are of the editor, not of the text; a lone CR stays. */
static void test_text_ends(void **state)
{
    (void)state;
    written("valid.txt", "held out");
    char *plain = first_piece("train.txt", "one\n\ntwo\rthree\n");
    assert_string_equal(plain, "one\n\ntwo\rthree\n");
    char *marked =
        first_piece("train.txt", "\xEF\xBB\xBFone\r\n\r\ntwo\rthree\r\n");
    assert_string_equal(marked, plain);
    mem_free(marked);
    mem_free(plain);
}

static void test_text_siblings(void **state)
{
    (void)state;
    written("valid.txt", "held out");
    struct task *task =
        fixture_open(fixture_conf("text", written("train.txt", "to learn")));
    int32_t ids[FIXTURE_CONTEXT];
    struct example example = {ids, 0, 0};
    const char *const wanted[] = {"to learn", "held out"};
    for (int split = 0; split < 2; split++) {
        task->ops->example(task, &example, (enum split)split, 5);
        char *piece =
            tokenizer_decode(fixture_tokenizer, ids + 1, example.count - 1);
        assert_string_equal(piece, wanted[split]);
        mem_free(piece);
    }
    task_close(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_ends),
        cmocka_unit_test(test_text_siblings),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
