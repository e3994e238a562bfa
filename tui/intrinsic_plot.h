/*
 * The figure of a search for the intrinsic dimension: score against d on a log
 * axis; the line to be reached; runs as means with their deviations and the
 * monotone fit through them; the interval shaded; and on the same axis how
 * many numbers LoRA trains at each rank, BitFit, and full fine-tuning.
 */
#ifndef TUI_INTRINSIC_PLOT_H
#define TUI_INTRINSIC_PLOT_H

#include "experiments/intrinsic_search.h"
#include "tui/plot.h"

struct intrinsic_line { /* of one subspace */
    double x[INTRINSIC_RUNS], mean[INTRINSIC_RUNS], fit[INTRINSIC_RUNS];
    int count;
    /* Three a point: below, above, a gap. */
    double bar_x[3 * INTRINSIC_RUNS], bar_y[3 * INTRINSIC_RUNS];
    int bars;
};

struct intrinsic_plot { /* a plot and what it points into; large */
    struct plot plot;
    struct intrinsic_line line[INTRINSIC_CURVES];
    double interval_x[2], interval_low[2], interval_high[2];
    char y_name[48];
};

/* chosen: whose interval is shaded.  false: there is nothing to show yet. */
bool intrinsic_plot(struct intrinsic_plot *to,
                    const struct intrinsic_search *search, int chosen);

#endif
