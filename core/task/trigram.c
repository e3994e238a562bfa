/*
 * With c the counts, N1+ the number of different continuations, and one
 * discount D = n1 / (n1 + 2 n2) an order (n1, n2: n-grams seen once, twice):
 *
 *   P3(w|u,v) = max(c(uvw) - D3, 0) / c(uv.) + D3 N1+(uv.) / c(uv.) P2(w|v)
 *   P2(w|v)   = max(N1+(.vw) - D2, 0) / N1+(.v.) + D2 N1+(v.)/N1+(.v.) P1(w)
 *   P1(w)     = max(N1+(.w) - D1, 0) / N1+(..) + D1 N1+(.)/N1+(..) / V
 *
 * Here the counts of orders two and one are those of continuations; a
 * sequence's second id, which has one id before it, is counted at order two.
 */
#include "core/task/trigram.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"

enum { ORDERS = 3, ID_BITS = 20 };

/* What follows one context: c(context .), N1+(context .); or, with a word at
 * the end of the key, how often it was seen. */
struct entry {
    uint64_t key; /* 0: empty */
    uint32_t count, kinds;
};

struct table {
    struct entry *slots;
    size_t used, room; /* room is a power of two */
};

struct trigram {
    int vocabulary;
    struct table grams[ORDERS];    /* [n]: n+1 ids */
    struct table contexts[ORDERS]; /* [n]: the first n of them */
    double discount[ORDERS];
    bool ready;
};

static struct entry *slot_of(const struct table *table, uint64_t key)
{
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(hash ^ hash >> 32) & (table->room - 1);
    while (table->slots[at].key && table->slots[at].key != key)
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

static void grow(struct table *table)
{
    struct table old = *table;
    table->room = old.room ? 2 * old.room : 1024;
    table->slots = xcalloc(table->room, sizeof *table->slots);
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].key)
            *slot_of(table, old.slots[i].key) = old.slots[i];
    mem_free(old.slots);
}

static struct entry *enter(struct table *table, uint64_t key)
{
    if (2 * (table->used + 1) > table->room)
        grow(table);
    struct entry *entry = slot_of(table, key);
    table->used += !entry->key;
    entry->key = key;
    return entry;
}

/* Ids are stored plus one, so that no key is 0 and lengths do not mix. */
static uint64_t key_of(const int32_t *ids, int count)
{
    uint64_t key = 1;
    for (int i = 0; i < count; i++)
        key = key << ID_BITS | (uint64_t)(uint32_t)(ids[i] + 1);
    return key;
}

struct trigram *trigram_new(int vocabulary)
{
    assert(vocabulary > 0 && vocabulary < (1 << ID_BITS) - 1);
    struct trigram *trigram = xcalloc(1, sizeof *trigram);
    trigram->vocabulary = vocabulary;
    for (int n = 0; n < ORDERS; n++) {
        grow(&trigram->grams[n]);
        grow(&trigram->contexts[n]);
    }
    return trigram;
}

void trigram_free(struct trigram *trigram)
{
    if (!trigram)
        return;
    for (int n = 0; n < ORDERS; n++) {
        mem_free(trigram->grams[n].slots);
        mem_free(trigram->contexts[n].slots);
    }
    mem_free(trigram);
}

/* One more of ids[0 .. order]; a new one is a continuation of the shorter. */
static void count_gram(struct trigram *trigram, const int32_t *ids, int order)
{
    for (; order >= 0; order--, ids++) {
        struct entry *gram =
            enter(&trigram->grams[order], key_of(ids, order + 1));
        bool first = gram->count++ == 0;
        struct entry *context =
            enter(&trigram->contexts[order], key_of(ids, order));
        context->count++;
        context->kinds += first;
        if (!first)
            return;
    }
}

void trigram_add(struct trigram *trigram, const int32_t *ids, int count)
{
    assert(!trigram->ready);
    for (int t = 1; t < count; t++) {
        int order = t >= 2 ? 2 : 1;
        count_gram(trigram, ids + t - order, order);
    }
}

static void find_discounts(struct trigram *trigram)
{
    for (int n = 0; n < ORDERS; n++) {
        double once = 0, twice = 0;
        const struct table *table = &trigram->grams[n];
        for (size_t i = 0; i < table->room; i++) {
            once += table->slots[i].count == 1;
            twice += table->slots[i].count == 2;
        }
        trigram->discount[n] = once > 0 ? once / (once + 2 * twice) : 0.5;
    }
    trigram->ready = true;
}

double trigram_probability(struct trigram *trigram, int32_t before2,
                           int32_t before1, int32_t id)
{
    if (!trigram->ready)
        find_discounts(trigram);
    const int32_t ids[ORDERS] = {before2, before1, id};
    int orders = before1 < 0 ? 1 : before2 < 0 ? 2 : 3;
    double p = 1.0 / trigram->vocabulary;
    for (int n = 0; n < orders; n++) {
        const int32_t *from = ids + ORDERS - 1 - n;
        const struct entry *context =
            slot_of(&trigram->contexts[n], key_of(from, n));
        if (!context->count)
            break; /* longer contexts are not known either */
        double seen = slot_of(&trigram->grams[n], key_of(from, n + 1))->count;
        double discount = trigram->discount[n];
        p = (fmax(seen - discount, 0) + discount * context->kinds * p) /
            context->count;
    }
    return p;
}

double trigram_nats(struct trigram *trigram, const int32_t *ids, int count)
{
    double nats = 0;
    for (int t = 1; t < count; t++)
        nats -= log(trigram_probability(trigram, t >= 2 ? ids[t - 2] : -1,
                                        ids[t - 1], ids[t]));
    return nats;
}
