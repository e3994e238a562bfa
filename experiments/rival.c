/*
 * See rival.h.
 */
#include "experiments/rival.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/plan.h"
#include "experiments/recipe_field.h"

/* The methods of Table 4 of Hu et al. 2021; then the method table's order. */
static const char *const first_rivals[] = {
    "full", "lora", "bitfit", "adapter_h", "prefix_layer", "prefix_embed"};
enum { FIRST = sizeof first_rivals / sizeof *first_rivals };

static bool is_searched(const struct run_spec *like)
{
    return like->optimizer.kind == OPTIMIZER_ADAMW;
}

double rival_lr(const char *method, const struct run_spec *like)
{
    const struct method_ops *ops = method_find(method);
    if (!ops || strcmp(method, like->method) == 0 || !is_searched(like))
        return like->optimizer.lr;
    return ops->lr;
}

const char *rival_lr_from(const char *method, const struct run_spec *like)
{
    return strcmp(method, like->method) == 0 ? "peak; as the recipe has it"
           : is_searched(like) ? "peak; best of 4 in method_rates.yaml"
                               : "peak; the recipe's, for any method";
}

void rival_start(struct run_spec *to, const struct snapshot *snapshot,
                 const char *method, const struct run_spec *like)
{
    struct run_spec made = *like;
    made.rank_count = 0;
    made.optimizer.lr = rival_lr(method, like);
    snprintf(made.method, sizeof made.method, "%s", method);
    plan_name(&made, snapshot, method);
    *to = made;
}

long rival_count(const struct snapshot *snapshot, const struct run_spec *spec)
{
    struct method_conf conf = recipe_method(spec);
    return snapshot->shape ? method_count(snapshot->shape, &conf) : -1;
}

int rival_fits(const struct snapshot *snapshot, const struct run_spec *spec,
               struct err *err)
{
    struct method_conf conf = recipe_method(spec);
    return snapshot->shape ? method_check(snapshot->shape, &conf, err) : 0;
}

int rival_check(const struct snapshot *snapshot, const struct run_spec *spec,
                struct err *err)
{
    if (snapshot_has_name(snapshot, spec->name))
        return err_set(err, "the name %s is taken; choose another", spec->name);
    return rival_fits(snapshot, spec, err);
}

static bool races(const struct snapshot *snapshot, const char *method)
{
    for (int r = 0; r < snapshot->run_count; r++)
        if (strcmp(snapshot->run[r].method, method) == 0)
            return true;
    return false;
}

/* What the rival shares with the run it is to beat. */
static void follow(struct run_spec *spec, const struct snapshot *snapshot,
                   const struct run_view *run)
{
    spec->seed = run->seed;
    if (run->rank_high == 0)
        return;
    spec->rank = run->rank_high;
    if (isfinite(run->alpha))
        spec->alpha = run->alpha;
    if (!method_uses(run->method, USES_TARGETS))
        return;
    memset(spec->targets, 0, sizeof spec->targets);
    for (int s = 0; s < snapshot->site_count; s++)
        if (run->site[s].rank)
            spec->targets[snapshot->site[s].kind] = true;
}

int rival_next(struct run_spec *to, const struct snapshot *snapshot, int chosen,
               const struct run_spec *like, struct err *err)
{
    const struct run_view *run = snapshot_run(snapshot, chosen);
    struct run_spec from = *like;
    err_set(err, "every method is in the race; a adds one once more");
    if (run)
        follow(&from, snapshot, run);
    for (int i = 0; i < FIRST || method_table[i - FIRST]; i++) {
        const char *method =
            i < FIRST ? first_rivals[i] : method_table[i - FIRST]->name;
        if (races(snapshot, method))
            continue;
        rival_start(to, snapshot, method, &from);
        if (rival_check(snapshot, to, err) == 0)
            return 0;
    }
    return -1;
}
