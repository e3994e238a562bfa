/*
 * One process a cell: DIR/cells/NAME.lock holds host and process id of who
 * works at it.  A lock of this host whose process is gone is taken over; one
 * of another host is believed.
 */
#ifndef EXPERIMENTS_CELL_LOCK_H
#define EXPERIMENTS_CELL_LOCK_H

#include <stddef.h>

#include "core/base/err.h"

/* 1: ours now.  0: somebody else's, who (size bytes) says whose.  -1: the
 * folder cannot be written. */
int cell_lock(const char *path, char *who, size_t size, struct err *err);
void cell_unlock(const char *path);

#endif
