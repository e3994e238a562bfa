/* Tasks: examples as functions of (split, index), sql read back, batches. */
#include "core/task/task.h"

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
#include "core/task/buffer.h"
#include "core/task/world.h"
#include "tests/unit/scratch.h"

enum { CONTEXT = 256, EXAMPLES = 2000, DOCUMENTS = 3000, VOCABULARY = 1024 };

static const char world_folder[] = "assets/world";
static struct tokenizer *tokenizer; /* learned once, from the world */

static int learn_tokenizer(void **state)
{
    (void)state;
    struct err err = {""};
    struct world *world = world_open(world_folder, &err);
    struct buffer text = {0};
    for (uint64_t i = 0; world && i < DOCUMENTS; i++) {
        char *document = world_document(world, 1, i);
        buffer_add(&text, document, strlen(document));
        buffer_char(&text, '\n');
        mem_free(document);
    }
    world_close(world);
    const char *folder = scratch_make();
    const char *path = scratch_path(folder, "tokenizer.json");
    if (text.used &&
        tokenizer_train(path, text.at, text.used, VOCABULARY, &err) == 0)
        tokenizer = tokenizer_open(path, &err);
    buffer_free(&text);
    scratch_remove(folder);
    if (!tokenizer)
        print_error("%s\n", err.text);
    return tokenizer ? 0 : -1;
}

static int drop_tokenizer(void **state)
{
    (void)state;
    tokenizer_close(tokenizer);
    return 0;
}

static struct task_conf conf_of(const char *name)
{
    return (struct task_conf){.name = name,
                              .assets = world_folder,
                              .tokenizer = tokenizer,
                              .seed = 1,
                              .context = CONTEXT};
}

/* test_teacher.c has the tasks of numbers. */
static bool is_text(int i)
{
    return task_table[i]->kind == EXAMPLE_TEXT;
}

/* Made from files alone: test_task_text.c has it. */
static bool is_drawn(int i)
{
    return is_text(i) && task_table[i] != task_find("text");
}

static struct task *opened(const char *name)
{
    struct err err = {""};
    struct task_conf conf = conf_of(name);
    struct task *task = task_open(&conf, &err);
    if (!task)
        fail_msg("%s", err.text);
    return task;
}

static void assert_refused(struct task_conf conf, const char *why)
{
    struct err err = {""};
    struct task *task = task_open(&conf, &err);
    if (task || !strstr(err.text, why))
        fail_msg("wanted \"%s\", got \"%s\"", why, err.text);
}

static void test_refuses(void **state)
{
    (void)state;
    assert_refused(conf_of("sqll"), "did you mean sql?");
    assert_refused(conf_of("chess"), "the tasks are world, sql");
    for (int i = 0; task_table[i]; i++) {
        struct task_conf conf = conf_of(task_table[i]->name);
        assert_ptr_equal(task_find(conf.name), task_table[i]);
        if (!is_text(i)) {
            assert_refused(conf, "the base reads text");
            continue;
        }
        conf.data = "some/file";
        assert_refused(conf, i == 0 ? "reads no data" : "some/file");
        conf = conf_of(task_table[i]->name);
        conf.tokenizer = NULL;
        assert_refused(conf, "tokenizer");
        conf = conf_of(task_table[i]->name);
        conf.assets = "/nowhere";
        assert_refused(conf, is_drawn(i) ? "/nowhere" : "data: PATH");
        conf = conf_of(task_table[i]->name);
        conf.context = 0;
        assert_refused(conf, "context of 0");
    }
    struct task_conf conf = conf_of("sql");
    conf.context = 24;
    assert_refused(conf, "context of 24");
    conf = conf_of("world");
    conf.context = 1 << 20;
    assert_refused(conf, "context of 1048576");
    assert_null(task_find("nothing"));
}

static bool equal(const struct example *a, const struct example *b)
{
    return a->count == b->count && a->answer == b->answer &&
           memcmp(a->ids, b->ids, (size_t)a->count * sizeof *a->ids) == 0;
}

