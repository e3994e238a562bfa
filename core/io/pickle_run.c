/*
 * The opcodes of a pickle (CPython, Lib/pickletools.py): a stack machine whose
 * values are nodes of a tree.  Of 68 opcodes those are here that build data;
 * each is a row of a table, and what has no row is refused by its number.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/pickle_private.h"

enum { MEMO_MOST = 1 << 24, TEXT_SHOWN = 100 };

struct reader {
    struct pickle *pickle;
    const unsigned char *at, *end;
    struct err *err;
    bool stopped;
};

static void push_to(int **array, int *count, int *room, int value)
{
    if (*count == *room) {
        int more = *room ? 2 * *room : 64;
        *array = xgrow(*array, (size_t)*room, (size_t)more, sizeof **array);
        *room = more;
    }
    (*array)[(*count)++] = value;
}

static int push(struct reader *reader, int node)
{
    struct pickle *p = reader->pickle;
    push_to(&p->stack, &p->depth, &p->depth_room, node);
    return 0;
}

static int push_integer(struct reader *reader, enum pickle_kind kind,
                        long long value)
{
    int node = pickle_new(reader->pickle, kind);
    reader->pickle->node[node].integer = value;
    return push(reader, node);
}

/* Nothing below the last mark is taken. */
static int pop(struct reader *reader)
{
    struct pickle *p = reader->pickle;
    int least = p->marks ? p->mark[p->marks - 1] : 0;
    if (p->depth > least)
        return p->stack[--p->depth];
    err_set(reader->err, "its stack is empty where a value should be");
    return -1;
}

static int top(struct reader *reader)
{
    int node = pop(reader);
    if (node >= 0)
        reader->pickle->depth++;
    return node;
}

/* Where the values after the last mark begin, and the mark is gone; or -1. */
static int pop_mark(struct reader *reader)
{
    struct pickle *p = reader->pickle;
    if (p->marks)
        return p->mark[--p->marks];
    return err_set(reader->err, "a mark is missing");
}

static int cut_short(struct reader *reader)
{
    return err_set(reader->err, "it is cut short");
}

/* Little endian; -1 with a sentence: cut short. */
static int take_number(struct reader *reader, unsigned long long *to, int bytes)
{
    *to = 0;
    if (reader->end - reader->at < bytes)
        return cut_short(reader);
    for (int i = bytes - 1; i >= 0; i--)
        *to = *to << 8 | reader->at[i];
    reader->at += bytes;
    return 0;
}

static int skip(struct reader *reader, int bytes)
{
    unsigned long long unused;
    return take_number(reader, &unused, bytes);
}

static int mark(struct reader *reader, int bytes)
{
    struct pickle *p = reader->pickle;
    (void)bytes;
    push_to(&p->mark, &p->marks, &p->mark_room, p->depth);
    return 0;
}

static int stop(struct reader *reader, int bytes)
{
    (void)bytes;
    reader->stopped = true;
    reader->pickle->root = pop(reader);
    return reader->pickle->root < 0 ? -1 : 0;
}

static int drop(struct reader *reader, int bytes)
{
    (void)bytes;
    return pop(reader) < 0 ? -1 : 0;
}

static int drop_to_mark(struct reader *reader, int bytes)
{
    int from = pop_mark(reader);
    (void)bytes;
    if (from < 0)
        return -1;
    reader->pickle->depth = from;
    return 0;
}

static int twice(struct reader *reader, int bytes)
{
    int node = top(reader);
    (void)bytes;
    return node < 0 ? -1 : push(reader, node);
}

static int none(struct reader *reader, int bytes)
{
    (void)bytes;
    return push(reader, pickle_new(reader->pickle, PICKLE_NONE));
}

static int boolean(struct reader *reader, int value)
{
    return push_integer(reader, PICKLE_BOOL, value);
}

