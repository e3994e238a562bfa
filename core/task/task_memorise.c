/*
 * Task "memorise": n different sentences of the world, each with a word drawn
 * at random: nothing to understand, everything to remember (Zhang et al. 2017,
 * random labels).  How many can be learned grows with the rank.
 *
 *     <end> Mia has a red ball .  house <end>
 *
 * n is the recipe's task.examples, 256 when it says nothing.  Nothing is held
 * out, for there is nothing to generalise: the validation split is the n
 * sentences themselves, in order.  Sentence and word i do not depend on n.
 */
#include "core/task/task_table.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/sentence.h"

enum {
    WORDS = 16,       /* log 16 = 2.77 nats a sentence to be remembered */
    USUAL = 256,      /* sentences */
    TRIALS = 64,      /* documents drawn for one new sentence, on average */
    SHORTEST = 3 + 8, /* context for sentences of eight tokens */
};

/* Indices of STREAM_TASK: sentences are drawn from 0 on. */
static const uint64_t LABELS = (uint64_t)1 << 40, CHOICE = UINT64_MAX;

struct memorise {
    int n, used, most;   /* most: tokens of a sentence */
    int32_t *sentence;   /* (n, most) */
    int *count;          /* (n) tokens of each */
    int32_t word[WORDS]; /* tokens */
    uint64_t *seen;      /* (seen_room) hashes, 0: free; open addressing */
    size_t seen_room;    /* a power of two */
};

/* " house": a blank and three or more small letters */
static bool is_word(const struct tokenizer *tokenizer, int id)
{
    size_t bytes;
    const char *at = tokenizer_bytes(tokenizer, id, &bytes);
    if (!at || bytes < 4 || at[0] != ' ')
        return false;
    for (size_t i = 1; i < bytes; i++)
        if (at[i] < 'a' || at[i] > 'z')
            return false;
    return true;
}

static int choose_words(struct memorise *m, const struct task_conf *conf,
                        struct err *err)
{
    int size = tokenizer_size(conf->tokenizer), count = 0;
    int32_t *id = xcalloc((size_t)size, sizeof *id);
    for (int i = 0; i < size; i++)
        if (is_word(conf->tokenizer, i))
            id[count++] = i;
    struct rng rng = rng_make(conf->seed, STREAM_TASK, CHOICE);
    for (int i = 0; i < WORDS && count >= WORDS; i++) {
        int j = i + (int)rng_below(&rng, (uint32_t)(count - i));
        m->word[i] = id[j];
        id[j] = id[i];
    }
    mem_free(id);
    if (count >= WORDS)
        return 0;
    return err_set(err,
                   "task memorise: the tokenizer has %d whole words, %d are "
                   "needed; take one of more tokens",
                   count, WORDS);
}

/* True the first time. */
static bool is_new(struct memorise *m, uint64_t hash)
{
    hash += hash == 0;
    size_t at = (size_t)hash & (m->seen_room - 1);
    while (m->seen[at] && m->seen[at] != hash)
        at = (at + 1) & (m->seen_room - 1);
    bool new = m->seen[at] == 0;
    m->seen[at] = hash;
    return new;
}

static int choose_sentences(struct memorise *m, const struct task_conf *conf,
                            const struct world *world, struct err *err)
{
    uint64_t trials = (uint64_t)TRIALS * (uint64_t)m->n;
    for (uint64_t i = 0; i < trials && m->used < m->n; i++) {
        struct rng rng = rng_make(conf->seed, STREAM_TASK, i);
        int32_t *ids = m->sentence + (size_t)m->used * (size_t)m->most;
        int count = sentence_draw(ids, m->most, world, conf->tokenizer, &rng);
        if (count > 0 && is_new(m, sentence_hash(ids, count)))
            m->count[m->used++] = count;
    }
    if (m->used == m->n)
        return 0;
    return err_set(err,
                   "task memorise: %s has only %d different sentences of %d; "
                   "lower task.examples",
                   conf->assets, m->used, m->n);
}

static void example(const struct task *task, struct example *to,
                    enum split split, uint64_t index)
{
    const struct memorise *m = task->state;
    uint64_t i = index % (uint64_t)m->n;
    int32_t end = tokenizer_end(task->conf.tokenizer);
    struct rng rng = rng_make(task->conf.seed, STREAM_TASK, LABELS + i);
    (void)split; /* nothing is held out */
    int count = m->count[i];
    to->ids[0] = end;
    memcpy(to->ids + 1, m->sentence + (size_t)i * (size_t)m->most,
           (size_t)count * sizeof *to->ids);
    to->answer = count + 1;
    to->ids[to->answer] = m->word[rng_below(&rng, WORDS)];
    to->ids[to->answer + 1] = end;
    to->count = to->answer + 2;
}

static void close_memorise(struct task *task)
{
    struct memorise *m = task->state;
    mem_free(m->sentence);
    mem_free(m->count);
    mem_free(m->seen);
    mem_free(m);
}

static struct memorise *make(const struct task_conf *conf)
{
    struct memorise *m = xcalloc(1, sizeof *m);
    int most = conf->context - 3;
    m->n = conf->examples ? conf->examples : USUAL;
    m->most = most < SENTENCE_MOST ? most : SENTENCE_MOST;
    m->sentence = xcalloc((size_t)m->n * (size_t)m->most, sizeof *m->sentence);
    m->count = xcalloc((size_t)m->n, sizeof *m->count);
    for (m->seen_room = 2; m->seen_room < 2 * (size_t)m->n;)
        m->seen_room *= 2;
    m->seen = xcalloc(m->seen_room, sizeof *m->seen);
    return m;
}

static int open_memorise(struct task *task, struct err *err)
{
    if (task->conf.context < SHORTEST)
        return err_set(err,
                       "task memorise: a context of %d tokens is too short; "
                       "use at least %d",
                       task->conf.context, SHORTEST);
    struct world *world = task_open_world(task, err);
    if (!world)
        return -1;
    struct memorise *m = make(&task->conf);
    task->state = m;
    task->conf.examples = m->n;
    int code = choose_words(m, &task->conf, err);
    if (code == 0)
        code = choose_sentences(m, &task->conf, world, err);
    world_close(world);
    if (code < 0)
        close_memorise(task);
    return code;
}

const struct task_ops task_memorise = {
    .name = "memorise",
    .summary = "sentences with words drawn at random, to be remembered",
    .metric = "exact match",
    .open = open_memorise,
    .close = close_memorise,
    .example = example,
};
