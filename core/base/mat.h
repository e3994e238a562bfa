/*
 * A matrix is a window on memory somebody else owns: row-major, passed by
 * value, never freed through.  float trains, double analyses.
 */
#ifndef CORE_BASE_MAT_H
#define CORE_BASE_MAT_H

#include <stdbool.h>
#include <stddef.h>

struct mat {
    float *at;
    int rows, cols;
    int ld; /* floats from one row to the next, >= cols */
};

struct dmat {
    double *at;
    int rows, cols;
    int ld;
};

/* A packed window (ld = cols). */
struct mat mat_of(float *at, int rows, int cols);
struct dmat dmat_of(double *at, int rows, int cols);

/* Owned storage, zeroed; the caller frees with mat_free / dmat_free. */
struct mat mat_new(int rows, int cols);
struct dmat dmat_new(int rows, int cols);
void mat_free(struct mat *m);
void dmat_free(struct dmat *m);

/* Windows on a window: rows or columns [from, from + count). */
struct mat mat_rows(struct mat m, int from, int count);
struct mat mat_cols(struct mat m, int from, int count);
struct dmat dmat_rows(struct dmat m, int from, int count);
struct dmat dmat_cols(struct dmat m, int from, int count);

float *mat_row(struct mat m, int row);
double *dmat_row(struct dmat m, int row);

void mat_zero(struct mat m);
void mat_copy(struct mat to, struct mat from);       /* same shape */
void mat_transpose(struct mat to, struct mat from);  /* to (cols, rows) */
void dmat_from(struct dmat to, struct mat from);     /* widen, same shape */
void mat_from(struct mat to, struct dmat from);      /* round, same shape */
bool mat_finite(struct mat m);                       /* no NaN, no Inf */
double mat_norm_squared(struct mat m);               /* ||m||_F^2 in double */

#endif
