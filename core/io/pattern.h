/*
 * The patterns of an adapter's config: which modules one means.
 *
 * PEFT asks re.match("(.*\.)?(PATTERN)$", module), so these are Python's.  A
 * pattern comes with a file: one that would take forever, or more memory than
 * it is worth, is refused.
 */
#ifndef CORE_IO_PATTERN_H
#define CORE_IO_PATTERN_H

#include "core/base/err.h"

/* 1: the pattern is the module's whole name, or its end behind a dot; 0: it is
 * not; -1: no pattern, with a sentence. */
int pattern_matches(const char *module, const char *pattern, struct err *err);

#endif
