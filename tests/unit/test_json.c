/* Strictness, order, numbers in any locale, and text written to be read back.
 */
#include "core/io/json.h"

#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "tests/near.h"

static struct json *parse(const char *text)
{
    struct err err = {""};
    struct json *root = json_parse(text, strlen(text), "test.json", &err);
    if (!root)
        fail_msg("%s", err.text);
    return root;
}

static void looking(void **state)
{
    (void)state;
    struct json *root = parse("{\"z\": [1, 2.5, \"three\", true, null, {}],"
                              " \"a\": -7, \"é\": \"\\u00e9\"}");
    const struct json *list = json_get(root, "z");
    assert_int_equal(json_length(root), 3);
    assert_int_equal(json_length(list), 6);
    assert_int_equal(json_int(json_at(list, 0), 9), 1);
    assert_near(json_number(json_at(list, 0), 9), 1, 0);
    assert_near(json_number(json_at(list, 1), 9), 2.5, 0);
    assert_int_equal(json_int(json_at(list, 1), 9), 9); /* no integer */
    assert_string_equal(json_text(json_at(list, 2), "?"), "three");
    assert_true(json_bool(json_at(list, 3), false));
    assert_true(json_is_null(json_at(list, 4)));
    assert_true(json_is_object(json_at(list, 5)));
    assert_true(json_is_array(list));
    assert_true(json_is_string(json_at(list, 2)));
    assert_false(json_is_null(list));
    assert_string_equal(json_text(json_get(root, "é"), "?"), "é");
    /* In the order of the file, not of the alphabet. */
    static const char *const keys[] = {"z", "a", "é"};
    const char *key = NULL;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(json_key_at(root, i), keys[i]);
        key = json_next_key(root, key);
        assert_string_equal(key, keys[i]);
    }
    assert_null(json_next_key(root, key));
    json_free(root);
}

static void looking_where_nothing_is(void **state)
{
    (void)state;
    struct json *root = parse("[1]");
    assert_null(json_get(NULL, "a"));
    assert_null(json_get(root, "a"));
    assert_null(json_at(NULL, 0));
    assert_null(json_at(root, -1));
    assert_null(json_at(root, 1));
    assert_null(json_at(json_at(root, 0), 0));
    assert_null(json_key_at(root, 0));
    assert_null(json_key_at(NULL, 0));
    assert_null(json_next_key(NULL, NULL));
    assert_int_equal(json_length(NULL), 0);
    assert_int_equal(json_length(json_at(root, 0)), 0);
    assert_string_equal(json_text(NULL, "none"), "none");
    assert_null(json_text(root, NULL));
    assert_near(json_number(NULL, 4), 4, 0);
    assert_int_equal(json_int(root, 5), 5);
    assert_true(json_bool(NULL, true));
    assert_true(json_bool(json_at(root, 0), true));
    assert_false(json_bool(root, false));
    assert_false(json_is_null(NULL));
    json_free(root);
    json_free(NULL);
}

static void assert_bad(const char *text, size_t size, const char *place)
{
    struct err err = {""};
    assert_null(json_parse(text, size, "bad.json", &err));
    if (!strstr(err.text, place))
        fail_msg("'%s' does not say '%s'", err.text, place);
}

