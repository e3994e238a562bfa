/*
 * The inside of a tokenizer: its tokens, its merges, and what bpe.c,
 * tokenizer_json.c and bpe_train.c share.  Not for use outside the tokenizer.
 */
#ifndef CORE_TASK_BPE_H
#define CORE_TASK_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/task/split.h"

#define BPE_END_TOKEN "<|endoftext|>"

struct token {
    char *bytes; /* owned, NUL-terminated; NULL: no such id */
    size_t count;
};

/* The pair (left, right) becomes the token whole; lower ranks first. */
struct merge {
    int32_t left, right, whole, rank; /* left -1: an empty slot */
};

struct tokenizer {
    struct splitter *splitter;
    struct token *tokens; /* (size) */
    int size, end;
    int32_t byte_id[256];
    struct merge *merges; /* hash table, (merge_mask + 1) slots */
    uint32_t merge_mask;
};

struct tokenizer *bpe_new(int size, int merges);
/* Sets token id; false if it is taken. */
bool bpe_set_token(struct tokenizer *tokenizer, int id, const char *bytes,
                   size_t count);
/* False if the pair is there already (the first rank stays). */
bool bpe_add_merge(struct tokenizer *tokenizer, struct merge merge);
const struct merge *bpe_find_merge(const struct tokenizer *tokenizer,
                                   int32_t left, int32_t right);

#endif
