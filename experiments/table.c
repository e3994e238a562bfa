/*
 * See table.h: from cells to means and deviations.
 */
#include "experiments/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

/* Of a sample: its n - 1. */
static void average(struct table_value *of, int known)
{
    double sum = 0, squares = 0;
    of->mean = of->deviation = NAN;
    for (int i = 0; i < known; i++)
        sum += of->value[i];
    if (known > 0)
        of->mean = sum / known;
    for (int i = 0; i < known; i++)
        squares += (of->value[i] - of->mean) * (of->value[i] - of->mean);
    if (known > 1)
        of->deviation = sqrt(squares / (known - 1));
}

static void summarise(struct table_entry *entry)
{
    for (int i = 0; i < TABLE_MEASURES; i++)
        average(&entry->measure[i], entry->known);
    average(&entry->loss, entry->known);
    if (entry->known == 0)
        entry->train_loss = NAN;
    entry->train_loss /= entry->known ? entry->known : 1;
}

static void take_cost(struct table_row *row, const struct cell_result *result)
{
    if (result->state == CELL_MISSING)
        return;
    row->trainable = result->trainable;
    row->parameters = result->parameters;
    row->stored = result->stored;
}

static void take_cell(struct table_entry *entry,
                      const struct cell_result *result)
{
    if (result->state == CELL_DIVERGED)
        entry->diverged++;
    if (result->state != CELL_DONE)
        return;
    int seed = entry->known++;
    for (int i = 0; i < TABLE_MEASURES; i++)
        entry->measure[i].value[seed] =
            i < result->scores ? 100 * result->score[i].value : NAN;
    if (result->scores == 0)
        entry->measure[0].value[seed] = result->loss;
    entry->loss.value[seed] = result->loss;
    entry->train_loss += result->train_loss;
    entry->examples = result->examples;
    /* A mean, one after another; of a cell that was resumed the clock is not
     * known. */
    if (!result->resumed && isfinite(result->seconds))
        entry->seconds =
            isfinite(entry->seconds)
                ? entry->seconds +
                      (result->seconds - entry->seconds) / entry->known
                : result->seconds;
    entry->peak_mib = fmax(entry->peak_mib, result->peak_mib);
}

/* All cells of a task have the same metrics. */
static void take_names(struct table *table, int task,
                       const struct cell_result *result)
{
    if (result->state != CELL_DONE || result->scores == 0)
        return;
    table->measures[task] = result->scores;
    for (int i = 0; i < result->scores; i++)
        memcpy(table->metric[task][i], result->score[i].name,
               sizeof table->metric[task][i]);
}

static struct table_search search_of(const struct cell_result *result)
{
    bool done = result->state == CELL_DONE;
    return (struct table_search){result->state,
                                 done ? 100 * cell_score(result) : NAN,
                                 done ? result->loss : NAN};
}

void table_take(struct table *table, int pair,
                const struct pair_results *results)
{
    const struct grid *grid = table->grid;
    int row = pair / grid->task_count, task = pair % grid->task_count;
    int searches = pair_searches(grid, pair);
    struct table_entry *entry = &table->entry[row][task];
    *entry = (struct table_entry){.hopeless = results->hopeless,
                                  .rate = NAN,
                                  .seconds = NAN,
                                  .peak_mib = NAN};
    table->total += searches + (results->hopeless ? 0 : grid->seed_count);
    for (int i = 0; i < searches; i++) {
        entry->search[i] = search_of(&results->search[i]);
        take_cost(&table->row[row], &results->search[i]);
        table->done += results->search[i].state != CELL_MISSING;
    }
    if (results->best >= 0)
        entry->rate = grid->row[row].rate[results->best];
    for (int i = 0; i < grid->seed_count; i++) {
        const struct cell_result *result = &results->report[i];
        table->done += result->state != CELL_MISSING;
        take_cost(&table->row[row], result);
        take_cell(entry, result);
        take_names(table, task, result);
    }
}

void table_finish(struct table *table)
{
    const struct grid *grid = table->grid;
    for (int i = 0; i < grid->row_count; i++) {
        struct table_row *row = &table->row[i];
        double sum = 0;
        int count = 0;
        row->peak_mib = NAN;
        for (int j = 0; j < grid->task_count; j++) {
            struct table_entry *entry = &table->entry[i][j];
            summarise(entry);
            row->peak_mib = fmax(row->peak_mib, entry->peak_mib);
            if (isfinite(entry->seconds)) {
                sum += entry->seconds;
                count++;
            }
        }
        row->seconds = count ? sum / count : NAN;
    }
    table_find(table);
}

/* What the task's cells will be scored by, before any is done. */
static void expect_names(struct table *table, int task)
{
    const struct task_ops *ops = task_find(table->grid->task[task].name);
    bool written = table->grid->generate && ops && ops->metrics;
    table->measures[task] = 1;
    if (ops && ops->metric)
        snprintf(table->metric[task][0], sizeof table->metric[task][0], "%s",
                 ops->metric);
    for (int i = 0; written && ops->metrics[i] && i < TABLE_MEASURES; i++) {
        table->measures[task] = i + 1;
        snprintf(table->metric[task][i], sizeof table->metric[task][i], "%s",
                 ops->metrics[i]);
    }
}

struct table *table_new(const struct grid *grid)
{
    struct table *table = xcalloc(1, sizeof *table);
    table->grid = grid;
    for (int i = 0; i < grid->row_count; i++)
        table->row[i] = (struct table_row){-1, -1, -1, NAN, NAN};
    for (int i = 0; i < grid->task_count; i++)
        expect_names(table, i);
    return table;
}

struct table *table_read(const struct grid *grid, const char *folder,
                         bool force, struct err *err)
{
    struct table *table = table_new(grid);
    struct pair_results *results = xcalloc(1, sizeof *results);
    int status = 0;
    for (int pair = 0; pair < pair_count(grid) && status == 0; pair++) {
        status = pair_read(results, grid, pair, folder, force, err);
        if (status == 0)
            table_take(table, pair, results);
    }
    mem_free(results);
    if (status == 0) {
        table_finish(table);
        return table;
    }
    mem_free(table);
    return NULL;
}
