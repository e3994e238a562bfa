/*
 * The vocabulary head and its cross-entropy, in chunks of rows: the logits of
 * a large vocabulary never exist at once, and rows without a target cost
 * nothing.
 */
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/parts.h"
#include "core/model/pass.h"

enum { CHUNK_FLOATS = 1 << 20, CHUNK_ROWS = 256 };

void pass_reserve_rows(struct pass *pass, int rows)
{
    if (rows <= pass->row_room)
        return;
    pass->row = xgrow(pass->row, (size_t)pass->row_room, (size_t)rows,
                      sizeof *pass->row);
    pass->row_room = rows;
}

void pass_gather(struct pass *pass, const struct weights *weights,
                 const struct batch *slice)
{
    pass_reserve_rows(pass, slice->tokens);
    pass->rows = 0;
    for (int t = 0; t < slice->tokens; t++)
        if (slice->target[t] >= 0)
            pass->row[pass->rows++] = t;
    top_forward(pass, weights);
}

void head_finish(const struct pass *pass, const struct weights *weights,
                 struct mat x, struct mat logits)
{
    const float *bias = pass_outer(pass->model, weights, HEAD_BIAS);
    for (int i = 0; bias && i < logits.rows; i++)
        vec_add(mat_row(logits, i), bias, (size_t)logits.cols);
    pass_after(pass, pass->model->site_count - 1, x, logits);
}

bool pass_is_first_largest(const float *logits, int count, int target)
{
    if (logits[target] < vec_max(logits, (size_t)count))
        return false;
    for (int i = 0; i < target; i++)
        if (logits[i] >= logits[target])
            return false;
    return true;
}

struct head_state {
    struct score score;
    int sequence; /* the one the rows have reached */
    bool sequence_right, sequence_counts;
};

static void close_sequence(struct head_state *state)
{
    if (state->sequence_counts) {
        state->score.sequences++;
        state->score.exact += state->sequence_right;
    }
    state->sequence_right = true;
    state->sequence_counts = false;
}

/* One row: its loss, and its logits turned into softmax - onehot. */
static void score_row(struct head_state *state, float *logits, int vocab,
                      int token, const struct batch *slice)
{
    while (token >= slice->start[state->sequence + 1]) {
        close_sequence(state);
        state->sequence++;
    }
    int target = slice->target[token];
    bool right = pass_is_first_largest(logits, vocab, target);
    float logit = logits[target];
    float all = vec_softmax(logits, (size_t)vocab);
    logits[target] -= 1.0F;
    state->score.loss += (double)all - (double)logit;
    state->score.targets++;
    state->sequence_counts = true;
    state->sequence_right = state->sequence_right && right;
}

struct score pass_head(struct pass *pass, const struct weights *weights,
                       const struct batch *slice, float scale,
                       const struct sink *sink)
{
    const struct model *model = pass->model;
    int vocab = conf_head_width(&model->conf), head = model->site_count - 1;
    int bias = model_outer(model, HEAD_BIAS);
    int step = CHUNK_FLOATS / vocab;
    step = step < 1 ? 1 : step > CHUNK_ROWS ? CHUNK_ROWS : step;
    size_t size = (size_t)step * (size_t)vocab;
    if (sink)
        pass->dtop = pass_take(pass, pass->rows, model->conf.width);
    size_t mark = arena_mark(&pass->arena);
    float *at = arena_take(&pass->arena, size);
    struct head_state state = {.sequence_right = true};
    for (int from = 0; from < pass->rows; from += step) {
        int count = pass->rows - from < step ? pass->rows - from : step;
        struct mat logits = mat_of(at, count, vocab);
        struct mat x = mat_rows(pass->top.out, from, count);
        linalg_gemm(logits, 1.0F, x, PLAIN, weights->site[head], TRANSPOSED,
                    0.0F);
        head_finish(pass, weights, x, logits);
        for (int i = 0; i < count; i++)
            score_row(&state, mat_row(logits, i), vocab, pass->row[from + i],
                      slice);
        if (!sink)
            continue;
        vec_scale(at, scale, (size_t)count * (size_t)vocab);
        if (bias >= 0)
            linear_bias_gradient(sink->other[bias], logits);
        linalg_gemm(mat_rows(pass->dtop, from, count), 1.0F, logits, PLAIN,
                    weights->site[head], PLAIN, 0.0F);
        if (sink->wants[head])
            sink->site(sink->ctx, head, x, logits);
    }
    close_sequence(&state);
    arena_back(&pass->arena, mark);
    return state.score;
}
