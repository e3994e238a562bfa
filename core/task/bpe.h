/*
 * The inside of a tokenizer: its tokens, its merges, and what the files of
 * core/task that read, train and use one share.  Not for use outside of them.
 */
#ifndef CORE_TASK_BPE_H
#define CORE_TASK_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/task/split.h"

#define BPE_END_TOKEN "<|endoftext|>"

/* How a text becomes tokens. */
enum scheme {
    SCHEME_BYTES,    /* words by a pattern, then merges of bytes (GPT-2) */
    SCHEME_FALLBACK, /* merges of characters through the whole text, bytes for
                        unknown ones (SentencePiece, Llama) */
    SCHEME_PIECES    /* words and signs, then the longest pieces (BERT) */
};

/* A space that stands before a text that has none. */
enum lead { LEAD_NONE, LEAD_ALWAYS, LEAD_MISSING };

struct token {
    char *bytes; /* owned, NUL-terminated; NULL: no such id */
    size_t count;
};

/* The pair (left, right) becomes the token whole; lower ranks first. */
struct merge {
    int32_t left, right, whole, rank; /* left -1: an empty slot */
};

struct tokenizer {
    enum scheme scheme;
    enum lead lead;
    bool whole_words; /* a word that is a token needs no merges (Llama 3) */
    bool lower;       /* SCHEME_PIECES: small letters without accents */
    struct splitter *splitter; /* NULL: SCHEME_FALLBACK */
    struct token *tokens;      /* (size) */
    int size;
    int begin, end, unknown; /* -1: there is none */
    int32_t byte_id[256];    /* not of SCHEME_PIECES */
    struct merge *merges;    /* hash table, (merge_mask + 1) slots */
    uint32_t merge_mask;
    int32_t *known; /* hash table of ids by their bytes; -1: empty */
    uint32_t known_mask;
    int32_t *marks; /* (mark_count) added tokens */
    int mark_count;
};

struct tokenizer *bpe_new(int size, int merges);
/* Sets token id; false if it is taken. */
bool bpe_set_token(struct tokenizer *tokenizer, int id, const char *bytes,
                   size_t count);
/* False if the pair is there already (the first rank stays). */
bool bpe_add_merge(struct tokenizer *tokenizer, struct merge merge);
const struct merge *bpe_find_merge(const struct tokenizer *tokenizer,
                                   int32_t left, int32_t right);
/* Tokens are found by their bytes once they are made known; false: these bytes
 * are known already, as another id. */
bool bpe_make_known(struct tokenizer *tokenizer, int id);
int bpe_find(const struct tokenizer *tokenizer, const char *bytes,
             size_t count); /* -1: none */

/* One word of SCHEME_BYTES, or one text of SCHEME_FALLBACK. */
struct bpe_work *bpe_work_new(void);
void bpe_work_free(struct bpe_work *work);
int bpe_encode(const struct tokenizer *tokenizer, struct bpe_work *work,
               int32_t *ids, int room, const char *word, size_t bytes);

/* wordpiece.c: one word of SCHEME_PIECES, as it was folded. */
int wordpiece_encode(const struct tokenizer *tokenizer, int32_t *ids, int room,
                     const char *word, size_t bytes);

#endif
