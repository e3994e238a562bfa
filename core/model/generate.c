/*
 * See generate.h.  The whole window is run again for every token: plain, and
 * quick enough for small models.
 */
#include "core/model/generate.h"

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/vecmath.h"
#include "core/model/transformer.h"

static int largest(const float *logits, int vocab)
{
    int best = 0;
    for (int i = 1; i < vocab; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

static int sample(float *logits, int vocab, double temperature, struct rng *rng)
{
    vec_scale(logits, (float)(1.0 / temperature), (size_t)vocab);
    (void)vec_softmax(logits, (size_t)vocab);
    double left = rng_uniform(rng);
    for (int i = 0; i < vocab; i++) {
        left -= (double)logits[i];
        if (left < 0)
            return i;
    }
    return largest(logits, vocab); /* rounding: the sum fell short of 1 */
}

/* The last window of ids as one sequence that only predicts. */
static struct batch window_of(int32_t *ids, int count, int *starts,
                              int32_t *no_target, int context)
{
    int tokens = count < context ? count : context;
    starts[0] = 0;
    starts[1] = tokens;
    for (int i = 0; i < tokens; i++)
        no_target[i] = -1;
    return (struct batch){.sequences = 1,
                          .tokens = tokens,
                          .start = starts,
                          .id = ids + count - tokens,
                          .target = no_target};
}

int generate(const struct model *model, const struct weights *weights,
             int32_t *ids, int count, int room,
             const struct generate_conf *conf)
{
    int context = model->conf.context, vocab = model->conf.vocab;
    struct pass *pass = pass_new(model);
    struct mat logits = mat_new(context, vocab);
    int32_t *no_target = xcalloc((size_t)context, sizeof *no_target);
    for (int i = 0; i < conf->tokens && count < room; i++) {
        int starts[2];
        struct batch window = window_of(ids, count, starts, no_target, context);
        struct mat rows = mat_rows(logits, 0, window.tokens);
        pass_logits(pass, weights, &window, rows);
        float *last = mat_row(rows, window.tokens - 1);
        struct rng rng = rng_make(conf->seed, STREAM_SAMPLE, (uint64_t)i);
        int next = conf->temperature > 0
                       ? sample(last, vocab, conf->temperature, &rng)
                       : largest(last, vocab);
        ids[count++] = next;
        if (next == conf->end)
            break;
    }
    mem_free(no_target);
    mat_free(&logits);
    pass_free(pass);
    return count;
}