static void strict(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
    } cases[] = {
        {"", "bad.json:1:"},
        {"{", "bad.json:1:"},
        {"{\"a\": 1,}", "bad.json:1:9"},
        {"{\"a\": 1, \"a\": 2}", "duplicate"},
        {"{\"a\": 1} x", "end of file expected"},
        {"{\n \"a\": tru\n}", "bad.json:2:"},
        {"{\"a\": NaN}", "bad.json"},
        {"{\"a\": 1e999}", "real number overflow"},
        {"{\"a\": 99999999999999999999}", "too big"},
        {"{\"a\": 01}", "bad.json"},
        {"{\"a\": \"\xff\"}", "0xff"},
        {"{\"a\": \"\\u0000\"}", "bad.json"},
        {"{'a': 1}", "bad.json"},
        {"7", "bad.json"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_bad(cases[i].text, strlen(cases[i].text), cases[i].place);
    assert_bad("{}\0", 3, "bad.json"); /* bytes, not a C string */
    assert_bad("{\"a\"", 1, "bad.json");

    static char deep[200000]; /* must not exhaust the stack */
    memset(deep, '[', sizeof deep);
    assert_bad(deep, sizeof deep, "depth");
}

static void missing_file(void **state)
{
    (void)state;
    struct err err = {""};
    assert_null(json_read("/nonexistent/x.json", &err));
    assert_non_null(strstr(err.text, "/nonexistent/x.json"));
}

static void needing(void **state)
{
    (void)state;
    struct json *root = parse("{\"n\": 12, \"big\": 5000000000, \"real\": 1.0,"
                              " \"name\": \"gpt2\"}");
    int n = -1;
    const char *name = NULL;
    struct err err = {""};
    assert_int_equal(json_need_int(&n, root, "n", 1, 12, &err), 0);
    assert_int_equal(n, 12);
    assert_int_equal(json_need_text(&name, root, "name", &err), 0);
    assert_string_equal(name, "gpt2");
    n = -1;
    assert_int_equal(json_need_int(&n, root, "n", 1, 11, &err), -1);
    assert_string_equal(err.text, "\"n\" is 12; use 1 to 11");
    assert_int_equal(json_need_int(&n, root, "big", 0, INT_MAX, &err), -1);
    assert_non_null(strstr(err.text, "5000000000"));
    assert_int_equal(json_need_int(&n, root, "real", 0, 9, &err), -1);
    assert_non_null(strstr(err.text, "a real number"));
    assert_int_equal(json_need_int(&n, root, "none", 0, 9, &err), -1);
    assert_non_null(strstr(err.text, "missing"));
    assert_int_equal(json_need_int(&n, NULL, "none", 0, 9, &err), -1);
    assert_int_equal(n, -1);
    assert_int_equal(json_need_text(&name, root, "n", &err), -1);
    assert_non_null(strstr(err.text, "an integer"));
    assert_int_equal(json_need_text(&name, root, "none", &err), -1);
    json_free(root);
}

static void writing(void **state)
{
    (void)state;
    struct json *root = json_new_object(), *list = json_new_array();
    json_put_text(root, "z", "a\"b\\\n 1.50");
    json_put_number(root, "tenth", 0.1);
    json_put_number(root, "one", 1);
    json_put_number(root, "nan", NAN);
    json_put_integer(root, "whole", 10);
    json_put_bool(root, "yes", true);
    json_put_null(root, "none");
    json_push_text(list, "x");
    json_push_number(list, -1e300);
    json_push_integer(list, -3);
    json_push(list, json_new_object());
    json_put(root, "list", list);
    char *text = json_write(root);
    assert_string_equal(text, "{\n"
                              "  \"z\": \"a\\\"b\\\\\\n 1.50\",\n"
                              "  \"tenth\": 0.1,\n"
                              "  \"one\": 1.0,\n"
                              "  \"nan\": null,\n"
                              "  \"whole\": 10,\n"
                              "  \"yes\": true,\n"
                              "  \"none\": null,\n"
                              "  \"list\": [\n"
                              "    \"x\",\n"
                              "    -1e300,\n"
                              "    -3,\n"
                              "    {}\n"
                              "  ]\n"
                              "}\n");
    mem_free(text);
    text = json_write_compact(list);
    assert_string_equal(text, "[\"x\",-1e300,-3,{}]");
    mem_free(text);
    json_free(root);
}

static void replaced_and_not_utf8(void **state)
{
    (void)state;
    struct json *root = json_new_object();
    json_put_text(root, "path", "caf\xe9");
    json_put_text(root, "k\xff", "first");
    json_put_text(root, "path2", "café");
    json_put_integer(root, "path2", 2); /* the last one counts */
    char *text = json_write_compact(root);
    assert_string_equal(text,
                        "{\"path\":\"caf?\",\"k?\":\"first\",\"path2\":2}");
    mem_free(text);
    json_free(root);
}

/* Every double must come back with its bits. */
static void numbers_round_trip(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct json *list = json_new_array();
    static double want[COUNT] = {
        0.0,    0.1,  1.0 / 3, DBL_MAX, DBL_MIN,
        5e-324, 1e15, 1e16,    1e17,    123456789012345678.0};
    struct rng rng = rng_make(1, STREAM_TEST, 0);
    for (int i = 10; i < COUNT; i++)
        want[i] = ldexp(rng_between(&rng, -1, 1), (int)rng_below(&rng, 400));
    for (int i = 0; i < COUNT; i++)
        json_push_number(list, want[i]);
    char *text = json_write(list);
    struct json *back = parse(text);
    for (int i = 0; i < COUNT; i++) {
        double got = json_number(json_at(back, i), -1);
        assert_memory_equal(&got, &want[i], sizeof got);
        assert_int_equal(json_int(json_at(back, i), -9), -9); /* a real */
    }
    mem_free(text);
    json_free(back);
    json_free(list);
}

static void decimal_comma(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                        "fr_FR.UTF-8", "ru_RU.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_ALL, names[i]);
    if (!found || strcmp(localeconv()->decimal_point, ",") != 0) {
        setlocale(LC_ALL, "C");
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    struct json *root = parse("[0.25, 1e-3]");
    assert_near(json_number(json_at(root, 0), -1), 0.25, 0);
    char *text = json_write_compact(root);
    assert_string_equal(text, "[0.25,0.001]");
    assert_string_equal(localeconv()->decimal_point, ","); /* put back */
    mem_free(text);
    json_free(root);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking),
        cmocka_unit_test(looking_where_nothing_is),
        cmocka_unit_test(strict),
        cmocka_unit_test(missing_file),
        cmocka_unit_test(needing),
        cmocka_unit_test(writing),
        cmocka_unit_test(replaced_and_not_utf8),
        cmocka_unit_test(numbers_round_trip),
        cmocka_unit_test(decimal_comma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
