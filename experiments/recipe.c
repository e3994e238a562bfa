/*
 * Reading a recipe: the tree of recipe_yaml.c through the tables of
 * recipe_field.c.  Nothing is guessed: what is not in a table is refused with
 * the nearest name, what is out of range with the range.
 */
#include "experiments/recipe.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/io/file.h"
#include "experiments/recipe_read.h"

enum { NAMES = RECIPE_WORDS };

/* "a, b, c" of the known words, for a sentence. */
static void list_words(char *to, size_t size, const char *const *names,
                       int count)
{
    size_t used = 0;
    to[0] = '\0';
    for (int i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(to + used, size - used, "%s%s", i ? ", " : "",
                                 names[i]);
}

static int refuse_word(struct err *err, const struct node *node, bool at_key,
                       const char *what, const char *word,
                       const char *const *names, int count)
{
    char known[200];
    list_words(known, sizeof known, names, count);
    const char *near = nearest(word, names, count);
    char hint[80] = "";
    if (near)
        snprintf(hint, sizeof hint, "; did you mean %s?", near);
    char sentence[360];
    snprintf(sentence, sizeof sentence, "unknown %s %.40s%s%s%s", what, word,
             near ? hint : "; use ", near ? " Known: " : "", known);
    return at_key ? node_refuse_key(err, node, "%s", sentence)
                  : node_refuse(err, node, "%s", sentence);
}

static int words_of(const char **names, const char *(*at)(int i))
{
    int count = 0;
    while (count < NAMES && at(count)) {
        names[count] = at(count);
        count++;
    }
    return count;
}

/* The plain text of a value that should be a number. */
static const char *number_text(const struct field *field,
                               const struct node *node, const char *kind,
                               struct err *err)
{
    if (node->kind != NODE_VALUE)
        node_refuse(err, node, "%s is one value: %s", field->name, kind);
    else if (node->quoted)
        node_refuse(err, node, "%s is %s, write it without quotes", field->name,
                    kind);
    else if (node->text[0] == '\0')
        node_refuse(err, node, "%s needs a value: %s", field->name, kind);
    else
        return node->text;
    return NULL;
}

static int refuse_range(const struct field *field, const struct node *node,
                        struct err *err)
{
    return node_refuse(err, node, "%s %.40s is not allowed; use %.10g..%.10g",
                       field->name, node->text, field->low, field->high);
}

static int read_whole(const struct field *field, const struct node *node,
                      long *to, struct err *err)
{
    const char *text = number_text(field, node, "a whole number", err);
    if (!text)
        return -1;
    const char *digits = text + (*text == '-' || *text == '+');
    if (digits[strspn(digits, "0123456789")] != '\0' || *digits == '\0')
        return node_refuse(err, node, "%s %.40s is not a whole number",
                           field->name, text);
    errno = 0;
    *to = strtol(text, NULL, 10);
    if (errno || (double)*to < field->low || (double)*to > field->high)
        return refuse_range(field, node, err);
    return 0;
}

static int read_seed(const struct field *field, const struct node *node,
                     uint64_t *to, struct err *err)
{
    const char *text = number_text(field, node, "a whole number", err);
    if (!text)
        return -1;
    if (text[strspn(text, "0123456789")] != '\0')
        return node_refuse(err, node, "%s %.40s is not a whole number from 0",
                           field->name, text);
    errno = 0;
    *to = strtoull(text, NULL, 10);
    if (errno)
        return node_refuse(err, node, "%s %.40s is too large; use 0..2^64-1",
                           field->name, text);
    return 0;
}

/* Decimal numbers only: no hexadecimal, no words. */
static int read_real(const struct field *field, const struct node *node,
                     double *to, struct err *err)
{
    const char *text = number_text(field, node, "a number", err);
    if (!text)
        return -1;
    char *end;
    bool plain = text[strspn(text, "0123456789+-.eE")] == '\0';
    *to = plain ? strtod(text, &end) : 0;
    if (!plain || *end != '\0')
        return node_refuse(err, node, "%s %.40s is not a number", field->name,
                           text);
    if (!isfinite(*to) || *to < field->low || *to > field->high)
        return refuse_range(field, node, err);
    return 0;
}

static int read_bool(const struct field *field, const struct node *node,
                     bool *to, struct err *err)
{
    const char *text = node->kind == NODE_VALUE ? node->text : "";
    *to = strcmp(text, "true") == 0;
    if ((*to || strcmp(text, "false") == 0) && !node->quoted)
        return 0;
    return node_refuse(err, node, "%s is true or false", field->name);
}

static int read_text(const struct field *field, const struct node *node,
                     char *to, struct err *err)
{
    if (node->kind != NODE_VALUE)
        return node_refuse(err, node, "%s is text, not a %s", field->name,
                           node->kind == NODE_LIST ? "list" : "map");
    size_t length = strlen(node->text);
    if (length >= field->size)
        return node_refuse(err, node, "%s has %zu bytes; use at most %zu",
                           field->name, length, field->size - 1);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)node->text[i] < ' ' || node->text[i] == 0x7f)
            return node_refuse(err, node,
                               "%s holds a control character; use one line "
                               "of text",
                               field->name);
    memcpy(to, node->text, length + 1);
    return 0;
}

