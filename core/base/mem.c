/*
 * Checked, aligned, zeroed memory and the activation arena; see mem.h.
 */
#include "core/base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGNMENT = 64 }; /* a cache line, and the widest vector register */

size_t mem_machine(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
}

void *mem_try(size_t count, size_t size)
{
    /* Rounding up to the alignment must not wrap either. */
    size_t most = (size_t)PTRDIFF_MAX - ALIGNMENT;
    if (size != 0 && count > most / size)
        return NULL;
    size_t bytes = count * size;
    if (bytes == 0)
        bytes = 1; /* so that NULL always means failure */
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    /* Some systems promise more than they have, and kill who uses it. */
    if (bytes >> 30 && bytes > mem_machine())
        return NULL;
    void *at = aligned_alloc(ALIGNMENT, bytes);
    if (at)
        memset(at, 0, bytes);
    return at;
}

void *xcalloc(size_t count, size_t size)
{
    void *at = mem_try(count, size);
    if (!at) {
        fprintf(stderr, "out of memory: %zu x %zu bytes were refused\n", count,
                size);
        abort();
    }
    return at;
}

void *xgrow(void *at, size_t old_count, size_t new_count, size_t size)
{
    assert(new_count >= old_count);
    /* Not realloc: it would lose the alignment. */
    void *grown = xcalloc(new_count, size);
    if (at && old_count)
        memcpy(grown, at, old_count * size);
    mem_free(at);
    return grown;
}

char *xstrdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = xcalloc(size, 1);
    memcpy(copy, text, size);
    return copy;
}

void mem_free(void *at)
{
    free(at);
}

int arena_init(struct arena *arena, size_t floats)
{
    arena->base = mem_try(floats, sizeof *arena->base);
    arena->size = arena->base ? floats : 0;
    arena->used = 0;
    return arena->base ? 0 : -1;
}

float *arena_take(struct arena *arena, size_t floats)
{
    assert(floats <= arena->size - arena->used);
    float *at = arena->base + arena->used;
    arena->used += floats;
    return at;
}

size_t arena_mark(const struct arena *arena)
{
    return arena->used;
}

void arena_back(struct arena *arena, size_t mark)
{
    assert(mark <= arena->used);
    arena->used = mark;
}

void arena_free(struct arena *arena)
{
    mem_free(arena->base);
    *arena = (struct arena){0};
}
