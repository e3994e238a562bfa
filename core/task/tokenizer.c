/* See tokenizer.h: the scheme a file has, and texts with marks in them. */
#include "core/task/tokenizer.h"

#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/bpe.h"
#include "core/task/buffer.h"
#include "core/task/fold.h"

void tokenizer_close(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    for (int i = 0; i < tokenizer->size; i++)
        mem_free(tokenizer->tokens[i].bytes);
    mem_free(tokenizer->tokens);
    mem_free(tokenizer->merges);
    mem_free(tokenizer->known);
    mem_free(tokenizer->marks);
    splitter_free(tokenizer->splitter);
    mem_free(tokenizer);
}

int tokenizer_size(const struct tokenizer *tokenizer)
{
    return tokenizer->size;
}

int tokenizer_begin(const struct tokenizer *tokenizer)
{
    return tokenizer->begin >= 0 ? tokenizer->begin : tokenizer->end;
}

int tokenizer_end(const struct tokenizer *tokenizer)
{
    return tokenizer->end;
}

bool tokenizer_leads(const struct tokenizer *tokenizer, const char *text,
                     size_t bytes)
{
    switch (tokenizer->lead) {
    case LEAD_NONE:
        return false;
    case LEAD_ALWAYS:
        return bytes > 0;
    case LEAD_MISSING:
        return bytes > 0 && text[0] != ' ';
    }
    return false;
}

/* Words one by one; of WordPiece not the white space between them. */
static int encode_words(const struct tokenizer *tokenizer, int32_t *ids,
                        int room, const char *text, size_t bytes)
{
    struct bpe_work *work = bpe_work_new();
    struct splitting *words = splitting_begin(tokenizer->splitter, text, bytes);
    const char *word;
    size_t length;
    int count = 0;
    while (splitting_next(words, &word, &length)) {
        int left = room > count ? room - count : 0;
        int32_t *to = left ? ids + count : NULL;
        count += tokenizer->scheme == SCHEME_PIECES
                     ? wordpiece_encode(tokenizer, to, left, word, length)
                     : bpe_encode(tokenizer, work, to, left, word, length);
    }
    splitting_end(words);
    bpe_work_free(work);
    return count;
}

/* The whole text is one word. */
static int encode_through(const struct tokenizer *tokenizer, int32_t *ids,
                          int room, const char *text, size_t bytes)
{
    struct bpe_work *work = bpe_work_new();
    int count = bpe_encode(tokenizer, work, ids, room, text, bytes);
    bpe_work_free(work);
    return count;
}

static int encode_folded(const struct tokenizer *tokenizer, int32_t *ids,
                         int room, const char *text, size_t bytes)
{
    size_t size;
    char *folded = fold_text(&size, text, bytes, tokenizer->lower);
    int count = encode_words(tokenizer, ids, room, folded, size);
    mem_free(folded);
    return count;
}

int tokenizer_encode_more(const struct tokenizer *tokenizer, int32_t *ids,
                          int room, const char *text, size_t bytes)
{
    assert(bytes <= INT32_MAX / 4);
    switch (tokenizer->scheme) {
    case SCHEME_BYTES:
        return encode_words(tokenizer, ids, room, text, bytes);
    case SCHEME_FALLBACK:
        return encode_through(tokenizer, ids, room, text, bytes);
    case SCHEME_PIECES:
        return encode_folded(tokenizer, ids, room, text, bytes);
    }
    return 0;
}

int tokenizer_encode(const struct tokenizer *tokenizer, int32_t *ids, int room,
                     const char *text, size_t bytes)
{
    if (!tokenizer_leads(tokenizer, text, bytes))
        return tokenizer_encode_more(tokenizer, ids, room, text, bytes);
    struct buffer led = {0};
    buffer_char(&led, ' ');
    buffer_add(&led, text, bytes);
    int count = tokenizer_encode_more(tokenizer, ids, room, led.at, led.used);
    buffer_free(&led);
    return count;
}

/* The longest mark that a text begins with, or -1. */
static int mark_at(const struct tokenizer *tokenizer, const char *text,
                   size_t bytes)
{
    int best = -1;
    size_t longest = 0;
    for (int i = 0; i < tokenizer->mark_count; i++) {
        const struct token *mark = &tokenizer->tokens[tokenizer->marks[i]];
        if (mark->count > longest && mark->count <= bytes &&
            memcmp(mark->bytes, text, mark->count) == 0) {
            best = tokenizer->marks[i];
            longest = mark->count;
        }
    }
    return best;
}

int tokenizer_encode_marked(const struct tokenizer *tokenizer, int32_t *ids,
                            int room, const char *text, size_t bytes)
{
    int count = 0;
    size_t from = 0;
    for (size_t at = 0; at <= bytes; at++) {
        int mark = mark_at(tokenizer, text + at, bytes - at);
        if (mark < 0 && at < bytes)
            continue;
        int left = room > count ? room - count : 0;
        int32_t *to = left ? ids + count : NULL;
        count += from == 0 ? tokenizer_encode(tokenizer, to, left, text, at)
                           : tokenizer_encode_more(tokenizer, to, left,
                                                   text + from, at - from);
        if (mark < 0)
            break;
        if (count < room)
            ids[count] = mark;
        count++;
        from = at + tokenizer->tokens[mark].count;
        at = from - 1;
    }
    return count;
}

const char *tokenizer_bytes(const struct tokenizer *tokenizer, int id,
                            size_t *bytes)
{
    bool known = id >= 0 && id < tokenizer->size;
    *bytes = known ? tokenizer->tokens[id].count : 0;
    return known ? tokenizer->tokens[id].bytes : NULL;
}

char *tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids,
                       int count)
{
    struct buffer text = {0};
    for (int i = 0; i < count; i++) {
        size_t bytes;
        const char *token = tokenizer_bytes(tokenizer, ids[i], &bytes);
        if (token)
            buffer_add(&text, token, bytes);
    }
    return buffer_take(&text);
}
