/*
 * JSON, through jansson, whose only home this is.  Strict: duplicate keys and
 * trailing bytes are errors.  Errors name file, line and column.
 */
#ifndef CORE_IO_JSON_H
#define CORE_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

struct json; /* a value; borrowed from its root unless said otherwise */

struct json *json_read(const char *path, struct err *err);   /* owned */
struct json *json_parse(const char *text, size_t size, const char *name,
                        struct err *err);                    /* owned */
void json_free(struct json *root);

/* Looking: all take a NULL value and answer NULL / the default. */
struct json *json_get(const struct json *object, const char *key);
int json_length(const struct json *array_or_object);
struct json *json_at(const struct json *array, int i);
const char *json_key_at(const struct json *object, int i); /* file order */
/* The key after one had from here, NULL for the first; NULL at the end.
 * json_key_at walks from the start each time: for big objects use this. */
const char *json_next_key(const struct json *object, const char *key);
bool json_is_null(const struct json *value);
bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
bool json_is_string(const struct json *value);
const char *json_text(const struct json *value, const char *otherwise);
double json_number(const struct json *value, double otherwise);
/* json_int, not json_integer: that name is jansson's own.  8.0 is no integer. */
long long json_int(const struct json *value, long long otherwise);
bool json_bool(const struct json *value, bool otherwise);

/* Asking for what must be there: *to is set, or err says what was missing or
 * of the wrong type or outside [low, high]. */
int json_need_int(int *to, const struct json *object, const char *key, int low,
                  int high, struct err *err);
int json_need_text(const char **to, const struct json *object, const char *key,
                   struct err *err);

/* Building: containers own what is put into them.  JSON has no NaN and no
 * Inf: json_put_number and json_push_number write null for them.  Text that is
 * not UTF-8 keeps its ASCII; its other bytes become '?'. */
struct json *json_new_object(void);
struct json *json_new_array(void);
void json_put(struct json *object, const char *key, struct json *value);
void json_put_text(struct json *object, const char *key, const char *text);
void json_put_number(struct json *object, const char *key, double value);
void json_put_integer(struct json *object, const char *key, long long value);
void json_put_bool(struct json *object, const char *key, bool value);
void json_put_null(struct json *object, const char *key);
void json_push(struct json *array, struct json *value);
void json_push_text(struct json *array, const char *text);
void json_push_number(struct json *array, double value);
void json_push_integer(struct json *array, long long value);

/* Two-space indented text in insertion order, newline at the end; freed by
 * mem_free().  Reals have as many digits as it takes to read them back. */
char *json_write(const struct json *root);
/* The same without any white space. */
char *json_write_compact(const struct json *root);

#endif
