/* Logical form against hand-worked pairs, and against fifty verdicts that
 * tests/ref/rouge.py computed from real queries; the table of metrics. */
#include "core/task/score_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/io/json.h"
#include "core/io/rows.h"
#include "core/task/score.h"
#include "tests/near.h"
#include "tests/unit/reference.h"

struct worked {
    const char *a, *b;
    bool same;
};

static const struct worked worked[] = {
    {"SELECT age FROM t WHERE a = 'x'", " select  AGE from t where A='X' ",
     true},
    /* A set: order and repeats do not matter. */
    {"SELECT age FROM t WHERE a = 'x' AND b > 2",
     "SELECT age FROM t WHERE b > 2 AND a = 'x' AND b > 2", true},
    {"SELECT age FROM t WHERE a = 'x' AND b > 2",
     "SELECT age FROM t WHERE a = 'x'", false},
    {"SELECT age FROM t WHERE a = 'x'", "SELECT age FROM t", false},
    {"SELECT age FROM t WHERE b > 2", "SELECT age FROM t WHERE b < 2", false},
    {"SELECT age FROM t WHERE b > 2", "SELECT age FROM t WHERE b > 3", false},
    {"SELECT age FROM t WHERE b > 2", "SELECT age FROM t WHERE c > 2", false},
    {"SELECT age FROM t", "SELECT name FROM t", false},
    {"SELECT MAX age FROM t", "SELECT age FROM t", false},
    {"SELECT MAX age FROM t", "SELECT MIN age FROM t", false},
    {"SELECT MAX age FROM t", "SELECT max(age) FROM t", true},
    {"SELECT COUNT(*) FROM t", "SELECT COUNT *  FROM t", true},
    {"SELECT COUNT(*) FROM t", "SELECT COUNT(a) FROM t", false},
    /* "maximum" and "counter" are columns. */
    {"SELECT maximum FROM t", "SELECT MAX imum FROM t", false},
    /* The table is not compared. */
    {"SELECT age FROM t", "SELECT age FROM u", true},
    /* Blanks, quotes and words in names and values. */
    {"SELECT Years in Oslo FROM 1-2 WHERE School/Home Town = 'North End'",
     "SELECT years in oslo FROM 1-2 WHERE school / home town = 'north end'",
     true},
    {"SELECT a FROM t WHERE b = 'O'Brien' AND c = '2'",
     "SELECT a FROM t WHERE c = 2 AND b = 'o'brien'", true},
    {"SELECT a FROM t WHERE b = 'rock and roll' AND c = 'x'",
     "SELECT a FROM t WHERE c = 'x' AND b = 'rock and roll'", true},
    {"SELECT a FROM t WHERE b = 'rock and roll'",
     "SELECT a FROM t WHERE b = 'rock and soul'", false},
    {"SELECT Distance from Rome FROM t", "SELECT distance from rome FROM t",
     true},
    /* What is no query is the same as nothing, itself included. */
    {"hello", "hello", false},
    {"SELECT age", "SELECT age", false},
    {"SELECT FROM t", "SELECT FROM t", false},
    {"SELECT a FROM t WHERE b", "SELECT a FROM t WHERE b", false},
    {"SELECT a FROM t WHERE = 'x'", "SELECT a FROM t WHERE = 'x'", false},
    {"", "", false},
};

static void test_worked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worked / sizeof *worked; i++) {
        const struct worked *w = &worked[i];
        if (sql_same(w->a, w->b) != w->same || sql_same(w->b, w->a) != w->same)
            fail_msg("\"%s\" and \"%s\" are %sthe same", w->a, w->b,
                     w->same ? "" : "not ");
    }
}

static char *query_at(const char *text, int row)
{
    struct rows rows = rows_begin(text, strlen(text));
    for (int i = 0; i <= row; i++)
        assert_true(rows_next(&rows));
    struct json *object = json_parse(rows.at, rows.bytes, "test.jsonl", NULL);
    const char *at = strstr(json_text(json_get(object, "text"), ""), "\nA: ");
    assert_non_null(at);
    char *query = xstrdup(at + 4);
    json_free(object);
    return query;
}

