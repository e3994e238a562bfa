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
#include "core/base/rng.h"

struct tokenizer *bpe_new(int size, int merges)
{
    struct tokenizer *tokenizer = xcalloc(1, sizeof *tokenizer);
    tokenizer->tokens = xcalloc((size_t)size, sizeof *tokenizer->tokens);
    tokenizer->size = size;
    tokenizer->begin = tokenizer->end = tokenizer->unknown = -1;
    uint32_t slots = 16;
    while (slots < 2 * (uint32_t)merges)
        slots *= 2;
    uint32_t knowns = 16;
    while (knowns < 2 * (uint32_t)size)
        knowns *= 2;
    tokenizer->known = xcalloc(knowns, sizeof *tokenizer->known);
    tokenizer->known_mask = knowns - 1;
    memset(tokenizer->known, 0xFF, knowns * sizeof *tokenizer->known);
    tokenizer->merges = xcalloc(slots, sizeof *tokenizer->merges);
    tokenizer->merge_mask = slots - 1;
    for (uint32_t i = 0; i < slots; i++)
        tokenizer->merges[i].left = -1;
    return tokenizer;
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

static int32_t *known_slot(const struct tokenizer *tokenizer, const char *bytes,
                           size_t count)
{
    uint32_t at = (uint32_t)rng_hash(bytes, count) & tokenizer->known_mask;
    for (;;) {
        int32_t *slot = &tokenizer->known[at];
        if (*slot < 0)
            return slot;
        const struct token *token = &tokenizer->tokens[*slot];
        if (token->count == count && memcmp(token->bytes, bytes, count) == 0)
            return slot;
        at = (at + 1) & tokenizer->known_mask;
    }
}

bool bpe_make_known(struct tokenizer *tokenizer, int id)
{
    const struct token *token = &tokenizer->tokens[id];
    int32_t *slot = known_slot(tokenizer, token->bytes, token->count);
    if (*slot >= 0)
        return *slot == id;
    *slot = id;
    return true;
}

int bpe_find(const struct tokenizer *tokenizer, const char *bytes, size_t count)
{
    return *known_slot(tokenizer, bytes, count);
}

/* One symbol of the word, in a doubly linked list; id -1: swallowed. */
struct link {
    int32_t id, before, after;
};

/* A pair that could be merged; stale when its symbols have changed since. */
struct candidate {
    int32_t rank, at, left, right;
};

struct bpe_work {
    struct link *links;
    struct candidate *heap;
    int count; /* of the heap */
    size_t room;
};

static bool comes_first(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void heap_push(struct bpe_work *work, struct candidate candidate)
{
    int at = work->count++;
    while (at > 0 && comes_first(&candidate, &work->heap[(at - 1) / 2])) {
        work->heap[at] = work->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    work->heap[at] = candidate;
}

static struct candidate heap_pop(struct bpe_work *work)
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

static void offer(const struct tokenizer *tokenizer, struct bpe_work *work,
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

static void apply(const struct tokenizer *tokenizer, struct bpe_work *work,
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

static void reserve(struct bpe_work *work, size_t bytes)
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

/* Bytes of the character at the head of a text; 1 where it is no UTF-8. */
static size_t character(const char *text, size_t bytes)
{
    unsigned char first = (unsigned char)text[0];
    size_t count = first < 0xC2   ? 1
                   : first < 0xE0 ? 2
                   : first < 0xF0 ? 3
                   : first < 0xF5 ? 4
                                  : 1;
    for (size_t i = 1; i < count; i++)
        if (i >= bytes || ((unsigned char)text[i] >> 6) != 2)
            return 1;
    return count;
}

/* What a word begins as: its bytes, or its characters with bytes for those
 * that are no token.  Returns how many. */
static int32_t begin_links(const struct tokenizer *tokenizer,
                           struct link *links, const char *word, size_t bytes)
{
    int32_t n = 0;
    for (size_t at = 0; at < bytes;) {
        size_t length = 1;
        int id = -1;
        if (tokenizer->scheme == SCHEME_FALLBACK) {
            length = character(word + at, bytes - at);
            id = bpe_find(tokenizer, word + at, length);
        }
        for (size_t i = 0; i < (id < 0 ? length : 1); i++)
            links[n++].id =
                id < 0 ? tokenizer->byte_id[(unsigned char)word[at + i]] : id;
        at += length;
    }
    for (int32_t i = 0; i < n; i++) {
        links[i].before = i - 1;
        links[i].after = i + 1 < n ? i + 1 : -1;
    }
    return n;
}

int bpe_encode(const struct tokenizer *tokenizer, struct bpe_work *work,
               int32_t *ids, int room, const char *word, size_t bytes)
{
    if (bytes == 0)
        return 0;
    int whole = tokenizer->whole_words ? bpe_find(tokenizer, word, bytes) : -1;
    if (whole >= 0) {
        if (room > 0)
            ids[0] = whole;
        return 1;
    }
    reserve(work, bytes);
    int32_t n = begin_links(tokenizer, work->links, word, bytes);
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

struct bpe_work *bpe_work_new(void)
{
    return xcalloc(1, sizeof(struct bpe_work));
}

void bpe_work_free(struct bpe_work *work)
{
    mem_free(work->links);
    mem_free(work->heap);
    mem_free(work);
}
