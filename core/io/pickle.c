/* The tree of a pickle: see pickle.h. */
#include "core/io/pickle.h"

#include <assert.h>

#include "core/base/mem.h"
#include "core/io/pickle_private.h"

int pickle_new(struct pickle *pickle, enum pickle_kind kind)
{
    if (pickle->nodes == pickle->node_room) {
        int room = pickle->node_room ? 2 * pickle->node_room : 256;
        pickle->node = xgrow(pickle->node, (size_t)pickle->node_room,
                             (size_t)room, sizeof *pickle->node);
        pickle->node_room = room;
    }
    struct pickle_node *node = &pickle->node[pickle->nodes];
    *node = (struct pickle_node){.kind = kind};
    if (pickle_has_items(pickle, pickle->nodes))
        node->items.first = node->items.last = -1;
    return pickle->nodes++;
}

bool pickle_has_items(const struct pickle *pickle, int node)
{
    enum pickle_kind kind = pickle_kind(pickle, node);
    return kind == PICKLE_LIST || kind == PICKLE_DICT || kind == PICKLE_CALL ||
           kind == PICKLE_ID;
}

void pickle_append(struct pickle *pickle, int node, int item)
{
    assert(pickle_has_items(pickle, node));
    if (pickle->steps == pickle->step_room) {
        int room = pickle->step_room ? 2 * pickle->step_room : 256;
        pickle->step = xgrow(pickle->step, (size_t)pickle->step_room,
                             (size_t)room, sizeof *pickle->step);
        pickle->step_room = room;
    }
    struct pickle_node *to = &pickle->node[node];
    pickle->step[pickle->steps] = (struct pickle_step){item, -1};
    if (to->items.last >= 0)
        pickle->step[to->items.last].next = pickle->steps;
    else
        to->items.first = pickle->steps;
    to->items.last = pickle->steps++;
    to->items.count++;
}

struct pickle *pickle_parse(const unsigned char *bytes, size_t size,
                            const char *const *allowed, struct err *err)
{
    enum { LARGEST = 1 << 24 };
    if (size > LARGEST) {
        err_set(err,
                "a pickle of %zu bytes; one that only says where "
                "tensors are has less than %d",
                size, (int)LARGEST);
        return NULL;
    }
    struct pickle *pickle = xcalloc(1, sizeof *pickle);
    pickle->allowed = allowed;
    int status = pickle_run(pickle, bytes, size, err);
    mem_free(pickle->stack);
    mem_free(pickle->mark);
    mem_free(pickle->memo);
    pickle->stack = pickle->mark = pickle->memo = NULL;
    if (status == 0)
        return pickle;
    pickle_free(pickle);
    return NULL;
}

void pickle_free(struct pickle *pickle)
{
    if (!pickle)
        return;
    mem_free(pickle->node);
    mem_free(pickle->step);
    mem_free(pickle);
}

int pickle_root(const struct pickle *pickle)
{
    return pickle->root;
}

enum pickle_kind pickle_kind(const struct pickle *pickle, int node)
{
    return node < 0 ? PICKLE_NONE : pickle->node[node].kind;
}

long long pickle_integer(const struct pickle *pickle, int node,
                         long long otherwise)
{
    switch (pickle_kind(pickle, node)) {
    case PICKLE_BOOL:
    case PICKLE_INTEGER:
    case PICKLE_NAME:
        return pickle->node[node].integer;
    case PICKLE_NONE:
    case PICKLE_REAL:
    case PICKLE_TEXT:
    case PICKLE_BYTES:
    case PICKLE_LIST:
    case PICKLE_DICT:
    case PICKLE_CALL:
    case PICKLE_ID:
        break;
    }
    return otherwise;
}

const char *pickle_text(const struct pickle *pickle, int node, size_t *length)
{
    if (pickle_kind(pickle, node) != PICKLE_TEXT)
        return NULL;
    *length = pickle->node[node].text.length;
    return pickle->node[node].text.at;
}

int pickle_count(const struct pickle *pickle, int node)
{
    return pickle_has_items(pickle, node) ? pickle->node[node].items.count : 0;
}

int pickle_first(const struct pickle *pickle, int node)
{
    return pickle_has_items(pickle, node) ? pickle->node[node].items.first : -1;
}

int pickle_next(const struct pickle *pickle, int step)
{
    return pickle->step[step].next;
}

int pickle_at(const struct pickle *pickle, int step)
{
    return pickle->step[step].node;
}

int pickle_item(const struct pickle *pickle, int node, int i)
{
    int step = pickle_first(pickle, node);
    while (step >= 0 && i-- > 0)
        step = pickle_next(pickle, step);
    return step < 0 ? -1 : pickle_at(pickle, step);
}
