/*
 * GPT-2's pre-tokeniser: text into words, by its regular expression through
 * pcre2 (whose only home split.c is).  Merges never cross a word.
 */
#ifndef CORE_TASK_SPLIT_H
#define CORE_TASK_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

struct splitter; /* compiled once, shared by all threads, never changed */
struct splitting; /* one walk over one text */

struct splitter *splitter_new(void);
void splitter_free(struct splitter *splitter);

struct splitting *splitting_begin(const struct splitter *splitter,
                                  const char *text, size_t bytes);
/* The next word, or false at the end.  The words cover the text without gaps;
 * every byte that is not UTF-8 is a word of its own. */
bool splitting_next(struct splitting *splitting, const char **word,
                    size_t *bytes);
void splitting_end(struct splitting *splitting);

#endif
