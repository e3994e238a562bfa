/* Tasks over files a test writes, with the bundled tokenizer. */
#ifndef TESTS_UNIT_TASK_FIXTURE_H
#define TESTS_UNIT_TASK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/task/buffer.h"
#include "core/task/task.h"
#include "tests/unit/scratch.h"

enum { FIXTURE_CONTEXT = 256 };

static struct tokenizer *fixture_tokenizer;
static char *fixture_folder;

static inline int fixture_begin(void **state)
{
    (void)state;
    struct err err = {""};
    fixture_folder = scratch_make();
    fixture_tokenizer = tokenizer_open("assets/base/tokenizer.json", &err);
    if (!fixture_tokenizer)
        print_error("%s\n", err.text);
    return fixture_tokenizer ? 0 : -1;
}

static inline int fixture_end(void **state)
{
    (void)state;
    tokenizer_close(fixture_tokenizer);
    scratch_remove(fixture_folder);
    return 0;
}

static inline struct task_conf fixture_conf(const char *name, const char *data)
{
    return (struct task_conf){.name = name,
                              .data = data,
                              .assets = "assets/world",
                              .tokenizer = fixture_tokenizer,
                              .seed = 1,
                              .context = FIXTURE_CONTEXT};
}

static inline struct task *fixture_open(struct task_conf conf)
{
    struct err err = {""};
    struct task *task = task_open(&conf, &err);
    if (!task)
        fail_msg("%s", err.text);
    return task;
}

static inline void fixture_refused(struct task_conf conf, const char *why)
{
    struct err err = {""};
    struct task *task = task_open(&conf, &err);
    if (task || !strstr(err.text, why))
        fail_msg("wanted \"%s\", got \"%s\"", why, err.text);
}

/* The data folder beside the project, or NULL: then the test is skipped. */
static inline const char *fixture_shared(const char *name)
{
    static char path[4][600];
    static int turn;
    char *to = path[turn++ % 4];
    const char *root = getenv("RANKSCOPE_SHARED");
    snprintf(to, sizeof path[0], "%s/data/tasks/%s", root ? root : "../shared",
             name);
    return file_exists(to) ? to : NULL;
}

/* Prompt and answer of an example, as text; freed by mem_free(). */
static inline void fixture_texts(const struct task *task, enum split split,
                                 uint64_t index, char **prompt, char **answer)
{
    int32_t ids[FIXTURE_CONTEXT * 4];
    struct example example = {ids, 0, 0};
    assert_true(task->conf.context <= FIXTURE_CONTEXT * 4);
    task->ops->example(task, &example, split, index);
    assert_in_range(example.answer, 1, example.count - 1);
    assert_in_range(example.count, 2, task->conf.context);
    assert_int_equal(ids[0], tokenizer_end(fixture_tokenizer));
    assert_int_equal(ids[example.count - 1], ids[0]);
    *prompt = tokenizer_decode(fixture_tokenizer, ids + 1, example.answer - 1);
    *answer = tokenizer_decode(fixture_tokenizer, ids + example.answer,
                               example.count - 1 - example.answer);
}

/* Some example of the split has this prompt and this answer. */
static inline void fixture_has(const struct task *task, enum split split,
                               const char *prompt, const char *answer)
{
    long count = task_report(task).examples[split];
    for (long i = 0; i < count; i++) {
        char *p, *a;
        fixture_texts(task, split, (uint64_t)i, &p, &a);
        bool found = strcmp(p, prompt) == 0 && strcmp(a, answer) == 0;
        mem_free(p);
        mem_free(a);
        if (found)
            return;
    }
    fail_msg("no example \"%s\" + \"%s\"", prompt, answer);
}

/* The same index gives the same example, in any order and another instance;
 * no prompt of the validation split is one of the training split. */
static inline int fixture_by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static inline uint64_t fixture_hash(const struct task *task, enum split split,
                                    uint64_t index, bool prompt_only)
{
    char *p, *a;
    fixture_texts(task, split, index, &p, &a);
    uint64_t hash = rng_hash(p, strlen(p));
    if (!prompt_only)
        hash = 31 * hash + rng_hash(a, strlen(a));
    mem_free(p);
    mem_free(a);
    return hash;
}

static inline void fixture_check_pure(struct task_conf conf)
{
    enum { COUNT = 60 };
    struct task *one = fixture_open(conf), *two = fixture_open(conf);
    for (uint64_t i = 0; i < COUNT; i++)
        for (int split = 0; split < 2; split++) {
            uint64_t a = fixture_hash(one, (enum split)split, i, false);
            (void)fixture_hash(two, (enum split) !split, COUNT - i, false);
            assert_true(a == fixture_hash(two, (enum split)split, i, false));
        }
    task_close(one);
    task_close(two);
}

static inline void fixture_check_disjoint(struct task_conf conf, int most)
{
    struct task *task = fixture_open(conf);
    long train = task_report(task).examples[0];
    long held = task_report(task).examples[1];
    train = train && train < most ? train : most;
    held = held && held < most ? held : most;
    uint64_t *seen = xcalloc((size_t)train, sizeof *seen);
    for (long i = 0; i < train; i++)
        seen[i] = fixture_hash(task, SPLIT_TRAIN, (uint64_t)i, true);
    qsort(seen, (size_t)train, sizeof *seen, fixture_by_value);
    for (long i = 0; i < held; i++) {
        uint64_t hash = fixture_hash(task, SPLIT_VALIDATION, (uint64_t)i, true);
        if (bsearch(&hash, seen, (size_t)train, sizeof hash, fixture_by_value))
            fail_msg("validation prompt %ld is a training prompt", i);
    }
    mem_free(seen);
    task_close(task);
}

#endif
