/* Sentences: set, prefixed, cut at the end of the buffer, never steering the
 * terminal. */
#include "core/base/err.h"

#include <string.h>

#include "tests/near.h"

static void set_and_prefix(void **state)
{
    (void)state;
    struct err err = {""};
    assert_int_equal(err_set(&err, "rank %d is not allowed", 0), -1);
    assert_string_equal(err.text, "rank 0 is not allowed");
    assert_int_equal(err_prefix(&err, "%s:%d", "sweep.yaml", 12), -1);
    assert_string_equal(err.text, "sweep.yaml:12: rank 0 is not allowed");
}

static void null_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, "nobody listens"), -1);
    assert_int_equal(err_prefix(NULL, "nobody"), -1);
}

static void own_text_as_argument(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, "inner");
    err_set(&err, "outer (%s)", err.text);
    assert_string_equal(err.text, "outer (inner)");
}

static void cut_not_overrun(void **state)
{
    (void)state;
    struct {
        struct err err;
        char after[8];
    } box;
    memset(&box, 'x', sizeof box);
    char longer[2000];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    err_set(&box.err, "%s", longer);
    assert_int_equal(strlen(box.err.text), sizeof box.err.text - 1);
    err_prefix(&box.err, "file");
    assert_int_equal(strlen(box.err.text), sizeof box.err.text - 1);
    assert_memory_equal(box.err.text, "file: aaa", 9);
    err_prefix(&box.err, "%s", longer);
    assert_int_equal(strlen(box.err.text), sizeof box.err.text - 1);
    assert_memory_equal(box.after, "xxxxxxxx", 8);
}

static void controls_are_replaced(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, "tensor \"%s\"", "a\033[2J\n b\x7f c\xc2\x9b d");
    assert_string_equal(err.text, "tensor \"a?[2J? b? c?"
                                  "? d\"");
    err_set(&err, "σ₁ ≤ 3");
    assert_string_equal(err.text, "σ₁ ≤ 3");
}

static void no_half_character(void **state)
{
    (void)state;
    struct err err;
    char fill[600];
    /* The two bytes of é straddle the end of the buffer. */
    memset(fill, 'a', sizeof err.text - 2);
    strcpy(fill + sizeof err.text - 2, "é");
    err_set(&err, "%s", fill);
    assert_int_equal(strlen(err.text), sizeof err.text - 2);
    /* And here they just fit. */
    strcpy(fill + sizeof err.text - 3, "é");
    err_set(&err, "%s", fill);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_and_prefix),
        cmocka_unit_test(null_is_allowed),
        cmocka_unit_test(own_text_as_argument),
        cmocka_unit_test(cut_not_overrun),
        cmocka_unit_test(controls_are_replaced),
        cmocka_unit_test(no_half_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
