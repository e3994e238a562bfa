/*
 * w[i,:] = w0[i,:]; then for k ascending w[i,:] += (float)(s bt[k][i]) a[k,:].
 *
 * Every element of w is summed alone, in the order of k, rounded to float
 * after each direction, whatever the rank and however the loops are cut: so a
 * direction appended later comes after all that was there.  Terms whose
 * coefficient is zero are left out, because -0.0 + 0.0 is +0.0: adding them
 * would turn a bit.  Never a GEMM, whose order of summation changes with r.
 */
#include "core/method/lora_accumulate.h"

/* Rows of a are taken DEPTH at a time and COLUMNS wide: 64 KiB, so that they
 * stay in cache while all rows of w pass over them. */
enum { DEPTH = 64, COLUMNS = 256, LANES = 8 };

/* Eight floats anywhere in memory, added and multiplied one by one; the
 * compiler makes of it what the machine has. */
typedef float lanes
    __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

struct terms { /* of one row of w: coefficient and row of a, not zero */
    int count;
    float coefficient[DEPTH];
    const float *row[DEPTH];
};

static void add_terms(float *w, const float *from, const struct terms *terms,
                      int columns)
{
    int j = 0;
    for (; j + 4 * LANES <= columns; j += 4 * LANES) {
        const lanes *start = (const lanes *)(from + j);
        lanes sum0 = start[0], sum1 = start[1];
        lanes sum2 = start[2], sum3 = start[3];
        for (int k = 0; k < terms->count; k++) {
            const lanes *row = (const lanes *)(terms->row[k] + j);
            float c = terms->coefficient[k];
            sum0 += c * row[0];
            sum1 += c * row[1];
            sum2 += c * row[2];
            sum3 += c * row[3];
        }
        lanes *to = (lanes *)(w + j);
        to[0] = sum0;
        to[1] = sum1;
        to[2] = sum2;
        to[3] = sum3;
    }
    for (; j < columns; j++) {
        float sum = from[j];
        for (int k = 0; k < terms->count; k++)
            sum += terms->coefficient[k] * terms->row[k][j];
        w[j] = sum;
    }
}

static void gather(struct terms *terms, struct mat bt, struct mat a, int i,
                   double scale)
{
    terms->count = 0;
    for (int k = 0; k < bt.rows; k++) {
        float c = (float)(scale * (double)mat_row(bt, k)[i]);
        terms->coefficient[terms->count] = c;
        terms->row[terms->count] = mat_row(a, k);
        terms->count += c != 0;
    }
}

void lora_accumulate(struct mat w, struct mat w0, struct mat bt, struct mat a,
                     double scale)
{
    for (int k = 0; k < bt.rows; k += DEPTH) {
        int depth = bt.rows - k < DEPTH ? bt.rows - k : DEPTH;
        struct mat from = k ? w : w0;
        for (int j = 0; j < w.cols; j += COLUMNS) {
            int columns = w.cols - j < COLUMNS ? w.cols - j : COLUMNS;
            struct mat window = mat_cols(mat_rows(a, k, depth), j, columns);
            for (int i = 0; i < w.rows; i++) {
                struct terms terms;
                gather(&terms, mat_rows(bt, k, depth), window, i, scale);
                add_terms(mat_row(w, i) + j, mat_row(from, i) + j, &terms,
                          columns);
            }
        }
    }
}
