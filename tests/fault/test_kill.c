/*
 * kill -9 at twenty random moments: no half-written file under a final name,
 * and --resume ends with the bytes of a run that was left alone.
 */
#define _GNU_SOURCE /* nftw */
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/io/json.h"
#include "core/io/safetensors.h"
#include "tests/fault/lab.h"
#include "tests/program.h"

#ifdef __SANITIZE_THREAD__
enum { KILLS = 6 }; /* each costs ten times as much */
#else
enum { KILLS = 20 };
#endif
enum { CHAIN = 5, LEAST_MS = 2 };

static int files_looked_at;

static bool ends(const char *text, const char *with)
{
    size_t size = strlen(text), more = strlen(with);
    return size >= more && strcmp(text + size - more, with) == 0;
}

static int look_at(const char *path, const struct stat *about, int kind,
                   struct FTW *place)
{
    struct err err = {{0}};
    (void)about;
    (void)place;
    if (kind != FTW_F || strstr(path, ".tmp-"))
        return 0;
    files_looked_at++;
    if (ends(path, ".json")) {
        struct json *root = json_read(path, &err);
        json_free(root);
    } else if (ends(path, ".safetensors")) {
        struct safetensors *file = safetensors_open(path, &err);
        if (file)
            safetensors_close(file);
    } else if (!ends(path, ".tsv") && !ends(path, ".yaml"))
        snprintf(err.text, sizeof err.text, "%s: what is this?", path);
    if (err.text[0])
        print_error("%s\n", err.text);
    return err.text[0] != '\0';
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Starts or goes on; true: it was killed, false: it came to its end. */
static bool go_on(int kill_after_ms)
{
    struct launch launch = {.kill_after_ms = kill_after_ms};
    const char *const arguments[] = {
        "run",          "race.yaml", "--out",     "killed",      "--resume",
        "--checkpoint", "0.001",     "--journal", "journal.tsv", NULL};
    struct outcome outcome = program_run(&launch, arguments);
    bool killed = outcome.signal == SIGKILL;
    if (!killed && outcome.status != 0)
        outcome_print(&outcome, arguments);
    assert_true(killed || outcome.status == 0);
    outcome_free(&outcome);
    return killed;
}

static void test_kill(void **state)
{
    struct rng rng = rng_make(9, STREAM_TEST, 2);
    (void)state;
    lab_write("race.yaml", lab_race);
    lab_write("journal.tsv",
              "3\trank\trun=r1\tsite=all\trank=5\tpolicy=keep s\n"
              "7\tfork\trun=r8\n"
              "11\trank\trun=r8\tsite=all\trank=3\tpolicy=alpha/r\n"
              "15\tundo\trun=r8\n");
    double began = seconds();
    free(DONE(NULL, "run", "race.yaml", "--out", "whole", "--checkpoint",
              "0.001", "--journal", "journal.tsv"));
    uint32_t most = (uint32_t)(1000 * (seconds() - began));
    for (int kills = 0, tries = 0; kills < KILLS; tries++) {
        assert_true(tries < 10 * KILLS); /* else it is never there in time */
        if (tries % CHAIN == 0)
            lab_shell("rm -rf killed");
        kills += go_on(LEAST_MS + (int)rng_below(&rng, most + 1));
        if (lab_exists("killed"))
            assert_int_equal(nftw("killed", look_at, 16, FTW_PHYS), 0);
        if (tries % CHAIN < CHAIN - 1)
            continue;
        assert_false(go_on(0));
        assert_same_results("whole", "killed");
    }
    assert_true(files_looked_at > KILLS);
}

/* Asked to stop, it writes what is due and says how to go on. */
static void test_stop(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    (void)state;
    lab_write("race.yaml", lab_race);
    for (int i = 0; i < 3; i++) {
        struct launch launch = {.kill_when = "stopped/checkpoint.json",
                                .kill_signal = signals[i]};
        lab_shell("rm -rf stopped");
        struct outcome outcome =
            RUN(&launch, "run", "race.yaml", "--out", "stopped", "--set",
                "steps=1000000", "--checkpoint", "0.01");
        if (outcome.signal != signals[i])
            outcome_print(&outcome, WORDS("run"));
        assert_int_equal(outcome.signal, signals[i]);
        assert_string_equal(outcome.out, "");
        assert_non_null(strstr(outcome.err, "rankscope: stopped; --resume"));
        outcome_free(&outcome);
        assert_true(lab_exists("stopped/checkpoint.json"));
        assert_int_equal(nftw("stopped", look_at, 16, FTW_PHYS), 0);
        lab_shell("test -z \"$(find stopped -name '*.tmp-*')\"");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill),
                                       cmocka_unit_test(test_stop)};
    return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