/* As the sql_ rules of rouge.py. */
static char *changed(const char *query, const char *rule)
{
    struct buffer to = {0};
    const char *where = strstr(query, " WHERE ");
    if (strcmp(rule, "count") == 0) {
        buffer_add(&to, "SELECT COUNT ", 13);
        buffer_add(&to, query + 7, strlen(query + 7));
    } else if (strcmp(rule, "turned") == 0) {
        const char *from = where ? where + 7 : query;
        const char *end = query + strlen(query);
        buffer_add(&to, query, (size_t)(from - query));
        while (end > from) { /* the last condition first */
            const char *at = end - 1;
            while (at > from && strncmp(at, " AND ", 5) != 0)
                at--;
            bool first = at == from;
            const char *text = first ? at : at + 5;
            buffer_add(&to, text, (size_t)(end - text));
            if (!first)
                buffer_add(&to, " AND ", 5);
            end = at;
        }
    } else {
        for (const char *c = query; *c; c++) {
            if (strcmp(rule, "last") == 0 && !strstr(c + 1, " AND ") &&
                (strncmp(c, " AND ", 5) == 0 ||
                 (c == where && !strstr(c, " AND "))))
                break;
            char upper = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
            buffer_char(&to, strcmp(rule, "capitals") == 0 ? upper : *c);
            if (*c == ' ' && strcmp(rule, "blanks") == 0)
                buffer_char(&to, ' ');
        }
    }
    return buffer_take(&to);
}

static void test_reference(void **state)
{
    (void)state;
    char *text = shared_text("data/tasks/wikisql/test.jsonl");
    if (!text)
        skip();
    struct reference_table table = reference_open("tests/ref/sql.tsv");
    int row, exact, logical, rows = 0;
    char rule[16];
    while (
        reference_next(&table, "%d %15s %d %d", &row, rule, &exact, &logical)) {
        char *query = query_at(text, row), *other = changed(query, rule);
        if (score_same_text(other, query) != exact ||
            sql_same(other, query) != logical)
            fail_msg("row %d, %s: exact %d, logical form %d expected", row,
                     rule, exact, logical);
        mem_free(query);
        mem_free(other);
        rows++;
    }
    assert_int_equal(rows, 50);
    mem_free(table.text);
    mem_free(text);
}

/* ---- the table */

static double value_of(const char *name, const char *produced,
                       const char *reference)
{
    struct tally tally = {.kind = score_find(name)};
    char *text[] = {(char *)(uintptr_t)reference};
    struct references references = {text, 1};
    assert_non_null(tally.kind);
    assert_near(tally_value(&tally), 0, 1e-12);
    tally_add(&tally, 1, produced, &references);
    return tally_value(&tally);
}

/* The examples people read are true. */
static void test_table(void **state)
{
    (void)state;
    const char *cat = "the cat sat on the mat", *lay = "the cat lay on the mat";
    assert_near(value_of("R1", lay, cat), 0.833, 5e-4);
    assert_near(value_of("R2", lay, cat), 0.600, 5e-4);
    assert_near(value_of("RL", lay, cat), 0.833, 5e-4);
    assert_near(value_of("BLEU", "the cat sat on a mat", cat), 0.537, 5e-4);
    assert_near(value_of("exact match", " Mia has a  kite", "Mia has a kite"),
                1, 1e-12);
    assert_near(value_of("exact match", "mia has a kite", "Mia has a kite"), 0,
                1e-12);
    assert_near(value_of("logical form",
                         "SELECT age FROM t WHERE b = 'y' AND a = 'x'",
                         "SELECT age FROM t WHERE a = 'x' AND b = 'y'"),
                1, 1e-12);
    assert_null(score_find("rouge"));
    for (const struct score_kind *kind = score_table; kind->name; kind++) {
        assert_true(strlen(kind->formula) > 20 && strlen(kind->range) > 3 &&
                    strlen(kind->example) > 20);
        assert_ptr_equal(score_find(kind->name), kind);
    }
}

/* Every metric a task names is one. */
static void test_tasks_name_metrics(void **state)
{
    (void)state;
    for (int i = 0; task_table[i]; i++) {
        struct task task = {.ops = task_table[i]};
        struct tally tally[SCORES_MOST];
        int count = tally_begin(tally, &task);
        assert_true(count > 0 || !task.ops->metrics);
    }
}

/* 8 of 10: (0.8 + z^2/20) / (1 + z^2/10) = 0.71674, and
 * z / 1.38415 sqrt(0.16/10 + z^2/400) = 0.22657.  None of 10: 0 and
 * z^2/10 / 1.38415 = 0.27753. */
static void test_wilson(void **state)
{
    (void)state;
    double low, high;
    score_wilson(&low, &high, 8, 10);
    assert_near(low, 0.49017, 1e-4);
    assert_near(high, 0.94331, 1e-4);
    score_wilson(&low, &high, 0, 10);
    assert_near(low, 0, 1e-9);
    assert_near(high, 0.27753, 1e-4);
    score_wilson(&low, &high, 10, 10);
    assert_near(low, 1 - 0.27753, 1e-4);
    assert_near(high, 1, 1e-9);
    score_wilson(&low, &high, 0, 0);
    assert_near(high - low, 1, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked),
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_tasks_name_metrics),
        cmocka_unit_test(test_wilson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
