/*
 * Hugging Face's tokenizer.json of GPT-2's kind, read into a tokenizer.
 *
 * The vocabulary of this kind is exactly 256 bytes, one token a merge, and
 * added tokens; so the file is read by its merges, and an entry that no merge
 * makes is an error rather than a token that could never be written.
 *
 * Other kinds (byte fallback, WordPiece, normalizers, another split) would be
 * read wrong: they are refused.
 */
#include "core/task/tokenizer.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "core/task/bpe.h"
#include "core/task/buffer.h"
#include "core/task/byte_alphabet.h"

enum { IDS_MAX = 4000000 };

struct reading {
    const char *path;
    struct json *root, *vocab, *merges, *added;
    struct tokenizer *tokenizer;
    struct err *err;
};

static bool set(const struct json *value)
{
    return value && !json_is_null(value) && json_bool(value, true);
}

/* An ordinary ByteLevel pre-tokeniser: GPT-2's pattern, no prefix space. */
static bool byte_level(const struct json *pre)
{
    const char *type = json_text(json_get(pre, "type"), "");
    return strcmp(type, "ByteLevel") == 0 &&
           json_bool(json_get(pre, "use_regex"), true) &&
           !json_bool(json_get(pre, "add_prefix_space"), true);
}

static const char *other_kind(const struct json *root)
{
    const struct json *model = json_get(root, "model");
    const char *type = json_text(json_get(model, "type"), "BPE");
    if (strcmp(type, "BPE") != 0)
        return "a model that is not BPE";
    if (set(json_get(model, "byte_fallback")))
        return "byte fallback";
    if (set(json_get(model, "ignore_merges")))
        return "ignore_merges";
    const char *const affixes[] = {"continuing_subword_prefix",
                                   "end_of_word_suffix"};
    for (int i = 0; i < 2; i++)
        if (*json_text(json_get(model, affixes[i]), ""))
            return affixes[i];
    if (set(json_get(root, "normalizer")))
        return "a normalizer";
    if (!byte_level(json_get(root, "pre_tokenizer")))
        return "a pre_tokenizer other than ByteLevel without prefix space";
    return NULL;
}

static int find_parts(struct reading *r)
{
    const struct json *model = json_get(r->root, "model");
    r->vocab = json_get(model, "vocab");
    r->merges = json_get(model, "merges");
    r->added = json_get(r->root, "added_tokens");
    if (!json_is_object(r->vocab) || !json_is_array(r->merges))
        return err_set(r->err,
                       "%s: no vocabulary and merges in it; rankscope reads "
                       "tokenizer.json files of GPT-2's kind",
                       r->path);
    const char *kind = other_kind(r->root);
    if (kind)
        return err_set(r->err,
                       "%s: uses %s; rankscope reads only byte-level BPE of "
                       "GPT-2's kind",
                       r->path, kind);
    return 0;
}

/* Ids may have gaps: added tokens often stand behind one. */
static int count_ids(struct reading *r)
{
    int highest = json_length(r->vocab) - 1;
    for (int i = 0; i < json_length(r->added); i++) {
        int id;
        if (json_need_int(&id, json_at(r->added, i), "id", 0, IDS_MAX - 1,
                          r->err) < 0)
            return err_prefix(r->err, "%s: added_tokens", r->path);
        if (id > highest)
            highest = id;
    }
    if (highest < 255 || highest >= IDS_MAX)
        return err_set(r->err,
                       "%s: a vocabulary of %d entries; byte-level BPE has "
                       "256 to %d",
                       r->path, json_length(r->vocab), IDS_MAX);
    r->tokenizer = bpe_new(highest + 1, json_length(r->merges));
    return 0;
}

/* The id of a token given by its raw bytes, entered when it is new. */
static int enter(struct reading *r, int32_t *id, const char *bytes,
                 size_t count)
{
    struct buffer spelling = {0};
    alphabet_spell(&spelling, bytes, count);
    long long found = json_int(json_get(r->vocab, spelling.at), -1);
    if (found < 0 || found >= r->tokenizer->size) {
        int code = err_set(r->err,
                           "%s: token \"%s\" has no id below %d in the "
                           "vocabulary",
                           r->path, spelling.at, r->tokenizer->size);
        buffer_free(&spelling);
        return code;
    }
    *id = (int32_t)found;
    const struct token *token = &r->tokenizer->tokens[*id];
    bool fits =
        bpe_set_token(r->tokenizer, *id, bytes, count) ||
        (token->count == count && memcmp(token->bytes, bytes, count) == 0);
    int code = fits ? 0
                    : err_set(r->err,
                              "%s: two tokens have the id %d, \"%s\" "
                              "is one of them",
                              r->path, *id, spelling.at);
    buffer_free(&spelling);
    return code;
}

