/*
 * What studies need; see plan.h.
 */
#include "experiments/plan.h"

#include <stdio.h>
#include <string.h>

enum { LOW_RANK = 8, HIGH_RANK = 64, SHARE_OF_HIGH = 8 };

/* Where a session has no full run, its twin begins at this share of LoRA's
 * learning rate: what the race's own search found at this size, 4e-3 and
 * 1e-3.  The factor of ten of Schulman et al. 2025 is of large models. */
static const double FULL_LR_SHARE = 0.25;

void plan_name(struct run_spec *spec, const struct snapshot *snapshot,
               const char *name)
{
    snprintf(spec->name, sizeof spec->name, "%s", name);
    for (int i = 2; snapshot_has_name(snapshot, spec->name); i++)
        snprintf(spec->name, sizeof spec->name, "%.20s-%d", name, i);
}

static bool adapts_kind(const struct snapshot *snapshot,
                        const struct run_view *run, enum site_kind kind)
{
    for (int s = 0; s < snapshot->site_count; s++)
        if (snapshot->site[s].kind == kind && !run->site[s].adapted)
            return false;
    return true;
}

static bool will_do(const struct snapshot *snapshot, const struct run_view *run,
                    int rank)
{
    return run->rank_low == rank && run->rank_high == rank &&
           run->state != RUN_DIVERGED && adapts_kind(snapshot, run, SITE_Q) &&
           adapts_kind(snapshot, run, SITE_V);
}

static void want(struct plan *plan, int role, const struct snapshot *snapshot,
                 const struct run_spec *like, int rank, uint64_t seed,
                 const char *suffix)
{
    struct run_spec *spec = &plan->wanted[role];
    char name[RECIPE_NAME];
    *spec = *like;
    snprintf(spec->method, sizeof spec->method, "lora");
    spec->rank = rank;
    spec->rank_count = 0;
    spec->seed = seed;
    spec->targets[SITE_Q] = spec->targets[SITE_V] = true;
    if (strcmp(like->method, "full") == 0)
        spec->optimizer.lr /= FULL_LR_SHARE;
    snprintf(name, sizeof name, "r%d%s", rank, suffix);
    plan_name(spec, snapshot, name);
    plan->run[role] = -1;
    plan->missing++;
}

static int largest_rank(const struct snapshot *snapshot)
{
    int most = 0;
    for (int s = 0; s < snapshot->site_count; s++) {
        const struct site *site = &snapshot->site[s];
        int here = site->out < site->in ? site->out : site->in;
        if (site->kind == SITE_Q && (most == 0 || here < most))
            most = here;
    }
    return most < HIGH_RANK ? most : HIGH_RANK;
}

static bool can_train(struct plan *plan, const struct run_spec *like)
{
    if (plan->missing > 0 && (!like || !like->method[0]))
        snprintf(plan->refusal, sizeof plan->refusal,
                 "a stored run is only looked at, and %d of the runs this "
                 "needs are not in it; open the recipe instead",
                 plan->missing);
    return !plan->refusal[0];
}

void plan_section7(struct plan *plan, const struct snapshot *snapshot,
                   const struct run_spec *like)
{
    *plan = (struct plan){.count = PLAN_RUNS, .run = {-1, -1, -1}};
    int high = largest_rank(snapshot);
    int low = high / SHARE_OF_HIGH < 1 ? 1 : high / SHARE_OF_HIGH;
    if (high > LOW_RANK && low < LOW_RANK && high >= 2 * LOW_RANK)
        low = LOW_RANK;
    if (high < 2) {
        snprintf(plan->refusal, sizeof plan->refusal,
                 "this model has no q and v of rank 2 or more");
        return;
    }
    for (int r = 0; r < snapshot->run_count; r++) {
        const struct run_view *run = &snapshot->run[r];
        int *slot = plan->run;
        if (will_do(snapshot, run, low) && slot[SECTION7_LOW] < 0)
            slot[SECTION7_LOW] = run->id;
        else if (!will_do(snapshot, run, high))
            continue;
        else if (slot[SECTION7_HIGH] < 0)
            slot[SECTION7_HIGH] = run->id;
        else if (slot[SECTION7_SEED] < 0 &&
                 run->seed != snapshot_run(snapshot, slot[SECTION7_HIGH])->seed)
            slot[SECTION7_SEED] = run->id;
    }
    struct run_spec none = {.seed = 0};
    const struct run_spec *from = like ? like : &none;
    uint64_t seed = from->seed;
    if (plan->run[SECTION7_HIGH] >= 0)
        seed = snapshot_run(snapshot, plan->run[SECTION7_HIGH])->seed;
    if (plan->run[SECTION7_LOW] < 0)
        want(plan, SECTION7_LOW, snapshot, from, low, from->seed, "");
    if (plan->run[SECTION7_HIGH] < 0)
        want(plan, SECTION7_HIGH, snapshot, from, high, seed, "");
    if (plan->run[SECTION7_SEED] < 0)
        want(plan, SECTION7_SEED, snapshot, from, high, seed + 1, "-seed");
    (void)can_train(plan, like);
}

/* The role a run can have, or -1: neither LoRA nor full. */
static int twin_role(const struct run_view *run)
{
    return run->rank_high > 0                 ? TWINS_LORA
           : strcmp(run->method, "full") == 0 ? TWINS_FULL
                                              : -1;
}

/* Like the other twin, where there is one: its seed, and a learning rate that
 * goes with its own. */
static void want_twin(struct plan *plan, int role,
                      const struct snapshot *snapshot,
                      const struct run_spec *like)
{
    struct run_spec *spec = &plan->wanted[role];
    const struct run_view *other = snapshot_run(
        snapshot, plan->run[role == TWINS_FULL ? TWINS_LORA : TWINS_FULL]);
    double share = role == TWINS_FULL ? FULL_LR_SHARE : 1 / FULL_LR_SHARE;
    const char *method = role == TWINS_FULL ? "full" : "lora";
    if (like)
        *spec = *like;
    if (other && other->lr_peak > 0)
        spec->optimizer.lr = share * other->lr_peak;
    else if (strcmp(spec->method, method) != 0)
        spec->optimizer.lr *= share;
    if (other)
        spec->seed = other->seed;
    snprintf(spec->method, sizeof spec->method, "%s", method);
    spec->optimizer.weight_decay = 0;
    plan_name(spec, snapshot, method);
    plan->missing++;
}

void plan_twins(struct plan *plan, const struct snapshot *snapshot, int chosen,
                const struct run_spec *like)
{
    *plan = (struct plan){.count = 2, .run = {-1, -1, -1}};
    const struct run_view *first = snapshot_run(snapshot, chosen);
    if (first && twin_role(first) >= 0)
        plan->run[twin_role(first)] = chosen;
    for (int r = 0; r < snapshot->run_count; r++) {
        const struct run_view *run = &snapshot->run[r];
        int role = twin_role(run);
        if (role < 0 || run->state == RUN_DIVERGED)
            continue;
        const struct run_view *held = snapshot_run(snapshot, plan->run[role]);
        if (!held || (held->id != chosen && role == TWINS_LORA &&
                      run->rank_high > held->rank_high))
            plan->run[role] = run->id;
    }
    for (int role = 0; role < plan->count; role++)
        if (plan->run[role] < 0)
            want_twin(plan, role, snapshot, like);
    (void)can_train(plan, like);
}
