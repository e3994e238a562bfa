/*
 * Reading a grid: its own fields here, a row's run and the session above it
 * by recipe.c's tables.  What is a grid's alone is taken out of the tree
 * before those read the rest.
 */
#include "experiments/grid.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/task/task.h"
#include "experiments/recipe_read.h"

static const struct field rate_field = {
    .name = "lr", .type = FIELD_REAL, .low = 0, .high = 1000};

static int need_list(const struct node *node, const char *name,
                     const char *like, int most, struct err *err)
{
    if (node->kind != NODE_LIST || !node->child)
        return node_refuse(err, node, "%s is a list as %s", name, like);
    if (node_count(node) > most)
        return node_refuse(err, node, "%d %s; use at most %d", node_count(node),
                           name, most);
    return 0;
}

static int read_seeds(struct node *node, struct grid *grid, struct err *err)
{
    const struct field field = {.name = "seed", .type = FIELD_SEED};
    if (need_list(node, "seeds", "[1, 2, 3]", GRID_SEEDS, err) < 0)
        return -1;
    grid->seed_count = 0;
    for (const struct node *item = node->child; item; item = item->next) {
        uint64_t *to = &grid->seed[grid->seed_count];
        if (recipe_read_field(to, &field, item, err) < 0)
            return -1;
        for (int i = 0; i < grid->seed_count; i++)
            if (grid->seed[i] == *to)
                return node_refuse(err, item, "seed %s stands here twice",
                                   item->text);
        grid->seed_count++;
    }
    return 0;
}

/* --- tasks ---------------------------------------------------------------- */

#define IN(member)                                                             \
    .offset = offsetof(struct grid_task, member),                              \
    .size = sizeof(((struct grid_task *)0)->member)

static const char *task_at(int i)
{
    return task_table[i] ? task_table[i]->name : NULL;
}

static const struct field task_fields[] = {
    {"name", FIELD_KNOWN, IN(name), .at = task_at, .help = "what is learned"},
    {"data", FIELD_TEXT, IN(data), .help = "a published file"},
    {"examples", FIELD_INT, IN(examples), .low = 0, .high = 100000,
     .help = "only so many to train on; 0: ever new ones"},
    {"label", FIELD_NAME, IN(label), .help = "the column's name"},
    {.name = NULL},
};

static int read_task(struct grid_task *to, const struct node *node,
                     struct err *err)
{
    struct grid_task task = {.examples = 0};
    if (node->kind == NODE_VALUE) {
        if (recipe_read_field(&task, &task_fields[0], node, err) < 0)
            return -1;
    } else if (recipe_read_fields(&task, task_fields, node, "a task", err) <
               0) {
        return -1;
    }
    if (!task.name[0])
        return node_refuse(err, node, "the task has no name; say {name: ...}");
    *to = task;
    if (!task.label[0] && task.examples > 0)
        snprintf(to->label, sizeof to->label, "%.20s-%d", task.name,
                 task.examples);
    else if (!task.label[0])
        snprintf(to->label, sizeof to->label, "%s", task.name);
    return 0;
}

static int read_tasks(struct node *node, struct grid *grid, struct err *err)
{
    if (need_list(node, "tasks", "[sql, world]", GRID_TASKS, err) < 0)
        return -1;
    for (const struct node *item = node->child; item; item = item->next) {
        struct grid_task *task = &grid->task[grid->task_count];
        if (read_task(task, item, err) < 0)
            return -1;
        for (int i = 0; i < grid->task_count; i++)
            if (strcmp(grid->task[i].label, task->label) == 0)
                return node_refuse(err, item,
                                   "two tasks are called %s; give one another "
                                   "label",
                                   task->label);
        grid->task_count++;
    }
    return 0;
}

/* The one above, when the grid lists none. */
static void take_task(struct grid *grid)
{
    const struct recipe *above = &grid->session;
    struct grid_task *task = &grid->task[0];
    if (grid->task_count > 0 || !above->task[0])
        return;
    snprintf(task->label, sizeof task->label, "%s", above->task);
    snprintf(task->name, sizeof task->name, "%s", above->task);
    snprintf(task->data, sizeof task->data, "%s", above->data);
    task->examples = above->examples;
    grid->task_count = 1;
}

/* --- rows ----------------------------------------------------------------- */

