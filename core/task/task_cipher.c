/*
 * Task "cipher": a sentence of the world, then the same sentence in a secret
 * alphabet: every token replaced by its image under one fixed permutation of
 * the vocabulary.
 *
 *     <end> Mia has a red ball . <end> p(Mia) p(has) ... p(.) <end>
 *
 * There is nothing to know but the permutation, and all of it: the map from
 * what a token means to how another is written has no low rank, so the loss
 * falls with every rank that is added.  p is one cycle through all tokens but
 * <end> (Sattolo 1986), so none stays as it is; it comes from the seed.
 *
 * The hash of the sentence says to which split it belongs.
 */
#include "core/task/task_table.h"

#include <assert.h>
#include <stdbool.h>

#include "core/base/mem.h"
#include "core/task/sentence.h"

enum {
    VALIDATION_PART = 16, /* one sentence in so many is held out */
    ATTEMPTS = 10000,     /* open_cipher saw that both splits come up */
    TRIALS = 1024,
    SHORTEST = 3 + 2 * 4, /* context for sentences of four tokens */
};

static const uint64_t PERMUTATION = UINT64_MAX; /* its index in STREAM_TASK */

struct cipher {
    struct world *world;
    int32_t *image; /* (vocabulary) */
};

static int32_t *one_cycle(int size, int end, uint64_t seed)
{
    struct rng rng = rng_make(seed, STREAM_TASK, PERMUTATION);
    int32_t *token = xcalloc(2 * (size_t)size, sizeof *token);
    int32_t *order = token + size, count = 0;
    for (int32_t i = 0; i < size; i++)
        if (i != end)
            order[count++] = i;
    for (int i = count - 1; i > 0; i--) {
        int j = (int)rng_below(&rng, (uint32_t)i);
        int32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    /* order is a cyclic permutation of places; the n-th token that is not
     * <end> goes where it says. */
    for (int32_t i = 0, n = 0; i < size; i++)
        token[i] = i == end ? i : order[n++];
    return token;
}

static int longest(const struct task *task)
{
    int most = (task->conf.context - 3) / 2;
    return most < SENTENCE_MOST ? most : SENTENCE_MOST;
}

/* The next sentence of rng that belongs to the split; 0: another one did. */
static int draw(const struct task *task, int32_t *ids, enum split split,
                struct rng *rng)
{
    const struct cipher *cipher = task->state;
    int count = sentence_draw(ids, longest(task), cipher->world,
                              task->conf.tokenizer, rng);
    bool held_out = sentence_hash(ids, count) % VALIDATION_PART == 0;
    return held_out == (split == SPLIT_VALIDATION) ? count : 0;
}

static void example(const struct task *task, struct example *to,
                    enum split split, uint64_t index)
{
    const struct cipher *cipher = task->state;
    struct rng rng = rng_make(task->conf.seed, STREAM_TASK,
                              2 * index + (split == SPLIT_VALIDATION));
    int32_t *plain = to->ids + 1, end = tokenizer_end(task->conf.tokenizer);
    int count = 0;
    for (int i = 0; i < ATTEMPTS && count == 0; i++)
        count = draw(task, plain, split, &rng);
    assert(count > 0);
    to->ids[0] = plain[count] = end;
    to->answer = count + 2;
    for (int i = 0; i < count; i++)
        to->ids[to->answer + i] = cipher->image[plain[i]];
    to->count = to->answer + count + 1;
    to->ids[to->count - 1] = end;
}

/* Both splits come up. */
static int try_sentences(const struct task *task, struct err *err)
{
    struct rng rng = rng_make(task->conf.seed, STREAM_TEST, 0);
    int32_t ids[SENTENCE_MOST];
    int held_out = 0, rest = 0;
    for (int i = 0; i < TRIALS; i++) {
        int count = draw(task, ids, SPLIT_VALIDATION, &rng);
        held_out += count > 0;
        rest += count == 0;
    }
    if (held_out > 0 && rest > 0)
        return 0;
    return err_set(err,
                   "task cipher: the documents of %s begin with too few "
                   "different sentences; add some",
                   task->conf.assets);
}

static void close_cipher(struct task *task)
{
    struct cipher *cipher = task->state;
    world_close(cipher->world);
    mem_free(cipher->image);
    mem_free(cipher);
}

static int open_cipher(struct task *task, struct err *err)
{
    const struct task_conf *conf = &task->conf;
    if (conf->context < SHORTEST)
        return err_set(err,
                       "task cipher: a context of %d tokens is too short; use "
                       "at least %d",
                       conf->context, SHORTEST);
    struct world *world = task_open_world(task, err);
    if (!world)
        return -1;
    struct cipher *cipher = xcalloc(1, sizeof *cipher);
    cipher->world = world;
    cipher->image = one_cycle(tokenizer_size(conf->tokenizer),
                              tokenizer_end(conf->tokenizer), conf->seed);
    task->state = cipher;
    int code = try_sentences(task, err);
    if (code < 0)
        close_cipher(task);
    return code;
}

const struct task_ops task_cipher = {
    .name = "cipher",
    .summary = "a sentence, and the same in permuted tokens: needs high rank",
    .metric = "exact match",
    .open = open_cipher,
    .close = close_cipher,
    .example = example,
};
