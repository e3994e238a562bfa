/*
 * Learning byte pairs (Sennrich et al. 2016, algorithm 1) on the counts of
 * distinct words: the most frequent adjacent pair becomes a token, until the
 * vocabulary is full.  Ties go to the smaller ids, so the same text always
 * gives the same file.
 *
 * Every round counts all pairs again: thousands of distinct words and merges
 * are fine, millions would want an incremental count.
 */
#include "core/task/tokenizer.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/task/bpe.h"
#include "core/task/buffer.h"
#include "core/task/byte_alphabet.h"

struct word {
    const char *bytes; /* in the text */
    size_t length;
    int32_t *ids; /* (count) */
    int count;
    int64_t times;
};

struct words {
    struct word *list;
    size_t count, room;
    size_t *slots; /* hash table of list index + 1; 0: empty */
    size_t slot_count;
};

struct pair {
    int32_t left, right;
    int64_t times; /* 0: an empty slot */
};

struct pairs {
    struct pair *slots;
    size_t count, slot_count;
};

static size_t *word_slot(const struct words *words, const char *bytes,
                         size_t length)
{
    size_t at = rng_hash(bytes, length) & (words->slot_count - 1);
    for (;; at = (at + 1) & (words->slot_count - 1)) {
        if (!words->slots[at])
            return &words->slots[at];
        const struct word *word = &words->list[words->slots[at] - 1];
        if (word->length == length && memcmp(word->bytes, bytes, length) == 0)
            return &words->slots[at];
    }
}

static void grow_slots(struct words *words)
{
    mem_free(words->slots);
    words->slot_count = words->slot_count ? 2 * words->slot_count : 1024;
    words->slots = xcalloc(words->slot_count, sizeof *words->slots);
    for (size_t i = 0; i < words->count; i++)
        *word_slot(words, words->list[i].bytes, words->list[i].length) = i + 1;
}

static void count_word(struct words *words, const char *bytes, size_t length)
{
    if (2 * (words->count + 1) > words->slot_count)
        grow_slots(words);
    size_t *slot = word_slot(words, bytes, length);
    if (*slot) {
        words->list[*slot - 1].times++;
        return;
    }
    if (words->count == words->room) {
        size_t room = words->room ? 2 * words->room : 1024;
        words->list =
            xgrow(words->list, words->room, room, sizeof *words->list);
        words->room = room;
    }
    struct word *word = &words->list[words->count++];
    *slot = words->count;
    *word = (struct word){bytes, length, NULL, (int)length, 1};
}

static void count_words(struct words *words, const struct tokenizer *tokenizer,
                        const char *text, size_t bytes)
{
    struct splitting *walk = splitting_begin(tokenizer->splitter, text, bytes);
    const char *word;
    size_t length;
    while (splitting_next(walk, &word, &length))
        count_word(words, word, length);
    splitting_end(walk);
    for (size_t i = 0; i < words->count; i++) {
        struct word *w = &words->list[i];
        w->ids = xcalloc(w->length, sizeof *w->ids);
        for (size_t k = 0; k < w->length; k++)
            w->ids[k] = tokenizer->byte_id[(unsigned char)w->bytes[k]];
    }
}

static void free_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        mem_free(words->list[i].ids);
    mem_free(words->list);
    mem_free(words->slots);
}

static struct pair *pair_slot(const struct pairs *pairs, int32_t left,
                              int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    size_t at = (key * 0x9E3779B97F4A7C15u >> 32) & (pairs->slot_count - 1);
    for (;; at = (at + 1) & (pairs->slot_count - 1)) {
        struct pair *slot = &pairs->slots[at];
        if (!slot->times || (slot->left == left && slot->right == right))
            return slot;
    }
}

static void grow_pairs(struct pairs *pairs)
{
    struct pairs old = *pairs;
    pairs->slot_count = old.slot_count ? 2 * old.slot_count : 4096;
    pairs->slots = xcalloc(pairs->slot_count, sizeof *pairs->slots);
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].times)
            *pair_slot(pairs, old.slots[i].left, old.slots[i].right) =
                old.slots[i];
    mem_free(old.slots);
}

static bool better(const struct pair *a, const struct pair *b)
{
    if (a->times != b->times)
        return a->times > b->times;
    if (a->left != b->left)
        return a->left < b->left;
    return a->right < b->right;
}

/* The most frequent pair; times 0 when no word has two tokens left. */
static struct pair best_pair(struct pairs *pairs, const struct words *words)
{
    pairs->count = 0;
    if (pairs->slots)
        memset(pairs->slots, 0, pairs->slot_count * sizeof *pairs->slots);
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->list[i];
        for (int k = 0; k + 1 < word->count; k++) {
            if (2 * (pairs->count + 1) > pairs->slot_count)
                grow_pairs(pairs);
            struct pair *slot =
                pair_slot(pairs, word->ids[k], word->ids[k + 1]);
            pairs->count += !slot->times;
            slot->left = word->ids[k];
            slot->right = word->ids[k + 1];
            slot->times += word->times;
        }
    }
    struct pair best = {0};
    for (size_t i = 0; i < pairs->slot_count; i++)
        if (pairs->slots[i].times && better(&pairs->slots[i], &best))
            best = pairs->slots[i];
    return best;
}

static void replace(struct words *words, struct pair pair, int32_t whole)
{
    for (size_t i = 0; i < words->count; i++) {
        struct word *word = &words->list[i];
        int kept = 0;
        for (int k = 0; k < word->count; k++) {
            bool both = k + 1 < word->count && word->ids[k] == pair.left &&
                        word->ids[k + 1] == pair.right;
            word->ids[kept++] = both ? whole : word->ids[k];
            k += both;
        }
        word->count = kept;
    }
}