/* Any example can be had again, in any order, from another instance. */
static void test_pure(void **state)
{
    (void)state;
    int32_t a_ids[CONTEXT], b_ids[CONTEXT];
    struct example a = {a_ids, 0, 0}, b = {b_ids, 0, 0};
    /* It asks for what it was taught. */
    const struct task_ops *memorise = task_find("memorise");
    for (int i = 0; task_table[i]; i++) {
        if (!is_drawn(i))
            continue;
        struct task *one = opened(task_table[i]->name);
        struct task *two = opened(task_table[i]->name);
        for (uint64_t k = 0; k < 40; k++) {
            one->ops->example(one, &a, SPLIT_TRAIN, k);
            two->ops->example(two, &b, SPLIT_TRAIN, 39 - k);
            two->ops->example(two, &b, SPLIT_VALIDATION, k);
            assert_int_equal(equal(&a, &b), one->ops == memorise);
            two->ops->example(two, &b, SPLIT_TRAIN, k + 1);
            assert_false(equal(&a, &b));
            two->ops->example(two, &b, SPLIT_TRAIN, k);
            assert_true(equal(&a, &b));
        }
        task_close(one);
        task_close(two);
    }
}

static void test_world_sequences(void **state)
{
    (void)state;
    struct task *task = opened("world");
    int32_t ids[CONTEXT];
    struct example example = {ids, 0, 0};
    for (uint64_t i = 0; i < 200; i++) {
        task->ops->example(task, &example,
                           i % 2 ? SPLIT_TRAIN : SPLIT_VALIDATION, i);
        assert_int_equal(example.count, CONTEXT);
        assert_int_equal(example.answer, 1);
        assert_int_equal(ids[0], tokenizer_end(tokenizer));
        int ends = 0;
        for (int t = 0; t < CONTEXT; t++) {
            assert_in_range(ids[t], 0, VOCABULARY - 1);
            ends += ids[t] == tokenizer_end(tokenizer);
        }
        assert_in_range(ends, 2, 40);
    }
    task_close(task);
}

/* ---- sql, read back */

struct query {
    char select[32], aggregate[8], table[32];
    int conditions;
    char column[2][32], sign[2], value[2][32];
};

/* SELECT c | AGG c | COUNT(*) FROM t [WHERE c = v [AND c = v]] */
static bool read_query(struct query *q, const char *text)
{
    *q = (struct query){.conditions = 0};
    int used = 0;
    if (sscanf(text, " SELECT COUNT(*) FROM %31[a-z]%n", q->table, &used) ==
        1) {
        strcpy(q->aggregate, "COUNT");
        strcpy(q->select, "*");
    } else if (sscanf(text, " SELECT %7[A-Z] %31[a-z] FROM %31[a-z]%n",
                      q->aggregate, q->select, q->table, &used) != 3) {
        q->aggregate[0] = '\0';
        if (sscanf(text, " SELECT %31[a-z] FROM %31[a-z]%n", q->select,
                   q->table, &used) != 2)
            return false;
    }
    text += used;
    while (*text && q->conditions < 2) {
        int i = q->conditions++;
        const char *word = i ? " AND " : " WHERE ";
        if (strncmp(text, word, strlen(word)) != 0)
            return false;
        text += strlen(word);
        int end = 0;
        if (sscanf(text, "%31[a-z] %c %31[A-Za-z0-9]%n", q->column[i],
                   &q->sign[i], q->value[i], &end) != 3)
            return false;
        bool number = strspn(q->value[i], "0123456789") == strlen(q->value[i]);
        if (!strchr("=<>", q->sign[i]) || (!number && q->sign[i] != '='))
            return false;
        text += end;
    }
    return !*text;
}

/* word stands in text between characters that are no letters or digits */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++) {
        bool before = at == text || !strchr(" '", at[-1]);
        if (!before && strchr(" ,.?'\n", at[length]))
            return true;
    }
    return false;
}

/* The text between "after" and the end of its line. */
static void line_after(char *to, size_t size, const char *text,
                       const char *after)
{
    const char *at = strstr(text, after);
    assert_non_null(at);
    at += strlen(after);
    snprintf(to, size, "%.*s\n", (int)strcspn(at, "\n"), at);
}

