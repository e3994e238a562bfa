/*
 * See cell.h.
 */
#include "experiments/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

int pair_count(const struct grid *grid)
{
    return grid->row_count * grid->task_count;
}

int pair_searches(const struct grid *grid, int pair)
{
    int rates = grid->row[pair / grid->task_count].rate_count;
    return rates > 1 ? rates : 0;
}

struct grid_cell pair_search(const struct grid *grid, int pair, int rate)
{
    int row = pair / grid->task_count;
    return (struct grid_cell){row, pair % grid->task_count, CELL_SEARCH,
                              grid->row[row].rate[rate], grid->search_seed};
}

struct grid_cell pair_report(const struct grid *grid, int pair, int seed,
                             int best)
{
    int row = pair / grid->task_count;
    return (struct grid_cell){row, pair % grid->task_count, CELL_REPORT,
                              grid->row[row].rate[best], grid->seed[seed]};
}

double cell_score(const struct cell_result *result)
{
    return result->scores > 0 ? result->score[0].value : NAN;
}

static bool is_better(const struct cell_result *a, const struct cell_result *b)
{
    double one = cell_score(a), other = cell_score(b);
    if (isfinite(one) && isfinite(other) && (one > other || one < other))
        return one > other;
    return a->loss < b->loss;
}

int pair_choose(const struct cell_result *search, int searches, bool *hopeless)
{
    int best = -1, diverged = 0;
    *hopeless = false;
    if (searches == 0)
        return 0;
    for (int i = 0; i < searches; i++) {
        if (search[i].state == CELL_MISSING)
            return -1;
        diverged += search[i].state == CELL_DIVERGED;
        if (search[i].state == CELL_DONE &&
            (best < 0 || is_better(&search[i], &search[best])))
            best = i;
    }
    *hopeless = diverged == searches;
    return best;
}

int pair_read(struct pair_results *to, const struct grid *grid, int pair,
              const char *folder, bool force, struct err *err)
{
    int searches = pair_searches(grid, pair);
    *to = (struct pair_results){.best = -1};
    for (int i = 0; i < searches && folder; i++) {
        struct grid_cell cell = pair_search(grid, pair, i);
        if (cell_read(&to->search[i], grid, &cell, folder, force, err) < 0)
            return -1;
    }
    to->best = pair_choose(to->search, searches, &to->hopeless);
    for (int i = 0; i < grid->seed_count && to->best >= 0 && folder; i++) {
        struct grid_cell cell = pair_report(grid, pair, i, to->best);
        if (cell_read(&to->report[i], grid, &cell, folder, force, err) < 0)
            return -1;
    }
    return 0;
}

void cell_name(char to[CELL_NAME], const struct grid *grid,
               const struct grid_cell *cell)
{
    const char *row = grid->row[cell->row].run.name;
    const char *task = grid->task[cell->task].label;
    /* Neither name has an @, so no two cells share one. */
    if (cell->kind == CELL_SEARCH)
        snprintf(to, CELL_NAME, "%s@%s@lr-%.10g", row, task, cell->rate);
    else
        snprintf(to, CELL_NAME, "%s@%s@seed-%llu", row, task,
                 (unsigned long long)cell->seed);
}

bool cell_is_written(const struct grid *grid, const struct grid_cell *cell)
{
    return grid->generate && cell->kind == CELL_REPORT;
}

void cell_recipe(struct recipe *to, const struct grid *grid,
                 const struct grid_cell *cell)
{
    const struct grid_task *task = &grid->task[cell->task];
    bool search = cell->kind == CELL_SEARCH;
    *to = grid->session;
    snprintf(to->task, sizeof to->task, "%s", task->name);
    snprintf(to->data, sizeof to->data, "%s", task->data);
    to->examples = task->examples;
    /* The same examples for every seed: what differs between seeds is the
     * order of the batches and the first values, not the exam. */
    if (!to->task_seed)
        to->task_seed = to->seed;
    to->seed = cell->seed;
    to->evaluate_from = search ? 0 : grid->search_examples;
    to->evaluate_examples =
        search ? grid->search_examples : grid->report_examples;
    /* Only the end counts. */
    to->evaluate_every = to->spectra_every = (int)to->steps;
    to->forget_examples = 0;
    to->run_count = 1;
    to->run[0] = grid->row[cell->row].run;
    to->run[0].seed = cell->seed;
    to->run[0].optimizer.lr = cell->rate;
}

char *cell_path(char *to, size_t size, const char *folder, const char *name,
                const char *ending)
{
    snprintf(to, size, "%s/cells/%s%s", folder, name, ending);
    return to;
}