/* BININT is signed, the shorter ones are not. */
static int integer(struct reader *reader, int bytes)
{
    unsigned long long value;
    if (take_number(reader, &value, bytes) != 0)
        return -1;
    long long is = bytes == 4 ? (int32_t)(uint32_t)value : (long long)value;
    return push_integer(reader, PICKLE_INTEGER, is);
}

static int long_integer(struct reader *reader, int bytes)
{
    unsigned long long length, value = 0;
    if (take_number(reader, &length, bytes) != 0)
        return -1;
    if (length > 8)
        return err_set(reader->err, "an integer of %llu bytes", length);
    if (take_number(reader, &value, (int)length) != 0)
        return -1;
    if (length && length < 8 && value >> (8 * length - 1))
        value |= ~0ULL << (8 * length);
    return push_integer(reader, PICKLE_INTEGER, (long long)value);
}

static int real(struct reader *reader, int bytes)
{
    unsigned long long bits = 0;
    if (reader->end - reader->at < bytes)
        return cut_short(reader);
    for (int i = 0; i < bytes; i++) /* big endian, alone of all */
        bits = bits << 8 | *reader->at++;
    int node = pickle_new(reader->pickle, PICKLE_REAL);
    memcpy(&reader->pickle->node[node].real, &bits, sizeof bits);
    return push(reader, node);
}

static int text_of(struct reader *reader, enum pickle_kind kind, int bytes)
{
    unsigned long long length;
    if (take_number(reader, &length, bytes) != 0)
        return -1;
    if (length > (unsigned long long)(reader->end - reader->at))
        return cut_short(reader);
    int node = pickle_new(reader->pickle, kind);
    struct pickle_node *to = &reader->pickle->node[node];
    to->text.at = (const char *)reader->at;
    to->text.length = (size_t)length;
    reader->at += length;
    return push(reader, node);
}

static int text(struct reader *reader, int bytes)
{
    return text_of(reader, PICKLE_TEXT, bytes);
}

static int blob(struct reader *reader, int bytes)
{
    return text_of(reader, PICKLE_BYTES, bytes);
}

static int empty_list(struct reader *reader, int bytes)
{
    (void)bytes;
    return push(reader, pickle_new(reader->pickle, PICKLE_LIST));
}

static int empty_dict(struct reader *reader, int bytes)
{
    (void)bytes;
    return push(reader, pickle_new(reader->pickle, PICKLE_DICT));
}

/* Moves the stack's values from `from` on into a node below them. */
static void gather(struct reader *reader, int node, int from)
{
    struct pickle *p = reader->pickle;
    for (int i = from; i < p->depth; i++)
        pickle_append(p, node, p->stack[i]);
    p->depth = from;
}

static int tuple_to_mark(struct reader *reader, int bytes)
{
    int from = pop_mark(reader);
    (void)bytes;
    if (from < 0)
        return -1;
    int node = pickle_new(reader->pickle, PICKLE_LIST);
    gather(reader, node, from);
    return push(reader, node);
}

static int tuple(struct reader *reader, int count)
{
    struct pickle *p = reader->pickle;
    int least = p->marks ? p->mark[p->marks - 1] : 0;
    if (p->depth - least < count)
        return err_set(reader->err, "a tuple has too few values");
    int node = pickle_new(p, PICKLE_LIST);
    gather(reader, node, p->depth - count);
    return push(reader, node);
}

/* Values from `from` on go into the list or dictionary under them. */
static int extend(struct reader *reader, enum pickle_kind kind, int from)
{
    struct pickle *p = reader->pickle;
    int least = p->marks ? p->mark[p->marks - 1] : 0;
    if (from - 1 < least || p->node[p->stack[from - 1]].kind != kind)
        return err_set(reader->err, "items for what is no %s",
                       kind == PICKLE_LIST ? "list" : "dictionary");
    if (kind == PICKLE_DICT && (p->depth - from) % 2)
        return err_set(reader->err, "a key has no value");
    gather(reader, p->stack[from - 1], from);
    return 0;
}

