/*
 * Text to tokens and back, as the files of Hugging Face's models say:
 *
 *   byte-level BPE     GPT-2, RoBERTa, Qwen, Llama 3 (Radford et al. 2019)
 *   BPE of characters  with bytes for unknown ones: Llama, Mistral
 *                      (SentencePiece, Kudo & Richardson 2018)
 *   WordPiece          BERT (Devlin et al. 2019)
 *
 * With the first two every byte string can be encoded, and decoding gives the
 * same bytes back, but for a space before a text that the second puts there.
 * WordPiece folds letters and spaces, and knows no unknown words.  A text is
 * taken as it is: it is not brought into Unicode's composed form (NFC).
 */
#ifndef CORE_TASK_TOKENIZER_H
#define CORE_TASK_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct tokenizer;

/* tokenizer.json; where it is not there, what stands beside it: vocab.json and
 * merges.txt, encoder.json and vocab.bpe, or vocab.txt.  A folder is as its
 * tokenizer.json. */
struct tokenizer *tokenizer_open(const char *path, struct err *err);
void tokenizer_close(struct tokenizer *tokenizer);
/* The files that tokenizer_open(path) reads, copied into an existing folder
 * under the names by which it finds them there. */
int tokenizer_copy(const char *folder, const char *path, struct err *err);

int tokenizer_size(const struct tokenizer *tokenizer); /* ids 0 .. size-1 */
/* The tokens that begin and end a document ("<s>" and "</s>"; one for both
 * where a family has but one), or -1. */
int tokenizer_begin(const struct tokenizer *tokenizer);
int tokenizer_end(const struct tokenizer *tokenizer);
/* Does it put a space before this text that is not in it? */
bool tokenizer_leads(const struct tokenizer *tokenizer, const char *text,
                     size_t bytes);

/* A text has at most as many tokens as bytes, and so many more. */
enum { TOKENIZER_MORE = 1 };

/* The tokens of a text with which a document begins.  Writes at most room ids;
 * returns how many the text has (maybe more).  Added tokens in the text are
 * not recognised: they are only text.
 * Thread-safe: the tokenizer is not changed. */
int tokenizer_encode(const struct tokenizer *tokenizer, int32_t *ids, int room,
                     const char *text, size_t bytes);
/* The same of a text that goes on behind another. */
int tokenizer_encode_more(const struct tokenizer *tokenizer, int32_t *ids,
                          int room, const char *text, size_t bytes);
/* The same as tokenizer_encode, but added tokens in the text ("<|im_end|>",
 * "[MASK]") are what they say. */
int tokenizer_encode_marked(const struct tokenizer *tokenizer, int32_t *ids,
                            int room, const char *text, size_t bytes);

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