static void check_sql(const char *prompt, const char *answer)
{
    struct query q;
    char table[64], columns[256], question[256];
    if (!read_query(&q, answer))
        fail_msg("not a query:%s", answer);
    line_after(table, sizeof table, prompt, "table:");
    line_after(columns, sizeof columns, prompt, "\ncolumns:");
    line_after(question, sizeof question, prompt, "\nQ:");
    assert_true(has_word(table, q.table));
    if (strcmp(q.select, "*") == 0)
        assert_string_equal(q.aggregate, "COUNT");
    else
        assert_true(has_word(columns, q.select));
    for (int i = 0; i < q.conditions; i++) {
        assert_true(has_word(columns, q.column[i]));
        if (!has_word(question, q.value[i]))
            fail_msg("%s is not in %s", q.value[i], question);
        assert_string_not_equal(q.column[i], q.select);
    }
    if (q.conditions == 2)
        assert_string_not_equal(q.column[0], q.column[1]);
    assert_string_equal(prompt + strlen(prompt) - 3, "\nA:");
}

static void test_sql_read_back(void **state)
{
    (void)state;
    struct task *task = opened("sql");
    int32_t ids[CONTEXT];
    struct example example = {ids, 0, 0};
    int tokens = 0, aggregates = 0;
    for (uint64_t i = 0; i < EXAMPLES; i++) {
        task->ops->example(task, &example,
                           i % 4 ? SPLIT_TRAIN : SPLIT_VALIDATION, i);
        assert_in_range(example.count, 20, 110);
        assert_in_range(example.answer, 10, example.count - 5);
        assert_int_equal(ids[0], tokenizer_end(tokenizer));
        assert_int_equal(ids[example.count - 1], tokenizer_end(tokenizer));
        char *prompt = tokenizer_decode(tokenizer, ids + 1, example.answer - 1);
        char *answer = tokenizer_decode(tokenizer, ids + example.answer,
                                        example.count - 1 - example.answer);
        check_sql(prompt, answer);
        struct query q;
        aggregates += read_query(&q, answer) && q.aggregate[0];
        tokens += example.count;
        mem_free(prompt);
        mem_free(answer);
    }
    assert_in_range(tokens / EXAMPLES, 40, 70);
    assert_in_range(aggregates, EXAMPLES / 5, EXAMPLES / 2);
    task_close(task);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* No question of the validation split is a question of the training split. */
static void test_splits_are_disjoint(void **state)
{
    (void)state;
    struct task *task = opened("sql");
    int32_t ids[CONTEXT];
    struct example example = {ids, 0, 0};
    static uint64_t train[4 * EXAMPLES];
    int both[2] = {0, 0};
    for (int split = SPLIT_TRAIN; split <= SPLIT_VALIDATION; split++)
        for (uint64_t i = 0; i < 4 * EXAMPLES; i++) {
            task->ops->example(task, &example, (enum split)split, i);
            char *text = tokenizer_decode(tokenizer, ids, example.count);
            const char *question = strstr(text, "\nQ:");
            assert_non_null(question);
            uint64_t hash = rng_hash(question, strlen(question));
            mem_free(text);
            if (split == SPLIT_TRAIN)
                train[i] = hash;
            else
                both[0] += bsearch(&hash, train, 4 * EXAMPLES, sizeof hash,
                                   by_value) != NULL;
            if (split == SPLIT_TRAIN && i == 4 * EXAMPLES - 1)
                qsort(train, 4 * EXAMPLES, sizeof *train, by_value);
        }
    for (int i = 1; i < 4 * EXAMPLES; i++)
        both[1] += train[i] == train[i - 1];
    assert_int_equal(both[0], 0);
    assert_true(both[1] > 0); /* training repeats: it would have shown */
    task_close(task);
}

/* ---- batches */

static void test_batch_add(void **state)
{
    (void)state;
    int32_t ids[] = {5, 6, 7, 8, 9};
    struct example example = {ids, 5, 3};
    struct batch batch = {0};
    batch_add(&batch, &example);
    example.answer = 1;
    batch_add(&batch, &example);
    assert_int_equal(batch.sequences, 2);
    assert_int_equal(batch.tokens, 8);
    assert_int_equal(batch.targets, 2 + 4);
    const int start[] = {0, 4, 8};
    const int32_t id[] = {5, 6, 7, 8, 5, 6, 7, 8};
    const int32_t target[] = {-1, -1, 8, 9, 6, 7, 8, 9};
    assert_memory_equal(batch.start, start, sizeof start);
    assert_memory_equal(batch.id, id, sizeof id);
    assert_memory_equal(batch.target, target, sizeof target);
    batch_clear(&batch);
    assert_int_equal(batch.sequences, 0);
    assert_int_equal(batch.targets, 0);
    batch_add(&batch, &example);
    assert_int_equal(batch.start[1], 4);
    batch_free(&batch);
    assert_null(batch.id);
}

/* Any number of slices covers every token exactly once, in order. */
static void test_slices_cover(void **state)
{
    (void)state;
    struct task *task = opened("sql");
    struct batch batch = {0};
    int starts[32];
    for (int size = 0; size <= 17; size++) {
        task_batch(task, &batch, 3, size, size);
        assert_int_equal(batch.sequences, size);
        for (int n = 1; n <= 9; n++) {
            int sequences = 0, tokens = 0, targets = 0;
            for (int i = 0; i < n; i++) {
                struct batch slice = batch_slice(&batch, i, n, starts);
                for (int s = 0; s < slice.sequences; s++)
                    assert_int_equal(slice.start[s] + tokens,
                                     batch.start[sequences + s]);
                for (int t = 0; t < slice.tokens; t++) {
                    assert_int_equal(slice.id[t], batch.id[tokens + t]);
                    assert_int_equal(slice.target[t], batch.target[tokens + t]);
                }
                assert_int_equal(slice.start[slice.sequences], slice.tokens);
                sequences += slice.sequences;
                tokens += slice.tokens;
                targets += slice.targets;
            }
            assert_int_equal(sequences, size);
            assert_int_equal(tokens, batch.tokens);
            assert_int_equal(targets, batch.targets);
        }
    }
    batch_free(&batch);
    task_close(task);
}

static bool same_batch(const struct batch *a, const struct batch *b)
{
    return a->sequences == b->sequences && a->tokens == b->tokens &&
           memcmp(a->id, b->id, (size_t)a->tokens * sizeof *a->id) == 0 &&
           memcmp(a->target, b->target,
                  (size_t)a->tokens * sizeof *a->target) == 0;
}

static void test_step_batches(void **state)
{
    (void)state;
    struct task *task = opened("sql");
    struct batch a = {0}, b = {0};
    task_batch(task, &a, 3, 100, 6);
    task_batch(task, &b, 3, 101, 6);
    assert_false(same_batch(&a, &b));
    task_batch(task, &b, 4, 100, 6);
    assert_false(same_batch(&a, &b));
    task_batch(task, &b, 3, 100, 6);
    assert_true(same_batch(&a, &b));
    task_validation(task, &a, 20);
    task_validation(task, &b, 20);
    assert_true(same_batch(&a, &b));
    assert_int_equal(a.sequences, 20);
    batch_free(&a);
    batch_free(&b);
    task_close(task);
}

/* What chooses and what judges: no example of one is in the other. */
static void test_held_out_ranges(void **state)
{
    (void)state;
    struct task *task = opened("sql");
    struct batch all = {0}, low = {0}, high = {0};
    int starts[8];
    task_validation(task, &all, 10);
    task_held_out(task, &low, 0, 4);
    task_held_out(task, &high, 4, 6);
    assert_int_equal(low.sequences + high.sequences, 10);
    assert_int_equal(low.tokens + high.tokens, all.tokens);
    assert_memory_equal(low.id, all.id, (size_t)low.tokens * sizeof *low.id);
    assert_memory_equal(high.id, all.id + low.tokens,
                        (size_t)high.tokens * sizeof *high.id);
    struct batch first = batch_slice(&high, 0, 6, starts);
    assert_int_equal(first.sequences, 1);
    batch_free(&all);
    batch_free(&low);
    batch_free(&high);
    task_close(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_out_ranges),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_pure),
        cmocka_unit_test(test_world_sequences),
        cmocka_unit_test(test_sql_read_back),
        cmocka_unit_test(test_splits_are_disjoint),
        cmocka_unit_test(test_batch_add),
        cmocka_unit_test(test_slices_cover),
        cmocka_unit_test(test_step_batches),
    };
    return cmocka_run_group_tests(tests, learn_tokenizer, drop_tokenizer);
}
