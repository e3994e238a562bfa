/*
 * What a recipe's base may be: a name, or the sizes of a model to be made; and
 * what follows from it for targets.
 */
#include <string.h>

#include "experiments/recipe_read.h"

int recipe_read_sizes(int *to, const struct field *field,
                      const struct node *node, struct err *err)
{
    int most = (int)(field->size / sizeof *to) - 1, count = 0;
    if (node->kind != NODE_LIST || !node->child)
        return node_refuse(err, node, "%s is a list as [784, 200, 10]",
                           field->name);
    const struct field one = {.name = "size",
                              .type = FIELD_INT,
                              .low = field->low,
                              .high = field->high};
    memset(to, 0, field->size);
    for (const struct node *item = node->child; item; item = item->next) {
        if (count == most)
            return node_refuse(err, item, "more than %d %s", most, field->name);
        if (recipe_read_field(&to[count++], &one, item, err) < 0)
            return -1;
    }
    return 0;
}

/* Sizes of another kind of model would be silently without effect. */
static int check_fresh(struct fresh_base *fresh, const struct field *fields,
                       const struct node *node, struct err *err)
{
    enum base_use use = base_use(fresh->family);
    for (const struct field *field = fields; field->name; field++) {
        const struct node *given = node_find(node, field->name);
        if (given && field->use && field->use != use)
            return node_refuse_key(err, given, "a %s base has no %s; remove it",
                                   fresh->family, field->name);
    }
    if (use == BASE_DENSE && fresh->size[0] == 0)
        return node_refuse(err, node,
                           "a %s base needs sizes, from its inputs to its "
                           "outputs, as [64, 64]",
                           fresh->family);
    if (use == BASE_DENSE)
        return 0;
    if (fresh->inner == 0)
        fresh->inner = 4 * fresh->width;
    if (fresh->width % fresh->heads)
        return node_refuse(err, node,
                           "width %d is no multiple of heads %d; change one",
                           fresh->width, fresh->heads);
    return 0;
}

int recipe_read_base(struct recipe *recipe, const struct field *field,
                     const struct node *node, struct err *err)
{
    if (node->kind == NODE_VALUE) {
        struct field name = *field;
        name.type = FIELD_TEXT;
        if (node->text[0] == '\0')
            return node_refuse(err, node,
                               "base needs a value: bundled or a folder");
        return recipe_read_field(recipe, &name, node, err);
    }
    memset(recipe->base, 0, sizeof recipe->base);
    recipe->is_fresh = true;
    recipe->fresh = (struct fresh_base){"gpt2", 4, 128, 4, 0, 1024, 256, {0}};
    if (recipe_read_fields(&recipe->fresh, field->fields, node, "base", err) <
        0)
        return -1;
    return check_fresh(&recipe->fresh, field->fields, node, err);
}

/* Of the kinds that "all" means, those that the base has: a folder may hold
 * anything. */
void recipe_fit_targets(struct run_spec *run, const struct recipe *above)
{
    bool *targets = run->targets, all = true;
    for (int i = 0; i < SITE_KINDS; i++)
        all = all && (targets[i] || i == SITE_HEAD);
    bool bundled = !above || strcmp(above->base, "bundled") == 0;
    bool fresh = above && above->is_fresh;
    bool dense = fresh && base_use(above->fresh.family) == BASE_DENSE;
    if (!all || !(bundled || fresh))
        return;
    for (int i = 0; i < SITE_KINDS; i++)
        targets[i] = targets[i] && dense == (i == SITE_FC);
}
