/*
 * Reading a search: its own fields here, what it has in common with a grid by
 * grid.c, the session above by recipe.c.  What is its own is taken out of the
 * tree before those read the rest.
 */
#include "experiments/intrinsic_recipe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/recipe_read.h"

#define IN(member) .offset = offsetof(struct intrinsic_recipe, member)

static const struct field goal_fields[] = {
    {"rule", FIELD_CHOICE, IN(goal.rule), .at = intrinsic_rule_name,
     .help = "a share of the score, of the gain, or a given score"},
    {"share", FIELD_REAL, IN(goal.share), .low = 0.001, .high = 1,
     .help = "0.9 for d90"},
    {"given", FIELD_REAL, IN(goal.given), .low = -1000, .high = 1000,
     .help = "the score of rule given"},
    {.name = NULL},
};

static const struct field own_fields[] = {
    {"goal", FIELD_MAP, .fields = goal_fields, .help = "the threshold"},
    {"first", FIELD_INT, IN(plan.first), .low = 1, .high = 1e9,
     .help = "the first d; doubled from there"},
    {"most", FIELD_INT, IN(plan.most), .low = 0, .high = 1e9,
     .help = "no d above it; 0: D"},
    {"ratio", FIELD_REAL, IN(plan.ratio), .low = 1.001, .high = 100,
     .help = "done when the d around the crossing are so near"},
    {"lr_dims", FIELD_INT, IN(rate_dims), .low = 1, .high = 1e9,
     .help = "the d at which the rows' lr holds"},
    {"lr_power", FIELD_REAL, IN(rate_power), .low = 0, .high = 2,
     .help = "lr (lr_dims / d)^lr_power"},
    {.name = NULL},
};

/* Of those, what --quick may put in their place. */
static const char *const in_quick[] = {"first", "most", "ratio"};
/* What a grid has that a search has too. */
static const char *const of_grid[] = {"seeds", "rows", "search", "report",
                                      "quick"};
enum {
    IN_QUICK = sizeof in_quick / sizeof *in_quick,
    OF_GRID = sizeof of_grid / sizeof *of_grid
};

