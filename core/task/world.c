/*
 * The world is the grammar of a folder; a document is its symbol <document>,
 * drawn from a random stream that the document's number names.
 */
#include "core/task/world.h"

#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/grammar.h"

enum { NAME_MAX_LENGTH = 64 };

struct world {
    struct grammar *grammar;
    int document;
};

struct world *world_open(const char *folder, struct err *err)
{
    struct grammar *grammar = grammar_open(folder, err);
    if (!grammar)
        return NULL;
    int document = grammar_symbol(grammar, "document");
    int code = document >= 0
                   ? grammar_need_closed(grammar, document, err)
                   : err_set(err,
                             "%s: no file defines \"document\", the symbol "
                             "every text starts from",
                             folder);
    if (code < 0) {
        grammar_close(grammar);
        return NULL;
    }
    struct world *world = xcalloc(1, sizeof *world);
    *world = (struct world){grammar, document};
    return world;
}

void world_close(struct world *world)
{
    if (!world)
        return;
    grammar_close(world->grammar);
    mem_free(world);
}

char *world_document(const struct world *world, uint64_t seed, uint64_t index)
{
    struct rng rng = rng_make(seed, STREAM_WORLD, index);
    return grammar_expand(world->grammar, world->document, &rng);
}

/* The number of "<name>" or "name", or -1. */
static int find(const struct world *world, const char *symbol)
{
    char name[NAME_MAX_LENGTH + 1] = "";
    size_t length = strlen(symbol);
    if (length > 2 && symbol[0] == '<' && symbol[length - 1] == '>') {
        symbol++;
        length -= 2;
    }
    if (length > NAME_MAX_LENGTH)
        return -1;
    memcpy(name, symbol, length);
    return grammar_symbol(world->grammar, name);
}

int world_need(const struct world *world, const char *symbol, struct err *err)
{
    int found = find(world, symbol);
    if (found < 0)
        return err_set(err, "no file of the world defines %s", symbol);
    return grammar_need_closed(world->grammar, found, err);
}

char *world_expand(const struct world *world, const char *symbol,
                   struct rng *rng)
{
    int found = find(world, symbol);
    assert(found >= 0); /* world_need() comes first */
    return grammar_expand(world->grammar, found, rng);
}
