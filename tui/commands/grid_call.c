/* See grid_call.h. */
#include "tui/commands/grid_call.h"

#include <stdio.h>
#include <string.h>

#include "experiments/kept_grid.h"

/* table4.yaml's results go to table4.sweep unless told, those of its quick
 * form to table4-quick.sweep: they are other cells. */
static int choose_out(struct grid_call *call, struct err *err)
{
    const char *given = call->out_given;
    if (given && strlen(given) > 400)
        return err_set(err, "--out: the path is too long; use at most 400 "
                            "bytes");
    if (given) {
        snprintf(call->out, sizeof call->out, "%s", given);
        return 0;
    }
    const char *slash = strrchr(call->recipe, '/');
    const char *name = slash ? slash + 1 : call->recipe;
    size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, ".yaml") == 0)
        length -= 5;
    if (length > 200)
        return err_set(err, "the recipe's name is too long; use --out");
    snprintf(call->out, sizeof call->out, "%.*s%s.%s", (int)length, name,
             call->quick ? "-quick" : "",
             intrinsic_recipe_is(call->path) ? "intrinsic" : "sweep");
    return 0;
}

int grid_call_find(struct grid_call *call, struct err *err)
{
    return root_recipe(call->path, call->recipe, err) != 0 ||
                   root_assets(call->assets, err) != 0 ||
                   choose_out(call, err) != 0
               ? -1
               : 0;
}

int grid_call_read(struct grid_call *call, struct sweep_options *options,
                   struct err *err)
{
    if (grid_call_find(call, err) != 0)
        return -1;
    options->out = call->out;
    options->assets = call->assets;
    call->grid = grid_read(call->path, call->sets.at, call->sets.count,
                           call->quick, err);
    return call->grid ? 0 : -1;
}

int search_call_read(struct grid_call *call, struct sweep_options *options,
                     struct err *err)
{
    if (grid_call_find(call, err) != 0)
        return -1;
    options->out = call->out;
    options->assets = call->assets;
    call->search = intrinsic_recipe_read(call->path, call->sets.at,
                                         call->sets.count, call->quick, err);
    return call->search ? 0 : -1;
}

int search_call_keep(const struct grid_call *call, struct err *err)
{
    return kept_search_write(call->out, call->path, call->sets.at,
                             call->sets.count, call->quick, err);
}

int grid_call_keep(const struct grid_call *call, struct err *err)
{
    return kept_grid_write(call->out, call->path, call->sets.at,
                           call->sets.count, call->quick, err);
}
