/*
 * What happens to q and k between their products and attention: a norm of
 * each head alone (Qwen3), and rotary positions (Su et al. 2021, eq. 34, with
 * feature i beside i + size / 2):
 *
 *   y_i = x_i cos - x_j sin,  y_j = x_j cos + x_i sin,  j = i + size / 2
 *
 * The angle is position * theta^(-2i / size).  An inserted row takes the
 * position of the token that follows it.  Private to core/model.
 */
#include <math.h>

#include "core/base/vecmath.h"
#include "core/model/cache.h"
#include "core/model/parts.h"
#include "core/model/pass.h"

/* How much slower than published this frequency turns (Llama 3's rule, by the
 * turns it makes in the first context; between low and high a blend). */
static double slowed(const struct rotary *rotary, double frequency)
{
    double turns = rotary->first * frequency / (2 * acos(-1));
    if (rotary->slowing == SLOW_NONE ||
        (rotary->slowing == SLOW_LOW && turns > rotary->high))
        return frequency;
    if (rotary->slowing == SLOW_ALL || turns < rotary->low)
        return frequency / rotary->factor;
    double fast = (turns - rotary->low) / (rotary->high - rotary->low);
    return (1 - fast) * frequency / rotary->factor + fast * frequency;
}

static void fill_row(struct pass *pass, int t, const double *frequency,
                     int position)
{
    float *cosine = mat_row(pass->cosine, t), *sine = mat_row(pass->sine, t);
    for (int i = 0; i < pass->cosine.cols; i++) {
        cosine[i] = (float)cos(position * frequency[i]);
        sine[i] = (float)sin(position * frequency[i]);
    }
}

void turn_prepare(struct pass *pass, const struct batch *slice)
{
    const struct model_conf *c = &pass->model->conf;
    int half = c->head_width / 2;
    if (c->rotary.theta <= 0)
        return;
    double *frequency = xcalloc((size_t)half, sizeof *frequency);
    for (int i = 0; i < half; i++)
        frequency[i] =
            slowed(&c->rotary, pow(c->rotary.theta, -(double)i / half));
    pass->cosine = pass_take(pass, slice->tokens, half);
    pass->sine = pass_take(pass, slice->tokens, half);
    for (int s = 0; s < slice->sequences; s++) {
        int position = pass->cache ? cache_position(pass->cache, s) : 0;
        for (int t = slice->start[s]; t < slice->start[s + 1]; t++) {
            fill_row(pass, t, frequency, position);
            position += slice->id[t] >= 0;
        }
    }
    mem_free(frequency);
}

/* sign 1: forward; -1: back. */
static void turn_heads(const struct pass *pass, struct mat x, float sign)
{
    int size = pass->model->conf.head_width, half = size / 2;
    for (int t = 0; t < x.rows; t++) {
        const float *cosine = mat_row(pass->cosine, t);
        const float *sine = mat_row(pass->sine, t);
        for (float *at = mat_row(x, t), *end = at + x.cols; at < end;
             at += size)
            for (int i = 0; i < half; i++) {
                float a = at[i], b = at[i + half], s = sign * sine[i];
                at[i] = a * cosine[i] - b * s;
                at[i + half] = b * cosine[i] + a * s;
            }
    }
}

/* q and k of a row of qkv, which lie side by side. */
static struct mat turning(const struct pass *pass, struct mat qkv)
{
    const struct model_conf *c = &pass->model->conf;
    return mat_cols(qkv, 0, conf_q_width(c) + conf_kv_width(c));
}

static void norm_heads(struct layer_memory *m, struct mat x,
                       const struct layer_others *other,
                       const struct model_conf *c)
{
    size_t size = (size_t)c->head_width;
    int count = c->heads + c->groups;
    mat_copy(m->raw, x);
    for (int t = 0; t < x.rows; t++)
        for (int h = 0; h < count; h++) {
            float *at = mat_row(x, t) + (size_t)h * size;
            vec_rms(at, &m->rheads[t * count + h], at,
                    other->at[h < c->heads ? Q_NORM_GAIN : K_NORM_GAIN],
                    c->norm_eps, size);
        }
}

void turn_forward(struct pass *pass, struct layer_memory *m,
                  const struct layer_others *other)
{
    const struct model_conf *c = &pass->model->conf;
    struct mat x = turning(pass, m->qkv);
    if (c->head_norm)
        norm_heads(m, x, other, c);
    if (c->rotary.theta > 0)
        turn_heads(pass, x, 1);
}

void turn_backward(const struct pass *pass, struct mat dqkv,
                   const struct layer_memory *m,
                   const struct layer_others *other, float *dq_gain,
                   float *dk_gain)
{
    const struct model_conf *c = &pass->model->conf;
    size_t size = (size_t)c->head_width;
    int count = c->heads + c->groups;
    struct mat dx = turning(pass, dqkv);
    if (c->rotary.theta > 0)
        turn_heads(pass, dx, -1);
    for (int t = 0; c->head_norm && t < dx.rows; t++)
        for (int h = 0; h < count; h++) {
            bool is_q = h < c->heads;
            float *at = mat_row(dx, t) + (size_t)h * size;
            vec_rms_grad(at, is_q ? dq_gain : dk_gain, at,
                         mat_row(m->raw, t) + (size_t)h * size,
                         other->at[is_q ? Q_NORM_GAIN : K_NORM_GAIN],
                         m->rheads[t * count + h], size);
        }
}