static int read_bytes(struct reading *r)
{
    for (int i = 0; i < 256; i++) {
        char byte = (char)i;
        if (enter(r, &r->tokenizer->byte_id[i], &byte, 1) < 0)
            return -1;
    }
    return 0;
}

/* A merge is "a b" or ["a", "b"]; no token has a space, it is spelled. */
static bool read_pair(struct buffer *left, struct buffer *right,
                      const struct json *merge)
{
    const char *text = json_text(merge, NULL);
    if (!text) {
        const char *a = json_text(json_at(merge, 0), "");
        const char *b = json_text(json_at(merge, 1), "");
        return json_length(merge) == 2 && *a && *b &&
               alphabet_read(left, a) == 0 && alphabet_read(right, b) == 0;
    }
    const char *space = strchr(text, ' ');
    if (!space || space == text || !space[1])
        return false;
    struct buffer first = {0};
    buffer_add(&first, text, (size_t)(space - text));
    bool ok = alphabet_read(left, first.at) == 0 &&
              alphabet_read(right, space + 1) == 0;
    buffer_free(&first);
    return ok;
}

static int read_merge(struct reading *r, int rank)
{
    struct buffer left = {0}, right = {0};
    struct merge merge = {.rank = rank};
    int code = -1;
    if (!read_pair(&left, &right, json_at(r->merges, rank))) {
        err_set(r->err,
                "%s: merge number %d is not a pair of tokens spelled in "
                "GPT-2's byte alphabet",
                r->path, rank + 1);
        goto out;
    }
    if (enter(r, &merge.left, left.at, left.used) < 0 ||
        enter(r, &merge.right, right.at, right.used) < 0)
        goto out;
    buffer_add(&left, right.at, right.used);
    if (enter(r, &merge.whole, left.at, left.used) < 0)
        goto out;
    (void)bpe_add_merge(r->tokenizer, merge); /* a repeat has no effect */
    code = 0;
out:
    buffer_free(&left);
    buffer_free(&right);
    return code;
}

static int read_added(struct reading *r)
{
    for (int i = 0; i < json_length(r->added); i++) {
        const struct json *entry = json_at(r->added, i);
        const char *content;
        if (json_need_text(&content, entry, "content", r->err) < 0)
            return err_prefix(r->err, "%s: added_tokens", r->path);
        int id = (int)json_int(json_get(entry, "id"), -1);
        if (!bpe_set_token(r->tokenizer, id, content, strlen(content)) &&
            strcmp(r->tokenizer->tokens[id].bytes, content) != 0)
            return err_set(r->err,
                           "%s: added token \"%s\" has the id %d of another "
                           "token",
                           r->path, content, id);
        if (strcmp(content, BPE_END_TOKEN) == 0)
            r->tokenizer->end = id;
    }
    return 0;
}

/* Every entry of the vocabulary must have been reached. */
static int check_all(struct reading *r)
{
    for (int id = 0; id < json_length(r->vocab); id++)
        if (id < r->tokenizer->size && !r->tokenizer->tokens[id].bytes)
            return err_set(r->err,
                           "%s: no byte, merge or added token makes the "
                           "token with id %d",
                           r->path, id);
    return 0;
}

struct tokenizer *tokenizer_open(const char *path, struct err *err)
{
    struct reading r = {.path = path, .err = err};
    r.root = json_read(path, err);
    if (!r.root)
        return NULL;
    int code = find_parts(&r);
    if (code == 0)
        code = count_ids(&r);
    if (code == 0)
        code = read_bytes(&r);
    for (int i = 0; code == 0 && i < json_length(r.merges); i++)
        code = read_merge(&r, i);
    if (code == 0)
        code = read_added(&r);
    if (code == 0)
        code = check_all(&r);
    json_free(r.root);
    if (code == 0)
        return r.tokenizer;
    tokenizer_close(r.tokenizer);
    return NULL;
}
