/*
 * The vocabulary head and its cross-entropy, in chunks of rows: the logits of
 * a large vocabulary never exist at once, and rows without a target cost
 * nothing.
 */
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/pass.h"

enum { CHUNK_FLOATS = 1 << 20, CHUNK_ROWS = 256 };

void pass_gather(struct pass *pass, const struct weights *weights,
                 const struct batch *slice)
{
    const struct model *model = pass->model;
    int d = model->conf.width;
    if (slice->tokens > pass->row_room) {
        pass->row = xgrow(pass->row, (size_t)pass->row_room,
                          (size_t)slice->tokens, sizeof *pass->row);
        pass->row_room = slice->tokens;
    }
    pass->rows = 0;
    for (int t = 0; t < slice->tokens; t++)
        if (slice->target[t] >= 0)
            pass->row[pass->rows++] = t;
    size_t rows = (size_t)pass->rows;
    pass->top =
        mat_of(arena_take(&pass->arena, rows * (size_t)d), pass->rows, d);
    pass->mean = arena_take(&pass->arena, rows);
    pass->rstd = arena_take(&pass->arena, rows);
    const float *const *last = weights->other + model_last_norm(model);
    for (int i = 0; i < pass->rows; i++)
        vec_norm(mat_row(pass->top, i), &pass->mean[i], &pass->rstd[i],
                 mat_row(pass->out, pass->row[i]), last[0], last[1],
                 model->conf.norm_eps, (size_t)d);
}

/* Is target what greedy decoding writes: the first of the largest logits? */
static bool is_first_largest(const float *logits, int vocab, int target)
{
    if (logits[target] < vec_max(logits, (size_t)vocab))
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
    bool right = is_first_largest(logits, vocab, target);
    float logit = logits[target];
    float all = vec_softmax(logits, (size_t)vocab);
    logits[target] -= 1.0F;
    state->score.nats += (double)all - (double)logit;
    state->score.targets++;
    state->sequence_counts = true;
    state->sequence_right = state->sequence_right && right;
}

struct score pass_head(struct pass *pass, const struct weights *weights,
                       const struct batch *slice, float scale,
                       const struct sink *sink)
{
    const struct model *model = pass->model;
    int vocab = model->conf.vocab, head = model->site_count - 1;
    int step = CHUNK_FLOATS / vocab;
    step = step < 1 ? 1 : step > CHUNK_ROWS ? CHUNK_ROWS : step;
    size_t size = (size_t)step * (size_t)vocab;
    if (sink)
        pass->dtop =
            mat_of(arena_take(&pass->arena,
                              (size_t)pass->rows * (size_t)pass->top.cols),
                   pass->rows, pass->top.cols);
    size_t mark = arena_mark(&pass->arena);
    float *at = arena_take(&pass->arena, size);
    struct head_state state = {.sequence_right = true};
    for (int from = 0; from < pass->rows; from += step) {
        int count = pass->rows - from < step ? pass->rows - from : step;
        struct mat logits = mat_of(at, count, vocab);
        struct mat x = mat_rows(pass->top, from, count);
        linalg_gemm(logits, 1.0F, x, PLAIN, weights->site[head], TRANSPOSED,
                    0.0F);
        pass_after(pass, head, x, logits);
        for (int i = 0; i < count; i++)
            score_row(&state, mat_row(logits, i), vocab, pass->row[from + i],
                      slice);
        if (!sink)
            continue;
        vec_scale(at, scale, (size_t)count * (size_t)vocab);
        linalg_gemm(mat_rows(pass->dtop, from, count), 1.0F, logits, PLAIN,
                    weights->site[head], PLAIN, 0.0F);
        if (sink->wants[head])
            sink->site(sink->ctx, head, x, logits);
    }
    close_sequence(&state);
    arena_back(&pass->arena, mark);
    return state.score;
}