static int check_row_keys(const struct node *node, struct err *err)
{
    const char *names[RECIPE_WORDS];
    int count = 0;
    if (node->kind != NODE_MAP)
        return node_refuse(err, node,
                           "a row is a map as {name: r8, method: lora}");
    const struct node *seed = node_find(node, "seed");
    if (seed)
        return node_refuse_key(err, seed,
                               "a row has no seed of its own; use seeds of "
                               "the grid");
    for (const struct field *field = run_fields; field->name; field++)
        if (strcmp(field->name, "seed") != 0)
            names[count++] = field->name;
    names[count++] = "lr";
    names[count++] = "paper";
    return recipe_check_keys(node, names, count, err);
}

static int add_rate(struct grid_row *row, const struct node *node,
                    struct err *err)
{
    double *to = &row->rate[row->rate_count];
    if (recipe_read_field(to, &rate_field, node, err) < 0)
        return -1;
    for (int i = 0; i < row->rate_count; i++)
        if (row->rate[i] == *to)
            return node_refuse(err, node, "lr %s stands here twice",
                               node->text);
    row->rate_count++;
    return 0;
}

static int read_rates(const struct node *node, const struct node *row_node,
                      struct grid_row *row, struct err *err)
{
    if (!node) {
        row->rate[row->rate_count++] = row->run.optimizer.lr;
        return 0;
    }
    const struct node *optimizer = node_find(row_node, "optimizer");
    if (optimizer && optimizer->kind == NODE_MAP && node_find(optimizer, "lr"))
        return node_refuse_key(err, node_find(optimizer, "lr"),
                               "the row has an lr twice; keep the list");
    if (node->kind == NODE_VALUE)
        return add_rate(row, node, err);
    if (need_list(node, "lr", "[1.0e-3, 2.0e-3]", GRID_RATES, err) < 0)
        return -1;
    for (const struct node *item = node->child; item; item = item->next)
        if (add_rate(row, item, err) < 0)
            return -1;
    return 0;
}

static int read_paper_row(const struct node *node, const struct grid *grid,
                          struct grid_row *row, struct err *err)
{
    const char *names[RECIPE_WORDS];
    int count = 0;
    if (!node)
        return 0;
    if (!grid->paper)
        return node_refuse_key(err, node,
                               "the grid names no table of the paper; say "
                               "paper: table4 there");
    for (const struct paper_row *at = grid->paper->row; at->name; at++)
        names[count++] = at->name;
    if (node->kind == NODE_VALUE)
        row->paper = paper_row_find(grid->paper, node->text);
    if (row->paper)
        return 0;
    return recipe_refuse_word(err, node, false, "row of the paper",
                              node->kind == NODE_VALUE ? node->text : "list",
                              names, count);
}

static int read_row(struct node *node, struct grid *grid, struct err *err)
{
    struct grid_row *row = &grid->row[grid->row_count];
    if (check_row_keys(node, err) < 0)
        return -1;
    const struct node *rates = node_take(node, "lr");
    const struct node *paper = node_take(node, "paper");
    if (recipe_read_run(&row->run, node, &grid->session, err) < 0 ||
        read_rates(rates, node, row, err) < 0 ||
        read_paper_row(paper, grid, row, err) < 0)
        return -1;
    for (int i = 0; i < grid->row_count; i++)
        if (strcmp(grid->row[i].run.name, row->run.name) == 0)
            return node_refuse(err, node,
                               "two rows are called %s; give one another name",
                               row->run.name);
    grid->row_count++;
    return 0;
}

static int read_rows(struct node *node, struct grid *grid, struct err *err)
{
    if (need_list(node, "rows", "[{name: r8, method: lora}]", GRID_ROWS, err) <
        0)
        return -1;
    for (struct node *item = node->child; item; item = item->next)
        if (read_row(item, grid, err) < 0)
            return -1;
    return 0;
}

/* --- search, report, quick, paper ------------------------------------------
 */

#undef IN
#define IN(member) .offset = offsetof(struct grid, member)

static const struct field search_fields[] = {
    {"seed", FIELD_SEED, IN(search_seed), .help = "of the runs that search"},
    {"examples", FIELD_INT, IN(search_examples), .low = 1, .high = 100000,
     .help = "held-out examples that choose"},
    {.name = NULL},
};

