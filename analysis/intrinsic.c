/* See intrinsic.h. */
#include "analysis/intrinsic.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "analysis/isotonic.h"
#include "core/base/mem.h"
#include "core/base/rng.h"

enum { DRAWS = 1000 };

const char *intrinsic_rule_name(int rule)
{
    static const char *const name[INTRINSIC_RULES] = {"score", "gain", "given"};
    return rule >= 0 && rule < INTRINSIC_RULES ? name[rule] : NULL;
}

double intrinsic_threshold(const struct intrinsic_goal *goal)
{
    switch (goal->rule) {
    case INTRINSIC_SCORE:
        return goal->share * goal->baseline;
    case INTRINSIC_GAIN:
        return goal->start + goal->share * (goal->baseline - goal->start);
    case INTRINSIC_GIVEN:
    case INTRINSIC_RULES:
        break;
    }
    return goal->given;
}

/* --- points ---------------------------------------------------------------
 */

static int by_d(const void *a, const void *b)
{
    const struct intrinsic_run *one = a, *other = b;
    return (one->d > other->d) - (one->d < other->d);
}

/* All runs from the first on that have its d. */
static struct intrinsic_point point_of(const struct intrinsic_run *run,
                                       int count)
{
    struct intrinsic_point to = {.d = run[0].d,
                                 .mean = NAN,
                                 .deviation = NAN,
                                 .low = INFINITY,
                                 .high = -INFINITY,
                                 .fit = NAN};
    double sum = 0, squares = 0;
    for (int i = 0; i < count && run[i].d == to.d; i++) {
        if (isnan(run[i].score)) {
            to.diverged++;
            continue;
        }
        to.runs++;
        sum += run[i].score;
        to.low = fmin(to.low, run[i].score);
        to.high = fmax(to.high, run[i].score);
    }
    if (to.runs > 0)
        to.mean = sum / to.runs;
    for (int i = 0; i < count && run[i].d == to.d; i++)
        if (!isnan(run[i].score))
            squares += pow(run[i].score - to.mean, 2);
    if (to.runs > 1)
        to.deviation = sqrt(squares / (to.runs - 1));
    return to;
}

static void fit(struct intrinsic_point *points, int count)
{
    double *y = xcalloc(2 * (size_t)count + 1, sizeof *y), *weight = y + count;
    int known = 0;
    for (int i = 0; i < count; i++) {
        y[known] = points[i].mean;
        weight[known] = points[i].runs;
        known += points[i].runs > 0;
    }
    isotonic_fit(y, y, weight, known);
    for (int i = count - 1; i >= 0; i--)
        if (points[i].runs > 0)
            points[i].fit = y[--known];
    mem_free(y);
}

int intrinsic_points(struct intrinsic_point *points,
                     const struct intrinsic_run *runs, int count)
{
    struct intrinsic_run *sorted = xcalloc((size_t)count + 1, sizeof *sorted);
    int made = 0, at = 0;
    for (int i = 0; i < count; i++)
        sorted[i] = runs[i];
    qsort(sorted, (size_t)count, sizeof *sorted, by_d);
    while (at < count) {
        struct intrinsic_point *to = &points[made++];
        *to = point_of(sorted + at, count - at);
        at += to->runs + to->diverged;
    }
    fit(points, made);
    mem_free(sorted);
    return made;
}

/* --- the crossing ---------------------------------------------------------
 */

