/* Task nli: from the world, from the published files, what is refused. */
#include "tests/unit/task_fixture.h"

static struct task_conf written(const char *name, const char *text)
{
    static char path[512];
    snprintf(path, sizeof path, "%s",
             scratch_write(fixture_folder, name, text));
    return fixture_conf("nli", path);
}

/* rows(format) sixty times, each with its number twice. */
static char *rows(const char *header, const char *format, const char *more)
{
    struct buffer text = {0};
    char row[512];
    buffer_add(&text, header, strlen(header));
    buffer_add(&text, more, strlen(more));
    for (int i = 0; i < 60; i++) {
        snprintf(row, sizeof row, format, i, i);
        buffer_add(&text, row, strlen(row));
    }
    return buffer_take(&text);
}

/* ---- the generator */

static int label_of(const struct task *task, const char *answer)
{
    const char *const *labels = task_labels(task);
    for (int i = 0; labels[i]; i++)
        if (answer[0] == ' ' && strcmp(labels[i], answer + 1) == 0)
            return i;
    fail_msg("\"%s\" is no label", answer);
    return -1;
}

/* As many of each label, in both splits. */
static void test_balanced(void **state)
{
    (void)state;
    struct task *task = fixture_open(fixture_conf("nli", NULL));
    for (int split = 0; split < 2; split++) {
        int seen[3] = {0};
        for (uint64_t i = 0; i < 300; i++) {
            char *p, *a;
            fixture_texts(task, (enum split)split, i, &p, &a);
            seen[label_of(task, a)]++;
            assert_int_equal(strncmp(p, "premise: ", 9), 0);
            assert_non_null(strstr(p, "\nhypothesis: "));
            assert_string_equal(p + strlen(p) - 3, "\nA:");
            mem_free(p);
            mem_free(a);
        }
        for (int k = 0; k < 3; k++)
            assert_int_equal(seen[k], 100);
    }
    task_close(task);
    fixture_check_pure(fixture_conf("nli", NULL));
    fixture_check_disjoint(fixture_conf("nli", NULL), 3000);
}

/* The claims of one label are claims of the others: without the premise there
 * is nothing to learn from. */
static void test_claim_tells_nothing(void **state)
{
    (void)state;
    enum { MOST = 3000 };
    struct task *task = fixture_open(fixture_conf("nli", NULL));
    static uint64_t claim[3][MOST];
    int count[3] = {0};
    for (uint64_t i = 0; i < MOST; i++) {
        char *p, *a;
        fixture_texts(task, SPLIT_TRAIN, i, &p, &a);
        const char *from = strstr(p, "\nhypothesis: ");
        int label = label_of(task, a);
        claim[label][count[label]++] = rng_hash(from, strlen(from));
        mem_free(p);
        mem_free(a);
    }
    for (int k = 0; k < 3; k++)
        qsort(claim[k], (size_t)count[k], sizeof claim[k][0], fixture_by_value);
    for (int k = 0; k < 3; k++)
        for (int other = 0; other < 3; other++) {
            int shared = 0;
            for (int i = 0; i < count[k]; i++)
                shared +=
                    bsearch(&claim[k][i], claim[other], (size_t)count[other],
                            sizeof claim[0][0], fixture_by_value) != NULL;
            assert_in_range(shared, count[k] / 8, count[k]);
        }
    task_close(task);
}

static void test_refuses_grammar(void **state)
{
    (void)state;
    struct task_conf conf = fixture_conf("nli", NULL);
    conf.assets = fixture_folder;
    scratch_write(fixture_folder, "g.txt",
                  "document = a\nnli = premise\\nA: perhaps\n");
    fixture_refused(conf, "<nli> must give a text with a last line \"A: yes\"");
    scratch_write(fixture_folder, "g.txt", "document = a\n");
    fixture_refused(conf, "no file of the world defines <nli>");
    scratch_write(fixture_folder, "g.txt",
                  "document = a\nnli = <1..9999>\\nA: [yes | no]\n");
    fixture_refused(conf, "too few different examples");
    (void)unlink(scratch_path(fixture_folder, "g.txt"));
}

/* ---- files */

