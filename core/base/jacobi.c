/*
 * One-sided Jacobi on rows: see jacobi.h.  Rotations J make the rows of J A
 * orthogonal; then J A = diag(sigma) Vt and U = J^T.  Cyclic by rows with the
 * largest row first (de Rijk 1989), as LAPACK's dgesvj does it.
 */
#include "core/base/jacobi.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum {
    LANES = 4,       /* of a dot product: independent sums, then a fixed tree */
    MOST_SWEEPS = 30 /* ten are many; dgesvj gives up there too */
};

/* Rows are padded with zeros to whole lanes. */
struct rotation {
    int k, padded;
    bool vectors;
    double row[JACOBI_MOST][JACOBI_MOST];  /* J A */
    double turn[JACOBI_MOST][JACOBI_MOST]; /* J */
    double size[JACOBI_MOST];              /* of the rows of J A */
};

_Static_assert(JACOBI_MOST % LANES == 0, "rows are whole lanes");

static double dot(const double *x, const double *y, int padded)
{
    double lane[LANES] = {0};
    for (int j = 0; j < padded; j += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] += x[j + l] * y[j + l];
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* (x, y) := (c x - s y, s x + c y) */
static void turn_pair(double *restrict x, double *restrict y, double c,
                      double s, int padded)
{
    for (int j = 0; j < padded; j += LANES)
        for (int l = 0; l < LANES; l++) {
            double a = x[j + l], b = y[j + l];
            x[j + l] = c * a - s * b;
            y[j + l] = s * a + c * b;
        }
}

static void measure(struct rotation *r, int i)
{
    r->size[i] = sqrt(dot(r->row[i], r->row[i], r->padded));
}

/* Makes rows p and q orthogonal (Golub & Van Loan 8.6.3); false: they were. */
static bool rotate(struct rotation *r, int p, int q)
{
    double cross = dot(r->row[p], r->row[q], r->padded);
    double least = sqrt(r->k) * DBL_EPSILON / 2; /* dgesvj's */
    double a = r->size[p], b = r->size[q];
    if (fabs(cross) <= least * a * b)
        return false;
    double zeta = (b - a) * (b + a) / (2 * cross);
    double t = copysign(1 / (fabs(zeta) + sqrt(1 + zeta * zeta)), zeta);
    double c = 1 / sqrt(1 + t * t), s = c * t;
    turn_pair(r->row[p], r->row[q], c, s, r->padded);
    if (r->vectors)
        turn_pair(r->turn[p], r->turn[q], c, s, r->padded);
    measure(r, p);
    measure(r, q);
    return true;
}

static void exchange(double *x, double *y)
{
    double keep[JACOBI_MOST];
    memcpy(keep, x, sizeof keep);
    memcpy(x, y, sizeof keep);
    memcpy(y, keep, sizeof keep);
}

/* Brings the largest of rows p, p + 1, ... to p. */
static void largest_first(struct rotation *r, int p)
{
    int largest = p;
    for (int q = p + 1; q < r->k; q++)
        if (r->size[q] > r->size[largest])
            largest = q;
    if (largest == p)
        return;
    exchange(r->row[p], r->row[largest]);
    exchange(r->turn[p], r->turn[largest]);
    double size = r->size[p];
    r->size[p] = r->size[largest];
    r->size[largest] = size;
}

static bool settle(struct rotation *r)
{
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        bool moved = false;
        for (int p = 0; p < r->k; p++) {
            largest_first(r, p);
            for (int q = p + 1; q < r->k; q++)
                if (rotate(r, p, q))
                    moved = true;
        }
        if (!moved)
            return true;
    }
    return false;
}

/* False where a row is too small for its squares to hold its size. */
static bool write_vectors(struct dmat ut, struct dmat vt,
                          const struct rotation *r)
{
    for (int i = 0; i < r->k; i++) {
        double size = r->size[i];
        if (size < sqrt(DBL_MIN) / DBL_EPSILON)
            return false;
        memcpy(dmat_row(ut, i), r->turn[i], (size_t)r->k * sizeof(double));
        for (int j = 0; j < r->k; j++)
            dmat_row(vt, i)[j] = r->row[i][j] / size;
    }
    return true;
}

bool jacobi_svd(struct dmat ut, double *sigma, struct dmat vt, struct dmat a)
{
    int k = a.rows;
    struct rotation r = {.k = k,
                         .padded = (k + LANES - 1) / LANES * LANES,
                         .vectors = ut.at != NULL};
    assert(a.cols == k && k <= JACOBI_MOST);
    assert(r.vectors == (vt.at != NULL));
    for (int i = 0; i < k; i++) {
        memcpy(r.row[i], dmat_row(a, i), (size_t)k * sizeof(double));
        r.turn[i][i] = 1;
        measure(&r, i);
    }
    if (!settle(&r))
        return false;
    for (int p = 0; p < k; p++) { /* the last sweep's rows may have crossed */
        largest_first(&r, p);
        sigma[p] = r.size[p];
    }
    return !r.vectors || write_vectors(ut, vt, &r);
}
