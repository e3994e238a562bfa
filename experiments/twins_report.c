/*
 * Twins as text: the two losses, how much of the gap LoRA closes, what cutting
 * full fine-tuning's own update to the same rank would close, and the verdict.
 */
#include <math.h>

#include "experiments/study.h"

static void loss_line(FILE *to, const char *name, double loss, double exact,
                      double closure)
{
    fprintf(to, "  %-30s %8.4f nats  %5.1f %% right", name, loss, 100 * exact);
    if (isfinite(closure))
        fprintf(to, "   closes %5.1f %% of the gap", 100 * closure);
    fprintf(to, "\n");
}

/* Index of a rank on the grid: the last one not above it. */
static int grid_at(const struct twins_study *twins, int rank)
{
    int at = 0;
    for (int i = 0; i < twins->count; i++)
        if (twins->grid[i] <= rank)
            at = i;
    return at;
}

static void table(FILE *to, const struct twins_study *twins)
{
    fprintf(to, "\n  full's update W0 + SVD_r(dW)\n"
                "           at all its sites            at LoRA's sites alone\n"
                "  rank r      nats      right             nats      right\n");
    for (int i = 0; i < twins->count; i++) {
        int r = twins->grid[i];
        bool is_power = (r & (r - 1)) == 0;
        if (is_power || i == twins->count - 1)
            fprintf(to, "  %6d  %8.4f  %7.1f %%         %8.4f  %7.1f %%\n", r,
                    twins->oracle[i], 100 * twins->oracle_exact[i],
                    twins->reach[i], 100 * twins->reach_exact[i]);
    }
}

static void star(FILE *to, const char *name, int rank)
{
    if (rank >= 0)
        fprintf(to, "  %s closes 95 %% of the gap from r* = %d on\n", name,
                rank);
    else
        fprintf(to, "  %s never closes 95 %% of the gap\n", name);
}

void twins_report(FILE *to, const struct study *study)
{
    const struct twins_study *twins = &study->twins;
    char name[STUDY_NAME + 40];
    if (study->refusal[0]) {
        fprintf(to, "twins: %s\n", study->refusal);
        return;
    }
    fprintf(to, "Twins: %s (r = %d) and %s, step %ld, the same batches\n\n",
            twins->lora, twins->rank, twins->full, twins->step);
    loss_line(to, "base", twins->base_loss, twins->base_exact, 0);
    loss_line(to, twins->full, twins->full_loss, twins->full_exact, 1);
    loss_line(to, twins->lora, twins->lora_loss, twins->lora_exact,
              twins->lora_closure);
    int at = grid_at(twins, twins->rank);
    snprintf(name, sizeof name, "%.20s's dW cut to r = %d", twins->full,
             twins->grid[at]);
    loss_line(to, name, twins->oracle[at], twins->oracle_exact[at],
              twins->oracle_closure);
    snprintf(name, sizeof name, "the same, at %.16s's sites", twins->lora);
    loss_line(to, name, twins->reach[at], twins->reach_exact[at],
              twins->reach_closure);
    fprintf(to, "  the gap is that of %s, on %ld held-out examples\n",
            twins->by_exact ? "the share right" : "the loss", twins->examples);
    table(to, twins);
    fprintf(to, "\n");
    star(to, "full's update, cut at all its sites,", twins->oracle_star);
    star(to, "full's update, cut at LoRA's sites alone,", twins->reach_star);
    fprintf(to,
            "  intruders (epsilon 0.5, first 10, output side) at %d sites: "
            "%s %d, %s %d\n\n",
            twins->intruder_sites, twins->lora, twins->lora_intruders,
            twins->full, twins->full_intruders);
    fprintf(to, "%s\n", twins->verdict);
}
