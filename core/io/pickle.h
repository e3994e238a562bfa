/*
 * Python's pickle as data: a tree of numbers, texts, lists and dictionaries.
 *
 * Nothing is ever executed.  Where a pickle asks for a call, the tree has a
 * node that says what of and with which arguments, and only for the names the
 * caller allows; any other name, and any opcode beyond those of data, is
 * refused in a sentence that names it.  Protocols 2 to 5.
 */
#ifndef CORE_IO_PICKLE_H
#define CORE_IO_PICKLE_H

#include <stddef.h>

#include "core/base/err.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INTEGER,
    PICKLE_REAL,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_LIST, /* tuples too */
    PICKLE_DICT, /* items are key, value, key, value, ... */
    PICKLE_NAME, /* of a class or function; integer: which of the allowed */
    PICKLE_CALL, /* items: what is called, its arguments as a list */
    PICKLE_ID    /* item: what stands for an object outside of the pickle */
};

struct pickle;

/* allowed: "module name", ends with NULL.  "collections OrderedDict" need not
 * be said, and calls of it are dictionaries.  Borrows both. */
struct pickle *pickle_parse(const unsigned char *bytes, size_t size,
                            const char *const *allowed, struct err *err);
void pickle_free(struct pickle *pickle);

/* Nodes are numbers; a node may be an item of several, even of itself.  Node
 * -1 is no node: it is none, and has no items. */
int pickle_root(const struct pickle *pickle);
enum pickle_kind pickle_kind(const struct pickle *pickle, int node);
/* Of integers, booleans and names; otherwise for what is none. */
long long pickle_integer(const struct pickle *pickle, int node,
                         long long otherwise);
/* Not NUL-terminated; NULL for what is no text. */
const char *pickle_text(const struct pickle *pickle, int node, size_t *length);
int pickle_count(const struct pickle *pickle, int node);
/* Item by item: the first of a node and the next of a step are steps, -1 at
 * the end; pickle_at is the node that stands there. */
int pickle_first(const struct pickle *pickle, int node);
int pickle_next(const struct pickle *pickle, int step);
int pickle_at(const struct pickle *pickle, int step);
/* The i-th item of a node, by walking there; -1: there is none. */
int pickle_item(const struct pickle *pickle, int node, int i);

#endif
