/*
 * A file as bytes in memory, mapped and not read: pages nobody looks at cost
 * nothing.  A file that another program cuts while it is open is that
 * program's fault, and not caught here.
 */
#ifndef CORE_IO_MAPPING_H
#define CORE_IO_MAPPING_H

#include <stddef.h>

#include "core/base/err.h"

struct mapping {
    const unsigned char *bytes; /* never NULL while open */
    size_t size;                /* 0: an empty file */
};

/* Refuses what cannot be read and what is no ordinary file; what says in the
 * sentence what was expected: "a safetensors file". */
int mapping_open(struct mapping *to, const char *path, const char *what,
                 struct err *err);
void mapping_close(struct mapping *mapping);

/* The pages of so many bytes are not needed for now: they leave memory, and
 * come back from the file when somebody looks at them again. */
void mapping_forget(const void *from, size_t size);

#endif
