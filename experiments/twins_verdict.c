/*
 * Capacity or optimisation?  One sentence, and no more than the losses carry.
 *
 * SVD_r(dW_full) is one update of rank r.  Where its loss is low, a good
 * update of rank r exists, and a LoRA that did not find it was not short of
 * rank.  Where its loss is high nothing is proved: it is nearest to dW_full in
 * ||.||_F, not in loss, and another update of rank r may be better.  The loss
 * of the best update is bounded from above only.
 */
#include <math.h>
#include <stdio.h>

#include "experiments/study_owned.h"

static const double enough = 0.95;  /* of the gap: PRIOR_ART 4.9 */
static const double clearly = 0.05; /* less apart may be the few examples */

static double percent(double closure)
{
    return round(100 * closure);
}

/* The cut of rank r does better than the LoRA of rank r. */
static void judge_optimisation(char *to, size_t size,
                               const struct twins_study *of)
{
    if (of->reach_closure > of->lora_closure + clearly)
        (void)snprintf(
            to, size,
            "%s closes %.0f %% of the gap; %s's own update cut to rank %d at "
            "the same sites closes %.0f %%.  A better rank-%d update exists: "
            "the limit is optimisation (lr, steps), not capacity.",
            of->lora, percent(of->lora_closure), of->full, of->rank,
            percent(of->reach_closure), of->rank);
    else
        (void)snprintf(
            to, size,
            "%s closes %.0f %% of the gap; %s cut to rank %d closes %.0f %% "
            "with every site cut and all else as it is, but %.0f %% at %s's "
            "sites alone: not the rank is short, but what may move (sites, "
            "embeddings, biases).",
            of->lora, percent(of->lora_closure), of->full, of->rank,
            percent(of->oracle_closure), percent(of->reach_closure), of->lora);
}

static void judge_capacity(char *to, size_t size, const struct twins_study *of,
                           double best)
{
    char need[96];
    if (of->reach_star >= 0)
        (void)snprintf(need, sizeof need, "95 %% takes r >= %d",
                       of->reach_star);
    else if (of->oracle_star >= 0)
        (void)snprintf(need, sizeof need,
                       "95 %% takes r >= %d at every site, no r at its own",
                       of->oracle_star);
    else
        (void)snprintf(need, sizeof need, "no rank closes 95 %%");
    (void)snprintf(to, size,
                   "%s closes %.0f %% of the gap, and even the best cut of "
                   "%s's own update at rank %d only %.0f %%; %s.  That speaks "
                   "for capacity, but proves nothing: another rank-%d update, "
                   "by another route than %s's, may do better.",
                   of->lora, percent(of->lora_closure), of->full, of->rank,
                   percent(best), need, of->rank, of->full);
}

static void judge(char *to, size_t size, const struct twins_study *of)
{
    double best = fmax(of->oracle_closure, of->reach_closure);
    if (!isfinite(of->lora_loss) || !isfinite(of->full_loss))
        (void)snprintf(to, size,
                       "The loss of %s is not a number: it has diverged, and "
                       "nothing follows about rank.",
                       isfinite(of->full_loss) ? of->lora : of->full);
    else if (!isfinite(of->lora_closure))
        (void)snprintf(to, size,
                       "%s is no better than the base (%.4f against %.4f nats "
                       "of loss): there is no gap to close, and nothing "
                       "follows about rank.",
                       of->full, of->full_loss, of->base_loss);
    else if (of->by_exact ? of->lora_exact >= of->full_exact
                          : of->lora_loss <= of->full_loss)
        (void)snprintf(to, size,
                       "%s (%.4f nats) is as good as %s (%.4f) or better: "
                       "rank %d does not limit it.",
                       of->lora, of->lora_loss, of->full, of->full_loss,
                       of->rank);
    else if (of->lora_closure >= enough)
        (void)snprintf(to, size,
                       "%s closes %.0f %% of the gap between the base and %s, "
                       "%.3f nats short of it: by the measure of 95 %% "
                       "neither rank %d nor optimisation limits it.  (%s's own "
                       "update cut to rank %d closes %.0f %%.)",
                       of->lora, percent(of->lora_closure), of->full,
                       of->lora_loss - of->full_loss, of->rank, of->full,
                       of->rank, percent(best));
    else if (best > of->lora_closure + clearly)
        judge_optimisation(to, size, of);
    else if (best < enough)
        judge_capacity(to, size, of, best);
    else
        (void)snprintf(to, size,
                       "%s closes %.0f %% of the gap, %s's own update cut to "
                       "rank %d %.0f %%: too close to tell optimisation from "
                       "capacity.",
                       of->lora, percent(of->lora_closure), of->full, of->rank,
                       percent(best));
}

void twins_judge(struct twins_study *twins, long lora_step, long full_step)
{
    int used = 0;
    if (lora_step != full_step)
        used = snprintf(twins->verdict, sizeof twins->verdict,
                        "At different steps (%ld and %ld): ", lora_step,
                        full_step);
    if (twins->by_exact)
        used += snprintf(twins->verdict + used,
                         sizeof twins->verdict - (size_t)used,
                         "By %s: ", twins->metric);
    judge(twins->verdict + used, sizeof twins->verdict - (size_t)used, twins);
}
