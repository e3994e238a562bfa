/* See intrinsic_search.h. */
#include "experiments/intrinsic_search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"

/* Of the bootstrap: the same folder has the same interval. */
enum { BOOTSTRAP_SEED = 1 };

enum found { FOUND, MISSING, REFUSED };

struct reader {
    struct intrinsic_search *to;
    struct intrinsic_cell *at; /* the cell that is looked at */
    const char *folder;
    bool force;
    struct err *err;
};

/* --- one training ---------------------------------------------------------
 */

/* is_new: not counted before. */
static enum found read_cell(struct reader *reader, struct cell_result *result,
                            bool is_new)
{
    struct intrinsic_search *to = reader->to;
    to->next.rate = reader->at->cell.rate;
    if (cell_read(result, &reader->at->grid, &reader->at->cell, reader->folder,
                  reader->force, reader->err) < 0)
        return REFUSED;
    if (result->state == CELL_MISSING)
        return MISSING;
    to->cells += is_new;
    if (is_new && isfinite(result->seconds))
        to->seconds += result->seconds;
    return FOUND;
}

/* Did another seed of this d look for a rate there already? */
static bool is_searched(const struct intrinsic_curve *curve, int d, int halved)
{
    for (int i = 0; i < curve->count; i++)
        if (curve->run[i].d == d && curve->halved[i] >= halved)
            return true;
    return false;
}

/* The rate for the row that stands in the grid; best -1: all diverged. */
static enum found read_rates(struct reader *reader, int *best, bool is_new)
{
    struct cell_result search[GRID_RATES];
    const struct grid *grid = &reader->at->grid;
    int searches = pair_searches(grid, 0);
    bool hopeless;
    reader->to->next.number = -1;
    for (int i = 0; i < searches; i++) {
        reader->at->cell = pair_search(grid, 0, i);
        enum found found = read_cell(reader, &search[i], is_new);
        if (found != FOUND)
            return found;
    }
    *best = pair_choose(search, searches, &hopeless);
    return FOUND;
}

/* The score is the task's first metric, or exp(-loss) as Li et al. take it. */
static double score_of(struct intrinsic_search *to,
                       const struct cell_result *result)
{
    bool has_metric = result->scores > 0;
    snprintf(to->metric, sizeof to->metric, "%s",
             has_metric ? result->score[0].name : "exp(-loss)");
    return has_metric ? cell_score(result) : exp(-result->loss);
}

/* Adds a run to the curve of a row: rate by rate downwards until it does not
 * diverge; NaN: it always does. */
static enum found read_training(struct reader *reader,
                                struct intrinsic_curve *curve, int row, int d,
                                int number)
{
    struct intrinsic_search *to = reader->to;
    struct intrinsic_cell *at = reader->at;
    double score = NAN, rate = NAN;
    int halved = 0;
    for (; halved <= INTRINSIC_HALVINGS && isnan(score); halved++) {
        struct cell_result result;
        int best;
        to->next = (struct intrinsic_place){row, d, halved, number, NAN};
        intrinsic_row(&at->grid, to->recipe, row, d, halved);
        enum found found =
            read_rates(reader, &best, !is_searched(curve, d, halved));
        if (found != FOUND)
            return found;
        if (best < 0)
            continue;
        to->next.number = number;
        at->cell = pair_report(&at->grid, 0, number, best);
        found = read_cell(reader, &result, true);
        if (found != FOUND)
            return found;
        rate = result.rate;
        if (result.state == CELL_DONE)
            score = score_of(to, &result);
    }
    curve->halved[curve->count] = halved - 1;
    curve->rate[curve->count] = rate;
    curve->run[curve->count++] =
        (struct intrinsic_run){d, to->recipe->grid.seed[number], score};
    return FOUND;
}

/* --- start and baseline ---------------------------------------------------
 */

static enum found read_start(struct reader *reader)
{
    struct intrinsic_search *to = reader->to;
    struct cell_result result;
    intrinsic_row_start(&reader->at->grid, to->recipe);
    to->next = (struct intrinsic_place){.row = -1};
    reader->at->cell = pair_report(&reader->at->grid, 0, 0, 0);
    enum found found = read_cell(reader, &result, true);
    if (found == FOUND && result.state == CELL_DONE)
        to->goal.start = score_of(to, &result);
    return found;
}

static void judge_baseline(struct intrinsic_search *to)
{
    struct intrinsic_curve *base = &to->baseline;
    base->points = intrinsic_points(base->point, base->run, base->count);
    const struct intrinsic_point *point = base->point;
    to->goal.baseline = point->mean;
    to->deviation = point->deviation;
    if (point->runs == 0)
        snprintf(to->trouble, sizeof to->trouble,
                 "the baseline diverged with every seed; use a lower lr in its "
                 "row");
    else if (point->mean <= to->goal.start)
        snprintf(to->trouble, sizeof to->trouble,
                 "the baseline has learned nothing: %.4f, and %.4f before "
                 "training; use more steps or other rates in its row",
                 point->mean, to->goal.start);
}

