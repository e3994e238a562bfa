/*
 * Byte-level BPE (Radford et al. 2019; Sennrich et al. 2016), in Hugging
 * Face's tokenizer.json: vocabulary and merges of GPT-2's kind, split by
 * GPT-2's regular expression through pcre2, whose only home this is.
 *
 * Every byte string can be encoded, and decoding gives the same bytes back.
 */
#ifndef CORE_TASK_TOKENIZER_H
#define CORE_TASK_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct tokenizer;

struct tokenizer *tokenizer_open(const char *path, struct err *err);
void tokenizer_close(struct tokenizer *tokenizer);

int tokenizer_size(const struct tokenizer *tokenizer); /* ids 0 .. size-1 */
/* The token that begins and ends a document ("<|endoftext|>"), or -1. */
int tokenizer_end(const struct tokenizer *tokenizer);

/* Writes at most room ids; returns how many the text has (maybe more).
 * Special tokens in the text are not recognised: they are only text.
 * Thread-safe: the tokenizer is not changed. */
int tokenizer_encode(const struct tokenizer *tokenizer, int32_t *ids, int room,
                     const char *text, size_t bytes);

/* The bytes of one token (not NUL-terminated), valid as long as the
 * tokenizer; NULL for an id out of range. */
const char *tokenizer_bytes(const struct tokenizer *tokenizer, int id,
                            size_t *bytes);

/* NUL-terminated text of ids, freed by mem_free(). */
char *tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids,
                       int count);

/* Learns merges from the text until the vocabulary (256 bytes + merges + the
 * end token) has size entries; deterministic.  Writes tokenizer.json. */
int tokenizer_train(const char *path, const char *text, size_t bytes, int size,
                    struct err *err);

#endif
