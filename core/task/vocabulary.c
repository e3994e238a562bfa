/*
 * Tokens, merges and added tokens of a file; see vocabulary.h.
 *
 * Files spell bytes: byte-level BPE in GPT-2's alphabet; SentencePiece writes
 * a space as U+2581 and a byte as <0x0A>; WordPiece marks with ## what goes on
 * with a word.  Here a token is the bytes it stands for.
 */
#include "core/task/vocabulary.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/buffer.h"
#include "core/task/byte_alphabet.h"

enum { IDS_MAX = 4000000 };

static const char lower_block[] = "\xE2\x96\x81"; /* U+2581 */

/* "<0x0A>" is a byte, not its own name; -1: it is not. */
static int byte_of(const char *spelling)
{
    unsigned value;
    int read = 0;
    bool is = strlen(spelling) == 6 &&
              sscanf(spelling, "<0x%2X>%n", &value, &read) == 1 && read == 6;
    return is ? (int)value : -1;
}

/* [CLS], [MASK] and their like are no words. */
static bool in_brackets(const char *spelling)
{
    size_t length = strlen(spelling);
    return length > 2 && spelling[0] == '[' && spelling[length - 1] == ']';
}

/* The bytes of a spelling; what is not spelled so stands for itself. */
static void read_spelling(struct buffer *to, const char *spelling,
                          enum scheme scheme)
{
    buffer_add(to, "", 0);
    int byte = scheme == SCHEME_FALLBACK ? byte_of(spelling) : -1;
    switch (scheme) {
    case SCHEME_BYTES:
        if (alphabet_read(to, spelling) != 0) {
            buffer_cut(to, 0);
            buffer_add(to, spelling, strlen(spelling));
        }
        return;
    case SCHEME_FALLBACK:
        if (byte >= 0) {
            buffer_char(to, (char)byte);
            return;
        }
        for (const char *at = spelling; *at;)
            if (strncmp(at, lower_block, 3) == 0) {
                buffer_char(to, ' ');
                at += 3;
            } else {
                buffer_char(to, *at++);
            }
        return;
    case SCHEME_PIECES:
        if (strncmp(spelling, "##", 2) == 0 && spelling[2]) {
            buffer_add(to, spelling + 2, strlen(spelling) - 2);
            return;
        }
        if (!in_brackets(spelling))
            buffer_char(to, ' ');
        buffer_add(to, spelling, strlen(spelling));
        return;
    }
}

/* Ids may have gaps: added tokens often stand behind one. */
static int count_ids(struct reading *r)
{
    int highest = json_length(r->vocab) - 1;
    int least = r->scheme == SCHEME_PIECES ? 1 : 256;
    for (int i = 0; i < json_length(r->added); i++) {
        int id;
        if (json_need_int(&id, json_at(r->added, i), "id", 0, IDS_MAX - 1,
                          r->err) < 0)
            return err_prefix(r->err, "%s: added_tokens", r->path);
        if (id > highest)
            highest = id;
    }
    if (highest < least - 1 || highest >= IDS_MAX)
        return err_set(r->err,
                       "%s: a vocabulary of %d entries; expected %d to %d",
                       r->path, json_length(r->vocab), least, IDS_MAX);
    r->tokenizer = bpe_new(highest + 1, json_length(r->merges));
    r->tokenizer->scheme = r->scheme;
    r->tokenizer->lead = r->lead;
    r->tokenizer->whole_words = r->whole_words;
    r->tokenizer->lower = r->lower;
    r->tokenizer->splitter = r->splitter;
    r->splitter = NULL;
    return 0;
}

/* The id of a spelling that must be in the vocabulary. */
static int need_id(int32_t *id, const struct reading *r, const char *spelling)
{
    long long found = json_int(json_get(r->vocab, spelling), -1);
    if (found < 0 || found >= r->tokenizer->size)
        return err_set(r->err,
                       "%s: token \"%.60s\" has no id below %d in the "
                       "vocabulary",
                       r->path, spelling, r->tokenizer->size);
    *id = (int32_t)found;
    return 0;
}

static int read_tokens(struct reading *r)
{
    struct buffer bytes = {0};
    int code = 0;
    for (const char *key = json_next_key(r->vocab, NULL); key && code == 0;
         key = json_next_key(r->vocab, key)) {
        int32_t id = 0;
        buffer_cut(&bytes, 0);
        read_spelling(&bytes, key, r->scheme);
        code = need_id(&id, r, key);
        if (code == 0 && !bpe_set_token(r->tokenizer, id, bytes.at, bytes.used))
            code = err_set(r->err,
                           "%s: two tokens have the id %d, \"%.60s\" is one "
                           "of them",
                           r->path, (int)id, key);
        bool is_byte = r->scheme == SCHEME_FALLBACK && byte_of(key) >= 0;
        if (code == 0 && !is_byte && bytes.used > 0)
            (void)bpe_make_known(r->tokenizer, id); /* of equals the first */
    }
    buffer_free(&bytes);
    return code;
}

/* Every byte has a token: no text is without one. */
static int read_bytes(struct reading *r)
{
    for (int i = 0; i < 256 && r->scheme != SCHEME_PIECES; i++) {
        struct buffer spelling = {0};
        char byte = (char)i, name[8];
        (void)snprintf(name, sizeof name, "<0x%02X>", (unsigned)i);
        if (r->scheme == SCHEME_BYTES)
            alphabet_spell(&spelling, &byte, 1);
        else
            buffer_add(&spelling, name, strlen(name));
        int code = need_id(&r->tokenizer->byte_id[i], r, spelling.at);
        buffer_free(&spelling);
        if (code != 0)
            return -1;
    }
    return 0;
}

