/* ROUGE against hand-worked sets, and against fifty values that
 * tests/ref/rouge.py computed from real summaries. */
#include "core/task/score_rouge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/io/csv.h"
#include "tests/near.h"
#include "tests/unit/reference.h"
#include "tui/help_terms.h"

/* The reference file has nine decimals. */
static const double EXACT = 1e-12, PRINTED = 1e-9;

struct worked {
    const char *produced, *reference;
    double r1[3], r2[3], rl[3]; /* P, R, F */
};

static const struct worked worked[] = {
    /* words: the cat on the mat both, 5 of 6 and 6.  pairs: the cat, on the,
     * the mat of 5 and 5.  longest: the cat on the mat. */
    {"the cat lay on the mat",
     "the cat sat on the mat",
     {5. / 6, 5. / 6, 5. / 6},
     {3. / 5, 3. / 5, 3. / 5},
     {5. / 6, 5. / 6, 5. / 6}},
    /* "the the the" against one "the": clipped to 1, P 1/3, R 1/2,
     * F = 2 (1/3)(1/2) / (5/6) = 2/5.  No pair in common. */
    {"the the the",
     "the cat",
     {1. / 3, 1. / 2, 2. / 5},
     {0, 0, 0},
     {1. / 3, 1. / 2, 2. / 5}},
    /* Lin's example: police killed the gunman / police kill the gunman: 3 of
     * 4 words; the gunman is the one pair of 3; longest police the gunman. */
    {"police kill the gunman",
     "police killed the gunman",
     {3. / 4, 3. / 4, 3. / 4},
     {1. / 3, 1. / 3, 1. / 3},
     {3. / 4, 3. / 4, 3. / 4}},
    /* the gunman kill police: the same 3 words and pair, but the longest
     * subsequence is "the gunman": 2 of 4. */
    {"the gunman kill police",
     "police killed the gunman",
     {3. / 4, 3. / 4, 3. / 4},
     {1. / 3, 1. / 3, 1. / 3},
     {1. / 2, 1. / 2, 1. / 2}},
    /* Case and signs do not count: "Mia's 2 kites!" is mia s 2 kites. */
    {"MIA'S 2 kites!", "mia s (2) Kites", {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
    /* One word has no pair. */
    {"yes", "yes", {1, 1, 1}, {0, 0, 0}, {1, 1, 1}},
    {"", "yes", {0, 0, 0}, {0, 0, 0}, {0, 0, 0}},
    {"?!", "", {0, 0, 0}, {0, 0, 0}, {0, 0, 0}},
};

static void check(struct rouge got, const double *wanted)
{
    assert_near(got.precision, wanted[0], EXACT);
    assert_near(got.recall, wanted[1], EXACT);
    assert_near(got.f, wanted[2], EXACT);
}

static void test_worked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worked / sizeof *worked; i++) {
        const struct worked *w = &worked[i];
        check(rouge_n(w->produced, w->reference, 1), w->r1);
        check(rouge_n(w->produced, w->reference, 2), w->r2);
        check(rouge_l(w->produced, w->reference), w->rl);
    }
}

/* What ? says of ROUGE is what ROUGE says. */
static void test_help(void **state)
{
    (void)state;
    const char *a = "on the mat sat the cat", *b = "the cat sat on the mat";
    char quoted[80], numbers[80];
    snprintf(quoted, sizeof quoted, "\"%s\" for \"%s\"", a, b);
    snprintf(numbers, sizeof numbers, "R1 %.0f, R2 %.0f, RL %.0f",
             100 * rouge_n(a, b, 1).f, 100 * rouge_n(a, b, 2).f,
             100 * rouge_l(a, b).f);
    for (int i = 0; i < help_term_count; i++)
        if (strstr(help_term[i].text, quoted)) {
            assert_non_null(strstr(help_term[i].text, numbers));
            return;
        }
    fail_msg("the example is not in the help");
}

/* Turning the two round turns P and R round. */
static void test_turned(void **state)
{
    (void)state;
    const char *a = "one two three two", *b = "two three four five six";
    for (int n = 1; n <= 3; n++) {
        struct rouge x = rouge_n(a, b, n), y = rouge_n(b, a, n);
        assert_near(x.precision, y.recall, EXACT);
        assert_near(x.f, y.f, EXACT);
    }
    assert_near(rouge_l(a, b).precision, rouge_l(b, a).recall, EXACT);
}

/* ---- real summaries */

static void read_summaries(char **to, int count, const char *text, size_t size)
{
    struct csv csv;
    struct err err = {""};
    csv_begin(&csv, "test.csv", text, size);
    assert_int_equal(csv_next(&csv, &err), 1);
    assert_string_equal(csv.field[2], "summary");
    for (int i = 0; i < count; i++) {
        assert_int_equal(csv_next(&csv, &err), 1);
        to[i] = xstrdup(csv.field[2]);
    }
    csv_end(&csv);
}

static void test_reference(void **state)
{
    (void)state;
    enum { SUMMARIES = 60 };
    char *text = shared_text("data/tasks/samsum/test.csv"), *summary[SUMMARIES];
    if (!text)
        skip();
    read_summaries(summary, SUMMARIES, text, strlen(text));
    struct reference_table table = reference_open("tests/ref/rouge.tsv");
    int row, rows = 0;
    char rule[16];
    double r1, r2, rl;
    while (reference_next(&table, "%d %15s %lf %lf %lf", &row, rule, &r1, &r2,
                          &rl)) {
        assert_in_range(row, 0, SUMMARIES - 2);
        char *produced = strcmp(rule, "next") == 0
                             ? xstrdup(summary[row + 1])
                             : perturbed(summary[row], rule);
        assert_near(rouge_n(produced, summary[row], 1).f, r1, PRINTED);
        assert_near(rouge_n(produced, summary[row], 2).f, r2, PRINTED);
        assert_near(rouge_l(produced, summary[row]).f, rl, PRINTED);
        mem_free(produced);
        rows++;
    }
    assert_int_equal(rows, 50);
    for (int i = 0; i < SUMMARIES; i++)
        mem_free(summary[i]);
    mem_free(table.text);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_turned),
        cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
