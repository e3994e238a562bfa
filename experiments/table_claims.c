/*
 * What the paper claims and this table bears out.  Two kinds of claims:
 *
 *   better(a, b)    the mean of a is beyond that of b
 *   keeps_up(a, b)  it is not below it by more than a tolerance, and the seeds
 *                   agree well enough to say so
 *
 * noise = sqrt(da^2 + db^2), the seeds' deviations together: a gap that is no
 * larger says nothing.  With one seed there is no deviation, and no verdict.
 * Held-out examples are the same in every cell, so what they happen to ask
 * cancels; that there are only so many of them is not part of the noise.
 */
#include "experiments/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What the paper calls WikiSQL's fluctuation, in points; and one hundredth of
 * a nat where the loss is all there is. */
static const double tolerance_points = 0.5, tolerance_nats = 0.01;

struct side { /* of a comparison */
    const char *name;
    int row;
    const struct table_entry *entry;
};

struct contest {
    const struct table *table;
    int task;
    bool in_nats; /* by held-out loss, else by the task's first score */
    struct side a, b;
    double gap, noise; /* gap above 0: a is better */
    bool is_unsettled; /* cells of one of them, or of a rival, are missing */
};

/* Below this a score is that of a run that has not found the task yet, and
 * two of them say nothing of one another. */
static const double floor_points = 1;

/* Nothing is still to come for this row at the task. */
static bool is_settled(const struct table *table, int task, int row)
{
    const struct table_entry *entry = &table->entry[row][task];
    return entry->hopeless ||
           entry->known + entry->diverged == table->grid->seed_count;
}

static const struct table_value *value_of(const struct contest *contest,
                                          const struct side *side)
{
    return contest->in_nats ? &side->entry->loss : side->entry->measure;
}

static struct contest contest_in(const struct table *table, int task,
                                 bool in_nats, int a, int b)
{
    const struct grid *grid = table->grid;
    struct contest to = {table,
                         task,
                         in_nats,
                         {grid->row[a].run.name, a, &table->entry[a][task]},
                         {grid->row[b].run.name, b, &table->entry[b][task]},
                         NAN,
                         NAN,
                         false};
    const struct table_value *of = value_of(&to, &to.a);
    const struct table_value *other = value_of(&to, &to.b);
    double gap = of->mean - other->mean;
    to.gap = in_nats ? -gap : gap;
    to.noise = hypot(of->deviation, other->deviation);
    to.is_unsettled =
        !is_settled(table, task, a) || !is_settled(table, task, b);
    return to;
}

/* By score, where the task has one. */
static struct contest contest_of(const struct table *table, int task, int a,
                                 int b)
{
    return contest_in(table, task, !table_in_percent(table, task), a, b);
}

static bool is_open(const struct contest *of)
{
    bool learned = of->in_nats || of->a.entry->measure->mean >= floor_points ||
                   of->b.entry->measure->mean >= floor_points;
    return of->is_unsettled || !learned || !isfinite(of->gap) ||
           !isfinite(of->noise);
}

static enum table_verdict better(const struct contest *of)
{
    if (is_open(of))
        return TABLE_OPEN;
    if (fabs(of->gap) <= of->noise)
        return TABLE_WITHIN;
    return of->gap > 0 ? TABLE_SHOWN : TABLE_NOT;
}

static enum table_verdict keeps_up(const struct contest *of)
{
    double tolerance = of->in_nats ? tolerance_nats : tolerance_points;
    if (is_open(of))
        return TABLE_OPEN;
    /* One deviation lower it would still keep up; or seeds hardly differ. */
    if (of->gap - of->noise >= -tolerance ||
        (of->gap >= -tolerance && of->noise <= tolerance))
        return TABLE_SHOWN;
    return fabs(of->gap) <= of->noise ? TABLE_WITHIN : TABLE_NOT;
}

static void side_text(char *to, size_t size, const struct contest *contest,
                      const struct side *side)
{
    const struct table_value *of = value_of(contest, side);
    if (side->entry->known == 0 || !contest->in_nats)
        table_value_text(to, size, contest->table, side->row, contest->task, 0);
    else if (isfinite(of->deviation))
        snprintf(to, size, "%.3f ± %.3f", of->mean, of->deviation);
    else
        snprintf(to, size, "%.3f", of->mean);
}

