/*
 * The best ranks for a budget of parameters; see rank_plan.h.
 *
 * A direction of a site costs out + in and is worth sigma^2: a knapsack.  Of
 * directions that cost the same the best k are the k largest, worth G(k), and
 * G is concave.  So the sites fall into classes of one cost w each, and
 *   best_c(u) = max_k best_(c-1)(u - k w) + G_c(k)                       (1)
 * over budgets u in units of the costs' common divisor.  Along u = j w + rest
 * the place of the maximum moves one way only, because G is concave: it is
 * found between those of its neighbours, level by level, n log n in all.
 *
 * Taking the largest sigma^2 / (out + in) first is as good only while all
 * costs are equal; it is the way where (1) would be too large a table.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/rank_plan.h"
#include "core/base/mem.h"

enum { CELLS_MOST = 1 << 24 }; /* of (1): 64 MB, less than a second */

struct direction {
    double worth; /* sigma^2 */
    long long cost;
    int site, index;
};

struct class
{
    long long cost;
    const struct direction *first; /* falling worth */
    int count;
    double *gain; /* (count + 1) G of (1) */
    int *take;    /* (units + 1) k of (1) */
};

/* Classes by their cost, in each the most worth first; ties as filed. */
static int by_class(const void *a, const void *b)
{
    const struct direction *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    if (x->worth != y->worth)
        return x->worth > y->worth ? -1 : 1;
    if (x->site != y->site)
        return x->site - y->site;
    return x->index - y->index;
}

static int by_density(const void *a, const void *b)
{
    const struct direction *x = a, *y = b;
    double one = x->worth * (double)y->cost, other = y->worth * (double)x->cost;
    if (one != other)
        return one > other ? -1 : 1;
    return by_class(a, b);
}

/* All that is above rounding; freed by mem_free(). */
static struct direction *list(int *count, const struct plan_site *site,
                              int sites)
{
    int n = 0;
    for (int i = 0; i < sites; i++)
        n += plan_numerical_rank(&site[i]);
    struct direction *to = xcalloc((size_t)n + 1, sizeof *to);
    *count = 0;
    for (int i = 0; i < sites; i++)
        for (int k = 0; k < plan_numerical_rank(&site[i]); k++) {
            double sigma = site[i].sigma[k];
            to[(*count)++] = (struct direction){
                sigma * sigma, (long long)site[i].out + site[i].in, i, k};
        }
    return to;
}

/* The greedy plan, and what a fraction of the first direction that does not
 * fit would add: no plan is worth more. */
static void greedy(int *rank, struct plan_outcome *outcome,
                   struct direction *all, int count, int sites,
                   long long parameters)
{
    bool is_full = false;
    *outcome = (struct plan_outcome){0};
    for (int i = 0; i < sites; i++)
        rank[i] = 0;
    qsort(all, (size_t)count, sizeof *all, by_density);
    for (int i = 0; i < count; i++) {
        const struct direction *d = &all[i];
        bool fits = d->cost <= parameters;
        if (!fits && !is_full)
            outcome->at_most =
                outcome->kept + d->worth * (double)parameters / (double)d->cost;
        is_full |= !fits;
        if (!fits || rank[d->site] != d->index)
            continue;
        rank[d->site]++;
        parameters -= d->cost;
        outcome->kept += d->worth;
    }
    outcome->is_best = !is_full;
    if (!is_full)
        outcome->at_most = outcome->kept;
}

