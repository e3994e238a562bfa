/*
 * See table.h: from cells to means and deviations.
 */
#include "experiments/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

/* Of a sample: its n - 1. */
static void summarise(struct table_entry *entry)
{
    double sum = 0, squares = 0;
    entry->mean = entry->deviation = NAN;
    for (int i = 0; i < entry->known; i++)
        sum += entry->value[i];
    if (entry->known > 0)
        entry->mean = sum / entry->known;
    for (int i = 0; i < entry->known; i++)
        squares +=
            (entry->value[i] - entry->mean) * (entry->value[i] - entry->mean);
    if (entry->known > 1)
        entry->deviation = sqrt(squares / (entry->known - 1));
    if (entry->known == 0)
        entry->loss = entry->train_loss = NAN;
    entry->loss /= entry->known ? entry->known : 1;
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
    bool percent = result->metric[0] != '\0';
    entry->value[entry->known++] = percent ? 100 * result->score : result->loss;
    entry->loss += result->loss;
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
        if (result->metric[0])
            memcpy(table->metric[task], result->metric,
                   sizeof table->metric[task]);
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

static struct table *table_new(const struct grid *grid)
{
    struct table *table = xcalloc(1, sizeof *table);
    table->grid = grid;
    for (int i = 0; i < grid->row_count; i++)
        table->row[i] = (struct table_row){-1, -1, -1, NAN, NAN};
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
