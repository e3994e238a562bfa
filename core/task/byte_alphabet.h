/*
 * GPT-2's reversible table between bytes and printable characters: tokenizer
 * files spell the space as U+0120 and so on, because the signs they use must
 * all be visible (Radford et al. 2019, encoder.py's bytes_to_unicode).
 */
#ifndef CORE_TASK_BYTE_ALPHABET_H
#define CORE_TASK_BYTE_ALPHABET_H

#include <stddef.h>

#include "core/task/buffer.h"

/* The byte with number order (0..255) in GPT-2's vocabulary. */
int alphabet_byte(int order);
/* Adds the spelling of raw bytes. */
void alphabet_spell(struct buffer *to, const char *bytes, size_t count);
/* Adds the raw bytes of a spelling; -1 at a character that is not in the
 * table. */
int alphabet_read(struct buffer *to, const char *spelling);

#endif