/* A merge is "a b" or ["a", "b"]; in one text no token has a space. */
static bool read_pair(struct buffer *left, struct buffer *right,
                      const struct json *merge)
{
    const char *text = json_text(merge, NULL);
    const char *a = json_text(json_at(merge, 0), "");
    const char *b = json_text(json_at(merge, 1), "");
    size_t length = strlen(a);
    if (text) {
        const char *space = strchr(text, ' ');
        if (!space || strchr(space + 1, ' '))
            return false;
        a = text;
        length = (size_t)(space - text);
        b = space + 1;
    } else if (json_length(merge) != 2) {
        return false;
    }
    buffer_add(left, a, length);
    buffer_add(right, b, strlen(b));
    return length > 0 && *b;
}

static int read_merge(struct reading *r, int rank)
{
    struct buffer left = {0}, right = {0};
    struct merge merge = {.rank = rank};
    int code = -1;
    if (!read_pair(&left, &right, json_at(r->merges, rank))) {
        err_set(r->err, "%s: merge number %d is not a pair of tokens", r->path,
                rank + 1);
        goto out;
    }
    if (need_id(&merge.left, r, left.at) != 0 ||
        need_id(&merge.right, r, right.at) != 0)
        goto out;
    buffer_add(&left, right.at, right.used);
    if (need_id(&merge.whole, r, left.at) != 0)
        goto out;
    (void)bpe_add_merge(r->tokenizer, merge); /* a repeat has no effect */
    code = 0;
out:
    buffer_free(&left);
    buffer_free(&right);
    return code;
}

static void add_mark(struct tokenizer *tokenizer, int id)
{
    size_t count = (size_t)tokenizer->mark_count;
    for (size_t i = 0; i < count; i++)
        if (tokenizer->marks[i] == id)
            return;
    tokenizer->marks =
        xgrow(tokenizer->marks, count, count + 1, sizeof *tokenizer->marks);
    tokenizer->marks[tokenizer->mark_count++] = id;
}

static int read_added(struct reading *r)
{
    for (int i = 0; i < json_length(r->added); i++) {
        const struct json *entry = json_at(r->added, i);
        const char *content;
        if (json_need_text(&content, entry, "content", r->err) < 0)
            return err_prefix(r->err, "%s: added_tokens", r->path);
        int id = (int)json_int(json_get(entry, "id"), -1);
        bool same = json_int(json_get(r->vocab, content), -1) == id;
        if (!bpe_set_token(r->tokenizer, id, content, strlen(content)) &&
            !same && strcmp(r->tokenizer->tokens[id].bytes, content) != 0)
            return err_set(r->err,
                           "%s: added token \"%.60s\" has the id %d of another "
                           "token",
                           r->path, content, id);
        if (*content)
            add_mark(r->tokenizer, id);
    }
    return 0;
}

/* -1: the tokenizer has none of this name. */
static int find_named(const struct reading *r, const char *name)
{
    const struct tokenizer *tokenizer = r->tokenizer;
    for (int i = 0; i < tokenizer->mark_count; i++)
        if (strcmp(tokenizer->tokens[tokenizer->marks[i]].bytes, name) == 0)
            return tokenizer->marks[i];
    long long id = json_int(json_get(r->vocab, name), -1);
    return id < tokenizer->size ? (int)id : -1;
}

/* What tokenizer_config.json says, or the first known name there is. */
static int find_role(const struct reading *r, const char *key,
                     const char *const *names)
{
    const struct json *said = json_get(r->config, key);
    const char *name =
        json_text(said, json_text(json_get(said, "content"), NULL));
    int id = name ? find_named(r, name) : -1;
    bool none = said && json_is_null(said);
    for (; !none && id < 0 && *names; names++)
        id = find_named(r, *names);
    if (id >= 0)
        add_mark(r->tokenizer, id);
    return id;
}

static int read_roles(struct reading *r)
{
    static const char *const begins[] = {"<s>", "<|begin_of_text|>", "[CLS]",
                                         NULL};
    static const char *const ends[] = {BPE_END_TOKEN, "</s>", "<|end_of_text|>",
                                       "[SEP]", NULL};
    static const char *const nothing[] = {"[MASK]", "<mask>", NULL};
    bool pieces = r->scheme == SCHEME_PIECES;
    r->tokenizer->begin =
        find_role(r, pieces ? "cls_token" : "bos_token", begins);
    r->tokenizer->end = find_role(r, pieces ? "sep_token" : "eos_token", ends);
    (void)find_role(r, "mask_token", nothing);
    if (r->scheme != SCHEME_PIECES)
        return 0;
    r->tokenizer->unknown = find_named(r, r->unknown);
    if (r->tokenizer->unknown >= 0)
        return 0;
    return err_set(r->err, "%s: the unknown token \"%.60s\" has no id", r->path,
                   r->unknown);
}

int vocabulary_read(struct reading *r)
{
    if (count_ids(r) != 0 || read_tokens(r) != 0 || read_bytes(r) != 0)
        return -1;
    for (int i = 0; i < json_length(r->merges); i++)
        if (read_merge(r, i) != 0)
            return -1;
    return read_added(r) != 0 || read_roles(r) != 0 ? -1 : 0;
}
