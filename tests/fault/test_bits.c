/*
 * The same bits: one recipe and one journal give the same files on any number
 * of threads and in a replay; undo gives back what was; growth under "keep s"
 * moves nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "tests/fault/lab.h"
#include "tests/program.h"

enum { RANDOM_COMMANDS = 100 };

static void run_with(const char *recipe, const char *journal, const char *out,
                     const char *threads)
{
    char *said =
        journal ? DONE(NULL, "run", recipe, "--out", out, "--threads", threads,
                       "--journal", journal)
                : DONE(NULL, "run", recipe, "--out", out, "--threads", threads);
    free(said);
}

static int count(const char *path, const char *what)
{
    char *text = lab_read(path, NULL);
    assert_non_null(text);
    int found = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        found++;
    free(text);
    return found;
}

static void test_threads(void **state)
{
    (void)state;
    lab_write("race.yaml", lab_race);
    run_with("race.yaml", NULL, "one", "1");
    run_with("race.yaml", NULL, "two", "2");
    run_with("race.yaml", NULL, "four", "4");
    assert_same_results("one", "two");
    assert_same_results("one", "four");
    assert_same("one/runs/r8/adapter/adapter_model.safetensors",
                "four/runs/r8/adapter/adapter_model.safetensors");
    assert_same("one/runs/full/model/model.safetensors",
                "four/runs/full/model/model.safetensors");
    assert_int_equal(count("one/runs/r1/metrics.tsv", "\n"), 1 + 1 + 24);
    assert_int_equal(system("cmp -s one/runs/r1/metrics.tsv "
                            "one/runs/r8/metrics.tsv") != 0,
                     1);
}

/* Every kind of command; r8 is changed and put back. */
static void test_journal(void **state)
{
    static const char journal[] =
        "3\trank\trun=r1\tsite=all\trank=5\tpolicy=keep s\n"
        "4\tlr\trun=full\tvalue=0.001\n"
        "5\trank\trun=r8\tsite=h.0.attn.q\trank=2\tpolicy=keep s\n"
        "9\tundo\trun=r8\n"
        "10\tfork\trun=r1\n"
        "12\tadd\tspec={name: late, rank: 3, targets: [o]}\n"
        "14\trank\trun=late\tsite=all\trank=6\tpolicy=alpha/sqrt r\n"
        "15\tremove\trun=full\n"
        "20\tsteps\tvalue=26\n";
    (void)state;
    lab_write("race.yaml", lab_race);
    lab_write("journal.tsv", journal);
    run_with("race.yaml", "journal.tsv", "j1", "1");
    run_with("race.yaml", "journal.tsv", "j3", "3");
    run_with("race.yaml", "j1/journal.tsv", "j2", "2");
    assert_same_results("j1", "j3");
    assert_same_results("j1", "j2");
    assert_int_equal(count("j1/journal.tsv", "\n"), 9);
    assert_true(lab_exists("j1/runs/late/adapter/adapter_model.safetensors"));
    assert_true(lab_exists("j1/runs/r1-fork/metrics.tsv"));
    assert_int_equal(count("j1/runs/r8/metrics.tsv", "\n1\t"), 26 - 5 + 1);
}

static void test_undo_gives_the_bits_back(void **state)
{
    (void)state;
    lab_write("race.yaml", lab_race);
    lab_write("back.tsv", "6\trank\trun=r8\tsite=all\trank=4\tpolicy=keep s\n"
                          "9\trank\trun=r8\tsite=all\trank=11\tpolicy=keep s\n"
                          "13\tundo\trun=r8\n14\tundo\trun=r8\n");
    run_with("race.yaml", NULL, "plain", "2");
    run_with("race.yaml", "back.tsv", "back", "2");
    assert_int_equal(count("back/events.tsv", "undone"), 2);
    assert_same("plain/runs/r8/adapter/adapter_model.safetensors",
                "back/runs/r8/adapter/adapter_model.safetensors");
}

/* From tick 10 on nothing is learned, so whatever moves the held-out loss
 * is the dial. */