static void test_mnli(void **state)
{
    (void)state;
    /* As GLUE has it: quotes are signs, columns are found by name. */
    char *text = rows("index\tgenre\tsentence1\tsentence2\tlabel1\tgold_label"
                      "\r\n",
                      "%d\tx\tA \"quote %d.\tHalf \"open .\tneutral\t"
                      "neutral\r\n",
                      "7\tx\t It rains. \tIt is wet.\tneutral\tentailment\r\n"
                      "8\tx\tIt snows.\tIt is hot.\tneutral\tcontradiction"
                      "\r\n"
                      "9\tx\tIt is.\tIt may be.\tneutral\t-\r\n");
    struct task *task = fixture_open(written("a.tsv", text));
    struct task_report report = task_report(task);
    assert_int_equal(report.examples[0] + report.examples[1], 62);
    assert_int_equal(report.skipped, 1);
    assert_non_null(strstr(report.said, "rows whose gold label is -"));
    const char *const *labels = task_labels(task);
    assert_string_equal(labels[1], "maybe");
    assert_null(labels[3]);
    int found = 0;
    for (int split = 0; split < 2; split++)
        for (long i = 0; i < report.examples[split]; i++) {
            char *p, *a;
            fixture_texts(task, (enum split)split, (uint64_t)i, &p, &a);
            if (strcmp(p, "premise: It rains.\nhypothesis: It is wet.\nA:") ==
                0) {
                assert_string_equal(a, " yes");
                found++;
            }
            found += strcmp(a, " no") == 0 && strstr(p, "snows");
            found += strstr(p, "premise: A \"quote 5.\nhypothesis: Half \"open "
                               ".\nA:") &&
                     strcmp(a, " maybe") == 0;
            mem_free(p);
            mem_free(a);
        }
    assert_int_equal(found, 3);
    task_close(task);
    mem_free(text);
}

struct form {
    const char *name, *header, *row, *wanted; /* of row 3 */
};

static const struct form forms[] = {
    {"label first, no header", "", "neutral\tfirst %d\tsecond %d\n",
     "premise: first 3\nhypothesis: second 3\nA: maybe"},
    {"RTE", "index\tsentence1\tsentence2\tlabel\n",
     "%d\ta %d\tb\tnot_entailment\n", "premise: a 3\nhypothesis: b\nA: no"},
    {"MRPC", "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n",
     "1\t%d\t2\tsaid %d\t\"so\r\n", "first: said 3\nsecond: \"so\nA: yes"},
    {"SST-2", "sentence\tlabel\n", "fine %d %d \t1\n",
     "sentence: fine 3 3\nA: good"},
    {"SST-2 bad", "sentence\tlabel\n", "poor %d %d \t0\n",
     "sentence: poor 3 3\nA: bad"},
    {"MNLI jsonl", "",
     "{\"gold_label\": \"contradiction\", \"sentence1\": \"a %d\", "
     "\"sentence2\": \"b %d\"}\n",
     "premise: a 3\nhypothesis: b 3\nA: no"},
    {"numbers", "",
     "{\"premise\": \"a %d\", \"hypothesis\": \"b %d\", \"label\": 1}\n",
     "premise: a 3\nhypothesis: b 3\nA: maybe"},
    {"one sentence", "", "{\"sentence\": \"a %d %d\", \"label\": 0}\n",
     "sentence: a 3 3\nA: bad"},
    {"QNLI", "index\tquestion\tsentence\tlabel\n",
     "%d\twho %d?\tme\tnot_entailment\n",
     "premise: who 3?\nhypothesis: me\nA: no"},
};

static bool has_text(const struct task *task, const char *wanted)
{
    for (int split = 0; split < 2; split++)
        for (long i = 0; i < task_report(task).examples[split]; i++) {
            char *p, *a;
            fixture_texts(task, (enum split)split, (uint64_t)i, &p, &a);
            size_t length = strlen(p);
            bool same = strncmp(p, wanted, length) == 0 &&
                        strcmp(a, wanted + length) == 0;
            mem_free(p);
            mem_free(a);
            if (same)
                return true;
        }
    return false;
}

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *text = rows(forms[i].header, forms[i].row, "");
        struct task *task = fixture_open(written("a.tsv", text));
        if (!has_text(task, forms[i].wanted))
            fail_msg("%s: no \"%s\"", forms[i].name, forms[i].wanted);
        assert_int_equal(task_report(task).skipped, 0);
        task_close(task);
        mem_free(text);
    }
}

/* In row 2, or row 1 where there is no header. */
struct bad {
    const char *header, *row, *bad, *why;
};