static int read_name(const struct field *field, const struct node *node,
                     char *to, struct err *err)
{
    if (read_text(field, node, to, err) < 0)
        return -1;
    bool fine = isalnum((unsigned char)to[0]);
    for (const char *c = to; *c; c++)
        fine = fine && (isalnum((unsigned char)*c) || strchr("._-", *c));
    if (!fine)
        return node_refuse(err, node,
                           "%s \"%.40s\" is not allowed; use letters, "
                           "digits, . _ - and begin with a letter or digit",
                           field->name, to);
    return 0;
}

static int read_word(const struct field *field, const struct node *node,
                     int *index, struct err *err)
{
    const char *names[NAMES];
    int count = words_of(names, field->at);
    if (node->kind != NODE_VALUE)
        return node_refuse(err, node, "%s is one word, not a %s", field->name,
                           node->kind == NODE_LIST ? "list" : "map");
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], node->text) == 0) {
            *index = i;
            return 0;
        }
    return refuse_word(err, node, false, field->name, node->text, names, count);
}

/* A list of known words becomes true where one stands. */
static int read_flags(const struct field *field, const struct node *node,
                      bool *to, struct err *err)
{
    const char *names[NAMES];
    int count = words_of(names, field->at);
    for (int i = 0; i < count; i++)
        to[i] = false;
    if (node->kind != NODE_LIST)
        return node_refuse(err, node, "%s is a list as [%s, %s]", field->name,
                           names[0], names[1]);
    for (const struct node *item = node->child; item; item = item->next) {
        int at = 0;
        while (at < count &&
               (item->kind != NODE_VALUE || strcmp(names[at], item->text) != 0))
            at++;
        char what[RECIPE_NAME]; /* target, of targets */
        snprintf(what, sizeof what, "%s", field->name);
        if (field->type == FIELD_TARGETS)
            what[strlen(what) - 1] = '\0';
        if (at == count)
            return refuse_word(err, item, false, what,
                               item->text ? item->text : "list", names, count);
        if (to[at])
            return node_refuse(err, item, "%s %s stands here twice", what,
                               names[at]);
        to[at] = true;
    }
    return 0;
}

static int read_targets(const struct field *field, const struct node *node,
                        bool *to, struct err *err)
{
    if (node->kind == NODE_VALUE && strcmp(node->text, "all") == 0) {
        for (int i = 0; i < SITE_KINDS; i++)
            to[i] = i != SITE_HEAD;
        return 0;
    }
    if (node->kind != NODE_LIST || !node->child)
        return node_refuse(err, node,
                           "targets is a list as [q, v], or the word all");
    return read_flags(field, node, to, err);
}

static int read_ranks(const struct node *node, struct run_spec *run,
                      struct err *err)
{
    const struct field rank = {.name = "rank", .low = 1, .high = 1000000};
    if (node->kind != NODE_MAP)
        return node_refuse(err, node, "ranks is a map as {h.3.attn.v: 16}");
    run->rank_count = 0;
    for (const struct node *item = node->child; item; item = item->next) {
        if (run->rank_count == RECIPE_SITE_RANKS)
            return node_refuse_key(err, item, "more than %d ranks",
                                   RECIPE_SITE_RANKS);
        struct site_rank *to = &run->ranks[run->rank_count];
        long value;
        if (strlen(item->key) >= sizeof to->site)
            return node_refuse_key(err, item, "unknown site %.40s", item->key);
        if (read_whole(&rank, item, &value, err) < 0)
            return -1;
        snprintf(to->site, sizeof to->site, "%s", item->key);
        to->rank = (int)value;
        run->rank_count++;
    }
    return 0;
}

