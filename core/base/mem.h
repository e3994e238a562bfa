/*
 * Memory: checked sizes, 64-byte alignment, and an arena for activations.
 *
 * Sizes are multiplied here and nowhere else.  What is sized by the program
 * itself (xcalloc) ends the program when the machine has no more; what is
 * sized by a file or a person (mem_try) returns NULL.
 */
#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stddef.h>

/* count * size zeroed bytes, aligned to 64; NULL on overflow or exhaustion.
 * Freed by mem_free(). */
void *mem_try(size_t count, size_t size);

/* Bytes of memory in this machine; SIZE_MAX: it does not say. */
size_t mem_machine(void);

/* The same, but ends the program with one line instead of returning NULL. */
void *xcalloc(size_t count, size_t size);

/* Grows an array of old_count elements to new_count, the new ones zeroed;
 * ends the program when it cannot.  at may be NULL. */
void *xgrow(void *at, size_t old_count, size_t new_count, size_t size);

char *xstrdup(const char *text);
void mem_free(void *at);

/* A stack of floats, reset all at once.  It never moves and never grows. */
struct arena {
    float *base;
    size_t size, used; /* floats */
};

int arena_init(struct arena *arena, size_t floats); /* 0, or -1: no memory */
float *arena_take(struct arena *arena, size_t floats); /* asserts it fits */
size_t arena_mark(const struct arena *arena);
void arena_back(struct arena *arena, size_t mark);
void arena_free(struct arena *arena);

#endif