static const struct field *own_field(const char *name)
{
    for (const struct field *field = own_fields; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

/* --- own fields -----------------------------------------------------------
 */

static int check_keys(const struct node *map, struct err *err)
{
    const char *names[RECIPE_WORDS];
    int count = 0;
    if (map->kind != NODE_MAP)
        return node_refuse(err, map, "intrinsic is a map as {first: 64}");
    for (const struct field *field = own_fields; field->name; field++)
        names[count++] = field->name;
    for (int i = 0; i < OF_GRID; i++)
        names[count++] = of_grid[i];
    return recipe_check_keys(map, names, count, err);
}

/* Checked in any case, in force with --quick. */
static int take_quick(struct node *map, struct intrinsic_recipe *to, bool quick,
                      struct err *err)
{
    struct node *short_form = node_find(map, "quick");
    if (!short_form || short_form->kind != NODE_MAP)
        return 0; /* grid.c says what it should be */
    struct intrinsic_recipe *other = xcalloc(1, sizeof *other);
    int status = 0;
    for (int i = 0; i < IN_QUICK && status == 0; i++) {
        const struct node *node = node_take(short_form, in_quick[i]);
        if (node)
            status = recipe_read_field(quick ? to : other,
                                       own_field(in_quick[i]), node, err);
    }
    mem_free(other);
    return status;
}

static int take_own(struct node *map, struct intrinsic_recipe *to, bool quick,
                    struct err *err)
{
    if (check_keys(map, err) < 0)
        return -1;
    for (const struct field *field = own_fields; field->name; field++) {
        const struct node *node = node_take(map, field->name);
        if (node && recipe_read_field(to, field, node, err) < 0)
            return -1;
    }
    return take_quick(map, to, quick, err);
}

/* --- rows -----------------------------------------------------------------
 */

static int refuse_dims(const struct node *rows, struct err *err)
{
    if (!rows || rows->kind != NODE_LIST)
        return 0;
    for (const struct node *row = rows->child; row; row = row->next) {
        const struct node *dims =
            row->kind == NODE_MAP ? node_find(row, "dims") : NULL;
        if (dims)
            return node_refuse_key(err, dims,
                                   "dims is what the search is for; leave it "
                                   "out (most: bounds it)");
    }
    return 0;
}

/* node: of the rows. */
static int check_rows(const struct grid *grid, const struct node *node,
                      struct err *err)
{
    if (grid->row_count < 2 || grid->row_count > 1 + INTRINSIC_CURVES)
        return node_refuse(err, node,
                           "rows has %d; list the baseline and then 1 to %d "
                           "subspaces",
                           grid->row_count, INTRINSIC_CURVES);
    for (int i = 0; i < grid->row_count; i++) {
        const struct run_spec *run = &grid->row[i].run;
        if (strlen(run->name) > INTRINSIC_ROW_NAME)
            return node_refuse(err, node,
                               "row %s: use a name of at most %d characters",
                               run->name, INTRINSIC_ROW_NAME);
        if (strcmp(run->name, "start") == 0)
            return node_refuse(err, node,
                               "row start: that is what the model before "
                               "training is called; use another name");
        if ((strcmp(run->method, "subspace") == 0) != (i > 0))
            return node_refuse(err, node,
                               i ? "row %s: after the baseline come rows of "
                                   "method: subspace"
                                 : "row %s: the first row is the baseline; "
                                   "use method: full",
                               run->name);
    }
    return 0;
}

static void set_defaults(struct intrinsic_recipe *to)
{
    to->goal.rule = INTRINSIC_SCORE;
    to->goal.share = 0.9;
    to->goal.given = to->goal.baseline = to->goal.start = NAN;
    to->plan = (struct intrinsic_plan){.first = 64, .ratio = 1.1};
    to->rate_dims = 100;
    to->rate_power = 0.5;
}

static int read_tree(struct tree *tree, struct intrinsic_recipe *to, bool quick,
                     struct err *err)
{
    struct node *root = tree->root;
    struct node *map =
        root->kind == NODE_MAP ? node_find(root, "intrinsic") : NULL;
    const struct node *rows = NULL;
    set_defaults(to);
    if (map && take_own(map, to, quick, err) < 0)
        return -1;
    if (map)
        rows = node_find(map, "rows");
    if (refuse_dims(rows, err) < 0)
        return -1;
    struct grid *grid = grid_of_tree(tree, "intrinsic", quick, err);
    if (!grid)
        return -1;
    to->grid = *grid;
    mem_free(grid);
    to->plan.seeds = to->grid.seed_count;
    /* 90 % of a perfect score: Li et al.'s global baseline of 1. */
    if (isnan(to->goal.given))
        to->goal.given = to->goal.share;
    return check_rows(&to->grid, rows, err);
}

/* --- the door -------------------------------------------------------------
 */

struct intrinsic_recipe *intrinsic_recipe_parse(const char *text, size_t size,
                                                const char *name,
                                                const char *const *sets,
                                                int set_count, bool quick,
                                                struct err *err)
{
    struct tree tree;
    if (tree_parse(&tree, text, size, name, err) < 0)
        return NULL;
    struct intrinsic_recipe *to = xcalloc(1, sizeof *to);
    int status = 0;
    for (int i = 0; i < set_count && status == 0; i++)
        status = tree_set(&tree, sets[i], err);
    if (status == 0)
        status = read_tree(&tree, to, quick, err);
    tree_free(&tree);
    if (status == 0)
        return to;
    mem_free(to);
    return NULL;
}

struct intrinsic_recipe *intrinsic_recipe_read(const char *path,
                                               const char *const *sets,
                                               int set_count, bool quick,
                                               struct err *err)
{
    char *text;
    size_t size;
    if (file_read(&text, &size, path, RECIPE_BYTES, err) < 0)
        return NULL;
    struct intrinsic_recipe *to =
        intrinsic_recipe_parse(text, size, path, sets, set_count, quick, err);
    mem_free(text);
    return to;
}

bool intrinsic_recipe_is(const char *path)
{
    return recipe_has(path, "intrinsic");
}

/* --- cells ----------------------------------------------------------------
 */

void intrinsic_row(struct grid *to, const struct intrinsic_recipe *recipe,
                   int row, int d, int halvings)
{
    static const char *const slower[] = {"", "-half", "-quarter", "-eighth"};
    double share =
        d > 0 ? pow((double)recipe->rate_dims / d, recipe->rate_power) : 1;
    const char *name = recipe->grid.row[row].run.name;
    *to = recipe->grid;
    to->row[0] = recipe->grid.row[row];
    to->row_count = 1;
    for (int i = 0; i < to->row[0].rate_count; i++)
        to->row[0].rate[i] = ldexp(to->row[0].rate[i] * share, -halvings);
    struct run_spec *run = &to->row[0].run;
    if (d > 0)
        snprintf(run->name, sizeof run->name, "%.12s-d%d%s", name, d,
                 slower[halvings]);
    else
        snprintf(run->name, sizeof run->name, "%.12s%s", name,
                 slower[halvings]);
    if (d > 0)
        run->dims = d;
}

void intrinsic_row_start(struct grid *to, const struct intrinsic_recipe *recipe)
{
    intrinsic_row(to, recipe, 0, 0, 0);
    to->session.steps = 1;
    to->row[0].rate[0] = 0;
    to->row[0].rate_count = 1;
    snprintf(to->row[0].run.name, sizeof to->row[0].run.name, "start");
}
