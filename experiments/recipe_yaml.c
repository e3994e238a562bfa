/*
 * YAML events (libyaml, whose only home this is) into a tree of nodes.
 *
 * A stack instead of recursion: the depth of a file is the user's.  Nodes
 * hang on one list as well, so freeing needs no walk.
 */
#include "experiments/recipe_yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "core/base/mem.h"

enum { DEPTH = 16, NODES = 20000 };

struct builder {
    struct tree *tree;
    const char *source;
    struct node *open[DEPTH]; /* containers being filled */
    struct node *last[DEPTH]; /* their last child */
    int depth, nodes, documents;
    char *key; /* read, its value still to come */
    int key_line, key_column;
};

static struct node *make_node(struct tree *tree, enum node_kind kind,
                              const char *source)
{
    struct node *node = xcalloc(1, sizeof *node);
    node->kind = kind;
    node->source = source;
    node->made = tree->made;
    tree->made = node;
    return node;
}

static int refuse_at(struct err *err, const char *source, int line, int column,
                     const char *format, va_list args)
{
    char text[384];
    vsnprintf(text, sizeof text, format, args);
    if (!source)
        return err_set(err, "%s", text);
    if (line == 0)
        return err_set(err, "%s: %s", source, text);
    return err_set(err, "%s:%d:%d: %s", source, line, column, text);
}

int node_refuse(struct err *err, const struct node *node, const char *format,
                ...)
{
    va_list args;
    va_start(args, format);
    refuse_at(err, node->source, node->line, node->column, format, args);
    va_end(args);
    return -1;
}

int node_refuse_key(struct err *err, const struct node *node,
                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (node->key_line)
        refuse_at(err, node->source, node->key_line, node->key_column, format,
                  args);
    else
        refuse_at(err, node->source, node->line, node->column, format, args);
    va_end(args);
    return -1;
}

static int refuse_mark(struct err *err, const struct builder *b,
                       yaml_mark_t mark, const char *sentence)
{
    return err_set(err, "%s:%zu:%zu: %s", b->source, mark.line + 1,
                   mark.column + 1, sentence);
}

static int refuse_parser(struct err *err, const struct builder *b,
                         const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_READER_ERROR)
        return err_set(err, "%s: byte %zu: %s; a recipe is UTF-8 text",
                       b->source, parser->problem_offset, problem);
    return err_set(
        err, "%s:%zu:%zu: %s%s%s", b->source, parser->problem_mark.line + 1,
        parser->problem_mark.column + 1, parser->context ? parser->context : "",
        parser->context ? ": " : "", problem);
}

/* A tab looks like spaces and is none: the most puzzling of YAML's errors. */
static int refuse_tabs(const char *text, size_t size, const char *name,
                       struct err *err)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < size; i++, column++) {
        if (text[i] == '\t')
            return err_set(err, "%s:%d:%d: a tab is not allowed; use spaces",
                           name, line, column);
        if (text[i] == '\n') {
            line++;
            column = 0;
        }
    }
    return 0;
}

static int refuse_marks(struct err *err, const struct builder *b,
                        const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        anchor = event->data.alias.anchor;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor)
        return refuse_mark(err, b, event->start_mark,
                           "anchors and aliases are not allowed; write the "
                           "value out");
    if (tag)
        return refuse_mark(err, b, event->start_mark,
                           "tags (!) are not allowed; write the value alone");
    return 0;
}

static void hang(struct builder *b, struct node *node)
{
    if (b->key) {
        node->key = b->key;
        node->key_line = b->key_line;
        node->key_column = b->key_column;
        b->key = NULL;
    }
    if (b->depth == 0) {
        b->tree->root = node;
        return;
    }
    struct node **last = &b->last[b->depth - 1];
    if (*last)
        (*last)->next = node;
    else
        b->open[b->depth - 1]->child = node;
    *last = node;
}

static bool awaits_key(const struct builder *b)
{
    return b->depth > 0 && b->open[b->depth - 1]->kind == NODE_MAP && !b->key;
}

