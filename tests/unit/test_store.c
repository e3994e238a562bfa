/*
 * Rows: whole or not there, cut on resume, kept in memory while the disk is
 * full; metrics.tsv read back; folders that are no run folders.
 */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "experiments/metrics_read.h"
#include "experiments/rows.h"
#include "experiments/session_private.h"
#include "tests/unit/session_fixture.h"

static int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(fixture_folder, sizeof fixture_folder, "%.300s/store-XXXXXX",
             base ? base : "/tmp");
    return mkdtemp(fixture_folder) ? 0 : -1;
}

static void assert_text(const char *path, const char *want)
{
    size_t size;
    char *text = fixture_text(path, &size);
    assert_string_equal(text, want);
    mem_free(text);
}

static void rows_are_cut_where_the_checkpoint_says(void **state)
{
    (void)state;
    struct rows rows;
    struct err err = {{0}};
    const char *path = fixture_path("rows");
    assert_int_equal(rows_open(&rows, path, "head\n", -1, &err), 0);
    rows_add(&rows, "%d\n", 1);
    assert_int_equal(rows_flush(&rows, &err), 0);
    long keep = rows.written;
    rows_add(&rows, "2\nhalf a r");
    assert_int_equal(rows_flush(&rows, &err), 0);
    rows_close(&rows);
    assert_int_equal(rows_open(&rows, path, "head\n", keep, &err), 0);
    rows_add(&rows, "3\n");
    assert_int_equal(rows_sync(&rows, &err), 0);
    rows_close(&rows);
    assert_text(path, "head\n1\n3\n");
    assert_int_equal(rows_open(&rows, path, "", 1000, &err), -1);
    assert_non_null(strstr(err.text, "shorter than its checkpoint"));
}

/* A limit on the file's size stands for a full disk: the row that does not
 * fit is cut off again, and written when there is room. */
static void a_full_disk_leaves_no_half_row(void **state)
{
    (void)state;
    struct rows rows;
    struct err err = {{0}};
    struct rlimit before, tight = {10, RLIM_INFINITY};
    const char *path = fixture_path("full");
    assert_int_equal(rows_open(&rows, path, "", -1, &err), 0);
    rows_add(&rows, "first\n");
    assert_int_equal(rows_flush(&rows, &err), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    rows_add(&rows, "second row\n");
    int result = rows_flush(&rows, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, -1);
    assert_non_null(strstr(err.text, "full"));
    assert_text(path, "first\n");
    rows_add(&rows, "third\n");
    assert_int_equal(rows_flush(&rows, &err), 0);
    assert_text(path, "first\nsecond row\nthird\n");
    rows_close(&rows);
}

static void numbers_keep_nine_digits(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(rows_number(text, 0.1), "0.1");
    assert_string_equal(rows_number(text, 1.0 / 3), "0.333333333");
    assert_string_equal(rows_number(text, NAN), "");
}

static void metrics_read_back(void **state)
{
    (void)state;
    struct metrics metrics;
    struct err err = {{0}};
    const char *path = fixture_path("metrics.tsv");
    const char text[] = "branch\tstep\tand so on\n"
                        "0\t0\t\t\t\t2.5\t0.25\t\n"
                        "0\t1\t2.25\t0.001\t1\t\t\t\n"
                        "0\t2\t2.1\t0.0";
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    assert_int_equal(metrics_read(&metrics, path, &err), 0);
    assert_int_equal(metrics.count, 2);
    assert_true(isnan(metrics.row[0].train_loss));
    assert_true(metrics.row[0].validation_loss == 2.5);
    assert_true(metrics.row[1].train_loss == 2.25);
    metrics_free(&metrics);
    const char bad[] = "head\n0\tx\t\t\t\t\t\t\n";
    assert_int_equal(file_write(path, bad, strlen(bad), &err), 0);
    assert_int_equal(metrics_read(&metrics, path, &err), -1);
    assert_non_null(strstr(err.text, "metrics.tsv:2: no row"));
}

static void refuse_folder(const char *want)
{
    struct err err = {{0}};
    assert_null(snapshot_read(fixture_path("run"), &err));
    if (!strstr(err.text, want))
        print_error("got \"%s\", want \"%s\"\n", err.text, want);
    assert_non_null(strstr(err.text, want));
}

static void put_file(const char *name, const char *text)
{
    struct err err = {{0}};
    assert_int_equal(file_write(fixture_path(name), text, strlen(text), &err),
                     0);
}

static void what_is_no_run_folder_is_refused(void **state)
{
    (void)state;
    struct err err = {{0}};
    refuse_folder("run/recipe.yaml");
    assert_int_equal(mkdir(fixture_path("run"), 0777), 0);
    put_file("run/recipe.yaml", "title: [\n");
    refuse_folder("recipe.yaml:2:1");
    put_file("run/recipe.yaml", "title: t\ntask: {name: sql}\n"
                                "runs: [{name: a}]\n");
    refuse_folder("sites.tsv");
    put_file("run/sites.tsv", "head\nh.0.attn.q\tz\t0\t8\t8\n");
    refuse_folder("line 2 is no site");
    put_file("run/sites.tsv", "head\nh.0.attn.q\tq\t0\t8\t8\n");
    put_file("run/checkpoint.json", "{");
    refuse_folder("checkpoint.json");
    put_file("run/checkpoint.json", "{\"runs\": [{\"spec\": 3}, 4]}");
    const struct snapshot *none = snapshot_read(fixture_path("run"), &err);
    assert_string_equal(err.text, "");
    assert_int_equal(none->run_count, 0);
    snapshot_release(none);
    assert_int_equal(unlink(fixture_path("run/checkpoint.json")), 0);
    const struct snapshot *bare = snapshot_read(fixture_path("run"), &err);
    assert_int_equal(bare->run_count, 1);
    assert_string_equal(bare->run[0].name, "a");
    assert_true(isnan(bare->run[0].train_loss));
    snapshot_release(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_cut_where_the_checkpoint_says),
        cmocka_unit_test(a_full_disk_leaves_no_half_row),
        cmocka_unit_test(numbers_keep_nine_digits),
        cmocka_unit_test(metrics_read_back),
        cmocka_unit_test(what_is_no_run_folder_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, fixture_tear_down);
}
