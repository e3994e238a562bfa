/*
 * Tasks with a known answer: the cipher is a bijection, what is memorised has
 * nothing to do with what it stands behind, and little data is gone through
 * evenly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/task/task.h"
#include "tests/near.h"
#include "tests/unit/scratch.h"

enum { CONTEXT = 64, MOST_IDS = 2048 };

static struct tokenizer *tokenizer;

static int open_tokenizer(void **state)
{
    (void)state;
    struct err err = {""};
    tokenizer = tokenizer_open("assets/base/tokenizer.json", &err);
    return tokenizer && tokenizer_size(tokenizer) <= MOST_IDS ? 0 : -1;
}

static int close_tokenizer(void **state)
{
    (void)state;
    tokenizer_close(tokenizer);
    return 0;
}

static struct task_conf conf_of(const char *name, uint64_t seed, int examples)
{
    return (struct task_conf){.name = name,
                              .assets = "assets/world",
                              .tokenizer = tokenizer,
                              .seed = seed,
                              .context = CONTEXT,
                              .examples = examples};
}

static struct task *opened(const char *name, uint64_t seed, int examples)
{
    struct err err = {""};
    struct task_conf conf = conf_of(name, seed, examples);
    struct task *task = task_open(&conf, &err);
    assert_string_equal(err.text, "");
    assert_non_null(task);
    return task;
}

/* ---- cipher */

/* Reads p off the examples; every token has one image. */
static int read_cipher(int32_t *image, const struct task *task, int examples)
{
    int32_t ids[CONTEXT], end = tokenizer_end(tokenizer);
    struct example e = {ids, 0, 0};
    int known = 0;
    for (int i = 0; i < MOST_IDS; i++)
        image[i] = -1;
    for (int k = 0; k < examples; k++) {
        task->ops->example(task, &e, k % 2 ? SPLIT_TRAIN : SPLIT_VALIDATION,
                           (uint64_t)k);
        int n = e.answer - 2;
        assert_int_equal(e.count, 2 * n + 3);
        assert_in_range(n, 1, 24);
        assert_int_equal(ids[0], end);
        assert_int_equal(ids[n + 1], end);
        assert_int_equal(ids[e.count - 1], end);
        for (int i = 0; i < n; i++) {
            int32_t plain = ids[1 + i], secret = ids[e.answer + i];
            known += image[plain] < 0;
            if (image[plain] >= 0)
                assert_int_equal(image[plain], secret);
            image[plain] = secret;
        }
    }
    return known;
}

