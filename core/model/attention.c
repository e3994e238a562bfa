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

enum part { Q, K, V };

/* The window of one sequence, one of q's heads, in a part of qkv: of k and v
 * the head that it shares. */
static struct mat window(struct mat qkv, const struct batch *slice,
                         int sequence, enum part part, int head,
                         const struct model_conf *c)
{
    int from = slice->start[sequence], size = c->head_width;
    int q = c->heads * size, kv = c->groups * size;
    int first = part == Q ? 0 : part == K ? q : q + kv;
    int which = part == Q ? head : head / (c->heads / c->groups);
    return mat_cols(mat_rows(qkv, from, slice->start[sequence + 1] - from),
                    first + which * size, size);
}

/* Of what attention gives, q's heads side by side. */
static struct mat window_out(struct mat out, const struct batch *slice,
                             int sequence, int head, int size)
{
    int from = slice->start[sequence];
    return mat_cols(mat_rows(out, from, slice->start[sequence + 1] - from),
                    head * size, size);
}

/* Entries of row i that are seen; zero behind. */
static int seen(const struct model_conf *c, struct mat p, int i)
{
    return c->both_ways ? p.cols : i + 1;
}

static void softmax_rows(struct mat p, const struct model_conf *c)
{
    for (int i = 0; i < p.rows; i++) {
        float *row = mat_row(p, i);
        int count = seen(c, p, i);
        (void)vec_softmax(row, (size_t)count);
        memset(row + count, 0, (size_t)(p.cols - count) * sizeof *row);
    }
}

void attention_forward(struct mat out, float *probability, struct mat qkv,
                       const struct batch *slice, const struct model_conf *c)
{
    float scale = 1.0F / sqrtf((float)c->head_width);
    for (int s = 0; s < slice->sequences; s++) {
        int n = slice->start[s + 1] - slice->start[s];
        for (int h = 0; h < c->heads; h++) {
            struct mat p = mat_of(probability, n, n);
            struct mat q = window(qkv, slice, s, Q, h, c);
            struct mat k = window(qkv, slice, s, K, h, c);
            struct mat v = window(qkv, slice, s, V, h, c);
            linalg_gemm(p, scale, q, PLAIN, k, TRANSPOSED, 0.0F);
            softmax_rows(p, c);
            linalg_gemm(window_out(out, slice, s, h, c->head_width), 1.0F, p,
                        PLAIN, v, PLAIN, 0.0F);
            probability += (size_t)n * (size_t)n;
        }
    }
}

/* ds = p * (dp - sum_j p dp), row by row, in place of dp. */
static void softmax_backward(struct mat dp, struct mat p,
                             const struct model_conf *c)
{
    for (int i = 0; i < p.rows; i++) {
        float *d = mat_row(dp, i);
        const float *row = mat_row(p, i);
        int count = seen(c, p, i);
        float sum = (float)vec_dot(d, row, (size_t)count);
        for (int j = 0; j < count; j++)
            d[j] = row[j] * (d[j] - sum);
        memset(d + count, 0, (size_t)(p.cols - count) * sizeof *d);
    }
}

void attention_backward(struct mat dqkv, struct mat dout, struct mat qkv,
                        const float *probability, const struct batch *slice,
                        const struct model_conf *c, float *scratch)
{
    float scale = 1.0F / sqrtf((float)c->head_width);
    int share = c->heads / c->groups;
    for (int s = 0; s < slice->sequences; s++) {
        int n = slice->start[s + 1] - slice->start[s];
        for (int h = 0; h < c->heads; h++) {
            /* The first of those that share a head of k and v begins it. */
            float before = h % share == 0 ? 0.0F : 1.0F;
            struct mat p = mat_of((float *)probability, n, n);
            struct mat dp = mat_of(scratch, n, n);
            struct mat dy = window_out(dout, slice, s, h, c->head_width);
            struct mat q = window(qkv, slice, s, Q, h, c);
            struct mat k = window(qkv, slice, s, K, h, c);
            struct mat v = window(qkv, slice, s, V, h, c);
            linalg_gemm(window(dqkv, slice, s, V, h, c), 1.0F, p, TRANSPOSED,
                        dy, PLAIN, before);
            linalg_gemm(dp, 1.0F, dy, PLAIN, v, TRANSPOSED, 0.0F);
            softmax_backward(dp, p, c);
            linalg_gemm(window(dqkv, slice, s, Q, h, c), scale, dp, PLAIN, k,
                        PLAIN, 0.0F);
            linalg_gemm(window(dqkv, slice, s, K, h, c), scale, dp, TRANSPOSED,
                        q, PLAIN, before);
            probability += (size_t)n * (size_t)n;
        }
    }
}
