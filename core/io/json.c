/*
 * JSON through jansson; see json.h.  A struct json is a json_t under another
 * name, so that no other file sees jansson.
 *
 * Numbers are read and written the same way in every locale.
 */
#include "core/io/json.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/base/mem.h"
#include "core/io/file.h"

/* jansson has macros of these names; ours are functions. */
#undef json_is_null
#undef json_is_object
#undef json_is_array
#undef json_is_string

enum { LARGEST_FILE = 512 << 20 }; /* bytes; the largest tokenizers have 20M */

/* jansson wants non-const to look; it does not write. */
static json_t *theirs(const struct json *value)
{
    return (json_t *)(uintptr_t)value;
}

static struct json *ours(json_t *value)
{
    return (struct json *)value;
}

static bool is(const struct json *value, json_type type)
{
    return value && json_typeof(theirs(value)) == type;
}

struct json *json_parse(const char *text, size_t size, const char *name,
                        struct err *err)
{
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        err_set(err, "%.200s:%d:%d: not valid JSON: %s", name, error.line,
                error.column, error.text);
    return ours(root);
}

struct json *json_read(const char *path, struct err *err)
{
    char *text;
    size_t size;
    if (file_read(&text, &size, path, LARGEST_FILE, err) != 0)
        return NULL;
    struct json *root = json_parse(text, size, path, err);
    mem_free(text);
    return root;
}

void json_free(struct json *root)
{
    json_decref(theirs(root));
}

struct json *json_get(const struct json *object, const char *key)
{
    return is(object, JSON_OBJECT) ? ours(json_object_get(theirs(object), key))
                                   : NULL;
}

int json_length(const struct json *value)
{
    if (is(value, JSON_ARRAY))
        return (int)json_array_size(theirs(value));
    if (is(value, JSON_OBJECT))
        return (int)json_object_size(theirs(value));
    return 0;
}

struct json *json_at(const struct json *array, int i)
{
    return i >= 0 && is(array, JSON_ARRAY)
               ? ours(json_array_get(theirs(array), (size_t)i))
               : NULL;
}

const char *json_key_at(const struct json *object, int i)
{
    if (i < 0 || i >= json_length(object))
        return NULL;
    const char *key = json_next_key(object, NULL);
    while (key && i-- > 0)
        key = json_next_key(object, key);
    return key;
}

const char *json_next_key(const struct json *object, const char *key)
{
    if (!is(object, JSON_OBJECT))
        return NULL;
    json_t *inside = theirs(object);
    void *here =
        key ? json_object_iter_next(inside, json_object_key_to_iter(key))
            : json_object_iter(inside);
    return here ? json_object_iter_key(here) : NULL;
}

bool json_is_null(const struct json *value)
{
    return is(value, JSON_NULL);
}

bool json_is_object(const struct json *value)
{
    return is(value, JSON_OBJECT);
}

bool json_is_array(const struct json *value)
{
    return is(value, JSON_ARRAY);
}

bool json_is_string(const struct json *value)
{
    return is(value, JSON_STRING);
}

const char *json_text(const struct json *value, const char *otherwise)
{
    return is(value, JSON_STRING) ? json_string_value(theirs(value))
                                  : otherwise;
}

double json_number(const struct json *value, double otherwise)
{
    return is(value, JSON_INTEGER) || is(value, JSON_REAL)
               ? json_number_value(theirs(value))
               : otherwise;
}

long long json_int(const struct json *value, long long otherwise)
{
    return is(value, JSON_INTEGER) ? json_integer_value(theirs(value))
                                   : otherwise;
}

bool json_bool(const struct json *value, bool otherwise)
{
    return is(value, JSON_TRUE) || (!is(value, JSON_FALSE) && otherwise);
}

static const char *type_of(const struct json *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "a list",
        [JSON_STRING] = "text",        [JSON_INTEGER] = "an integer",
        [JSON_REAL] = "a real number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",        [JSON_NULL] = "null",
    };
    return names[json_typeof(theirs(value))];
}

int json_need_int(int *to, const struct json *object, const char *key, int low,
                  int high, struct err *err)
{
    const struct json *value = json_get(object, key);
    if (!value)
        return err_set(err, "\"%s\" is missing; use an integer from %d to %d",
                       key, low, high);
    if (!is(value, JSON_INTEGER))
        return err_set(err, "\"%s\" is %s; use an integer from %d to %d", key,
                       type_of(value), low, high);
    long long number = json_int(value, 0);
    if (number < low || number > high)
        return err_set(err, "\"%s\" is %lld; use %d to %d", key, number, low,
                       high);
    *to = (int)number;
    return 0;
}

int json_need_text(const char **to, const struct json *object, const char *key,
                   struct err *err)
{
    const struct json *value = json_get(object, key);
    if (!value)
        return err_set(err, "\"%s\" is missing; it must be text", key);
    if (!is(value, JSON_STRING))
        return err_set(err, "\"%s\" is %s; it must be text", key,
                       type_of(value));
    *to = json_text(value, NULL);
    return 0;
}

