/*
 * Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011.  The 128-bit counter is (block, index low, index
 * high, stream), so streams and indices can never run into one another.
 *
 * Not cryptography.
 */
#include "core/base/rng.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

enum { ROUNDS = 10, WORDS = 4 };

void rng_philox(uint32_t out[4], const uint32_t counter[4],
                const uint32_t key[2])
{
    uint32_t x0 = counter[0], x1 = counter[1];
    uint32_t x2 = counter[2], x3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * x0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * x2;
        x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)p1;
        x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p0;
        k0 += 0x9E3779B9u; /* the golden ratio */
        k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

/* The finaliser of MurmurHash3: near seeds (1, 2, 3) give far keys. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDu;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53u;
    return x ^ (x >> 33);
}

struct rng rng_make(uint64_t seed, enum rng_stream stream, uint64_t index)
{
    uint64_t key = mix(seed + 0x9E3779B97F4A7C15u);
    return (struct rng){
        .key = {(uint32_t)key, (uint32_t)(key >> 32)},
        .counter = {0, (uint32_t)index, (uint32_t)(index >> 32),
                    (uint32_t)stream},
        .used = WORDS,
    };
}

uint32_t rng_u32(struct rng *rng)
{
    if (rng->used == WORDS) {
        rng_philox(rng->block, rng->counter, rng->key);
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

double rng_uniform(struct rng *rng)
{
    /* In this order, on every compiler: two draws in one expression are
     * unsequenced. */
    uint64_t high = rng_u32(rng);
    uint64_t low = rng_u32(rng);
    return (double)((high << 32 | low) >> 11) * 0x1p-53;
}

double rng_between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_uniform(rng);
}

double rng_normal(struct rng *rng)
{
    /* Box and Muller 1958; the second value is dropped so that a draw always
     * costs four words. */
    double u = 1.0 - rng_uniform(rng); /* (0, 1]: the logarithm is finite */
    double v = rng_uniform(rng);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    assert(n > 0);
    /* Lemire 2019, "Fast random integer generation in an interval". */
    uint64_t product = (uint64_t)rng_u32(rng) * n;
    uint32_t refuse = (uint32_t)(-n) % n; /* 2^32 mod n */
    while ((uint32_t)product < refuse)
        product = (uint64_t)rng_u32(rng) * n;
    return (uint32_t)(product >> 32);
}

uint64_t rng_hash(const void *bytes, uint64_t count)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint64_t i = 0; i < count; i++)
        hash = (hash ^ at[i]) * 0x100000001B3u;
    return hash;
}