static int read_fields(void *to, const struct field *fields,
                       const struct node *map, const char *what,
                       struct err *err);

/* r8 for rank 8, full for full: what a run without a name is called. */
static void name_run(struct run_spec *run)
{
    if (run->name[0])
        return;
    if (method_has_rank(run->method))
        snprintf(run->name, sizeof run->name, "r%d", run->rank);
    else if (method_uses(run->method, USES_SUBSPACE))
        snprintf(run->name, sizeof run->name, "d%d", run->dims);
    else
        snprintf(run->name, sizeof run->name, "%s", run->method);
}

/* A field that the method does not read would be silently without effect. */
static int refuse_unused(const struct run_spec *run, const struct node *node,
                         struct err *err)
{
    for (const struct field *field = run_fields; field->name; field++) {
        const struct node *given = node_find(node, field->name);
        if (given && !run_uses(run, field->use))
            return node_refuse_key(err, given, "method %s has no %s; remove it",
                                   run->method, field->name);
    }
    return 0;
}

static int read_run(struct run_spec *run, const struct node *node,
                    const struct recipe *above, struct err *err)
{
    run_defaults(run, above);
    if (node->kind != NODE_MAP)
        return node_refuse(err, node,
                           "a run is a map as {name: r8, method: lora}");
    if (read_fields(run, run_fields, node, "run", err) < 0 ||
        refuse_unused(run, node, err) < 0)
        return -1;
    recipe_fit_targets(run, above);
    name_run(run);
    return 0;
}

static int read_runs(const struct node *node, struct recipe *recipe,
                     struct err *err)
{
    if (node->kind != NODE_LIST || !node->child)
        return node_refuse(err, node, "runs is a list of at least one run");
    for (const struct node *item = node->child; item; item = item->next) {
        if (recipe->run_count == RECIPE_RUNS)
            return node_refuse(err, item, "more than %d runs", RECIPE_RUNS);
        struct run_spec *run = &recipe->run[recipe->run_count];
        if (read_run(run, item, recipe, err) < 0)
            return -1;
        for (int i = 0; i < recipe->run_count; i++)
            if (strcmp(recipe->run[i].name, run->name) == 0)
                return node_refuse(err, item,
                                   "two runs are called %s; give one another "
                                   "name",
                                   run->name);
        recipe->run_count++;
    }
    return 0;
}

static int read_field(void *owner, const struct field *field,
                      const struct node *node, struct err *err)
{
    void *to = (char *)owner + field->offset;
    long whole = 0;
    int index = 0, result = 0;
    switch (field->type) {
    case FIELD_INT:
        result = read_whole(field, node, &whole, err);
        if (result == 0)
            *(int *)to = (int)whole;
        return result;
    case FIELD_LONG:
        result = read_whole(field, node, &whole, err);
        if (result == 0)
            *(long *)to = whole;
        return result;
    case FIELD_SEED:
        return read_seed(field, node, to, err);
    case FIELD_REAL:
        return read_real(field, node, to, err);
    case FIELD_BOOL:
        return read_bool(field, node, to, err);
    case FIELD_TEXT:
        return read_text(field, node, to, err);
    case FIELD_NAME:
        return read_name(field, node, to, err);
    case FIELD_KNOWN:
        result = read_word(field, node, &index, err);
        if (result == 0)
            snprintf(to, field->size, "%s", field->at(index));
        return result;
    case FIELD_CHOICE:
        result = read_word(field, node, &index, err);
        if (result == 0)
            memcpy(to, &index, sizeof index);
        return result;
    case FIELD_MAP:
        return read_fields(to, field->fields, node, field->name, err);
    case FIELD_BASE:
        return recipe_read_base(owner, field, node, err);
    case FIELD_RUNS:
        return read_runs(node, owner, err);
    case FIELD_TARGETS:
        return read_targets(field, node, to, err);
    case FIELD_FLAGS:
        return read_flags(field, node, to, err);
    case FIELD_RANKS:
        return read_ranks(node, owner, err);
    case FIELD_SIZES:
        return recipe_read_sizes(to, field, node, err);
    }
    return 0;
}

