/*
 * A tokenizer being read: the parts that its file or files have, and how they
 * become tokens.  Shared by the readers of core/task.
 */
#ifndef CORE_TASK_VOCABULARY_H
#define CORE_TASK_VOCABULARY_H

#include "core/base/err.h"
#include "core/io/json.h"
#include "core/task/bpe.h"

struct reading {
    const char *path;    /* for messages, and where other files stand beside */
    struct json *root;   /* owned; tokenizer.json, or vocab and merges */
    struct json *config; /* owned; tokenizer_config.json, or NULL */
    const struct json *vocab;  /* {"token": id} */
    const struct json *merges; /* ["a b"] or [["a", "b"]]; NULL: WordPiece */
    const struct json *added;  /* [{"id", "content"}]; NULL: none */
    const char *unknown;       /* token's name, or NULL */
    enum scheme scheme;
    enum lead lead;
    bool whole_words, lower;
    struct splitter *splitter; /* the tokenizer's once it is made */
    struct tokenizer *tokenizer;
    struct err *err;
};

/* Makes r->tokenizer from the parts; refuses what does not fit together. */
int vocabulary_read(struct reading *r);

/* What stands beside path instead of a tokenizer.json (tokenizer_beside.c):
 * 1: nothing. */
int beside_read(struct reading *r);
/* tokenizer_config.json beside path, where there is one. */
int beside_read_config(struct reading *r);

#endif
