/*
 * Random numbers by counter: Philox4x32-10 (Salmon et al. 2011).
 *
 * Every draw names its stream and its index, so that what one part draws
 * never shifts what another part sees, and any number can be had again
 * without the ones before it.  Same seed, same curve.
 */
#ifndef CORE_BASE_RNG_H
#define CORE_BASE_RNG_H

#include <stdint.h>

enum rng_stream {
    STREAM_INIT = 1,   /* first values of weights; index = parameter     */
    STREAM_GROW,       /* rows added by the rank dial; index = site, age  */
    STREAM_WORLD,      /* the text generator; index = document            */
    STREAM_TASK,       /* task examples; index = split, example           */
    STREAM_BATCH,      /* which examples a step sees; index = step        */
    STREAM_SAMPLE,     /* sampling from a language model; index = token   */
    STREAM_CONTROL,    /* random controls beside a measurement            */
    STREAM_TEST,       /* tests                                           */
    STREAM_PREFIX,     /* tokens that prefix rows begin as; index = row   */
    STREAM_PROJECTION, /* random subspaces; index = row, column or block */
};

struct rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4]; /* the words of the current counter */
    int used;          /* of block */
};

/* The start of one sequence: 2^32 blocks of 4 words are its own. */
struct rng rng_make(uint64_t seed, enum rng_stream stream, uint64_t index);

uint32_t rng_u32(struct rng *rng);
double rng_uniform(struct rng *rng);               /* [0, 1), 53 bits */
double rng_between(struct rng *rng, double low, double high);
double rng_normal(struct rng *rng);                /* mean 0, variance 1 */
uint32_t rng_below(struct rng *rng, uint32_t n);   /* unbiased, [0, n), n>0 */
uint64_t rng_hash(const void *bytes, uint64_t count); /* FNV-1a, for ids */

/* One block, for known-answer tests (Random123). */
void rng_philox(uint32_t out[4], const uint32_t counter[4],
                const uint32_t key[2]);

#endif
