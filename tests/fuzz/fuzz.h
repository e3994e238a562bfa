/*
 * Fuzz targets: each takes any bytes as a foreign file, opens it as the
 * program would, looks at all of it, and closes it.  0: it opened; -1: it was
 * refused with a sentence.  Anything else (a crash, a leak, a law that does
 * not hold, a refusal without words) is a finding.
 *
 * `make fuzz` runs them under libFuzzer (entry.c), the unit test test_fuzz
 * runs them over the corpora that are kept.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/io/safetensors.h"

int fuzz_safetensors(const uint8_t *data, size_t size, struct err *err);
int fuzz_torch(const uint8_t *data, size_t size, struct err *err);
int fuzz_tokenizer(const uint8_t *data, size_t size, struct err *err);
int fuzz_config(const uint8_t *data, size_t size, struct err *err);

/* A law of the reader: where it does not hold the program ends. */
void fuzz_law(bool holds, const char *law);

/* A file in a folder of this process alone, which is removed at its end; one
 * of this name is overwritten.  The path lasts until the fourth next call. */
const char *fuzz_write(const char *name, const void *data, size_t size);
const char *fuzz_path(const char *name); /* "": the folder */
void fuzz_remove(const char *name);
const char *fuzz_folder(const char *name); /* made when it is not there */

/* Every number of a tensor twice, whole and in parts: the same both times. */
void fuzz_tensor(const struct tensor *tensor);
/* Pairs, scales and factors of an adapter; 0, or -1 as above. */
int fuzz_adapter(const char *path, struct err *err);
/* The same of a folder in PEFT's names, as resize and merge read it. */
int fuzz_peft(const char *folder, struct err *err);

#endif
