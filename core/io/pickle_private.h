/*
 * The machine of a pickle, shared by pickle.c (the tree it leaves behind) and
 * pickle_run.c (its opcodes).
 */
#ifndef CORE_IO_PICKLE_PRIVATE_H
#define CORE_IO_PICKLE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/io/pickle.h"

enum { PICKLE_ORDERED = -1 }; /* the integer of collections.OrderedDict */

struct pickle_node {
    enum pickle_kind kind;
    union {
        long long integer;
        double real;
        struct {
            const char *at;
            size_t length;
        } text;
        struct {
            int first, last, count; /* steps; -1: none */
        } items;
    };
};

struct pickle_step {
    int node, next;
};

struct pickle {
    const char *const *allowed;
    struct pickle_node *node;
    struct pickle_step *step;
    int *stack, *mark, *memo; /* nodes; sizes of the stack; nodes or -1 */
    int nodes, steps, depth, marks, memos;
    int node_room, step_room, depth_room, mark_room, memo_room;
    int root;
};

/* pickle_run.c: fills the tree. */
int pickle_run(struct pickle *pickle, const unsigned char *bytes, size_t size,
               struct err *err);

/* pickle.c */
int pickle_new(struct pickle *pickle, enum pickle_kind kind);
void pickle_append(struct pickle *pickle, int node, int item);
bool pickle_has_items(const struct pickle *pickle, int node);

#endif
