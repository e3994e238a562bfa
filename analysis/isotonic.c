/* See isotonic.h. */
#include "analysis/isotonic.h"

#include "core/base/mem.h"

void isotonic_fit(double *fit, const double *y, const double *weight, int n)
{
    struct pool {
        double mean, weight;
        int count;
    } *pool = xcalloc((size_t)n + 1, sizeof *pool);
    int pools = 0;
    for (int i = 0; i < n; i++) {
        pool[pools++] = (struct pool){y[i], weight[i], 1};
        while (pools > 1 && pool[pools - 2].mean > pool[pools - 1].mean) {
            struct pool *a = &pool[pools - 2], *b = &pool[pools - 1];
            double total = a->weight + b->weight;
            a->mean = (a->weight * a->mean + b->weight * b->mean) / total;
            a->weight = total;
            a->count += b->count;
            pools--;
        }
    }
    for (int p = 0, i = 0; p < pools; p++)
        for (int k = 0; k < pool[p].count; k++)
            fit[i++] = pool[p].mean;
    mem_free(pool);
}