static int add_key(struct builder *b, const yaml_event_t *event,
                   struct err *err)
{
    const char *text = (const char *)event->data.scalar.value;
    const struct node *twin = node_find(b->open[b->depth - 1], text);
    if (twin)
        return err_set(err,
                       "%s:%zu:%zu: %s stands here twice, first in line %d; "
                       "remove one",
                       b->source, event->start_mark.line + 1,
                       event->start_mark.column + 1, text, twin->key_line);
    b->key = xstrdup(text);
    b->key_line = (int)event->start_mark.line + 1;
    b->key_column = (int)event->start_mark.column + 1;
    return 0;
}

static int add_node(struct builder *b, const yaml_event_t *event,
                    enum node_kind kind, struct err *err)
{
    if (++b->nodes > NODES)
        return refuse_mark(err, b, event->start_mark,
                           "too many values for a recipe");
    if (kind != NODE_VALUE && b->depth == DEPTH)
        return refuse_mark(err, b, event->start_mark, "nested too deeply");
    if (kind != NODE_VALUE && awaits_key(b))
        return refuse_mark(err, b, event->start_mark,
                           "a key must be a plain word");
    if (kind == NODE_VALUE && awaits_key(b))
        return add_key(b, event, err);

    struct node *node = make_node(b->tree, kind, b->source);
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    if (kind == NODE_VALUE) {
        if (memchr(event->data.scalar.value, 0, event->data.scalar.length))
            return refuse_mark(err, b, event->start_mark,
                               "a zero byte is not allowed");
        node->text = xstrdup((const char *)event->data.scalar.value);
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    }
    hang(b, node);
    if (kind != NODE_VALUE) {
        b->open[b->depth] = node;
        b->last[b->depth++] = NULL;
    }
    return 0;
}

static int take_event(struct builder *b, const yaml_event_t *event,
                      struct err *err)
{
    if (refuse_marks(err, b, event) < 0)
        return -1;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->documents++)
            return refuse_mark(err, b, event->start_mark,
                               "a second document; a recipe is one");
        return 0;
    case YAML_SCALAR_EVENT:
        return add_node(b, event, NODE_VALUE, err);
    case YAML_SEQUENCE_START_EVENT:
        return add_node(b, event, NODE_LIST, err);
    case YAML_MAPPING_START_EVENT:
        return add_node(b, event, NODE_MAP, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_ALIAS_EVENT: /* refused above */
        return 0;
    }
    return 0;
}

/* Hangs what it made on tree->made, and the root on tree->root. */
static int build(struct tree *tree, const char *text, size_t size,
                 const char *source, struct err *err)
{
    struct builder b = {.tree = tree, .source = source};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, "%s: no memory to read it", source);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    int result = 0;
    bool more = true;
    while (more && result == 0) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            result = refuse_parser(err, &b, &parser);
            break;
        }
        result = take_event(&b, &event, err);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    mem_free(b.key);
    if (result == 0 && !tree->root)
        result = err_set(err, "%s: empty; a recipe begins with title:", source);
    return result;
}

int tree_parse(struct tree *tree, const char *text, size_t size,
               const char *name, struct err *err)
{
    *tree = (struct tree){0};
    snprintf(tree->source, sizeof tree->source, "%s", name);
    if (refuse_tabs(text, size, name, err) < 0)
        return -1;
    if (build(tree, text, size, tree->source, err) < 0) {
        tree_free(tree);
        return -1;
    }
    return 0;
}

void tree_free(struct tree *tree)
{
    struct node *next;
    for (struct node *node = tree->made; node; node = next) {
        next = node->made;
        mem_free(node->key);
        mem_free(node->text);
        mem_free(node);
    }
    tree->root = NULL;
    tree->made = NULL;
}

struct node *node_find(const struct node *map, const char *key)
{
    for (struct node *child = map->child; child; child = child->next)
        if (child->key && strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

struct node *node_take(struct node *map, const char *key)
{
    struct node **at = &map->child;
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    struct node *taken = *at;
    if (taken)
        *at = taken->next; /* the tree frees it, it hangs on its list */
    return taken;
}

int node_count(const struct node *node)
{
    int count = 0;
    for (const struct node *child = node->child; child; child = child->next)
        count++;
    return count;
}
