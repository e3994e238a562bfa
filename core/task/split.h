/*
 * Pre-tokenisers: text into words, by a regular expression through pcre2.
 * Merges never cross a word.
 */
#ifndef CORE_TASK_SPLIT_H
#define CORE_TASK_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

struct splitter;  /* compiled once, shared by all threads, never changed */
struct splitting; /* one walk over one text */

struct splitter *splitter_new(void); /* GPT-2's */
/* A file's own expression; refused when pcre2 does not understand it. */
struct splitter *splitter_of(const char *pattern, struct err *err);
extern const char split_qwen[]; /* Qwen's, for files that do not say theirs */
extern const char split_bert[]; /* BERT's: words, signs, and white space */
void splitter_free(struct splitter *splitter);

struct splitting *splitting_begin(const struct splitter *splitter,
                                  const char *text, size_t bytes);
/* The next word, or false at the end.  The words cover the text without gaps:
 * what the expression leaves out is a word too, and every byte that is not
 * UTF-8 is one of its own. */
bool splitting_next(struct splitting *splitting, const char **word,
                    size_t *bytes);
void splitting_end(struct splitting *splitting);

#endif
