/*
 * What section 7 of the LoRA paper claims, and whether these runs show it:
 * every verdict is computed, beside what two independent random subspaces
 * give.  One layer of three runs is little; no claim is made beyond it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/study_owned.h"

enum { Q, V };

/* The paper's words are "similarity > 0.5" (7.2). */
static const double paper_top = 0.5;
/* "Emphasised in W0": more than half way from what random directions hold of
 * W0 to what its own leading ones do.  GPT-3 has 0.32 between 0.02 and 21.67,
 * and 1.90 between 0.33 and 37.71; in miniature random directions alone may
 * hold half. */
static const double emphasised = 0.5;
/* The control is two draws: three deviations, or one shape in ten would
 * raise an alarm at 95 %. */
static const double control_z = 3;
static const double normal95 = 1.96;

const char *verdict_name(enum verdict verdict)
{
    static const char *const name[] = {"shown", "not shown", "within chance"};
    return name[verdict];
}

static double at(const struct section7_grid *grid, const double *phi, int i,
                 int j)
{
    return phi[(i - 1) * grid->cols + j - 1];
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* A number of each target, of A's vectors and of dW's, beside chance. */
struct reading {
    double factor[SECTION7_TARGETS], delta[SECTION7_TARGETS];
    struct phi_chance chance[SECTION7_TARGETS];
};

static struct reading read_at(const struct section7_grid *q,
                              const struct section7_grid *v, int i, int j)
{
    const struct section7_grid *grid[] = {q, v};
    struct reading to;
    for (int t = 0; t < SECTION7_TARGETS; t++) {
        int row = least(i, grid[t]->rows), col = least(j, grid[t]->cols);
        to.factor[t] = at(grid[t], grid[t]->factor, row, col);
        to.delta[t] = at(grid[t], grid[t]->delta, row, col);
        to.chance[t] = phi_chance(grid[t]->n, row, col);
    }
    return to;
}

/* Of how many targets the paper's number is above its band. */
static int above(const struct reading *of)
{
    int count = 0;
    for (int t = 0; t < SECTION7_TARGETS; t++)
        count += of->factor[t] > of->chance[t].high;
    return count;
}

static enum verdict beyond_chance(const struct reading *of)
{
    switch (above(of)) {
    case 0:
        return VERDICT_WITHIN_CHANCE;
    case SECTION7_TARGETS:
        return VERDICT_SHOWN;
    default:
        return VERDICT_NOT_SHOWN;
    }
}

enum { WORDS = 192 };

/* "W_q 0.78 (dW's 0.81), W_v 0.65 (0.70); chance 0.008 [0.000, 0.039]" */
static const char *words(char *to, const struct reading *of)
{
    const struct phi_chance *q = &of->chance[Q], *v = &of->chance[V];
    int used = snprintf(to, WORDS,
                        "W_q %.2f (dW's %.2f), W_v %.2f (%.2f); chance %.3f "
                        "[%.3f, %.3f]",
                        of->factor[Q], of->delta[Q], of->factor[V],
                        of->delta[V], q->mean, q->low, q->high);
    if (q->mean != v->mean) /* ranks differ between sites */
        (void)snprintf(to + used, WORDS - (size_t)used,
                       " and %.3f [%.3f, %.3f]", v->mean, v->low, v->high);
    return to;
}

static void claim_top(struct section7_study *of, int which)
{
    struct reading top =
        read_at(&of->target[Q].ranks, &of->target[V].ranks, 1, 1);
    char text[WORDS];
    bool strong = top.factor[Q] > paper_top && top.factor[V] > paper_top;
    enum verdict verdict = beyond_chance(&top);
    if (verdict == VERDICT_SHOWN && !strong)
        verdict = VERDICT_NOT_SHOWN; /* shared, but not as the paper says */
    of->claim[which].verdict = verdict;
    of->claim[which].brief = "the top direction of both ranks is the same";
    (void)snprintf(of->claim[which].claim, STUDY_SENTENCE,
                   "The top direction of r = %d and r = %d is the same: "
                   "phi(1,1) > 0.5 (Figure 3).",
                   of->low, of->high);
    (void)snprintf(of->claim[which].found, STUDY_SENTENCE,
                   "phi(1,1): %s.  Mean over layers: W_q %.2f, W_v %.2f.",
                   words(text, &top), of->target[Q].mean_top_ranks,
                   of->target[V].mean_top_ranks);
}

/* Share of directions 2 .. low that lies in the span of the high run's:
 * (low phi(low, high) - phi(1, high)) / (low - 1). */
static double rest_of(const struct section7_grid *grid, const double *phi)
{
    int rows = grid->rows, cols = grid->cols;
    double all = at(grid, phi, rows, cols) * least(rows, cols);
    return (all - at(grid, phi, 1, cols)) / (rows - 1);
}

static void claim_others(struct section7_study *of, int which, bool top_shown)
{
    struct reading rest;
    char text[WORDS];
    bool any = true;
    for (int t = 0; t < SECTION7_TARGETS; t++) {
        const struct section7_grid *grid = &of->target[t].ranks;
        any = any && grid->rows > 1 && grid->cols >= grid->rows;
        if (!any)
            break;
        rest.factor[t] = rest_of(grid, grid->factor);
        rest.delta[t] = rest_of(grid, grid->delta);
        rest.chance[t] = phi_chance(grid->n, grid->rows - 1, grid->cols);
    }
    of->claim[which].brief = "the other directions are not shared";
    (void)snprintf(of->claim[which].claim, STUDY_SENTENCE,
                   "The other directions of r = %d are not among those of "
                   "r = %d (Figure 3).",
                   of->low, of->high);
    of->claim[which].verdict = VERDICT_NOT_SHOWN;
    if (!any) {
        (void)snprintf(of->claim[which].found, STUDY_SENTENCE,
                       "There are no other directions to compare.");
        return;
    }
    if (above(&rest) == 0)
        of->claim[which].verdict =
            top_shown ? VERDICT_SHOWN : VERDICT_WITHIN_CHANCE;
    (void)snprintf(of->claim[which].found, STUDY_SENTENCE,
                   "Share of directions 2..%d that lies in the span of all "
                   "%d: %s.%s",
                   of->target[Q].ranks.rows, of->target[Q].ranks.cols,
                   words(text, &rest),
                   above(&rest) == 0 && !top_shown
                       ? "  But neither is the first one shared as claimed."
                       : "");
}

static void claim_seeds(struct section7_study *of, int which)
{
    const struct section7_grid *q = &of->target[Q].seeds;
    const struct section7_grid *v = &of->target[V].seeds;
    struct reading some = read_at(q, v, of->low, of->low);
    struct reading top = read_at(q, v, 1, 1);
    char text[WORDS];
    of->claim[which].verdict = beyond_chance(&some);
    of->claim[which].brief = "two seeds of the high rank share directions";
    (void)snprintf(of->claim[which].claim, STUDY_SENTENCE,
                   "Two seeds of r = %d share directions (Figure 4).",
                   of->high);
    (void)snprintf(of->claim[which].found, STUDY_SENTENCE,
                   "phi(%d,%d): %s.  phi(1,1): W_q %.2f, W_v %.2f; mean over "
                   "layers %.2f, %.2f.",
                   of->low, of->low, words(text, &some), top.factor[Q],
                   top.factor[V], of->target[Q].mean_top_seeds,
                   of->target[V].mean_top_seeds);
}

static void claim_intrinsic(struct section7_study *of, int which)
{
    struct reading some =
        read_at(&of->target[Q].seeds, &of->target[V].seeds, of->low, of->low);
    double apart = some.factor[Q] - some.factor[V];
    double band =
        normal95 * hypot(some.chance[Q].deviation, some.chance[V].deviation);
    of->claim[which].verdict = fabs(apart) <= band ? VERDICT_WITHIN_CHANCE
                               : apart > 0         ? VERDICT_SHOWN
                                                   : VERDICT_NOT_SHOWN;
    of->claim[which].brief = "W_q shares more between seeds than W_v";
    (void)snprintf(of->claim[which].claim, STUDY_SENTENCE,
                   "W_q shares more between seeds than W_v: a higher "
                   "intrinsic rank (Figure 4).");
    (void)snprintf(of->claim[which].found, STUDY_SENTENCE,
                   "phi(%d,%d) of two seeds: W_q %.3f, W_v %.3f, difference "
                   "%+.3f (dW's %+.3f); two random pairs differ by less than "
                   "%.3f (95 %%).",
                   of->low, of->low, some.factor[Q], some.factor[V], apart,
                   some.delta[Q] - some.delta[V], band);
}

static void claim_amplified(struct section7_study *of, int which)
{
    const struct amplification *at_rank = of->target[Q].amplification;
    int shown = 0, chance = 0, used;
    char *found = of->claim[which].found;
    for (int i = 0; i < 2; i++) {
        const struct amplification *a = &at_rank[i];
        shown += a->by_update > a->random_high &&
                 a->by_update - a->by_random <
                     emphasised * (a->by_base - a->by_random);
        chance +=
            a->by_update >= a->random_low && a->by_update <= a->random_high;
    }
    of->claim[which].verdict = shown == 2    ? VERDICT_SHOWN
                               : chance == 2 ? VERDICT_WITHIN_CHANCE
                                             : VERDICT_NOT_SHOWN;
    of->claim[which].brief = "dW amplifies what W0 has but does not emphasise";
    (void)snprintf(of->claim[which].claim, STUDY_SENTENCE,
                   "dW amplifies directions that W0 has but does not "
                   "emphasise (Table 7; GPT-3: factor 21.5 and 1.9, rho 15.9 "
                   "and 5.9).");
    used = snprintf(found, STUDY_SENTENCE, "W_q:");
    for (int i = 0; i < 2; i++) {
        const struct amplification *a = &at_rank[i];
        used += snprintf(found + used, STUDY_SENTENCE - (size_t)used,
                         " r = %d factor %.2f (random %.2f), rho %.2f beside "
                         "1 [%.2f, %.2f];",
                         a->r, a->factor, a->random_factor, a->rho,
                         a->random_low / a->by_random,
                         a->random_high / a->by_random);
    }
    (void)snprintf(found + used, STUDY_SENTENCE - (size_t)used,
                   " W_v: rho %.2f, %.2f.", of->target[V].amplification[0].rho,
                   of->target[V].amplification[1].rho);
}

static void claim_control(struct section7_study *of, int which)
{
    double z[SECTION7_TARGETS], phi[SECTION7_TARGETS];
    int inside = 0, k = 1;
    for (int t = 0; t < SECTION7_TARGETS; t++) {
        const struct section7_grid *grid = &of->target[t].control;
        k = least(of->low, grid->rows);
        phi[t] = at(grid, grid->factor, k, k);
        z[t] = phi_z(phi[t], grid->n, k, k);
        inside += fabs(z[t]) <= control_z;
    }
    of->claim[which].verdict =
        inside == SECTION7_TARGETS ? VERDICT_SHOWN : VERDICT_NOT_SHOWN;
    of->claim[which].brief = "two random matrices share nothing (a check)";
    (void)snprintf(of->claim[which].claim, STUDY_SENTENCE,
                   "Two random matrices share nothing (Figure 4): a check on "
                   "ourselves.");
    (void)snprintf(of->claim[which].found, STUDY_SENTENCE,
                   "phi(%d,%d) of random subspaces: %.3f and %.3f, chance "
                   "%.3f; %+.1f and %+.1f standard deviations.",
                   k, k, phi[Q], phi[V],
                   phi_chance(of->target[Q].control.n, k, k).mean, z[Q], z[V]);
}

void section7_judge(struct section7_study *of, const char *aside)
{
    claim_top(of, 0);
    claim_others(of, 1, of->claim[0].verdict == VERDICT_SHOWN);
    claim_seeds(of, 2);
    claim_intrinsic(of, 3);
    claim_amplified(of, 4);
    claim_control(of, 5);
    of->claim_count = SECTION7_CLAIMS;
    for (int i = 0; i < 5; i++) { /* the control has no step */
        char *found = of->claim[i].found;
        size_t used = strlen(found);
        (void)snprintf(found + used, STUDY_SENTENCE - used, "%s", aside);
    }
}