static enum found read_baseline(struct reader *reader)
{
    struct intrinsic_search *to = reader->to;
    for (int i = 0; i < to->recipe->grid.seed_count; i++) {
        enum found found = read_training(reader, &to->baseline, 0, 0, i);
        if (found != FOUND)
            return found;
    }
    judge_baseline(to);
    return FOUND;
}

/* --- curves ---------------------------------------------------------------
 */

static struct intrinsic_plan plan_of(const struct intrinsic_search *search,
                                     int curve)
{
    struct intrinsic_plan plan = search->recipe->plan;
    long parameters = search->counts.parameters[curve];
    plan.least = search->counts.least[curve];
    if (plan.most == 0 || plan.most > parameters)
        plan.most = parameters > 1000000000 ? 1000000000 : (int)parameters;
    return plan;
}

/* With all D dimensions of what the baseline trains, it is the baseline. */
static bool is_baseline(const struct intrinsic_search *search, int curve, int d)
{
    const struct grid *grid = &search->recipe->grid;
    return d >= search->counts.parameters[curve] &&
           strcmp(grid->row[1 + curve].run.inside, grid->row[0].run.method) ==
               0;
}

static enum found add_run(struct reader *reader, int curve, int d, int number)
{
    struct intrinsic_search *to = reader->to;
    struct intrinsic_curve *of = &to->curve[curve];
    if (!is_baseline(to, curve, d))
        return read_training(reader, of, 1 + curve, d, number);
    of->halved[of->count] = to->baseline.halved[number];
    of->rate[of->count] = to->baseline.rate[number];
    of->run[of->count] = to->baseline.run[number];
    of->run[of->count++].d = d;
    return FOUND;
}

static enum found read_curve(struct reader *reader, int curve)
{
    struct intrinsic_search *to = reader->to;
    struct intrinsic_curve *of = &to->curve[curve];
    struct intrinsic_plan plan = plan_of(to, curve);
    double threshold = intrinsic_threshold(&to->goal);
    for (;;) {
        int d, number;
        of->end =
            intrinsic_next(&d, &number, &plan, of->run, of->count, threshold);
        if (of->end != INTRINSIC_GOES_ON)
            return FOUND;
        if (of->count == INTRINSIC_RUNS) {
            snprintf(to->trouble, sizeof to->trouble,
                     "%d trainings and no end; use a larger ratio or fewer "
                     "seeds",
                     INTRINSIC_RUNS);
            return FOUND;
        }
        enum found found = add_run(reader, curve, d, number);
        if (found != FOUND)
            return found;
    }
}

/* --- the whole ------------------------------------------------------------
 */

static enum found read_all(struct reader *reader)
{
    struct intrinsic_search *to = reader->to;
    enum found found = read_start(reader);
    if (found == FOUND)
        found = read_baseline(reader);
    for (int i = 0; i < to->curves && found == FOUND && !to->trouble[0]; i++)
        found = read_curve(reader, i);
    return found;
}

static void answer_all(struct intrinsic_search *to)
{
    for (int i = 0; i < to->curves; i++) {
        struct intrinsic_curve *of = &to->curve[i];
        of->points = intrinsic_points(of->point, of->run, of->count);
        for (int rule = 0; rule < INTRINSIC_RULES; rule++)
            of->answer[rule] = intrinsic_answer(
                of->run, of->count,
                intrinsic_search_threshold(to, (enum intrinsic_rule)rule),
                BOOTSTRAP_SEED);
    }
}

int intrinsic_search_read(struct intrinsic_search *to,
                          struct intrinsic_cell *next,
                          const struct intrinsic_recipe *recipe,
                          const char *folder, bool force, struct err *err)
{
    char path[1024];
    *to = (struct intrinsic_search){.recipe = recipe,
                                    .goal = recipe->goal,
                                    .deviation = NAN,
                                    .next = {.row = -1},
                                    .curves = recipe->grid.row_count - 1};
    if (!file_exists(file_join(path, sizeof path, folder, "counts.json"))) {
        answer_all(to);
        return 0;
    }
    if (intrinsic_counts_read(&to->counts, recipe, folder, err) < 0)
        return -1;
    struct intrinsic_cell *at = xcalloc(1, sizeof *at);
    struct reader reader = {to, at, folder, force, err};
    enum found found = read_all(&reader);
    to->is_over = found == FOUND;
    answer_all(to);
    if (next)
        *next = *at;
    mem_free(at);
    return found == REFUSED ? -1 : 0;
}

double intrinsic_search_threshold(const struct intrinsic_search *search,
                                  enum intrinsic_rule rule)
{
    struct intrinsic_goal goal = search->goal;
    goal.rule = rule;
    return intrinsic_threshold(&goal);
}