static const struct field report_fields[] = {
    {"examples", FIELD_INT, IN(report_examples), .low = 1, .high = 100000,
     .help = "held-out examples of the table, behind those that choose"},
    {"generate", FIELD_BOOL, IN(generate),
     .help = "score what the model writes, as published"},
    {.name = NULL},
};

static int read_search(struct node *node, struct grid *grid, struct err *err)
{
    return recipe_read_fields(grid, search_fields, node, "search", err);
}

static int read_report(struct node *node, struct grid *grid, struct err *err)
{
    return recipe_read_fields(grid, report_fields, node, "report", err);
}

/* So many rates about the middle of the list, where the best one should be;
 * rather the later ones, for shorter runs want larger steps. */
static void keep_rates(struct grid_row *row, int count)
{
    if (count >= row->rate_count)
        return;
    int from = (row->rate_count - count + 1) / 2;
    memmove(row->rate, row->rate + from, (size_t)count * sizeof *row->rate);
    row->rate_count = count;
}

struct quick { /* what --quick puts in the place of the above */
    struct grid seeds;
    long steps;
    int rates, examples;
};

static const struct field quick_fields[] = {
    {"steps", FIELD_LONG, .offset = offsetof(struct quick, steps), .low = 1,
     .high = 1e9, .help = "the length of every run"},
    {"rates", FIELD_INT, .offset = offsetof(struct quick, rates), .low = 1,
     .high = GRID_RATES, .help = "learning rates tried, at most"},
    {"examples", FIELD_INT, .offset = offsetof(struct quick, examples),
     .low = 1, .high = 100000, .help = "held-out examples of the table"},
    {.name = NULL},
};

static void apply_quick(struct grid *grid, const struct quick *quick)
{
    if (quick->seeds.seed_count > 0) {
        memcpy(grid->seed, quick->seeds.seed, sizeof grid->seed);
        grid->seed_count = quick->seeds.seed_count;
    }
    grid->session.steps = quick->steps;
    grid->report_examples = quick->examples;
    for (int i = 0; i < grid->row_count; i++)
        keep_rates(&grid->row[i], quick->rates);
}

/* Checked in any case, in force with --quick. */
static int read_quick(struct node *node, struct grid *grid, struct err *err)
{
    static const char *const names[] = {"seeds", "steps", "rates", "examples"};
    if (node->kind != NODE_MAP)
        return node_refuse(err, node, "quick is a map as {seeds: [1]}");
    if (recipe_check_keys(node, names, 4, err) < 0)
        return -1;
    struct quick *quick = xcalloc(1, sizeof *quick);
    quick->steps = grid->session.steps;
    quick->rates = GRID_RATES;
    quick->examples = grid->report_examples;
    struct node *seeds = node_take(node, "seeds");
    int result = seeds ? read_seeds(seeds, &quick->seeds, err) : 0;
    if (result == 0)
        result = recipe_read_fields(quick, quick_fields, node, "quick", err);
    if (result == 0 && grid->quick)
        apply_quick(grid, quick);
    mem_free(quick);
    return result;
}

static int read_paper(struct node *node, struct grid *grid, struct err *err)
{
    const char *names[RECIPE_WORDS];
    int count = 0;
    for (; paper_table_name(count); count++)
        names[count] = paper_table_name(count);
    names[count++] = "none";
    const char *text = node->kind == NODE_VALUE ? node->text : "list";
    grid->paper = paper_table_find(text);
    return grid->paper || strcmp(text, "none") == 0
               ? 0
               : recipe_refuse_word(err, node, false, "table of the paper",
                                    text, names, count);
}

/* In the order they are read: rows want the paper's table, quick everything
 * before it. */
static const struct part {
    const char *name;
    int (*read)(struct node *node, struct grid *grid, struct err *err);
} parts[] = {{"tasks", read_tasks},   {"seeds", read_seeds},
             {"paper", read_paper},   {"search", read_search},
             {"report", read_report}, {"rows", read_rows},
             {"quick", read_quick}};

enum { PARTS = sizeof parts / sizeof *parts };

