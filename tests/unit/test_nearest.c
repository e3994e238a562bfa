/* "Did you mean": edits counted by hand. */
#include "core/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"sql", "world", NULL, "schedule", "warmup"};
enum { COUNT = sizeof names / sizeof *names };

static void test_one_edit(void **state)
{
    (void)state;
    assert_string_equal(nearest("sqll", names, COUNT), "sql");
    assert_string_equal(nearest("sq", names, COUNT), "sql");
    assert_string_equal(nearest("slq", names, COUNT), "sql"); /* a swap */
    assert_string_equal(nearest("SQL", names, COUNT), "sql");
    assert_string_equal(nearest("wordl", names, COUNT), "world");
}

static void test_longer_words_allow_more(void **state)
{
    (void)state;
    assert_string_equal(nearest("shedul", names, COUNT), "schedule");
    assert_string_equal(nearest("warm-up", names, COUNT), "warmup");
}

static void test_nothing_near(void **state)
{
    (void)state;
    assert_null(nearest("", names, COUNT));
    assert_null(nearest("xyz", names, COUNT));
    assert_null(nearest("optimizer", names, COUNT));
    assert_null(nearest("sal2x", names, COUNT));
    char word[500];
    memset(word, 's', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_null(nearest(word, names, COUNT));
    assert_null(nearest("sql", names, 0));
}

static void test_nearest_of_several(void **state)
{
    (void)state;
    const char *const many[] = {"rank", "ranks", "rants"};
    assert_string_equal(nearest("ranks", many, 3), "ranks");
    assert_string_equal(nearest("rankz", many, 3), "rank"); /* first of two */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_edit),
        cmocka_unit_test(test_longer_words_allow_more),
        cmocka_unit_test(test_nothing_near),
        cmocka_unit_test(test_nearest_of_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