static int read_fields(void *to, const struct field *fields,
                       const struct node *map, const char *what,
                       struct err *err)
{
    const char *names[NAMES];
    int count = 0;
    for (const struct field *field = fields; field->name; field++)
        names[count++] = field->name;
    if (map->kind != NODE_MAP)
        return node_refuse(err, map, "%s is a map as {%s: ...}", what,
                           names[0]);
    if (recipe_check_keys(map, names, count, err) < 0)
        return -1;
    for (const struct field *field = fields; field->name; field++) {
        const struct node *child = node_find(map, field->name);
        if (child && read_field(to, field, child, err) < 0)
            return -1;
    }
    return 0;
}

int recipe_check_keys(const struct node *map, const char *const *names,
                      int count, struct err *err)
{
    for (const struct node *child = map->child; child; child = child->next) {
        bool known = false;
        for (int i = 0; i < count; i++)
            known = known || strcmp(names[i], child->key) == 0;
        if (!known)
            return refuse_word(err, child, true, "key", child->key, names,
                               count);
    }
    return 0;
}

int recipe_read_fields(void *to, const struct field *fields,
                       const struct node *map, const char *what,
                       struct err *err)
{
    return read_fields(to, fields, map, what, err);
}

int recipe_read_field(void *owner, const struct field *field,
                      const struct node *node, struct err *err)
{
    return read_field(owner, field, node, err);
}

int recipe_read_run(struct run_spec *run, const struct node *node,
                    const struct recipe *above, struct err *err)
{
    return read_run(run, node, above, err);
}

int recipe_refuse_word(struct err *err, const struct node *node, bool at_key,
                       const char *what, const char *word,
                       const char *const *names, int count)
{
    return refuse_word(err, node, at_key, what, word, names, count);
}

static int read_tree(struct recipe *recipe, const struct tree *tree,
                     struct err *err)
{
    recipe_defaults(recipe);
    if (tree->root->kind != NODE_MAP)
        return node_refuse(err, tree->root,
                           "a recipe is a map; begin with title: ...");
    const struct node *grid = node_find(tree->root, "grid");
    if (grid)
        return node_refuse_key(err, grid,
                               "this is a grid of runs; use rankscope sweep");
    const struct node *search = node_find(tree->root, "intrinsic");
    if (search)
        return node_refuse_key(err, search,
                               "this is a search for the intrinsic dimension; "
                               "use rankscope intrinsic");
    if (read_fields(recipe, recipe_fields, tree->root, "recipe", err) < 0)
        return -1;
    if (!recipe->task[0])
        return node_refuse(err, tree->root,
                           "task is missing; say task: {name: ...}");
    if (recipe->run_count == 0)
        return node_refuse(err, tree->root,
                           "runs is missing; list at least one run");
    return 0;
}

int recipe_parse(struct recipe *recipe, const char *text, size_t size,
                 const char *name, const char *const *sets, int set_count,
                 struct err *err)
{
    struct tree tree;
    if (tree_parse(&tree, text, size, name, err) < 0)
        return -1;
    int result = 0;
    for (int i = 0; i < set_count && result == 0; i++)
        result = tree_set(&tree, sets[i], err);
    if (result == 0)
        result = read_tree(recipe, &tree, err);
    tree_free(&tree);
    return result;
}

int recipe_read(struct recipe *recipe, const char *path,
                const char *const *sets, int set_count, struct err *err)
{
    char *text;
    size_t size;
    if (file_read(&text, &size, path, RECIPE_BYTES, err) < 0)
        return -1;
    int result = recipe_parse(recipe, text, size, path, sets, set_count, err);
    mem_free(text);
    return result;
}

int recipe_parse_run(struct run_spec *run, const char *text, const char *name,
                     const struct recipe *above, struct err *err)
{
    struct tree tree;
    if (tree_parse(&tree, text, strlen(text), name, err) < 0)
        return -1;
    int result = read_run(run, tree.root, above, err);
    tree_free(&tree);
    return result;
}

struct run_spec recipe_default_run(const struct recipe *recipe)
{
    struct run_spec run;
    run_defaults(&run, recipe);
    /* One more of the kind the recipe is about: the last that has a rank. */
    for (int i = recipe->run_count - 1; i >= 0; i--)
        if (method_has_rank(recipe->run[i].method)) {
            run = recipe->run[i];
            run.rank_count = 0;
            memset(run.ranks, 0, sizeof run.ranks);
            memset(run.name, 0, sizeof run.name);
            break;
        }
    name_run(&run);
    return run;
}
