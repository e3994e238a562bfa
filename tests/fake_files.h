/*
 * A snapshot of files on show, made by hand: an adapter of 12 layers with q
 * and v, one of its sites zero, one refused, one with a doubtful scale; and a
 * second one, or a checkpoint whose base nobody knows.
 */
#ifndef TESTS_FAKE_FILES_H
#define TESTS_FAKE_FILES_H

#include "experiments/snapshot.h"

enum fake_files { FAKE_ADAPTER, FAKE_HALF_KNOWN, FAKE_TWO, FAKE_CHECKPOINT };

/* Released by snapshot_release(), then fake_files_free(). */
const struct snapshot *fake_files(enum fake_files kind);
void fake_files_free(void);

#endif
