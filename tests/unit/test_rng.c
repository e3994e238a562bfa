/* Philox against the known answers of Random123 (kat_vectors), and the laws
 * of what is drawn from it. */
#include "core/base/rng.h"

#include <math.h>
#include <string.h>

#include "tests/near.h"

static void known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } cases[] = {
        {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t out[4];
        rng_philox(out, cases[i].counter, cases[i].key);
        assert_memory_equal(out, cases[i].want, sizeof out);
    }
}

static void same_name_same_numbers(void **state)
{
    (void)state;
    struct rng a = rng_make(7, STREAM_TEST, 123);
    struct rng b = rng_make(7, STREAM_TEST, 123);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rng_u32(&a), rng_u32(&b));
}

/* The numbers are part of every recipe's result: they may never change. */
static void numbers_are_fixed(void **state)
{
    (void)state;
    struct rng rng = rng_make(1, STREAM_INIT, 0);
    uint32_t want[4];
    rng_philox(want, (const uint32_t[4]){0, 0, 0, STREAM_INIT}, rng.key);
    for (int i = 0; i < 4; i++)
        assert_int_equal(rng_u32(&rng), want[i]);
    rng_philox(want, (const uint32_t[4]){1, 0, 0, STREAM_INIT}, rng.key);
    assert_int_equal(rng_u32(&rng), want[0]);
    /* MurmurHash3's finaliser on 1 + 2^64 / golden ratio. */
    assert_int_equal(rng.key[0], 0xe13eeed5u);
    assert_int_equal(rng.key[1], 0xe5fdc025u);
}

static void other_names_other_numbers(void **state)
{
    (void)state;
    const struct rng made[] = {
        rng_make(7, STREAM_TEST, 0),          rng_make(8, STREAM_TEST, 0),
        rng_make(7, STREAM_BATCH, 0),         rng_make(7, STREAM_TEST, 1),
        rng_make(7, STREAM_TEST, 1ull << 32), rng_make(0, STREAM_TEST, 0),
        rng_make(7ull << 32, STREAM_TEST, 0),
    };
    enum { COUNT = sizeof made / sizeof made[0], DRAWS = 64 };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < i; j++) {
            struct rng a = made[i], b = made[j];
            int equal = 0;
            for (int k = 0; k < DRAWS; k++)
                equal += rng_u32(&a) == rng_u32(&b);
            assert_int_equal(equal, 0); /* by chance: 64 in 2^32 */
        }
}

static void uniform_moments(void **state)
{
    (void)state;
    enum { DRAWS = 200000 };
    const double five_sigma = 5 / sqrt(12.0 * DRAWS);
    struct rng rng = rng_make(3, STREAM_TEST, 0);
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        double u = rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        sum += u;
    }
    assert_near(sum / DRAWS, 0.5, five_sigma);
    for (int i = 0; i < 1000; i++) {
        double u = rng_between(&rng, -3, -2);
        assert_true(u >= -3 && u < -2);
    }
}

static void normal_moments(void **state)
{
    (void)state;
    enum { DRAWS = 200000 };
    struct rng rng = rng_make(3, STREAM_TEST, 1);
    double sum[5] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double z = rng_normal(&rng), power = 1;
        assert_true(isfinite(z));
        for (int k = 1; k <= 4; k++)
            sum[k] += power *= z;
    }
    /* Five standard deviations of each moment's mean: 1, 2, 15, 96. */
    assert_near(sum[1] / DRAWS, 0, 5 * sqrt(1.0 / DRAWS));
    assert_near(sum[2] / DRAWS, 1, 5 * sqrt(2.0 / DRAWS));
    assert_near(sum[3] / DRAWS, 0, 5 * sqrt(15.0 / DRAWS));
    assert_near(sum[4] / DRAWS, 3, 5 * sqrt(96.0 / DRAWS));
}

static void below_is_fair(void **state)
{
    (void)state;
    enum { SIDES = 7, DRAWS = 70000 };
    struct rng rng = rng_make(3, STREAM_TEST, 2);
    int seen[SIDES] = {0};
    for (int i = 0; i < DRAWS; i++)
        seen[rng_below(&rng, SIDES)]++;
    double chi = 0, want = (double)DRAWS / SIDES;
    for (int i = 0; i < SIDES; i++)
        chi += (seen[i] - want) * (seen[i] - want) / want;
    assert_true(chi < 27.9); /* 6 degrees of freedom, p = 1e-4 */

    for (int i = 0; i < 100; i++)
        assert_int_equal(rng_below(&rng, 1), 0);
    /* With n = 3 * 2^30 the plain multiply-shift without rejection would
     * give every third value twice as often. */
    const uint32_t n = 3u << 30;
    int thirds[3] = {0};
    for (int i = 0; i < 30000; i++) {
        uint32_t x = rng_below(&rng, n);
        assert_true(x < n);
        thirds[x % 3]++;
    }
    for (int i = 0; i < 3; i++)
        assert_near(thirds[i], 10000, 5 * sqrt(30000 * 2.0 / 9));
}

static void hash_known_answers(void **state)
{
    (void)state;
    assert_true(rng_hash("", 0) == 0xcbf29ce484222325);
    assert_true(rng_hash("a", 1) == 0xaf63dc4c8601ec8c);
    assert_true(rng_hash("foobar", 6) == 0x85944171f73967e8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(same_name_same_numbers),
        cmocka_unit_test(numbers_are_fixed),
        cmocka_unit_test(other_names_other_numbers),
        cmocka_unit_test(uniform_moments),
        cmocka_unit_test(normal_moments),
        cmocka_unit_test(below_is_fair),
        cmocka_unit_test(hash_known_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