static int read_parts(const struct node *map, const char *key,
                      struct grid *grid, struct err *err)
{
    const char *names[PARTS];
    for (int i = 0; i < PARTS; i++)
        names[i] = parts[i].name;
    if (map->kind != NODE_MAP)
        return node_refuse(err, map, "%s is a map as {rows: [...]}", key);
    if (recipe_check_keys(map, names, PARTS, err) < 0)
        return -1;
    for (int i = 0; i < PARTS; i++) {
        struct node *node = node_find(map, parts[i].name);
        if (node && parts[i].read(node, grid, err) < 0)
            return -1;
    }
    return 0;
}

/* The session's fields, without the runs that a grid does not have. */
static int read_session(struct tree *tree, const char *key, struct grid *grid,
                        struct err *err)
{
    if (!node_find(tree->root, key))
        return node_refuse(err, tree->root,
                           "%s is missing; for a single session use "
                           "rankscope run",
                           key);
    struct field fields[RECIPE_WORDS];
    const char *names[RECIPE_WORDS];
    int count = 0;
    const struct node *runs = node_find(tree->root, "runs");
    if (runs)
        return node_refuse_key(err, runs,
                               "%s has no runs; make them rows of it", key);
    for (const struct field *field = recipe_fields; field->name; field++)
        if (strcmp(field->name, "runs") != 0) {
            names[count] = field->name;
            fields[count++] = *field;
        }
    fields[count] = (struct field){.name = NULL};
    names[count] = key;
    if (recipe_check_keys(tree->root, names, count + 1, err) < 0)
        return -1;
    const struct node *map = node_take(tree->root, key);
    recipe_defaults(&grid->session);
    if (recipe_read_fields(&grid->session, fields, tree->root, "recipe", err) <
        0)
        return -1;
    grid->seed[0] = grid->search_seed = grid->session.seed;
    grid->seed_count = 1;
    grid->search_examples = grid->report_examples =
        grid->session.evaluate_examples;
    return read_parts(map, key, grid, err);
}

static int read_tree(struct tree *tree, const char *key, struct grid *grid,
                     struct err *err)
{
    if (tree->root->kind != NODE_MAP)
        return node_refuse(err, tree->root,
                           "a recipe is a map; begin with title: ...");
    if (read_session(tree, key, grid, err) < 0)
        return -1;
    take_task(grid);
    if (grid->task_count == 0)
        return node_refuse(err, tree->root,
                           "task is missing; say task: {name: ...} or list "
                           "tasks in %s:",
                           key);
    if (grid->row_count == 0)
        return node_refuse(err, tree->root,
                           "rows is missing in %s:; list at least one", key);
    return 0;
}

struct grid *grid_of_tree(struct tree *tree, const char *key, bool quick,
                          struct err *err)
{
    struct grid *grid = xcalloc(1, sizeof *grid);
    grid->quick = quick;
    if (read_tree(tree, key, grid, err) == 0)
        return grid;
    mem_free(grid);
    return NULL;
}

struct grid *grid_parse(const char *text, size_t size, const char *name,
                        const char *const *sets, int set_count, bool quick,
                        struct err *err)
{
    struct tree tree;
    if (tree_parse(&tree, text, size, name, err) < 0)
        return NULL;
    struct grid *grid = NULL;
    int result = 0;
    for (int i = 0; i < set_count && result == 0; i++)
        result = tree_set(&tree, sets[i], err);
    if (result == 0)
        grid = grid_of_tree(&tree, "grid", quick, err);
    tree_free(&tree);
    return grid;
}

struct grid *grid_read(const char *path, const char *const *sets, int set_count,
                       bool quick, struct err *err)
{
    char *text;
    size_t size;
    if (file_read(&text, &size, path, RECIPE_BYTES, err) < 0)
        return NULL;
    struct grid *grid =
        grid_parse(text, size, path, sets, set_count, quick, err);
    mem_free(text);
    return grid;
}

bool recipe_has(const char *path, const char *key)
{
    char *text;
    size_t size;
    struct tree tree;
    struct err ignored = {{0}}; /* whoever reads it next will say it */
    if (file_read(&text, &size, path, RECIPE_BYTES, &ignored) < 0)
        return false;
    bool has = false;
    if (tree_parse(&tree, text, size, path, &ignored) == 0) {
        has = tree.root->kind == NODE_MAP && node_find(tree.root, key);
        tree_free(&tree);
    }
    mem_free(text);
    return has;
}

bool grid_is(const char *path)
{
    return recipe_has(path, "grid");
}
