/*
 * See updates_facts.h.  What only one kind of updates knows (its dialect, its
 * family, its tensors) that kind says itself, through updates_owned.h.
 */
#include "experiments/updates_facts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "experiments/updates_owned.h"

static void add(struct update_facts *to, bool is_warning, const char *label,
                const char *format, va_list args)
{
    if (to->count == FACTS_MOST)
        return;
    struct update_fact *fact = &to->at[to->count++];
    fact->is_warning = is_warning;
    (void)snprintf(fact->label, sizeof fact->label, "%s", label);
    (void)vsnprintf(fact->text, sizeof fact->text, format, args);
}

void update_fact_add(struct update_facts *to, const char *label,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(to, false, label, format, args);
    va_end(args);
}

void update_fact_warn(struct update_facts *to, const char *label,
                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(to, true, label, format, args);
    va_end(args);
}

const char *update_bytes(char to[16], size_t bytes)
{
    double size = (double)bytes;
    (void)snprintf(to, 16, "%.1f %s",
                   size < 1e6   ? size / 1e3
                   : size < 1e9 ? size / 1e6
                                : size / 1e9,
                   size < 1e6   ? "kB"
                   : size < 1e9 ? "MB"
                                : "GB");
    return to;
}

static void add_rank(struct update_facts *to, const struct updates *updates)
{
    int low = updates->site[0].rank, high = low;
    for (int i = 1; i < updates->count; i++) {
        int rank = updates->site[i].rank;
        low = rank < low ? rank : low;
        high = rank > high ? rank : high;
    }
    if (low == high)
        update_fact_add(to, "rank r", "%d at every one of %d sites", low,
                        updates->count);
    else
        update_fact_add(to, "rank r", "%d to %d over %d sites", low, high,
                        updates->count);
}

/* s, and the source of it; several sources are counted. */
static void add_scale(struct update_facts *to, const struct updates *updates)
{
    const struct update_site *first = &updates->site[0];
    double low = first->scale, high = first->scale;
    int others = 0;
    for (int i = 1; i < updates->count; i++) {
        low = fmin(low, updates->site[i].scale);
        high = fmax(high, updates->site[i].scale);
        others += strcmp(updates->site[i].scale_from, first->scale_from) != 0;
    }
    char from[200] = "";
    if (first->scale_from[0])
        (void)snprintf(from, sizeof from, ", from %s", first->scale_from);
    if (low < high)
        update_fact_add(to, "scale s",
                        "%.4g to %.4g%s at %s; %d sites say otherwise", low,
                        high, from, first->name, others);
    else if (others)
        update_fact_add(to, "scale s", "%.4g%s; %d sites by another way", low,
                        from, others);
    else
        update_fact_add(to, "scale s", "%.4g%s", low, from);
}

/* A sentence that several sites share is said once. */
static void add_shared(struct update_facts *to, const struct updates *updates,
                       const char *label, bool is_warning,
                       const char *(*of)(const struct update_site *site))
{
    for (int i = 0; i < updates->count; i++) {
        const char *text = of(&updates->site[i]);
        int same = 0, before = 0;
        if (!*text)
            continue;
        for (int k = 0; k < updates->count && !before; k++)
            if (strcmp(of(&updates->site[k]), text) == 0) {
                same++;
                before += k < i;
            }
        if (before)
            continue;
        char where[160];
        (void)snprintf(where, sizeof where,
                       same > 1 ? "%.100s and %d more" : "%.100s",
                       updates->site[i].name, same - 1);
        if (is_warning)
            update_fact_warn(to, label, "%s: %s", where, text);
        else
            update_fact_add(to, label, "%s: %s", where, text);
    }
}

static const char *warning_of(const struct update_site *site)
{
    return site->warning;
}

static const char *unfolding_of(const struct update_site *site)
{
    return site->unfolding;
}

/* Half the distance between neighbours, as a share: what a stored number is
 * right to. */
static double unit_of(enum storage storage)
{
    return storage == STORED_F16    ? 0x1p-11
           : storage == STORED_BF16 ? 0x1p-8
                                    : 0x1p-24;
}

static void add_rounding(struct update_facts *to, const struct updates *updates)
{
    const char *type = storage_name(updates->storage);
    if (updates->kind == STORED_DELTA)
        update_fact_add(to, "rounding",
                        "singular values below each site's floor may be the "
                        "rounding of %s to %s",
                        updates->rounded > 1 ? "both matrices" : "one matrix",
                        type);
    else if (updates->kind == STORED_LORA)
        update_fact_add(to, "rounding",
                        "A and B in %s: each number is right to %.1g of itself",
                        type, unit_of(updates->storage));
}

void updates_facts(struct update_facts *to, const struct updates *updates)
{
    const char *caveat;
    *to = (struct update_facts){.count = 0};
    if (updates->ops->tell)
        updates->ops->tell(to, updates);
    if (updates->kind == STORED_LORA && updates->count > 0) {
        add_rank(to, updates);
        add_scale(to, updates);
    } else if (updates->kind == STORED_DELTA) {
        update_fact_add(to, "update", "ΔW = W − W0, dense, at %d sites",
                        updates->count);
    } else {
        update_fact_add(to, "update",
                        "none: this is W itself, for no base is known; --base "
                        "BASE shows what was learned");
    }
    add_shared(to, updates, "audit", true, warning_of);
    for (int i = 0; (caveat = updates_caveat(updates, i)); i++)
        update_fact_warn(to, "beside", "%s", caveat);
    add_shared(to, updates, "shape", false, unfolding_of);
    add_rounding(to, updates);
}
