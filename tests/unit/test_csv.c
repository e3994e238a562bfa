/* CSV records and plain rows: RFC 4180, marks, line ends, bad quotes. */
#include "core/io/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/io/rows.h"

/* wanted: fields joined by |, records by # */
static void assert_reads(const char *text, const char *wanted)
{
    struct csv csv;
    struct err err = {""};
    char got[512] = "";
    csv_begin(&csv, "f.csv", text, strlen(text));
    int code;
    while ((code = csv_next(&csv, &err)) > 0) {
        for (int i = 0; i < csv.fields; i++) {
            strcat(got, csv.field[i]);
            strcat(got, i + 1 < csv.fields ? "|" : "#");
        }
    }
    assert_int_equal(code, 0);
    assert_string_equal(got, wanted);
    csv_end(&csv);
}

static void test_reads(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("a,b\n1,2\n", "a|b#1|2#");
    assert_reads("a,b\n1,2", "a|b#1|2#");
    assert_reads("\n\na,b\n\n1,2\n\n", "a|b#1|2#");
    assert_reads("a,,\n,\n", "a||#|#");
    assert_reads("\"a,b\",\"\"\n", "a,b|#");
    assert_reads("\"say \"\"yes\"\"\",x\n", "say \"yes\"|x#");
    assert_reads("\"\"\"\"\n", "\"#");
    assert_reads("\"one\ntwo\n\nthree\",x\ny,z\n", "one\ntwo\n\nthree|x#y|z#");
}

/* The same text whoever wrote it. */
static void test_marks_and_line_ends(void **state)
{
    (void)state;
    assert_reads("\xEF\xBB\xBF"
                 "a,b\r\n\"1\r\n2\",3\r\n",
                 "a|b#1\n2|3#");
    assert_reads("\xEF\xBB\xBF", "");
    assert_reads("a\rb,c\n", "a\rb|c#"); /* a CR alone is no line end */
}

static void test_lines_and_rows(void **state)
{
    (void)state;
    const char text[] = "a,b\n\"1\n2\n3\",x\n\nlast,y\n";
    struct csv csv;
    struct err err = {""};
    const int line[] = {1, 2, 6};
    csv_begin(&csv, "f.csv", text, strlen(text));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(csv_next(&csv, &err), 1);
        assert_int_equal(csv.line, line[i]);
        assert_int_equal(csv.row, i + 1);
    }
    csv_end(&csv);
}

/* Row 2 is bad; its sentence is why, and row after follows. */
static void assert_bad(const char *text, const char *why, const char *after)
{
    struct csv csv;
    struct err err = {""};
    csv_begin(&csv, "f.csv", text, strlen(text));
    assert_int_equal(csv_next(&csv, &err), 1);
    assert_int_equal(csv_next(&csv, &err), -1);
    if (!strstr(err.text, why))
        fail_msg("wanted \"%s\", got \"%s\"", why, err.text);
    assert_int_equal(csv_next(&csv, &err), after ? 1 : 0);
    if (after)
        assert_string_equal(csv.field[0], after);
    csv_end(&csv);
}

static void test_bad_quotes(void **state)
{
    (void)state;
    assert_bad("a,b\n\"1,2\n3,4\n",
               "f.csv:2: row 2: the quote that opens here is never closed",
               "3");
    assert_bad("a,b\n\"1,2\n3,\"4\"\n",
               "f.csv:3: row 2: after a closing quote stands \"4\", not a "
               "comma or the end of the line (the field began on line 2)",
               "3");
    assert_bad("a,b\n1\",2\n3,4\n",
               "f.csv:2: row 2: a quote inside a field that does not begin",
               "3");
    assert_bad("a,b\n\"1\"2,3\n",
               "f.csv:2: row 2: after a closing quote stands \"2\", not a "
               "comma or the end of the line; a quote is missing",
               NULL);
}

static void test_rows(void **state)
{
    (void)state;
    const char text[] = "\xEF\xBB\xBFone\r\n\n \t\ntwo three\nlast";
    struct rows rows = rows_begin(text, strlen(text));
    const char *const wanted[] = {"one", "two three", "last"};
    const int line[] = {1, 4, 5};
    for (int i = 0; i < 3; i++) {
        assert_true(rows_next(&rows));
        assert_int_equal(rows.line, line[i]);
        assert_int_equal(rows.bytes, strlen(wanted[i]));
        assert_memory_equal(rows.at, wanted[i], rows.bytes);
    }
    assert_false(rows_next(&rows));
    rows = rows_begin("", 0);
    assert_false(rows_next(&rows));
    assert_false(rows_blank("a", 1));
    assert_false(rows_blank("\0", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_marks_and_line_ends),
        cmocka_unit_test(test_lines_and_rows),
        cmocka_unit_test(test_bad_quotes),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
