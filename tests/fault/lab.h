/*
 * A folder to be broken: the working folder of a test, with an assets folder
 * of its own (the bundled world, a base of 32,000 weights made on the spot),
 * which RANKSCOPE_ROOT names.  Paths in tests are relative to it.
 */
#ifndef TESTS_FAULT_LAB_H
#define TESTS_FAULT_LAB_H

#include <stdbool.h>
#include <stddef.h>

/* For cmocka_run_group_tests. */
int lab_set_up(void **state);
int lab_tear_down(void **state);

void lab_write(const char *path, const char *text);
void lab_write_bytes(const char *path, const void *bytes, size_t size);
char *lab_read(const char *path, size_t *size); /* freed by free(); NULL: no */
bool lab_exists(const char *path);
/* A shell command, which must succeed. */
void lab_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same bytes. */
void assert_same(const char *a, const char *b);
/* Two folders of results: all but clocks and leftovers of a kill. */
void assert_same_results(const char *a, const char *b);

/* A recipe of three runs, r1, r8 and full, that takes a fraction of a
 * second; the steps are 24. */
extern const char lab_race[];

#endif