static int append(struct reader *reader, int count)
{
    return extend(reader, PICKLE_LIST, reader->pickle->depth - count);
}

static int append_to_mark(struct reader *reader, int bytes)
{
    int from = pop_mark(reader);
    (void)bytes;
    return from < 0 ? -1 : extend(reader, PICKLE_LIST, from);
}

static int set_item(struct reader *reader, int count)
{
    return extend(reader, PICKLE_DICT, reader->pickle->depth - count);
}

static int set_to_mark(struct reader *reader, int bytes)
{
    int from = pop_mark(reader);
    (void)bytes;
    return from < 0 ? -1 : extend(reader, PICKLE_DICT, from);
}

static int put_at(struct reader *reader, unsigned long long at)
{
    struct pickle *p = reader->pickle;
    int node = top(reader);
    if (node < 0)
        return -1;
    if (at >= MEMO_MOST || at > 4 * (unsigned long long)p->nodes + 1024)
        return err_set(reader->err, "memo %llu is out of range", at);
    while ((unsigned long long)p->memos <= at)
        push_to(&p->memo, &p->memos, &p->memo_room, -1);
    p->memo[at] = node;
    return 0;
}

static int put(struct reader *reader, int bytes)
{
    unsigned long long at;
    return take_number(reader, &at, bytes) != 0 ? -1 : put_at(reader, at);
}

static int memoize(struct reader *reader, int bytes)
{
    (void)bytes;
    return put_at(reader, (unsigned long long)reader->pickle->memos);
}

static int get(struct reader *reader, int bytes)
{
    unsigned long long at;
    const struct pickle *p = reader->pickle;
    if (take_number(reader, &at, bytes) != 0)
        return -1;
    if (at >= (unsigned long long)p->memos || p->memo[at] < 0)
        return err_set(reader->err, "memo %llu was never set", at);
    return push(reader, p->memo[at]);
}

/* "os system" is what a pickle would import and call: only names that are
 * known to build tensors become nodes. */
static int name(struct reader *reader, const char *module, size_t module_length,
                const char *which, size_t length)
{
    char whole[256];
    const struct pickle *p = reader->pickle;
    (void)snprintf(
        whole, sizeof whole, "%.*s %.*s",
        (int)(module_length < TEXT_SHOWN ? module_length : TEXT_SHOWN), module,
        (int)(length < TEXT_SHOWN ? length : TEXT_SHOWN), which);
    if (strcmp(whole, "collections OrderedDict") == 0)
        return push_integer(reader, PICKLE_NAME, PICKLE_ORDERED);
    for (int i = 0; p->allowed[i]; i++)
        if (strcmp(whole, p->allowed[i]) == 0)
            return push_integer(reader, PICKLE_NAME, i);
    *strchr(whole, ' ') = '.';
    return err_set(reader->err,
                   "it asks for %s, which no tensor needs; nothing was run",
                   whole);
}

static int global(struct reader *reader, int bytes)
{
    const char *line[2];
    size_t length[2];
    (void)bytes;
    for (int i = 0; i < 2; i++) {
        size_t left = (size_t)(reader->end - reader->at);
        const unsigned char *end = memchr(reader->at, '\n', left);
        if (!end)
            return cut_short(reader);
        line[i] = (const char *)reader->at;
        length[i] = (size_t)(end - reader->at);
        reader->at = end + 1;
    }
    return name(reader, line[0], length[0], line[1], length[1]);
}

static int stack_global(struct reader *reader, int bytes)
{
    int which = pop(reader), module = which < 0 ? -1 : pop(reader);
    size_t length[2];
    (void)bytes;
    if (module < 0)
        return -1;
    const char *a = pickle_text(reader->pickle, module, &length[0]);
    const char *b = pickle_text(reader->pickle, which, &length[1]);
    if (!a || !b)
        return err_set(reader->err, "a name that is no text");
    return name(reader, a, length[0], b, length[1]);
}