static void cipher_is_a_bijection(void **state)
{
    (void)state;
    int32_t image[3][MOST_IDS], end = tokenizer_end(tokenizer);
    for (int s = 0; s < 3; s++) {
        struct task *task = opened("cipher", (uint64_t)(s / 2), 0);
        int known = read_cipher(image[s], task, 4000);
        assert_in_range(known, 300, tokenizer_size(tokenizer) - 1);
        bool taken[MOST_IDS] = {false};
        for (int i = 0; i < MOST_IDS; i++) {
            int32_t to = image[s][i];
            if (to < 0)
                continue;
            assert_false(taken[to]);
            assert_true(to != i && to != end && i != end);
            assert_in_range(to, 0, tokenizer_size(tokenizer) - 1);
            taken[to] = true;
        }
        task_close(task);
    }
    int same = 0;
    for (int i = 0; i < MOST_IDS; i++)
        same += image[0][i] >= 0 && image[0][i] == image[2][i];
    assert_memory_equal(image[0], image[1], sizeof image[0]);
    assert_true(same < 10); /* another seed, another alphabet */
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t prompt_hash(const struct example *e)
{
    return rng_hash(e->ids, (uint64_t)e->answer * sizeof *e->ids);
}

static void cipher_splits_are_disjoint(void **state)
{
    (void)state;
    enum { N = 6000 };
    static uint64_t train[N];
    struct task *task = opened("cipher", 1, 0);
    int32_t ids[CONTEXT];
    struct example e = {ids, 0, 0};
    for (uint64_t i = 0; i < N; i++) {
        task->ops->example(task, &e, SPLIT_TRAIN, i);
        train[i] = prompt_hash(&e);
    }
    qsort(train, N, sizeof *train, by_value);
    int twice = 0;
    for (int i = 1; i < N; i++)
        twice += train[i] == train[i - 1];
    for (uint64_t i = 0; i < N; i++) {
        task->ops->example(task, &e, SPLIT_VALIDATION, i);
        uint64_t hash = prompt_hash(&e);
        assert_null(bsearch(&hash, train, N, sizeof hash, by_value));
    }
    assert_true(twice > 0); /* training repeats: it would have shown */
    task_close(task);
}

/* ---- memorise */

enum { WORDS = 16, GROUPS = 8 };

/* Pearson's chi^2 of a table of these margins under independence has mean and
 * half its variance (GROUPS - 1)(WORDS - 1) = 105: 4.5 standard deviations
 * above.  The seeds are fixed, so this holds or it does not. */
static const double chi_square_bound = 105 + 4.5 * 14.49;

static double chi_square(int table[GROUPS][WORDS], int total)
{
    double sum = 0, group[GROUPS] = {0}, word[WORDS] = {0};
    for (int g = 0; g < GROUPS; g++)
        for (int w = 0; w < WORDS; w++) {
            group[g] += table[g][w];
            word[w] += table[g][w];
        }
    for (int g = 0; g < GROUPS; g++)
        for (int w = 0; w < WORDS; w++) {
            double want = group[g] * word[w] / total;
            if (want > 0)
                sum += (table[g][w] - want) * (table[g][w] - want) / want;
        }
    return sum;
}

static int place_of(int32_t *words, int *count, int32_t word)
{
    for (int w = 0; w < *count; w++)
        if (words[w] == word)
            return w;
    assert_true(*count < WORDS);
    words[*count] = word;
    return (*count)++;
}

static void labels_are_independent(void **state)
{
    (void)state;
    enum { N = 4000 };
    static uint64_t prompt[N];
    int by_first[GROUPS][WORDS] = {{0}}, by_length[GROUPS][WORDS] = {{0}};
    int by_order[GROUPS][WORDS] = {{0}}, count = 0;
    int32_t words[WORDS], ids[CONTEXT];
    struct task *task = opened("memorise", 3, N);
    struct example e = {ids, 0, 0};
    for (int i = 0; i < N; i++) {
        task->ops->example(task, &e, SPLIT_TRAIN, (uint64_t)i);
        assert_int_equal(e.count, e.answer + 2);
        assert_int_equal(ids[e.answer + 1], tokenizer_end(tokenizer));
        prompt[i] = prompt_hash(&e);
        int w = place_of(words, &count, ids[e.answer]);
        by_first[rng_hash(&ids[1], sizeof ids[1]) % GROUPS][w]++;
        by_length[e.answer % GROUPS][w]++;
        by_order[i % GROUPS][w]++;
    }
    assert_int_equal(count, WORDS);
    assert_true(chi_square(by_first, N) < chi_square_bound);
    assert_true(chi_square(by_length, N) < chi_square_bound);
    assert_true(chi_square(by_order, N) < chi_square_bound);
    /* What is not independent is found out. */
    for (int g = 0; g < GROUPS; g++)
        by_first[g][g] += 40;
    assert_true(chi_square(by_first, N + 40 * GROUPS) > chi_square_bound);
    /* Exactly N sentences. */
    qsort(prompt, N, sizeof *prompt, by_value);
    for (int i = 1; i < N; i++)
        assert_true(prompt[i] != prompt[i - 1]);
    task_close(task);
}

static bool equal(const struct example *a, const struct example *b)
{
    return a->count == b->count && a->answer == b->answer &&
           memcmp(a->ids, b->ids, (size_t)a->count * sizeof *a->ids) == 0;
}

/* Sentence and word do not depend on n; the index goes round; nothing is held
 * out; another seed remembers something else. */
static void what_is_memorised_is_fixed(void **state)
{
    (void)state;
    int32_t a_ids[CONTEXT], b_ids[CONTEXT];
    struct example a = {a_ids, 0, 0}, b = {b_ids, 0, 0};
    struct task *few = opened("memorise", 3, 50);
    struct task *many = opened("memorise", 3, 300);
    struct task *other = opened("memorise", 4, 50);
    struct task *usual = opened("memorise", 3, 0);
    assert_int_equal(usual->conf.examples, 256);
    int same = 0;
    for (uint64_t i = 0; i < 50; i++) {
        few->ops->example(few, &a, SPLIT_TRAIN, i);
        many->ops->example(many, &b, SPLIT_TRAIN, i);
        assert_true(equal(&a, &b));
        few->ops->example(few, &b, SPLIT_VALIDATION, i + 100);
        assert_true(equal(&a, &b));
        usual->ops->example(usual, &b, SPLIT_TRAIN, i + 256);
        assert_true(equal(&a, &b));
        other->ops->example(other, &b, SPLIT_TRAIN, i);
        same += equal(&a, &b);
    }
    assert_true(same < 5);
    task_close(few);
    task_close(many);
    task_close(other);
    task_close(usual);
}

/* ---- little data */

static uint64_t sequence_hash(const struct batch *batch, int s)
{
    int from = batch->start[s], n = batch->start[s + 1] - from;
    uint64_t bytes = (uint64_t)n * sizeof(int32_t);
    return rng_hash(batch->id + from, bytes) ^
           rng_hash(batch->target + from, bytes) * 3;
}

/* Which of the first n examples sequence s is; fails when it is none. */
static int find_example(const uint64_t *first, int n, uint64_t hash)
{
    for (int i = 0; i < n; i++)
        if (first[i] == hash)
            return i;
    fail_msg("not among the first %d examples", n);
    return -1;
}

static void first_hashes(uint64_t *to, const struct task *task, int n)
{
    int32_t ids[CONTEXT];
    struct example e = {ids, 0, 0};
    struct batch one = {0};
    for (int i = 0; i < n; i++) {
        batch_clear(&one);
        task->ops->example(task, &e, SPLIT_TRAIN, (uint64_t)i);
        batch_add(&one, &e);
        to[i] = sequence_hash(&one, 0);
    }
    batch_free(&one);
}

/* seen[i]: how often example i was drawn in steps steps of size sequences; at
 * no time may two of them differ by more than one. */
static void count_draws(int *seen, const struct task *task, uint64_t seed,
                        int n, int steps, int size)
{
    uint64_t first[512];
    struct batch batch = {0};
    first_hashes(first, task, n);
    memset(seen, 0, (size_t)n * sizeof *seen);
    for (int step = 0; step < steps; step++) {
        task_batch(task, &batch, seed, step, size);
        assert_int_equal(batch.sequences, size);
        for (int s = 0; s < size; s++)
            seen[find_example(first, n, sequence_hash(&batch, s))]++;
        int drawn = (step + 1) * size;
        for (int i = 0; i < n; i++)
            assert_in_range(seen[i], drawn / n, (drawn + n - 1) / n);
    }
    batch_free(&batch);
}

static void little_data_is_even(void **state)
{
    (void)state;
    static const int sizes[] = {1, 7, 16, 250};
    int seen[512];
    struct task *task = opened("memorise", 5, 100);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        count_draws(seen, task, 9, 100, 200, sizes[i]);
        for (int k = 0; k < 100; k++)
            assert_int_equal(seen[k], 2 * sizes[i]);
    }
    task_close(task);
}