static void put_token(struct json *vocab, const struct token *token, int id)
{
    struct buffer spelling = {0};
    alphabet_spell(&spelling, token->bytes, token->count);
    json_put_integer(vocab, spelling.at, id);
    buffer_free(&spelling);
}

static void push_merge(struct json *merges, const struct token *left,
                       const struct token *right)
{
    struct buffer text = {0};
    alphabet_spell(&text, left->bytes, left->count);
    buffer_char(&text, ' ');
    alphabet_spell(&text, right->bytes, right->count);
    json_push_text(merges, text.at);
    buffer_free(&text);
}

/* The token of a pair.  Two pairs may spell the same bytes ("aa"+"a" and
 * "a"+"aa"): they share the token, as the file knows one id a spelling. */
static int32_t whole_of(struct tokenizer *tokenizer, struct pair pair, int next,
                        struct json *vocab)
{
    const struct token *left = &tokenizer->tokens[pair.left];
    const struct token *right = &tokenizer->tokens[pair.right];
    struct buffer whole = {0};
    buffer_add(&whole, left->bytes, left->count);
    buffer_add(&whole, right->bytes, right->count);
    int id = 256;
    while (id < next &&
           (tokenizer->tokens[id].count != whole.used ||
            memcmp(tokenizer->tokens[id].bytes, whole.at, whole.used) != 0))
        id++;
    if (id == next) {
        bpe_set_token(tokenizer, id, whole.at, whole.used);
        put_token(vocab, &tokenizer->tokens[id], id);
    }
    buffer_free(&whole);
    return id;
}

/* Learns from words; fails when the text has too few pairs. */
static int learn(struct tokenizer *tokenizer, struct words *words,
                 struct json *vocab, struct json *merges, struct err *err)
{
    struct pairs pairs = {0};
    int next = 256;
    while (next < tokenizer->end) {
        struct pair best = best_pair(&pairs, words);
        if (best.times == 0)
            break;
        int32_t whole = whole_of(tokenizer, best, next, vocab);
        next += whole == next;
        push_merge(merges, &tokenizer->tokens[best.left],
                   &tokenizer->tokens[best.right]);
        replace(words, best, whole);
    }
    mem_free(pairs.slots);
    if (next == tokenizer->end)
        return 0;
    return err_set(err,
                   "the text has pairs for a vocabulary of %d tokens; ask "
                   "for at most that, not %d",
                   next + 1, tokenizer->size);
}

static struct json *byte_level(void)
{
    struct json *part = json_new_object();
    json_put_text(part, "type", "ByteLevel");
    json_put_bool(part, "add_prefix_space", false);
    json_put_bool(part, "trim_offsets", true);
    json_put_bool(part, "use_regex", true);
    return part;
}

static struct json *end_token(int id)
{
    struct json *token = json_new_object();
    json_put_integer(token, "id", id);
    json_put_text(token, "content", BPE_END_TOKEN);
    json_put_bool(token, "single_word", false);
    json_put_bool(token, "lstrip", false);
    json_put_bool(token, "rstrip", false);
    json_put_bool(token, "normalized", false);
    json_put_bool(token, "special", true);
    struct json *list = json_new_array();
    json_push(list, token);
    return list;
}

/* The file around vocab and merges, which it takes. */
static struct json *file_of(struct json *vocab, struct json *merges, int end)
{
    struct json *model = json_new_object();
    json_put_text(model, "type", "BPE");
    json_put_null(model, "dropout");
    json_put_null(model, "unk_token");
    json_put_text(model, "continuing_subword_prefix", "");
    json_put_text(model, "end_of_word_suffix", "");
    json_put_bool(model, "fuse_unk", false);
    json_put_bool(model, "byte_fallback", false);
    json_put_bool(model, "ignore_merges", false);
    json_put(model, "vocab", vocab);
    json_put(model, "merges", merges);
    struct json *root = json_new_object();
    json_put_text(root, "version", "1.0");
    json_put_null(root, "truncation");
    json_put_null(root, "padding");
    json_put(root, "added_tokens", end_token(end));
    json_put_null(root, "normalizer");
    json_put(root, "pre_tokenizer", byte_level());
    json_put(root, "post_processor", byte_level());
    json_put(root, "decoder", byte_level());
    json_put(root, "model", model);
    return root;
}

static int write_json(const char *path, const struct json *root,
                      struct err *err)
{
    char *text = json_write(root);
    int code = file_write(path, text, strlen(text), err);
    mem_free(text);
    return code;
}

int tokenizer_train(const char *path, const char *text, size_t bytes, int size,
                    struct err *err)
{
    if (size < 257)
        return err_set(err,
                       "%s: a vocabulary of %d tokens is not possible; 256 "
                       "bytes and the end token need at least 257",
                       path, size);
    struct tokenizer *tokenizer = bpe_new(size, 0);
    tokenizer->end = size - 1;
    tokenizer->splitter = splitter_new();
    struct json *vocab = json_new_object(), *merges = json_new_array();
    for (int id = 0; id < 256; id++) {
        char byte = (char)alphabet_byte(id);
        bpe_set_token(tokenizer, id, &byte, 1);
        tokenizer->byte_id[(unsigned char)byte] = id;
        put_token(vocab, &tokenizer->tokens[id], id);
    }
    struct words words = {0};
    count_words(&words, tokenizer, text, bytes);
    int code = learn(tokenizer, &words, vocab, merges, err);
    if (code < 0)
        err_prefix(err, "%s", path);
    json_put_integer(vocab, BPE_END_TOKEN, tokenizer->end);
    struct json *root = file_of(vocab, merges, tokenizer->end);
    if (code == 0)
        code = write_json(path, root, err);
    json_free(root);
    free_words(&words);
    tokenizer_close(tokenizer);
    return code;
}
