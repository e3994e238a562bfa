/*
 * Spearman's rank correlation; see rank_order.h.
 */
#include "analysis/rank_order.h"

#include <math.h>

/* From 1 up; counted in O(count^2), which the few values of a screen are. */
static double rank_in(const double *x, int count, int i)
{
    int below = 0, equal = 0;
    for (int j = 0; j < count; j++) {
        below += x[j] < x[i];
        equal += x[j] == x[i];
    }
    return below + (equal + 1) / 2.0;
}

double rank_order_correlation(const double *x, const double *y, int count)
{
    double mean = (count + 1) / 2.0, xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < count; i++)
        if (isnan(x[i]) || isnan(y[i]))
            return NAN;
    for (int i = 0; i < count; i++) {
        double a = rank_in(x, count, i) - mean, b = rank_in(y, count, i) - mean;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}