static void test_growth_moves_nothing(void **state)
{
    char journal[4096] = "10\tlr\trun=r8\tvalue=0\n", *row, *rest;
    (void)state;
    for (int i = 0; i < 12; i++) {
        size_t used = strlen(journal);
        snprintf(journal + used, sizeof journal - used,
                 "%d\trank\trun=r8\tsite=%s\trank=%d\tpolicy=keep s\n", 10 + i,
                 i % 2 ? "all" : "h.1.attn.q", 10 + i);
    }
    lab_write("race.yaml", lab_race);
    lab_write("grow.tsv", journal);
    char *said = DONE(NULL, "run", "race.yaml", "--out", "grown", "--journal",
                      "grow.tsv", "--set", "evaluate.every=1");
    free(said);
    assert_int_equal(count("grown/events.tsv", "unchanged to the bit"), 12);
    char *text = lab_read("grown/runs/r8/metrics.tsv", NULL), first[64] = "";
    int same = 0;
    rest = text;
    while ((row = strtok_r(rest, "\n", &rest))) {
        char *column = row; /* branch step train lr norm validation ... */
        long step = strtol(strchr(row, '\t') + 1, NULL, 10);
        for (int i = 0; i < 5; i++)
            column = strchr(column, '\t') + 1;
        column[strcspn(column, "\t")] = '\0';
        if (step == 9)
            snprintf(first, sizeof first, "%s", column);
        else if (step == 10) { /* it did learn before */
            assert_string_not_equal(column, first);
            snprintf(first, sizeof first, "%s", column);
        } else if (step > 10) {
            assert_string_equal(column, first);
            same++;
        }
    }
    assert_int_equal(same, 14);
    free(text);
}

/* Mostly the dial; forks are removed again so that there is room. */
static size_t write_command(char *to, size_t room, struct rng *rng, int tick,
                            int *forks)
{
    static const char *const policies[] = {"keep s", "alpha/r", "alpha/sqrt r"};
    static const char *const sites[] = {"all", "h.0.attn.q", "h.1.attn.v",
                                        "h.1.mlp.up"};
    char run[32] = "r8";
    uint32_t draw = rng_below(rng, 10);
    if (rng_below(rng, 3) == 0)
        snprintf(run, sizeof run, "r1");
    if (*forks > 0 && rng_below(rng, 3) == 0)
        snprintf(run, sizeof run, *forks > 1 ? "r8-fork%d" : "r8-fork", *forks);
    if (draw == 0)
        return (size_t)snprintf(to, room, "%d\tundo\trun=%s\n", tick, run);
    if (draw == 1) {
        int length = *forks > 1
                         ? snprintf(to, room, "%d\tremove\trun=r8-fork%d\n",
                                    tick, *forks)
                         : 0;
        *forks += 1;
        return (size_t)length + (size_t)snprintf(to + length,
                                                 room - (size_t)length,
                                                 "%d\tfork\trun=r8\n", tick);
    }
    return (size_t)snprintf(
        to, room, "%d\trank\trun=%s\tsite=%s\trank=%u\tpolicy=%s\n", tick, run,
        sites[rng_below(rng, 4)], 1 + rng_below(rng, 24),
        policies[rng_below(rng, 2) ? 0 : rng_below(rng, 3)]);
}

static void test_random_commands(void **state)
{
    struct rng rng = rng_make(5, STREAM_TEST, 1);
    static char journal[RANDOM_COMMANDS * 200];
    size_t used = 0;
    int forks = 0;
    (void)state;
    for (int i = 0; i < RANDOM_COMMANDS; i++)
        used += write_command(journal + used, sizeof journal - used, &rng,
                              i / 4, &forks);
    lab_write("race.yaml", lab_race);
    lab_write("random.tsv", journal);
    run_with("race.yaml", "random.tsv", "x1", "1");
    run_with("race.yaml", "random.tsv", "x4", "4");
    run_with("race.yaml", "x4/journal.tsv", "again", "2");
    assert_same_results("x1", "x4");
    assert_same_results("x1", "again");
    assert_true(count("x1/journal.tsv", "\n") >= RANDOM_COMMANDS);
    assert_true(forks >= 3);
    assert_true(count("x1/events.tsv", "undone") >= 3);
    assert_true(count("x1/events.tsv", "dropped") >= 10);
    assert_true(count("x1/events.tsv", "unchanged to the bit") >= 10);
    assert_int_equal(count("x1/events.tsv", "please report"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_undo_gives_the_bits_back),
        cmocka_unit_test(test_growth_moves_nothing),
        cmocka_unit_test(test_random_commands),
    };
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
