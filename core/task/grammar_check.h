/* What grammar_check.c and grammar_weigh.c share; for nobody else. */
#ifndef CORE_TASK_GRAMMAR_CHECK_H
#define CORE_TASK_GRAMMAR_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/task/grammar.h"

/* A node is one field of one symbol (field 0 is what <symbol> writes). */
struct check {
    struct grammar *g;
    struct err *err;
    int *first; /* (symbols) number of the node of field 0 */
    int nodes;
    /* (symbols + variables, symbols + 1): may stand for a line of that
     * symbol; the last column: for text that is no line of a list. */
    bool *origins;
    int *depth;
    double *size;
    uint64_t *needs, *gives;
    double text_size[GRAMMAR_VARIABLES]; /* longest text ever bound */
    int grew; /* one of them, in this round; -1: none */
};

/* The row of origins of a symbol, or of symbol_count + a variable. */
bool *check_origins(const struct check *c, int node);

/* grammar_weigh.c: depth, size, needs and gives of all nodes; fails on what
 * contains itself or grows without bound. */
int check_weights(struct check *c);

#endif