/* What we build ourselves is small: no memory for it ends the program. */
static json_t *must(json_t *value)
{
    if (!value) {
        fputs("out of memory: a JSON value was refused\n", stderr);
        abort();
    }
    return value;
}

struct json *json_new_object(void)
{
    return ours(must(json_object()));
}

struct json *json_new_array(void)
{
    return ours(must(json_array()));
}

/* A copy of text that is UTF-8 for certain: only its ASCII. */
static char *ascii_of(const char *text)
{
    char *copy = xstrdup(text);
    for (char *at = copy; *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    return copy;
}

static json_t *new_text(const char *text)
{
    json_t *value = json_string(text);
    if (!value) { /* not UTF-8: a path may be anything */
        char *ascii = ascii_of(text);
        value = json_string(ascii);
        mem_free(ascii);
    }
    return must(value);
}

static json_t *new_number(double value)
{
    return must(isfinite(value) ? json_real(value) : json_null());
}

static void put(struct json *object, const char *key, json_t *value)
{
    assert(is(object, JSON_OBJECT));
    json_incref(value); /* a failed set drops one reference */
    if (json_object_set_new(theirs(object), key, value) != 0) {
        char *ascii = ascii_of(key);
        if (json_object_set_new(theirs(object), ascii, value) != 0)
            must(NULL);
        mem_free(ascii);
    } else {
        json_decref(value);
    }
}

void json_put(struct json *object, const char *key, struct json *value)
{
    put(object, key, must(theirs(value)));
}

void json_put_text(struct json *object, const char *key, const char *text)
{
    put(object, key, new_text(text));
}

void json_put_number(struct json *object, const char *key, double value)
{
    put(object, key, new_number(value));
}

void json_put_integer(struct json *object, const char *key, long long value)
{
    put(object, key, must(json_integer(value)));
}

void json_put_bool(struct json *object, const char *key, bool value)
{
    put(object, key, json_boolean(value));
}

void json_put_null(struct json *object, const char *key)
{
    put(object, key, json_null());
}

static void push(struct json *array, json_t *value)
{
    assert(is(array, JSON_ARRAY));
    if (json_array_append_new(theirs(array), value) != 0)
        must(NULL);
}

void json_push(struct json *array, struct json *value)
{
    push(array, must(theirs(value)));
}

void json_push_text(struct json *array, const char *text)
{
    push(array, new_text(text));
}

void json_push_number(struct json *array, double value)
{
    push(array, new_number(value));
}

void json_push_integer(struct json *array, long long value)
{
    push(array, must(json_integer(value)));
}

/* Writes the real number that begins at *from and has span bytes with the
 * fewest digits that read back as the same double; moves both pointers on.
 * Never longer than it was, so that to and from may share a buffer. */
static void shorten_number(char **to, const char **from, size_t span)
{
    double value = strtod(*from, NULL);
    char best[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(best, sizeof best, "%.*g", digits, value);
        if (strtod(best, NULL) == value)
            break;
    }
    char *plus = strchr(best, '+'); /* jansson writes 1e20 */
    if (plus)
        memmove(plus, plus + 1, strlen(plus));
    /* 3.0 stays a real for whoever reads it. */
    if (!strpbrk(best, ".e"))
        strcat(best, ".0");
    size_t length = strlen(best);
    if (length < span)
        memcpy(*to, best, length);
    else
        memmove(*to, *from, length = span);
    *to += length;
    *from += span;
}

/* jansson writes 0.1 as 0.10000000000000001: 17 digits, always. */
static void shorten_numbers(char *text)
{
    bool inside = false; /* of a string */
    char *to = text;
    const char *from = text;
    while (*from) {
        bool number =
            !inside && (*from == '-' || (*from >= '0' && *from <= '9'));
        size_t span = number ? strspn(from, "+-.eE0123456789") : 0;
        if (number && strcspn(from, ".eE") < span) {
            shorten_number(&to, &from, span);
            continue;
        }
        size_t plain = number ? span : 1;
        if (inside && *from == '\\')
            plain = 2;
        else if (*from == '"')
            inside = !inside;
        memmove(to, from, plain);
        to += plain;
        from += plain;
    }
    *to = '\0';
}

static char *write_as(const struct json *root, size_t flags)
{
    /* strtod and printf obey the locale of the thread, jansson does not. */
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain ? uselocale(plain) : (locale_t)0;
    char *dumped = json_dumps(theirs(root), flags);
    if (!dumped)
        must(NULL);
    shorten_numbers(dumped);
    if (plain) {
        (void)uselocale(before); /* it was in force before: it is valid */
        freelocale(plain);
    }
    size_t length = strlen(dumped);
    char *text = xcalloc(length + 2, 1);
    memcpy(text, dumped, length);
    free(dumped);
    return text;
}

char *json_write(const struct json *root)
{
    char *text = write_as(root, JSON_INDENT(2));
    text[strlen(text)] = '\n'; /* write_as left room for it */
    return text;
}

char *json_write_compact(const struct json *root)
{
    return write_as(root, JSON_COMPACT);
}
