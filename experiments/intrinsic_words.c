/*
 * A search in words; see intrinsic_search.h.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/intrinsic_search.h"

const char *intrinsic_search_name(char to[16],
                                  const struct intrinsic_search *search)
{
    snprintf(to, 16, "d%.4g", 100 * search->goal.share);
    return to;
}

static const char *row_name(const struct intrinsic_search *search, int row)
{
    return row < 0 ? "before training" : search->recipe->grid.row[row].run.name;
}

void intrinsic_place_text(char to[INTRINSIC_TEXT],
                          const struct intrinsic_search *search)
{
    const struct intrinsic_place *next = &search->next;
    char d[24] = "", part[48] = "";
    if (search->is_over) {
        snprintf(to, INTRINSIC_TEXT, "nothing: the search is over");
        return;
    }
    if (next->d > 0)
        snprintf(d, sizeof d, ", d = %d", next->d);
    if (next->row >= 0 && next->number < 0)
        snprintf(part, sizeof part, ", trying lr %.3g", next->rate);
    else if (next->row >= 0)
        snprintf(part, sizeof part, ", seed %d of %d, lr %.3g",
                 next->number + 1, search->recipe->grid.seed_count, next->rate);
    snprintf(to, INTRINSIC_TEXT, "%s%s%s%s", row_name(search, next->row), d,
             part,
             next->halvings == 0   ? ""
             : next->halvings == 1 ? " (halved)"
                                   : " (halved twice)");
}

/* --- the answer -----------------------------------------------------------
 */

static int last_d(const struct intrinsic_curve *curve)
{
    return curve->points > 0 ? curve->point[curve->points - 1].d : 0;
}

static void unreached_text(char to[INTRINSIC_TEXT],
                           const struct intrinsic_search *search,
                           const struct intrinsic_curve *curve, int index)
{
    if (curve->count == 0)
        snprintf(to, INTRINSIC_TEXT, "–");
    else if (last_d(curve) >= search->counts.parameters[index])
        snprintf(to, INTRINSIC_TEXT,
                 "out of reach: not even d = D = %d gets there", last_d(curve));
    else
        snprintf(to, INTRINSIC_TEXT, "not reached up to d = %d", last_d(curve));
}

void intrinsic_answer_text(char to[INTRINSIC_TEXT],
                           const struct intrinsic_search *search, int curve,
                           enum intrinsic_rule rule)
{
    const struct intrinsic_curve *of = &search->curve[curve];
    const struct intrinsic_answer *answer = &of->answer[rule];
    if (isnan(intrinsic_search_threshold(search, rule)))
        snprintf(to, INTRINSIC_TEXT, "–");
    else if (isnan(answer->d90))
        unreached_text(to, search, of, curve);
    else if (isnan(answer->low))
        snprintf(to, INTRINSIC_TEXT, "at most %.0f: %s", answer->d90,
                 of->point[0].d < answer->above
                     ? "every smaller d diverged"
                     : "the smallest d that was tried");
    else if (!answer->has_interval)
        snprintf(to, INTRINSIC_TEXT, "%.0f, between %d and %d by single runs",
                 answer->d90, answer->below, answer->above);
    else if (isinf(answer->high))
        snprintf(to, INTRINSIC_TEXT, "%.0f, 95 %% interval from %.0f on",
                 answer->d90, answer->low);
    else
        snprintf(to, INTRINSIC_TEXT, "%.0f, 95 %% interval %.0f to %.0f",
                 answer->d90, answer->low, answer->high);
}

/* --- doubts ---------------------------------------------------------------
 */

bool intrinsic_falls(int *from, int *to, const struct intrinsic_search *search,
                     int curve)
{
    static const double MUCH = 0.1; /* of the baseline's gain */
    const struct intrinsic_curve *of = &search->curve[curve];
    double gain = search->goal.baseline - search->goal.start;
    const struct intrinsic_point *best = NULL;
    bool falls = false;
    for (int i = 0; i < of->points; i++) {
        const struct intrinsic_point *point = &of->point[i];
        if (point->runs == 0)
            continue;
        if (!best || point->mean >= best->mean)
            best = point;
        if (best->mean - point->mean <= MUCH * gain)
            continue;
        *from = best->d;
        *to = point->d;
        falls = true;
    }
    return falls;
}
