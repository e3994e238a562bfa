/*
 * Intruder dimensions: see intruder.h.  One product of all y_j with all x_i,
 * a few rows at a time: for a matrix of 4096 rows it is as large as the
 * vectors themselves.
 */
#include "analysis/intruder.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"

enum { BLOCK = 64 };

static void check(const struct spectrum *base, const struct spectrum *tuned)
{
    assert(base->out == tuned->out && base->in == tuned->in);
    assert(base->count == tuned->count);
    assert(base->u.at && base->vt.at && tuned->u.at && tuned->vt.at);
    (void)base;
    (void)tuned;
}

/* reach[i]: one past the last x_l that runs with x_i: sigma_l >= (1 - gap)
 * sigma_i.  Sigmas at the level of rounding are all 0: one run. */
static void find_reach(int *reach, const struct spectrum *base, double gap)
{
    int end = 0, rank = spectrum_rank(base);
    for (int i = 0; i < base->count; i++) {
        if (end <= i)
            end = i + 1;
        while (gap > 0 && end < base->count &&
               (i >= rank ||
                base->sigma[i] - base->sigma[end] <= gap * base->sigma[i]))
            end++;
        reach[i] = end;
    }
}

/* The largest |cos| and the largest projection on a run, of one y;
 * sum (count + 1) is scratch. */
static void measure(double *cosine, double *cluster, double *sum,
                    const double *cos, const int *reach, int count)
{
    double one = 0, run = 0;
    sum[0] = 0;
    for (int i = 0; i < count; i++) {
        double square = cos[i] * cos[i];
        one = fmax(one, square);
        sum[i + 1] = sum[i] + square;
    }
    for (int i = 0; i < count; i++)
        run = fmax(run, sum[reach[i]] - sum[i]);
    *cosine = sqrt(one);
    *cluster = sqrt(fmax(one, run)); /* a difference of sums has rounding */
}

/* cos (rows of the window): y_from, ... against all x. */
static void multiply(struct dmat cos, const struct spectrum *base,
                     const struct spectrum *tuned, enum side side, int from)
{
    if (side == SIDE_OUTPUT)
        linalg_dgemm(cos, 1, dmat_cols(tuned->u, from, cos.rows), TRANSPOSED,
                     base->u, PLAIN, 0);
    else
        linalg_dgemm(cos, 1, dmat_rows(tuned->vt, from, cos.rows), PLAIN,
                     base->vt, TRANSPOSED, 0);
}

void intruders_find(struct intruders *to, const struct spectrum *base,
                    const struct spectrum *tuned, enum side side, double gap)
{
    check(base, tuned);
    assert(gap >= 0);
    int count = base->count;
    *to = (struct intruders){
        .side = side, .n = side_length(base, side), .count = count};
    to->sigma = xcalloc((size_t)count, sizeof *to->sigma);
    to->cosine = xcalloc((size_t)count, sizeof *to->cosine);
    to->cluster = xcalloc((size_t)count, sizeof *to->cluster);
    memcpy(to->sigma, tuned->sigma, (size_t)count * sizeof *to->sigma);
    random_cosine(&to->random_mean, &to->random_low, &to->random_high, to->n,
                  count);
    int *reach = xcalloc((size_t)count, sizeof *reach);
    double *sum = xcalloc((size_t)count + 1, sizeof *sum);
    struct dmat block = dmat_new(BLOCK, count);
    find_reach(reach, base, gap);
    for (int from = 0; from < count; from += BLOCK) {
        int rows = count - from < BLOCK ? count - from : BLOCK;
        multiply(dmat_rows(block, 0, rows), base, tuned, side, from);
        for (int j = 0; j < rows; j++)
            measure(&to->cosine[from + j], &to->cluster[from + j], sum,
                    dmat_row(block, j), reach, count);
    }
    dmat_free(&block);
    mem_free(sum);
    mem_free(reach);
}

void intruders_free(struct intruders *intruders)
{
    mem_free(intruders->sigma);
    mem_free(intruders->cosine);
    mem_free(intruders->cluster);
    *intruders = (struct intruders){0};
}

bool intruders_is(const struct intruders *intruders, int j, double epsilon)
{
    assert(j >= 0 && j < intruders->count);
    return intruders->cluster[j] < epsilon; /* >= cosine: by both */
}

static int at_most(int k, int count)
{
    return k < count ? k : count;
}

int intruders_count(const struct intruders *intruders, double epsilon, int k,
                    bool by_cosine)
{
    int found = 0, end = at_most(k, intruders->count);
    for (int j = 0; j < end; j++)
        found += by_cosine ? intruders->cosine[j] < epsilon
                           : intruders_is(intruders, j, epsilon);
    return found;
}

void intruders_scale(struct mat w, const struct spectrum *tuned,
                     const struct intruders *intruders, double epsilon, int k,
                     double lambda)
{
    assert(w.rows == tuned->out && w.cols == tuned->in);
    assert(intruders->count == tuned->count);
    int end = at_most(k, intruders->count);
    if (lambda == 1) /* to the bit: adding 0 would lose the sign of -0 */
        return;
    double *row = xcalloc((size_t)w.cols, sizeof *row);
    for (int i = 0; i < w.rows; i++) { /* in double, rounded once */
        for (int l = 0; l < w.cols; l++)
            row[l] = mat_row(w, i)[l];
        for (int j = 0; j < end; j++) {
            if (!intruders_is(intruders, j, epsilon))
                continue;
            const double *z = dmat_row(tuned->vt, j);
            double much =
                (lambda - 1) * tuned->sigma[j] * dmat_row(tuned->u, i)[j];
            for (int l = 0; l < w.cols; l++)
                row[l] += much * z[l];
        }
        for (int l = 0; l < w.cols; l++)
            mat_row(w, i)[l] = (float)row[l];
    }
    mem_free(row);
}
