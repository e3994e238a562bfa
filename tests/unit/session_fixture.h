/*
 * Sessions small enough for tests: a new model of two layers and width 16 on
 * the bundled world, with a tokenizer learned on the fly; run folders in the
 * test's own temporary folder.
 */
#ifndef TESTS_UNIT_SESSION_FIXTURE_H
#define TESTS_UNIT_SESSION_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/task/world.h"
#include "experiments/session.h"
#include "tests/near.h"

static char fixture_folder[400];

static inline const char *fixture_root(void)
{
    const char *root = getenv("RANKSCOPE_ROOT");
    return root ? root : ".";
}

static inline const char *fixture_assets(void)
{
    static char path[1024];
    return file_join(path, sizeof path, fixture_root(), "assets");
}

/* A path inside the test's folder; each call its own buffer of eight. */
static inline const char *fixture_path(const char *name)
{
    static char path[8][1024];
    static int turn;
    turn = (turn + 1) % 8;
    return file_join(path[turn], sizeof path[turn], fixture_folder, name);
}

/* For cmocka_run_group_tests: a folder and a tokenizer of 300 tokens. */
static inline int fixture_set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    struct err err = {{0}};
    char world[1024], *text = xcalloc(1 << 20, 1);
    size_t used = 0;
    snprintf(fixture_folder, sizeof fixture_folder, "%.300s/session-XXXXXX",
             base ? base : "/tmp");
    if (!mkdtemp(fixture_folder))
        return -1;
    struct world *from = world_open(
        file_join(world, sizeof world, fixture_assets(), "world"), &err);
    if (!from) {
        print_error("%s\n", err.text);
        return -1;
    }
    for (uint64_t i = 0; i < 20; i++) {
        char *document = world_document(from, 1, i);
        used += (size_t)snprintf(text + used, ((size_t)1 << 20) - used, "%s\n",
                                 document);
        mem_free(document);
    }
    world_close(from);
    int result =
        tokenizer_train(fixture_path("tokenizer.json"), text, used, 300, &err);
    mem_free(text);
    if (result < 0)
        print_error("%s\n", err.text);
    return result;
}

static inline int fixture_tear_down(void **state)
{
    char command[512];
    (void)state;
    snprintf(command, sizeof command, "chmod -R u+w '%s'; rm -rf '%s'",
             fixture_folder, fixture_folder);
    return system(command) == 0 ? 0 : -1;
}

static const char fixture_yaml[] =
    "title: a small race\n"
    "base: {layers: 2, width: 16, heads: 2, inner: 24, vocab: 300, "
    "context: 128}\n"
    "task: {name: world}\n"
    "seed: 3\n"
    "steps: 12\n"
    "batch: 4\n"
    "slices: 3\n"
    "optimizer: {lr: 0.01, warmup: 2}\n"
    "evaluate: {every: 5, examples: 6, forget: 3}\n"
    "spectra: {every: 4}\n"
    "runs:\n"
    "  - {name: r1, rank: 1}\n"
    "  - {name: r4, rank: 4, targets: [q, v, up], ranks: {h.1.attn.v: 2}}\n"
    "  - {name: full, method: full, optimizer: {lr: 0.003}}\n";

static inline struct recipe fixture_recipe(const char *const *sets, int count)
{
    struct recipe recipe;
    struct err err = {{0}};
    recipe_parse(&recipe, fixture_yaml, strlen(fixture_yaml), "small", sets,
                 count, &err);
    assert_string_equal(err.text, "");
    return recipe;
}

static inline struct session_options fixture_options(const char *out,
                                                     int threads)
{
    return (struct session_options){.assets = fixture_assets(),
                                    .out = out,
                                    .tokenizer = fixture_path("tokenizer.json"),
                                    .threads = threads};
}

static inline struct session *fixture_open(const struct recipe *recipe,
                                           const struct session_options *opt)
{
    struct err err = {{0}};
    struct session *session = session_open(recipe, opt, &err);
    if (!session)
        print_error("%s\n", err.text);
    assert_non_null(session);
    return session;
}

/* Opens, trains to the end, closes. */
static inline void fixture_train(const struct recipe *recipe,
                                 const struct session_options *options)
{
    struct err err = {{0}};
    struct session *session = fixture_open(recipe, options);
    assert_int_equal(session_start(session, &err), 0);
    int result = session_wait(session, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(result, 0);
    session_close(session);
}

static inline char *fixture_text(const char *path, size_t *size)
{
    char *text = NULL;
    struct err err = {{0}};
    file_read(&text, size, path, (size_t)1 << 30, &err);
    assert_string_equal(err.text, "");
    return text;
}

/* The same bytes in both files. */
static inline void assert_same_file(const char *a, const char *b)
{
    size_t size_a, size_b;
    char *text_a = fixture_text(a, &size_a), *text_b = fixture_text(b, &size_b);
    bool same = size_a == size_b && memcmp(text_a, text_b, size_a) == 0;
    if (!same)
        print_error("%s and %s differ\n", a, b);
    mem_free(text_a);
    mem_free(text_b);
    assert_true(same);
}

/* All of two run folders but the clocks: diff says what differs. */
static inline void assert_same_folder(const char *a, const char *b)
{
    char command[2400];
    snprintf(command, sizeof command, "diff -r -x timing.tsv '%s' '%s' >&2", a,
             b);
    assert_int_equal(system(command), 0);
}

/* How often a text stands in a file. */
static inline int count_text(const char *path, const char *what)
{
    size_t size, length = strlen(what);
    char *text = fixture_text(path, &size);
    int count = 0;
    for (size_t i = 0; i + length <= size; i++)
        count += memcmp(text + i, what, length) == 0;
    mem_free(text);
    return count;
}

#endif
