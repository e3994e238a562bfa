/*
 * YAML text as a small tree that remembers where everything stood, so that
 * whoever reads it can say file:line:column.
 *
 * Strict: tabs, duplicate keys, anchors, aliases, tags and second documents
 * are refused.  Depth and size are bounded.
 */
#ifndef EXPERIMENTS_RECIPE_YAML_H
#define EXPERIMENTS_RECIPE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

enum node_kind { NODE_VALUE, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    char *key;          /* in a map, or NULL */
    char *text;         /* of a value, or NULL */
    bool quoted;        /* a quoted value is text, never a number */
    const char *source; /* file name, or "--set key=value"; NULL: none */
    int line, column;   /* of the value, from 1; 0 in a --set */
    int key_line, key_column;
    struct node *child; /* first, of a list or a map */
    struct node *next;  /* sibling */
    struct node *made;  /* all nodes of a tree, for freeing */
};

struct tree {
    struct node *root;
    struct node *made;
    char source[256];
};

/* On failure nothing is left to free. */
int tree_parse(struct tree *tree, const char *text, size_t size,
               const char *name, struct err *err);
void tree_free(struct tree *tree);

/* Applies "runs.0.rank=4": the value is YAML, the path names keys, list
 * positions from 0, or the name: of a list's map.  Missing keys are made. */
int tree_set(struct tree *tree, const char *assignment, struct err *err);

struct node *node_find(const struct node *map, const char *key);
int node_count(const struct node *node); /* children */
/* The same as node_find(), and out of the map: somebody else reads it. */
struct node *node_take(struct node *map, const char *key);

/* "file:line:column: sentence"; returns -1. */
int node_refuse(struct err *err, const struct node *node, const char *format,
                ...) __attribute__((format(printf, 3, 4)));
/* The same at the node's key. */
int node_refuse_key(struct err *err, const struct node *node,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
