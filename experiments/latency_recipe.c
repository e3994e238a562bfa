/*
 * Reading a recipe with latency:, with the tables of recipe.c for the base
 * and for what a row's run is.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/latency.h"
#include "experiments/recipe_read.h"

#define IN(type, member) .offset = offsetof(type, member)

static const struct field shape_fields[] = {
    {"batch", FIELD_INT, IN(struct latency_shape, batch), .low = 1,
     .high = 4096, .help = "texts at once"},
    {"sequence", FIELD_INT, IN(struct latency_shape, sequence), .low = 1,
     .high = 65536, .help = "tokens of each"},
    {.name = NULL},
};

static const struct field number_fields[] = {
    {"repetitions", FIELD_INT, IN(struct latency_grid, repetitions), .low = 3,
     .high = LATENCY_REPETITIONS, .help = "of every row, interleaved"},
    {"quick", FIELD_INT, .offset = 0, .low = 3, .high = LATENCY_REPETITIONS,
     .help = "repetitions with --quick"},
};

static const struct field merged_field = {.name = "merged", .type = FIELD_BOOL};

static int need_list(const struct node *map, const char *name, int most,
                     struct err *err)
{
    const struct node *node = node_find(map, name);
    if (!node || node->kind != NODE_LIST || !node->child)
        return node_refuse(err, node ? node : map,
                           "latency: wants %s as a list", name);
    if (node_count(node) > most)
        return node_refuse(err, node, "%d %s; use at most %d", node_count(node),
                           name, most);
    return 0;
}

static int read_shapes(struct latency_grid *grid, const struct node *map,
                       struct err *err)
{
    if (need_list(map, "shapes", LATENCY_SHAPES, err) < 0)
        return -1;
    for (const struct node *item = node_find(map, "shapes")->child; item;
         item = item->next) {
        struct latency_shape *shape = &grid->shape[grid->shape_count++];
        *shape = (struct latency_shape){1, 0};
        if (recipe_read_fields(shape, shape_fields, item, "a shape", err) < 0)
            return -1;
        if (shape->sequence == 0)
            return node_refuse(err, item,
                               "a shape has a sequence, as {batch: 1, "
                               "sequence: 128}");
    }
    return 0;
}

static int read_paper(struct latency_row *row, const struct node *node,
                      struct err *err)
{
    const struct paper_table *table = paper_table_find("table1");
    const char *names[RECIPE_WORDS];
    int count = 0;
    if (!node)
        return 0;
    for (const struct paper_row *at = table->row; at->name; at++)
        names[count++] = at->name;
    if (node->kind == NODE_VALUE)
        row->paper = paper_row_find(table, node->text);
    return row->paper ? 0
                      : recipe_refuse_word(err, node, false, "row of Table 1",
                                           node->kind == NODE_VALUE ? node->text
                                                                    : "list",
                                           names, count);
}

static int read_row(struct latency_grid *grid, struct node *item,
                    struct err *err)
{
    struct latency_row *row = &grid->row[grid->row_count];
    if (item->kind != NODE_MAP)
        return node_refuse(err, item,
                           "a row is a map as {name: merged, method: lora}");
    const struct node *paper = node_take(item, "paper");
    const struct node *merged = node_take(item, "merged");
    if (recipe_read_run(&row->run, item, &grid->session, err) < 0 ||
        (merged &&
         recipe_read_field(&row->is_merged, &merged_field, merged, err) < 0) ||
        read_paper(row, paper, err) < 0)
        return -1;
    for (int i = 0; i < grid->row_count; i++)
        if (strcmp(grid->row[i].run.name, row->run.name) == 0)
            return node_refuse(err, item,
                               "two rows are called %s; give one another name",
                               row->run.name);
    grid->row_count++;
    return 0;
}

static int read_rows(struct latency_grid *grid, const struct node *map,
                     struct err *err)
{
    if (need_list(map, "rows", LATENCY_ROWS, err) < 0)
        return -1;
    for (struct node *item = node_find(map, "rows")->child; item;
         item = item->next)
        if (read_row(grid, item, err) < 0)
            return -1;
    return 0;
}

static int read_latency(struct latency_grid *grid, const struct node *map,
                        struct err *err)
{
    static const char *const names[] = {"shapes", "rows", "repetitions",
                                        "quick"};
    int quick = 11;
    if (map->kind != NODE_MAP)
        return node_refuse(err, map, "latency is a map as {rows: [...]}");
    if (recipe_check_keys(map, names, 4, err) < 0)
        return -1;
    const struct node *full = node_find(map, "repetitions"),
                      *few = node_find(map, "quick");
    grid->repetitions = 51;
    if ((full && recipe_read_field(grid, &number_fields[0], full, err) < 0) ||
        (few && recipe_read_field(&quick, &number_fields[1], few, err) < 0))
        return -1;
    if (grid->quick)
        grid->repetitions = quick;
    return read_shapes(grid, map, err) < 0 ? -1 : read_rows(grid, map, err);
}

static int read_tree(struct latency_grid *grid, struct tree *tree,
                     struct err *err)
{
    static const char *const wanted[] = {"title", "base", "seed"};
    struct field fields[4];
    const char *names[4];
    int count = 0;
    if (tree->root->kind != NODE_MAP || !node_find(tree->root, "latency"))
        return node_refuse(err, tree->root, "latency is missing");
    for (int i = 0; i < 3; i++)
        for (const struct field *field = recipe_fields; field->name; field++)
            if (strcmp(field->name, wanted[i]) == 0) {
                names[count] = field->name;
                fields[count++] = *field;
            }
    fields[count] = (struct field){.name = NULL};
    names[count] = "latency";
    if (recipe_check_keys(tree->root, names, count + 1, err) < 0)
        return -1;
    const struct node *map = node_take(tree->root, "latency");
    recipe_defaults(&grid->session);
    if (recipe_read_fields(&grid->session, fields, tree->root, "recipe", err) <
        0)
        return -1;
    return read_latency(grid, map, err);
}

static int open_tree(struct tree *tree, const char *path, struct err *err)
{
    char *text;
    size_t size;
    if (file_read(&text, &size, path, RECIPE_BYTES, err) < 0)
        return -1;
    int status = tree_parse(tree, text, size, path, err);
    mem_free(text);
    return status;
}

bool latency_is(const char *path)
{
    struct tree tree;
    struct err ignored = {{0}}; /* whoever reads it next will say it */
    if (open_tree(&tree, path, &ignored) < 0)
        return false;
    bool is = tree.root->kind == NODE_MAP && node_find(tree.root, "latency");
    tree_free(&tree);
    return is;
}

struct latency_grid *latency_read(const char *path, const char *const *sets,
                                  int set_count, bool quick, struct err *err)
{
    struct tree tree;
    if (open_tree(&tree, path, err) < 0)
        return NULL;
    struct latency_grid *grid = xcalloc(1, sizeof *grid);
    grid->quick = quick;
    int status = 0;
    for (int i = 0; i < set_count && status == 0; i++)
        status = tree_set(&tree, sets[i], err);
    if (status == 0)
        status = read_tree(grid, &tree, err);
    tree_free(&tree);
    if (status == 0)
        return grid;
    mem_free(grid);
    return NULL;
}