static int call(struct reader *reader, int bytes)
{
    struct pickle *p = reader->pickle;
    int with = pop(reader), of = with < 0 ? -1 : pop(reader);
    (void)bytes;
    if (of < 0)
        return -1;
    if (p->node[of].kind != PICKLE_NAME || p->node[with].kind != PICKLE_LIST)
        return err_set(reader->err, "a call of what is no function");
    if (p->node[of].integer == PICKLE_ORDERED)
        return push(reader, pickle_new(p, PICKLE_DICT));
    int node = pickle_new(p, PICKLE_CALL);
    pickle_append(p, node, of);
    pickle_append(p, node, with);
    return push(reader, node);
}

/* The attributes of an object: a state_dict has some, and no tensor is in
 * them. */
static int build(struct reader *reader, int bytes)
{
    int state = pop(reader), of = state < 0 ? -1 : top(reader);
    (void)bytes;
    if (of < 0)
        return -1;
    enum pickle_kind kind = reader->pickle->node[of].kind;
    if (kind != PICKLE_DICT && kind != PICKLE_CALL)
        return err_set(reader->err, "attributes for what is no object");
    return 0;
}

static int outside(struct reader *reader, int bytes)
{
    int id = pop(reader);
    (void)bytes;
    if (id < 0)
        return -1;
    int node = pickle_new(reader->pickle, PICKLE_ID);
    pickle_append(reader->pickle, node, id);
    return push(reader, node);
}

static const struct opcode {
    unsigned char code;
    int (*run)(struct reader *reader, int argument);
    int argument; /* bytes that follow, values taken, or the value */
} opcodes[] = {
    {0x80, skip, 1},         {0x95, skip, 8},
    {'.', stop, 0},          {'(', mark, 0},
    {'0', drop, 0},          {'1', drop_to_mark, 0},
    {'2', twice, 0},         {'N', none, 0},
    {0x88, boolean, 1},      {0x89, boolean, 0},
    {'J', integer, 4},       {'K', integer, 1},
    {'M', integer, 2},       {0x8a, long_integer, 1},
    {0x8b, long_integer, 4}, {'G', real, 8},
    {'X', text, 4},          {0x8c, text, 1},
    {0x8d, text, 8},         {'T', text, 4},
    {'U', text, 1},          {'B', blob, 4},
    {'C', blob, 1},          {0x8e, blob, 8},
    {']', empty_list, 0},    {')', empty_list, 0},
    {'}', empty_dict, 0},    {'t', tuple_to_mark, 0},
    {0x85, tuple, 1},        {0x86, tuple, 2},
    {0x87, tuple, 3},        {'l', tuple_to_mark, 0},
    {'a', append, 1},        {'e', append_to_mark, 0},
    {'s', set_item, 2},      {'u', set_to_mark, 0},
    {'q', put, 1},           {'r', put, 4},
    {0x94, memoize, 0},      {'h', get, 1},
    {'j', get, 4},           {'c', global, 0},
    {0x93, stack_global, 0}, {'R', call, 0},
    {'b', build, 0},         {'Q', outside, 0},
};

static const struct opcode *find(unsigned char code)
{
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++)
        if (opcodes[i].code == code)
            return &opcodes[i];
    return NULL;
}

int pickle_run(struct pickle *pickle, const unsigned char *bytes, size_t size,
               struct err *err)
{
    struct reader reader = {pickle, bytes, bytes + size, err, false};
    while (!reader.stopped) {
        size_t where = (size_t)(reader.at - bytes);
        if (reader.at == reader.end)
            return cut_short(&reader);
        unsigned char code = *reader.at++;
        const struct opcode *opcode = find(code);
        if (!opcode)
            return err_set(err,
                           "opcode 0x%02x ('%c') at byte %zu is not allowed: "
                           "it builds no data",
                           code, code > ' ' && code < 127 ? code : '?', where);
        if (opcode->run(&reader, opcode->argument) != 0)
            return err_prefix(err, "pickle, byte %zu", where);
    }
    return 0;
}