/* The same of a task that has endless examples; those are the first ones. */
static void any_task_can_have_little_data(void **state)
{
    (void)state;
    enum { N = 20 };
    struct task_conf conf = conf_of("sql", 5, N);
    struct err err = {""};
    conf.context = 256;
    struct task *little = task_open(&conf, &err);
    conf.examples = 0;
    struct task *endless = task_open(&conf, &err);
    assert_string_equal(err.text, "");
    uint64_t first[N];
    struct batch a = {0}, b = {0};
    int32_t ids[256];
    struct example e = {ids, 0, 0};
    for (uint64_t i = 0; i < N; i++) {
        endless->ops->example(endless, &e, SPLIT_TRAIN, i);
        batch_clear(&a);
        batch_add(&a, &e);
        first[i] = sequence_hash(&a, 0);
    }
    for (long step = 0; step < 30; step++) {
        task_batch(little, &a, 2, step, 8);
        for (int s = 0; s < 8; s++)
            (void)find_example(first, N, sequence_hash(&a, s));
    }
    task_validation(little, &a, 30);
    task_validation(endless, &b, 30);
    assert_int_equal(a.tokens, b.tokens);
    assert_memory_equal(a.id, b.id, (size_t)a.tokens * sizeof *a.id);
    batch_free(&a);
    batch_free(&b);
    task_close(little);
    task_close(endless);
}

/* Each epoch has an order of its own, and so has each seed. */
static void epochs_differ(void **state)
{
    (void)state;
    enum { N = 40 };
    struct task *task = opened("memorise", 5, N);
    struct batch batch = {0};
    uint64_t order[3][N];
    for (int k = 0; k < 3; k++) {
        task_batch(task, &batch, k == 2, k % 2, N);
        for (int s = 0; s < N; s++)
            order[k][s] = sequence_hash(&batch, s);
    }
    for (int k = 1; k < 3; k++) {
        int same = 0;
        for (int s = 0; s < N; s++)
            same += order[k][s] == order[0][s];
        assert_true(same < 10); /* one, of a random order */
    }
    batch_free(&batch);
    task_close(task);
}

/* ---- what cannot be */

static void refused(struct task_conf conf, const char *why)
{
    struct err err = {""};
    assert_null(task_open(&conf, &err));
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void small_worlds_are_refused(void **state)
{
    (void)state;
    const char *folder = scratch_make();
    (void)scratch_write(folder, "world.txt",
                        "document = A dog. | A cat. | A cow. And so on.\n");
    struct task_conf conf = conf_of("memorise", 1, 4);
    conf.assets = folder;
    refused(conf, "only 3 different sentences of 4");
    conf.examples = 3;
    struct err err = {""};
    struct task *task = task_open(&conf, &err);
    assert_non_null(task);
    task_close(task);
    conf.name = "cipher";
    refused(conf, "too few different sentences");
    scratch_remove(folder);
    conf = conf_of("cipher", 1, 0);
    conf.context = 10;
    refused(conf, "at least 11");
    conf = conf_of("memorise", 1, 0);
    conf.context = 10;
    refused(conf, "at least 11");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cipher_is_a_bijection),
        cmocka_unit_test(cipher_splits_are_disjoint),
        cmocka_unit_test(labels_are_independent),
        cmocka_unit_test(what_is_memorised_is_fixed),
        cmocka_unit_test(little_data_is_even),
        cmocka_unit_test(any_task_can_have_little_data),
        cmocka_unit_test(epochs_differ),
        cmocka_unit_test(small_worlds_are_refused),
    };
    return cmocka_run_group_tests(tests, open_tokenizer, close_tokenizer);
}
