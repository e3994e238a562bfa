/*
 * The intrinsic dimension from runs in random subspaces (Li et al. 2018;
 * Aghajanyan et al. 2021): d90 is the least d whose score reaches a threshold
 * that comes from the score of training everything.
 *
 * Which threshold is a convention, and moves the answer: Li et al. take 90 % of
 * a global baseline of 1 in one table and 90 % of the network's own score in
 * another (750 or 525 for the same data).
 */
#ifndef ANALYSIS_INTRINSIC_H
#define ANALYSIS_INTRINSIC_H

#include <stdbool.h>
#include <stdint.h>

enum intrinsic_rule {
    INTRINSIC_SCORE, /* share of the baseline's score                        */
    INTRINSIC_GAIN,  /* start + share of (baseline - start), start at d = 0  */
    INTRINSIC_GIVEN, /* a score by itself                                    */
    INTRINSIC_RULES
};
const char *intrinsic_rule_name(int rule); /* "score" ...; NULL past the end */

struct intrinsic_goal {
    enum intrinsic_rule rule;
    double share;    /* 0.9 for d90 */
    double given;    /* INTRINSIC_GIVEN */
    double baseline; /* score of training everything, mean over seeds */
    double start;    /* score of training nothing */
};
double intrinsic_threshold(const struct intrinsic_goal *goal);

struct intrinsic_run { /* one training in a subspace */
    int d;
    uint64_t seed;
    double score; /* higher is better; NaN: diverged, and counts nowhere */
};

struct intrinsic_point { /* all runs of one d */
    int d, runs, diverged;
    double mean, deviation; /* of the sample, n - 1; NaN below 2 */
    double low, high;
    double fit; /* monotone in d, weighted by runs */
};

/* points (count of runs at most), d rising; returns how many. */
int intrinsic_points(struct intrinsic_point *points,
                     const struct intrinsic_run *runs, int count);

struct intrinsic_answer {
    /* Where the monotone fit crosses the threshold, between two values of d
     * linearly in ln d; NaN: it does not. */
    double d90;
    /* The two values of d around the crossing, and beyond them as far as 95 %
     * of bootstrap draws of the runs at every d go.  NaN: not known. */
    double low, high;
    int below, above; /* the values of d around the crossing; 0: none */
    /* Both were repeated, so that low and high are the 95 % interval, and not
     * below and above alone. */
    bool has_interval;
};
/* seed: of the bootstrap. */
struct intrinsic_answer intrinsic_answer(const struct intrinsic_run *runs,
                                         int count, double threshold,
                                         uint64_t seed);

struct intrinsic_plan {
    int first;    /* the first d */
    int least;    /* no d below it; 0 is 1 */
    int most;     /* no d above it: D, or a limit of the person's */
    double ratio; /* done when above / below is at most this: 1.1 */
    int seeds;    /* runs at each of the two values around the crossing */
};
enum intrinsic_end {
    INTRINSIC_GOES_ON,
    INTRINSIC_FOUND,
    INTRINSIC_OUT_OF_REACH, /* not even with most dimensions */
    INTRINSIC_ALL_ABOVE     /* even the fewest dimensions reach it */
};
/* What to train next: doubling until the threshold is reached, then bisection
 * in ln d, then seeds around the crossing; a d at which all seeds diverged is
 * passed by.  *seed is 0, 1, 2 ... of that d. */
enum intrinsic_end intrinsic_next(int *d, int *seed,
                                  const struct intrinsic_plan *plan,
                                  const struct intrinsic_run *runs, int count,
                                  double threshold);

#endif