static long long divisor(long long a, long long b)
{
    while (b) {
        long long rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int make_classes(struct class *to, const struct direction *all,
                        int count)
{
    int classes = 0;
    for (int i = 0; i < count; i++) {
        if (!i || all[i].cost != all[i - 1].cost)
            to[classes++] =
                (struct class){.cost = all[i].cost, .first = &all[i]};
        to[classes - 1].count++;
    }
    for (int c = 0; c < classes; c++) {
        to[c].gain = xcalloc((size_t)to[c].count + 1, sizeof *to[c].gain);
        for (int k = 0; k < to[c].count; k++)
            to[c].gain[k + 1] = to[c].gain[k] + to[c].first[k].worth;
    }
    return classes;
}

/* One cell of a chain u = rest + j w: looks for the i = j - k of (1) between
 * low and high; returns it. */
static int look(double *to, const double *best, const struct class *class,
                int rest, int w, int j, int low, int high)
{
    int at = -1;
    low = low > j - class->count ? low : j - class->count;
    high = high < j ? high : j;
    for (int i = low; i <= high; i++) {
        double worth = best[rest + i * w] + class->gain[j - i];
        if (at < 0 || worth > *to) {
            *to = worth;
            at = i;
        }
    }
    class->take[rest + j * w] = j - at;
    return at;
}

/* A chain of n cells; place (n) is scratch. */
static void add_chain(double *to, int *place, const double *best,
                      const struct class *class, int rest, int w, int n)
{
    int step = 1;
    while (2 * step < n)
        step *= 2;
    place[0] = look(&to[rest], best, class, rest, w, 0, 0, 0);
    for (; step; step /= 2)
        for (int j = step; j < n; j += 2 * step) {
            int high = j + step < n ? place[j + step] : j;
            place[j] = look(&to[rest + j * w], best, class, rest, w, j,
                            place[j - step], high);
        }
}

/* (1) for one class: to (units + 1) from best. */
static void add_class(double *to, int *place, const double *best,
                      const struct class *class, int units, long long unit)
{
    int w = (int)(class->cost / unit);
    for (int rest = 0; rest < w && rest <= units; rest++)
        add_chain(to, place, best, class, rest, w, (units - rest) / w + 1);
}

static void best_plan(int *rank, struct plan_outcome *outcome,
                      struct class *class, int classes, int units,
                      long long unit)
{
    size_t cells = (size_t)units + 1;
    double *best = xcalloc(cells, sizeof *best);
    double *next = xcalloc(cells, sizeof *next);
    int *place = xcalloc(cells, sizeof *place);
    for (int c = 0; c < classes; c++) {
        class[c].take = xcalloc(cells, sizeof *class[c].take);
        add_class(next, place, best, &class[c], units, unit);
        double *swap = best;
        best = next;
        next = swap;
    }
    *outcome = (struct plan_outcome){best[units], best[units], true};
    int u = units;
    for (int c = classes - 1; c >= 0; c--) {
        int k = class[c].take[u];
        u -= k * (int)(class[c].cost / unit);
        while (k-- > 0)
            rank[class[c].first[k].site]++;
    }
    mem_free(best);
    mem_free(next);
    mem_free(place);
}

static void search(int *rank, struct plan_outcome *outcome,
                   struct direction *all, int count, long long parameters)
{
    long long unit = 0, total = 0;
    qsort(all, (size_t)count, sizeof *all, by_class);
    struct class *class = xcalloc((size_t)count + 1, sizeof *class);
    int classes = make_classes(class, all, count);
    for (int c = 0; c < classes; c++) {
        unit = divisor(class[c].cost, unit);
        total += class[c].cost * class[c].count;
    }
    long long units = (parameters < total ? parameters : total) / unit;
    if (units < CELLS_MOST / classes) {
        for (int i = 0; i < count; i++)
            rank[all[i].site] = 0;
        best_plan(rank, outcome, class, classes, (int)units, unit);
    }
    for (int c = 0; c < classes; c++) {
        mem_free(class[c].gain);
        mem_free(class[c].take);
    }
    mem_free(class);
}

int plan_by_parameters(int *rank, struct plan_outcome *outcome,
                       const struct plan_site *site, int count,
                       long long parameters, struct err *err)
{
    int directions, status = 0;
    long long least = 0;
    struct direction *all = list(&directions, site, count);
    for (int i = 0; i < directions; i++)
        if (!least || all[i].cost < least)
            least = all[i].cost;
    if (!directions)
        status = err_set(err, "every update is zero; there is nothing to "
                              "spend a budget on");
    else if (parameters < least)
        status = err_set(err,
                         "a budget of %lld parameters holds no direction; the "
                         "smallest has %lld",
                         parameters, least);
    if (status == 0) {
        greedy(rank, outcome, all, directions, count, parameters);
        if (!outcome->is_best)
            search(rank, outcome, all, directions, parameters);
    }
    mem_free(all);
    return status;
}
