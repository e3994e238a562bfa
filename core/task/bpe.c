/*
 * Encoding by byte pairs (Sennrich et al. 2016): within a word, again and
 * again the adjacent pair of lowest rank becomes one token, leftmost first.
 * A heap of candidate pairs over a linked list makes that n log n, so a word
 * of a megabyte is no trap.
 */
#include "core/task/bpe.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/buffer.h"
#include "core/task/tokenizer.h"

struct tokenizer *bpe_new(int size, int merges)
{
    struct tokenizer *tokenizer = xcalloc(1, sizeof *tokenizer);
    tokenizer->splitter = splitter_new();
    tokenizer->tokens = xcalloc((size_t)size, sizeof *tokenizer->tokens);
    tokenizer->size = size;
    tokenizer->end = -1;
    uint32_t slots = 16;
    while (slots < 2 * (uint32_t)merges)
        slots *= 2;
    tokenizer->merges = xcalloc(slots, sizeof *tokenizer->merges);
    tokenizer->merge_mask = slots - 1;
    for (uint32_t i = 0; i < slots; i++)
        tokenizer->merges[i].left = -1;
    return tokenizer;
}

void tokenizer_close(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    for (int i = 0; i < tokenizer->size; i++)
        mem_free(tokenizer->tokens[i].bytes);
    mem_free(tokenizer->tokens);
    mem_free(tokenizer->merges);
    splitter_free(tokenizer->splitter);
    mem_free(tokenizer);
}

bool bpe_set_token(struct tokenizer *tokenizer, int id, const char *bytes,
                   size_t count)
{
    assert(id >= 0 && id < tokenizer->size);
    struct token *token = &tokenizer->tokens[id];
    if (token->bytes)
        return false;
    token->bytes = xcalloc(count + 1, 1);
    memcpy(token->bytes, bytes, count);
    token->count = count;
    return true;
}

static struct merge *slot_of(const struct tokenizer *tokenizer, int32_t left,
                             int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    key *= 0x9E3779B97F4A7C15u; /* Fibonacci hashing: the high bits mix */
    uint32_t at = (uint32_t)(key >> 32) & tokenizer->merge_mask;
    for (;;) {
        struct merge *slot = &tokenizer->merges[at];
        if (slot->left < 0 || (slot->left == left && slot->right == right))
            return slot;
        at = (at + 1) & tokenizer->merge_mask;
    }
}

bool bpe_add_merge(struct tokenizer *tokenizer, struct merge merge)
{
    struct merge *slot = slot_of(tokenizer, merge.left, merge.right);
    if (slot->left >= 0)
        return false;
    *slot = merge;
    return true;
}

const struct merge *bpe_find_merge(const struct tokenizer *tokenizer,
                                   int32_t left, int32_t right)
{
    const struct merge *slot = slot_of(tokenizer, left, right);
    return slot->left < 0 ? NULL : slot;
}

/* One symbol of the word, in a doubly linked list; id -1: swallowed. */
struct link {
    int32_t id, before, after;
};

/* A pair that could be merged; stale when its symbols have changed since. */
struct candidate {
    int32_t rank, at, left, right;
};

struct workspace {
    struct link *links;
    struct candidate *heap;
    int count; /* of the heap */
    size_t room;
};

static bool comes_first(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void heap_push(struct workspace *work, struct candidate candidate)
{
    int at = work->count++;
    while (at > 0 && comes_first(&candidate, &work->heap[(at - 1) / 2])) {
        work->heap[at] = work->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    work->heap[at] = candidate;
}

static struct candidate heap_pop(struct workspace *work)
{
    struct candidate top = work->heap[0], last = work->heap[--work->count];
    int at = 0;
    for (;;) {
        int child = 2 * at + 1;
        if (child >= work->count)
            break;
        if (child + 1 < work->count &&
            comes_first(&work->heap[child + 1], &work->heap[child]))
            child++;
        if (!comes_first(&work->heap[child], &last))
            break;
        work->heap[at] = work->heap[child];
        at = child;
    }
    work->heap[at] = last;
    return top;
}

static void offer(const struct tokenizer *tokenizer, struct workspace *work,
                  int32_t at)
{
    if (at < 0 || work->links[at].after < 0)
        return;
    int32_t left = work->links[at].id;
    int32_t right = work->links[work->links[at].after].id;
    const struct merge *merge = bpe_find_merge(tokenizer, left, right);
    if (merge)
        heap_push(work, (struct candidate){merge->rank, at, left, right});
}

static void apply(const struct tokenizer *tokenizer, struct workspace *work,
                  struct candidate pair)
{
    struct link *link = &work->links[pair.at];
    if (link->id != pair.left || link->after < 0)
        return;
    struct link *next = &work->links[link->after];
    if (next->id != pair.right)
        return;
    link->id = bpe_find_merge(tokenizer, pair.left, pair.right)->whole;
    link->after = next->after;
    next->id = -1;
    if (link->after >= 0)
        work->links[link->after].before = pair.at;
    offer(tokenizer, work, link->before);
    offer(tokenizer, work, pair.at);
}

static void reserve(struct workspace *work, size_t bytes)
{
    if (bytes <= work->room)
        return;
    mem_free(work->links);
    mem_free(work->heap);
    work->room = bytes < 64 ? 64 : bytes;
    work->links = xcalloc(work->room, sizeof *work->links);
    /* n - 1 pairs at first, two more for each of at most n - 1 merges */
    work->heap = xcalloc(3 * work->room, sizeof *work->heap);
}

static int encode_word(const struct tokenizer *tokenizer,
                       struct workspace *work, int32_t *ids, int room,
                       const char *word, size_t bytes)
{
    reserve(work, bytes);
    int32_t n = (int32_t)bytes;
    for (int32_t i = 0; i < n; i++)
        work->links[i] =
            (struct link){tokenizer->byte_id[(unsigned char)word[i]], i - 1,
                          i + 1 < n ? i + 1 : -1};
    work->count = 0;
    for (int32_t i = 0; i + 1 < n; i++)
        offer(tokenizer, work, i);
    while (work->count > 0)
        apply(tokenizer, work, heap_pop(work));
    int count = 0;
    for (int32_t i = 0; i >= 0; i = work->links[i].after) {
        if (count < room)
            ids[count] = work->links[i].id;
        count++;
    }
    return count;
}

int tokenizer_encode(const struct tokenizer *tokenizer, int32_t *ids, int room,
                     const char *text, size_t bytes)
{
    assert(bytes <= INT32_MAX / 4);
    struct workspace work = {0};
    struct splitting *words = splitting_begin(tokenizer->splitter, text, bytes);
    const char *word;
    size_t length;
    int count = 0;
    while (splitting_next(words, &word, &length)) {
        int left = room > count ? room - count : 0;
        count += encode_word(tokenizer, &work, left ? ids + count : NULL, left,
                             word, length);
    }
    splitting_end(words);
    mem_free(work.links);
    mem_free(work.heap);
    return count;
}

int tokenizer_size(const struct tokenizer *tokenizer)
{
    return tokenizer->size;
}

int tokenizer_end(const struct tokenizer *tokenizer)
{
    return tokenizer->end;
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
