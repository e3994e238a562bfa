/*
 * One sentence for the user: what went wrong, where, and what to do now.
 *
 * A function that can fail because of the user or the world returns 0 or a
 * pointer when it worked, -1 or NULL when it did not, and leaves the sentence
 * in its last argument.  A bug of ours is an assert, never a struct err.
 */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

struct err {
    char text[512]; /* empty: nothing happened */
};

/* Sets the sentence; returns -1, so that `return err_set(err, ...)` reads
 * well.  A null err is allowed: the sentence is dropped. */
int err_set(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the sentence already there; returns -1. */
int err_prefix(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
