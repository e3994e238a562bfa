/* See attention.h.  One (length, length) square at a time, through gemm. */
#include "core/model/attention.h"

#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"

size_t attention_floats(const struct batch *slice, int heads)
{
    size_t total = 0;
    for (int s = 0; s < slice->sequences; s++) {
        size_t n = (size_t)(slice->start[s + 1] - slice->start[s]);
        total += n * n;
    }
    return total * (size_t)heads;
}

/* The window of one sequence, one head, in part 0 (q), 1 (k) or 2 (v). */
static struct mat window(struct mat m, const struct batch *slice, int sequence,
                         int part, int head, int heads, int parts)
{
    int from = slice->start[sequence];
    int width = m.cols / parts, size = width / heads;
    return mat_cols(mat_rows(m, from, slice->start[sequence + 1] - from),
                    part * width + head * size, size);
}

/* Row i keeps columns 0 .. i: softmax there, zero behind. */
static void causal_softmax(struct mat p)
{
    for (int i = 0; i < p.rows; i++) {
        float *row = mat_row(p, i);
        (void)vec_softmax(row, (size_t)i + 1);
        memset(row + i + 1, 0, (size_t)(p.cols - i - 1) * sizeof *row);
    }
}

void attention_forward(struct mat out, float *probability, struct mat qkv,
                       const struct batch *slice, int heads)
{
    float scale = 1.0F / sqrtf((float)(out.cols / heads));
    for (int s = 0; s < slice->sequences; s++) {
        int n = slice->start[s + 1] - slice->start[s];
        for (int h = 0; h < heads; h++) {
            struct mat p = mat_of(probability, n, n);
            struct mat q = window(qkv, slice, s, 0, h, heads, 3);
            struct mat k = window(qkv, slice, s, 1, h, heads, 3);
            struct mat v = window(qkv, slice, s, 2, h, heads, 3);
            linalg_gemm(p, scale, q, PLAIN, k, TRANSPOSED, 0.0F);
            causal_softmax(p);
            linalg_gemm(window(out, slice, s, 0, h, heads, 1), 1.0F, p, PLAIN,
                        v, PLAIN, 0.0F);
            probability += (size_t)n * (size_t)n;
        }
    }
}

/* ds = p * (dp - sum_j p dp), row by row, in place of dp. */
static void softmax_backward(struct mat dp, struct mat p)
{
    for (int i = 0; i < p.rows; i++) {
        float *d = mat_row(dp, i);
        const float *row = mat_row(p, i);
        float sum = (float)vec_dot(d, row, (size_t)i + 1);
        for (int j = 0; j <= i; j++)
            d[j] = row[j] * (d[j] - sum);
        memset(d + i + 1, 0, (size_t)(p.cols - i - 1) * sizeof *d);
    }
}

void attention_backward(struct mat dqkv, struct mat dout, struct mat qkv,
                        const float *probability, const struct batch *slice,
                        int heads, float *scratch)
{
    float scale = 1.0F / sqrtf((float)(dout.cols / heads));
    for (int s = 0; s < slice->sequences; s++) {
        int n = slice->start[s + 1] - slice->start[s];
        for (int h = 0; h < heads; h++) {
            struct mat p = mat_of((float *)probability, n, n);
            struct mat dp = mat_of(scratch, n, n);
            struct mat dy = window(dout, slice, s, 0, h, heads, 1);
            struct mat q = window(qkv, slice, s, 0, h, heads, 3);
            struct mat k = window(qkv, slice, s, 1, h, heads, 3);
            struct mat v = window(qkv, slice, s, 2, h, heads, 3);
            linalg_gemm(window(dqkv, slice, s, 2, h, heads, 3), 1.0F, p,
                        TRANSPOSED, dy, PLAIN, 0.0F);
            linalg_gemm(dp, 1.0F, dy, PLAIN, v, TRANSPOSED, 0.0F);
            softmax_backward(dp, p);
            linalg_gemm(window(dqkv, slice, s, 0, h, heads, 3), scale, dp,
                        PLAIN, k, PLAIN, 0.0F);
            linalg_gemm(window(dqkv, slice, s, 1, h, heads, 3), scale, dp,
                        TRANSPOSED, q, PLAIN, 0.0F);
            probability += (size_t)n * (size_t)n;
        }
    }
}
