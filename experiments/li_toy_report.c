/* See li_toy_report.h. */
#include "experiments/li_toy_report.h"

#include <math.h>

enum { DRAWS = 2000 };

/* Four deviations of a mean over 2,000 draws, which is at most 0.0046. */
static const double MEAN_TOLERANCE = 0.02;
static const double TRAINED_TOLERANCE = 1e-3;
/* Squares of double's rounding, 1e-16, times what inverts the columns; among
 * 2,000 draws the least at d = 9 is some 1e-7. */
static const double ZERO = 1e-20;

static bool row_is_shown(const struct li_toy_row *row)
{
    bool is_zero = row->d >= LI_TOY_GROUPS;
    return fabs(row->mean - row->expected) <= MEAN_TOLERANCE &&
           (is_zero ? row->most <= ZERO : row->least > ZERO) &&
           (row->d == 0 || fabs(row->trained - row->own) <= TRAINED_TOLERANCE);
}

bool li_toy_is_shown(const struct li_toy_row *rows)
{
    bool shown = true;
    for (int d = 0; d <= LI_TOY_MOST; d++)
        shown = shown && row_is_shown(&rows[d]);
    return shown;
}

static void print_row(FILE *to, const struct li_toy_row *row)
{
    (void)fprintf(to, "%4d  %8.4f  %8.4f  %9.2g  %9.2g", row->d, row->mean,
                  row->expected, row->least, row->most);
    if (row->d > 0)
        (void)fprintf(to, "  %8.4f  %8.4f", row->trained, row->own);
    (void)fprintf(to, "%s\n", row_is_shown(row) ? "" : "  <- not as claimed");
}

int li_toy_report(FILE *to, uint64_t seed, struct err *err)
{
    struct li_toy_row rows[LI_TOY_MOST + 1];
    if (li_toy_measure(rows, DRAWS, seed, err) < 0)
        return -1;
    (void)fprintf(to,
                  "Li et al. 2018, section 2: %d numbers, %d sums; the least "
                  "loss along d random\ndirections over that of none, %d draws "
                  "of P\n\n   d      mean  1 - d/10      least       most   "
                  "trained  its least\n",
                  LI_TOY_SIZE, LI_TOY_GROUPS, DRAWS);
    for (int d = 0; d <= LI_TOY_MOST; d++)
        print_row(to, &rows[d]);
    (void)fprintf(to,
                  "\n%s  the intrinsic dimension is %d: the mean minimum "
                  "is 1 - d/10 within %g, and 0 from\n%*s  d = %d on, not "
                  "before; descent ends within %g of its draw's minimum\n",
                  li_toy_is_shown(rows) ? "SHOWN" : "NOT SHOWN", LI_TOY_GROUPS,
                  MEAN_TOLERANCE, li_toy_is_shown(rows) ? 5 : 9, "",
                  LI_TOY_GROUPS, TRAINED_TOLERANCE);
    return 0;
}