static const char mnli_header[] = "sentence1\tsentence2\tlabel\n";
static const char mnli_row[] = "a %d\tb %d\tneutral\n";
static const struct bad bads[] = {
    {mnli_header, mnli_row, "a\tb\tperhaps\n",
     "a.tsv:2: label \"perhaps\" is none of entailment, neutral, "
     "contradiction"},
    {mnli_header, mnli_row, "a\tneutral\n",
     "a.tsv:2: 2 columns between tabs; expected 3, as in the first row"},
    {mnli_header, mnli_row, "a\t \tneutral\n",
     "a.tsv:2: the hypothesis is empty"},
    {mnli_header, mnli_row, "\tb\tneutral\n", "a.tsv:2: the premise is empty"},
    {"sentence\tlabel\n", "a %d %d\t1\n", "a\t2\n",
     "a.tsv:2: label \"2\" is none of 0, 1"},
    {"", "{\"premise\": \"a %d\", \"hypothesis\": \"b %d\", \"label\": 1}\n",
     "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": -1}\n",
     "a.tsv:1: label \"-1\" is none of 0, 1, 2"},
    {"", "{\"sentence\": \"a %d %d\", \"label\": 1}\n",
     "{\"sentence\": \"a\"}\n", "a.tsv:1: no \"label\" in the object"},
    {"", "{\"sentence\": \"a %d %d\", \"label\": 1}\n", "{\"label\": 1}\n",
     "a.tsv:1: no \"sentence\" in the object"},
    {"", "{\"sentence\": \"a %d %d\", \"label\": 1}\n", "{\"label\": 1\n",
     "a.tsv:1: not valid JSON: "},
};

static void test_bad_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        char *text = rows(bads[i].header, bads[i].row, bads[i].bad);
        struct task_conf conf = written("a.tsv", text);
        fixture_refused(conf, bads[i].why);
        conf.skip_bad = true;
        struct task *task = fixture_open(conf);
        assert_int_equal(task_report(task).skipped, 1);
        task_close(task);
        mem_free(text);
    }
}

static void test_bad_files(void **state)
{
    (void)state;
    fixture_refused(written("a.tsv", ""), "a.tsv: the file is empty; expected "
                                          "MNLI, RTE, MRPC or SST-2");
    fixture_refused(written("a.tsv", "x\ty\n1\t2\n"),
                    "a.tsv:1: no column sentence, sentence1 or premise in the "
                    "header");
    fixture_refused(written("a.tsv", "index\tsentence\n1\ta b\n"),
                    "a.tsv:1: no column label, gold_label or Quality");
    fixture_refused(written("a.tsv", "sentence\tlabel\n"),
                    "a.tsv: no example is left");
}

/* ---- the real files, where they are */

struct published {
    const char *path, *said;
    long train, held;
};

static const struct published published[] = {
    {"mnli/mnli_matched", "mnli_matched alone: one prompt in 16", 1000, 0},
    {"glue/rte/train.tsv", "train.tsv to train on, dev.tsv held out", 2490,
     277},
    {"glue/sst2/train.tsv", "train.tsv to train on, dev.tsv held out", 60614,
     6735},
    {"glue/sst2/test.tsv", "train.tsv to train on, test.tsv held out", 60614,
     872},
    {"glue/mrpc/msr_paraphrase_train.txt",
     "msr_paraphrase_train.txt to train on, msr_paraphrase_test.txt held out",
     4076, 1725},
};

static void test_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        const char *path = fixture_shared(published[i].path);
        if (!path)
            skip();
        struct task *task = fixture_open(fixture_conf("nli", path));
        struct task_report report = task_report(task);
        if (!strstr(report.said, published[i].said))
            fail_msg("%s: %s", published[i].path, report.said);
        long held = report.examples[SPLIT_VALIDATION];
        if (published[i].held)
            assert_int_equal(held, published[i].held);
        assert_int_equal(report.examples[SPLIT_TRAIN] +
                             (published[i].held ? 0 : held),
                         published[i].train);
        assert_int_equal(report.skipped, 0);
        task_close(task);
    }
    struct task_conf conf =
        fixture_conf("nli", fixture_shared("mnli/mnli_matched"));
    fixture_check_pure(conf);
    fixture_check_disjoint(conf, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balanced),
        cmocka_unit_test(test_claim_tells_nothing),
        cmocka_unit_test(test_refuses_grammar),
        cmocka_unit_test(test_mnli),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_published),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
