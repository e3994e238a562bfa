/*
 * --set runs.0.rank=4: one value of a recipe replaced before it is read, so
 * that it goes through the same checks, and a refusal names the --set.
 *
 * A site's name has dots of its own, so ranks.h.3.attn.v=4 takes the rest of
 * the path as one key.
 */
#include "experiments/recipe_yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

struct path {
    char text[256];
    char *rest; /* what is still to walk, or NULL */
};

static char *next_part(struct path *path, const char *parent)
{
    char *part = path->rest;
    char *dot =
        parent && strcmp(parent, "ranks") == 0 ? NULL : strchr(part, '.');
    path->rest = dot ? dot + 1 : NULL;
    if (dot)
        *dot = '\0';
    return part;
}

static struct node *item_of(const struct node *list, const char *part)
{
    char *end;
    long index = strtol(part, &end, 10);
    bool number = *part >= '0' && *part <= '9' && *end == '\0';
    struct node *item = list->child;
    for (long i = 0; item; item = item->next, i++) {
        if (number && i == index)
            return item;
        const struct node *name =
            item->kind == NODE_MAP ? node_find(item, "name") : NULL;
        if (!number && name && name->text && strcmp(name->text, part) == 0)
            return item;
    }
    return NULL;
}

static struct node *add_child(struct tree *tree, struct node *map,
                              const char *key, const char *source)
{
    struct node *node = xcalloc(1, sizeof *node);
    node->kind = NODE_MAP;
    node->key = xstrdup(key);
    node->source = source;
    node->made = tree->made;
    tree->made = node;
    struct node **end = &map->child;
    while (*end)
        end = &(*end)->next;
    *end = node;
    return node;
}

static struct node *walk(struct tree *tree, struct path *path,
                         const char *source, struct err *err)
{
    struct node *at = tree->root;
    while (path->rest) {
        const char *part = next_part(path, at->key);
        struct node *next = NULL;
        if (at->kind == NODE_VALUE) {
            err_set(err, "%s: %s is a value, it has no %s", source,
                    at->key ? at->key : "this", part);
            return NULL;
        }
        if (at->kind == NODE_LIST) {
            next = item_of(at, part);
            if (!next) {
                int count = node_count(at);
                err_set(err, "%s: no %s in %s; use 0..%d or a name", source,
                        part, at->key ? at->key : "the list", count - 1);
                return NULL;
            }
        } else {
            next = node_find(at, part);
            if (!next)
                next = add_child(tree, at, part, source);
        }
        at = next;
    }
    return at;
}

/* Parses the value in a tree of its own and moves its nodes over. */
static int put_value(struct tree *tree, struct node *at, const char *value,
                     const char *source, struct err *err)
{
    struct tree small;
    struct err why = {{0}};
    if (tree_parse(&small, value, strlen(value), "value", &why) < 0)
        return err_set(err, "%s: %s", source, why.text);
    struct node *last = NULL;
    for (struct node *node = small.made; node; node = node->made) {
        node->source = source;
        node->line = node->column = node->key_line = node->key_column = 0;
        last = node;
    }
    at->kind = small.root->kind;
    at->quoted = small.root->quoted;
    at->source = source;
    at->line = at->column = at->key_line = at->key_column = 0;
    mem_free(at->text);
    at->text = small.root->text;
    small.root->text = NULL;
    at->child = small.root->child;
    last->made = tree->made;
    tree->made = small.made;
    return 0;
}

int tree_set(struct tree *tree, const char *assignment, struct err *err)
{
    char source[300];
    snprintf(source, sizeof source, "--set %s", assignment);
    const char *equals = strchr(assignment, '=');
    struct path path = {.rest = NULL};
    if (!equals || equals == assignment ||
        (size_t)(equals - assignment) >= sizeof path.text)
        return err_set(err, "%s: use key=value, as runs.0.rank=4", source);
    if (equals[1] == '\0')
        return err_set(err, "%s: the value is missing after =", source);
    memcpy(path.text, assignment, (size_t)(equals - assignment));
    path.rest = path.text;
    if (tree->root->kind != NODE_MAP)
        return err_set(err, "%s: the recipe has no keys", source);

    /* Kept by the tree: nodes point at it when they refuse. */
    struct node *holder = xcalloc(1, sizeof *holder);
    holder->text = xstrdup(source);
    holder->made = tree->made;
    tree->made = holder;
    struct node *at = walk(tree, &path, holder->text, err);
    return at ? put_value(tree, at, equals + 1, holder->text, err) : -1;
}