static void add(struct table *table, enum table_verdict verdict,
                const struct contest *of, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add(struct table *table, enum table_verdict verdict,
                const struct contest *of, const char *format, ...)
{
    if (table->finding_count == TABLE_FINDINGS)
        return;
    const struct grid *grid = table->grid;
    struct table_finding *to = &table->finding[table->finding_count++];
    char a[40], b[40], rest[64], task[80];
    int digits = of->in_nats ? 3 : 1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(to->claim, sizeof to->claim, format, arguments);
    va_end(arguments);
    to->verdict = verdict;
    side_text(a, sizeof a, of, &of->a);
    side_text(b, sizeof b, of, &of->b);
    if (of->in_nats)
        snprintf(task, sizeof task, "%s, nats", grid->task[of->task].label);
    else
        table_measure_name(task, sizeof task, table, of->task, 0);
    if (isfinite(of->gap) && of->is_unsettled)
        snprintf(rest, sizeof rest, "gap %+.*f so far, cells are missing",
                 digits, of->gap);
    else if (isfinite(of->gap) && isfinite(of->noise))
        snprintf(rest, sizeof rest, "gap %+.*f, seeds' deviation %.*f", digits,
                 of->gap, digits, of->noise);
    else if (isfinite(of->gap))
        snprintf(rest, sizeof rest, "gap %+.*f, one seed: no deviation", digits,
                 of->gap);
    else
        snprintf(rest, sizeof rest, "cells are missing");
    snprintf(to->numbers, sizeof to->numbers, "%s: %s %s, %s %s; %s.", task,
             of->a.name, a, of->b.name, b, rest);
}

/* --- which rows
 * --------------------------------------------------------------- */

static const struct run_spec *run_of(const struct table *table, int row)
{
    return &table->grid->row[row].run;
}

static bool is_lora(const struct table *table, int row)
{
    return strcmp(run_of(table, row)->method, "lora") == 0;
}

static int full_row(const struct table *table)
{
    for (int i = 0; i < table->grid->row_count; i++)
        if (strcmp(run_of(table, i)->method, "full") == 0)
            return i;
    return -1;
}

static bool same_targets(const struct run_spec *a, const struct run_spec *b)
{
    return memcmp(a->targets, b->targets, sizeof a->targets) == 0 &&
           memcmp(a->also, b->also, sizeof a->also) == 0;
}

static int kinds(const struct run_spec *run)
{
    int count = 0;
    for (int i = 0; i < SITE_KINDS; i++)
        count += run->targets[i];
    return count;
}

/* Is the row of one of these methods? */
static bool is_one_of(const struct table *table, int row,
                      const char *const *methods)
{
    for (; *methods; methods++)
        if (strcmp(run_of(table, row)->method, *methods) == 0)
            return true;
    return false;
}

/* Is the mean of row a at the task better than that of b, -1 for none? */
static bool is_ahead(const struct table *table, int task, int a, int b)
{
    double gap = b < 0 ? INFINITY : contest_of(table, task, a, b).gap;
    return b < 0 || !isfinite(table->entry[b][task].measure->mean) || gap > 0;
}

/* Which row is the best of them is not known while one is unfinished. */
static void need_all(struct contest *of, const char *const *methods)
{
    for (int i = 0; i < of->table->grid->row_count; i++)
        if (is_one_of(of->table, i, methods) &&
            !is_settled(of->table, of->task, i))
            of->is_unsettled = true;
}

static int best_of(const struct table *table, int task,
                   const char *const *methods)
{
    int best = -1;
    for (int i = 0; i < table->grid->row_count; i++)
        if (is_one_of(table, i, methods) && is_ahead(table, task, i, best))
            best = i;
    return best;
}

static const char *const loras[] = {"lora", NULL};

/* --- claims
 * -------------------------------------------------------------------- */

/* Table 6: for each choice of matrices, the least rank beside the best of the
 * larger ones. */
static void small_rank(struct table *table, int task)
{
    for (int i = 0; i < table->grid->row_count; i++) {
        const struct run_spec *run = run_of(table, i);
        int best = -1, least = is_lora(table, i);
        for (int j = 0; j < table->grid->row_count && least; j++) {
            const struct run_spec *other = run_of(table, j);
            if (j == i || !is_lora(table, j) || !same_targets(run, other))
                continue;
            least = other->rank > run->rank;
            if (least && is_ahead(table, task, j, best))
                best = j;
        }
        if (!least || best < 0)
            continue;
        struct contest of = contest_of(table, task, i, best);
        need_all(&of, loras);
        add(table, keeps_up(&of), &of,
            "r = %d keeps up with the best larger rank of the same matrices "
            "(Table 6).",
            run->rank);
    }
}

/* Table 5: of the same number of weights, many matrices at a small rank or
 * one at a large one? */
static void equal_budget(struct table *table, int task)
{
    int rows = table->grid->row_count, widest = -1, single = -1;
    for (int i = 0; i < rows; i++)
        if (is_lora(table, i) &&
            (widest < 0 ||
             kinds(run_of(table, i)) > kinds(run_of(table, widest))))
            widest = i;
    for (int i = 0; i < rows && widest >= 0; i++) {
        double budget = (double)table->row[widest].trainable;
        bool same =
            fabs((double)table->row[i].trainable - budget) <= 0.01 * budget;
        if (is_lora(table, i) && same && kinds(run_of(table, i)) == 1 &&
            is_ahead(table, task, i, single))
            single = i;
    }
    if (single < 0 || kinds(run_of(table, widest)) < 2)
        return;
    struct contest of = contest_of(table, task, widest, single);
    need_all(&of, loras);
    add(table, better(&of), &of,
        "At an equal budget %d kinds of matrices at r = %d beat the best "
        "single kind at r = %d (Table 5).",
        kinds(run_of(table, widest)), run_of(table, widest)->rank,
        run_of(table, single)->rank);
}

/* Table 4. */
static void beside_full(struct table *table, int task)
{
    int full = full_row(table), lora = best_of(table, task, loras);
    if (full < 0 || lora < 0)
        return;
    struct contest of = contest_of(table, task, lora, full);
    need_all(&of, loras);
    add(table, keeps_up(&of), &of,
        "LoRA is as good as full fine-tuning (Table 4); r = %d.",
        run_of(table, lora)->rank);
}

/* Tables 4 and 16: methods that train what stands before the text. */
static void beside_prompts(struct table *table, int task)
{
    static const char *const prompts[] = {"prefix_embed", "prefix_layer", NULL};
    int prompt = best_of(table, task, prompts),
        lora = best_of(table, task, loras);
    if (prompt < 0 || lora < 0)
        return;
    struct contest of = contest_of(table, task, lora, prompt);
    need_all(&of, loras);
    need_all(&of, prompts);
    add(table, better(&of), &of,
        "LoRA is ahead of trained prefixes (Tables 4, 16).");
}

static void beside_adapters(struct table *table, int task)
{
    static const char *const adapters[] = {"adapter_h", "adapter_l", NULL};
    int adapter = best_of(table, task, adapters),
        lora = best_of(table, task, loras);
    if (adapter < 0 || lora < 0)
        return;
    struct contest of = contest_of(table, task, lora, adapter);
    need_all(&of, loras);
    need_all(&of, adapters);
    add(table, keeps_up(&of), &of, "LoRA is as good as adapters (Table 4).");
}

/* Section 4.1: LoRA on everything at full rank is full fine-tuning again. */
static void full_rank(struct table *table, int task)
{
    int full = full_row(table), most = -1;
    for (int i = 0; i < table->grid->row_count; i++)
        if (is_lora(table, i) &&
            (most < 0 || run_of(table, i)->rank > run_of(table, most)->rank))
            most = i;
    if (full < 0 || most < 0 ||
        2 * table->row[most].trainable < table->row[most].parameters)
        return;
    struct contest of = contest_in(table, task, true, most, full);
    add(table, keeps_up(&of), &of,
        "LoRA at r = %d, the rank of the matrices, recovers the held-out loss "
        "of full fine-tuning (section 4.1).",
        run_of(table, most)->rank);
}

/* Table 16: of the columns with few examples, the fewest. */
static void low_data(struct table *table, int task)
{
    const struct grid_task *column = &table->grid->task[task];
    int full = full_row(table), lora = best_of(table, task, loras);
    bool least = column->examples > 0;
    for (int i = 0; i < table->grid->task_count && least; i++) {
        const struct grid_task *other = &table->grid->task[i];
        least = strcmp(other->name, column->name) != 0 ||
                other->examples == 0 || other->examples >= column->examples;
    }
    if (!least || full < 0 || lora < 0)
        return;
    struct contest of = contest_of(table, task, lora, full);
    need_all(&of, loras);
    const struct table_entry *a = of.a.entry, *b = of.b.entry;
    add(table, better(&of), &of,
        "With %d training examples LoRA is ahead of full fine-tuning "
        "(Table 16); held out over training loss, in nats: LoRA %+.3f, full "
        "%+.3f.",
        column->examples, a->loss.mean - a->train_loss,
        b->loss.mean - b->train_loss);
}

void table_find(struct table *table)
{
    static void (*const claims[])(struct table * table, int task) = {
        beside_full,  beside_prompts, beside_adapters, small_rank,
        equal_budget, full_rank,      low_data};
    table->finding_count = 0;
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        for (int task = 0; task < table->grid->task_count; task++)
            claims[i](table, task);
}