/* The values of d around it, 0 for none; d90 in between, or NaN. */
static double crossing(int *below, int *above,
                       const struct intrinsic_point *points, int count,
                       double threshold)
{
    const struct intrinsic_point *under = NULL, *over = NULL;
    for (int i = 0; i < count && !over; i++) {
        if (points[i].runs == 0)
            continue;
        if (points[i].fit < threshold)
            under = &points[i];
        else
            over = &points[i];
    }
    *below = under ? under->d : 0;
    *above = over ? over->d : 0;
    if (!over)
        return NAN;
    if (!under)
        return over->d;
    double share = (threshold - under->fit) / (over->fit - under->fit);
    return exp(log(under->d) + share * (log(over->d) - log(under->d)));
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Of each d as many runs as there were, drawn with replacement. */
static void redraw(struct intrinsic_run *to, const struct intrinsic_run *from,
                   int count, struct rng *rng)
{
    for (int at = 0; at < count;) {
        int same = 1;
        while (at + same < count && from[at + same].d == from[at].d)
            same++;
        for (int i = 0; i < same; i++)
            to[at + i] = from[at + (int)rng_below(rng, (uint32_t)same)];
        at += same;
    }
}

/* Widens the interval to quantiles of d90 over draws; a draw that does not
 * cross counts as beyond. */
static void bootstrap(struct intrinsic_answer *to,
                      const struct intrinsic_run *sorted, int count,
                      double threshold, uint64_t seed)
{
    struct intrinsic_run *drawn = xcalloc((size_t)count, sizeof *drawn);
    struct intrinsic_point *points = xcalloc((size_t)count, sizeof *points);
    double *d90 = xcalloc(DRAWS, sizeof *d90);
    for (int i = 0; i < DRAWS; i++) {
        struct rng rng = rng_make(seed, STREAM_CONTROL, (uint64_t)i);
        int below, above;
        redraw(drawn, sorted, count, &rng);
        int made = intrinsic_points(points, drawn, count);
        d90[i] = crossing(&below, &above, points, made, threshold);
        if (isnan(d90[i]))
            d90[i] = INFINITY;
    }
    qsort(d90, DRAWS, sizeof *d90, by_value);
    to->low = fmin(to->low, d90[DRAWS / 40]);
    to->high = fmax(to->high, d90[DRAWS - 1 - DRAWS / 40]);
    mem_free(drawn);
    mem_free(points);
    mem_free(d90);
}

/* Two runs at both values around the crossing, or the bootstrap says nothing.
 */
static bool is_repeated(const struct intrinsic_point *points, int count,
                        const struct intrinsic_answer *answer)
{
    int repeated = 0;
    for (int i = 0; i < count; i++)
        if (points[i].d == answer->below || points[i].d == answer->above)
            repeated += points[i].runs > 1;
    return repeated == 2;
}

struct intrinsic_answer intrinsic_answer(const struct intrinsic_run *runs,
                                         int count, double threshold,
                                         uint64_t seed)
{
    struct intrinsic_answer to = {.d90 = NAN, .low = NAN, .high = NAN};
    struct intrinsic_run *sorted = xcalloc((size_t)count + 1, sizeof *sorted);
    struct intrinsic_point *points = xcalloc((size_t)count + 1, sizeof *points);
    int known = 0;
    for (int i = 0; i < count; i++)
        if (!isnan(runs[i].score))
            sorted[known++] = runs[i];
    qsort(sorted, (size_t)known, sizeof *sorted, by_d);
    int made = intrinsic_points(points, sorted, known);
    to.d90 = crossing(&to.below, &to.above, points, made, threshold);
    if (to.below && to.above) {
        to.low = to.below;
        to.high = to.above;
        to.has_interval = is_repeated(points, made, &to);
        if (to.has_interval)
            bootstrap(&to, sorted, known, threshold, seed);
    }
    mem_free(sorted);
    mem_free(points);
    return to;
}

/* --- the search -----------------------------------------------------------
 */

static int runs_of(const struct intrinsic_run *runs, int count, int d)
{
    int found = 0;
    for (int i = 0; i < count; i++)
        found += runs[i].d == d;
    return found;
}

/* The middle in ln d, strictly between; 0: there is none. */
static int middle(int below, int above)
{
    int d = (int)lround(sqrt((double)below * above));
    d = d <= below ? below + 1 : d;
    return d < above ? d : 0;
}

/* No score is known there yet, and another seed may bring one. */
static bool is_open(const struct intrinsic_run *runs, int count, int d,
                    int seeds)
{
    int diverged = 0;
    for (int i = 0; i < count; i++) {
        if (runs[i].d == d && !isnan(runs[i].score))
            return false;
        diverged += runs[i].d == d;
    }
    return diverged < seeds;
}

/* Upwards by doubling, past every d at which all seeds diverged; 0: that was
 * the last. */
static int further(const struct intrinsic_plan *plan,
                   const struct intrinsic_run *runs, int count, int below)
{
    int first = plan->first > plan->least ? plan->first : plan->least;
    int d = below;
    first = first < plan->most ? first : plan->most;
    do {
        if (d >= plan->most)
            return 0;
        d = d == 0 ? first : d > plan->most / 2 ? plan->most : 2 * d;
    } while (!is_open(runs, count, d, plan->seeds));
    return d;
}

/* Downwards by halving, likewise. */
static int nearer(const struct intrinsic_plan *plan,
                  const struct intrinsic_run *runs, int count, int above)
{
    int least = plan->least > 1 ? plan->least : 1, d = above;
    do {
        if (d <= least)
            return 0;
        d = d / 2 > least ? d / 2 : least;
    } while (!is_open(runs, count, d, plan->seeds));
    return d;
}

/* The middle, or nearer to above where that diverged; 0: near enough. */
static int between(const struct intrinsic_plan *plan,
                   const struct intrinsic_run *runs, int count, int below,
                   int above)
{
    if (above <= plan->ratio * below)
        return 0;
    int d = middle(below, above);
    while (d > 0 && !is_open(runs, count, d, plan->seeds))
        d = middle(d, above);
    return d;
}

enum intrinsic_end intrinsic_next(int *d, int *seed,
                                  const struct intrinsic_plan *plan,
                                  const struct intrinsic_run *runs, int count,
                                  double threshold)
{
    struct intrinsic_answer now = intrinsic_answer(runs, count, threshold, 1);
    *d = !now.above   ? further(plan, runs, count, now.below)
         : !now.below ? nearer(plan, runs, count, now.above)
                      : between(plan, runs, count, now.below, now.above);
    *seed = runs_of(runs, count, *d);
    if (!now.above)
        return *d ? INTRINSIC_GOES_ON : INTRINSIC_OUT_OF_REACH;
    if (!now.below)
        return *d ? INTRINSIC_GOES_ON : INTRINSIC_ALL_ABOVE;
    if (*d)
        return INTRINSIC_GOES_ON;
    const int around[2] = {now.below, now.above};
    for (int i = 0; i < 2; i++) {
        *d = around[i];
        *seed = runs_of(runs, count, *d);
        if (*seed < plan->seeds)
            return INTRINSIC_GOES_ON;
    }
    return INTRINSIC_FOUND;
}
