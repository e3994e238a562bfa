/*
 * Latencies: the recipe and its mistakes, quantiles by hand, a measurement on
 * a small model, and its JSON there and back.  What a clock says is not
 * tested; that everything was timed is.
 */
#define _GNU_SOURCE /* open_memstream is POSIX */
#include <math.h>

#include "experiments/latency.h"
#include "tests/unit/session_fixture.h"

static const char small[] =
    "title: small\n"
    "base: {layers: 2, width: 16, heads: 2, inner: 24, vocab: 300, "
    "context: 32}\n"
    "latency:\n"
    "  shapes: [{batch: 1, sequence: 8}, {batch: 3, sequence: 16}]\n"
    "  rows:\n"
    "    - {name: merged, method: lora, rank: 2, merged: true, paper: lora}\n"
    "    - {name: beside, method: lora, rank: 2, targets: [q, v]}\n"
    "    - {name: h, method: adapter_h, rank: 2, paper: adapter-h}\n"
    "    - {name: l, method: adapter_l, rank: 2, paper: adapter-l}\n"
    "    - {name: e, method: prefix_embed, prefix: 2}\n"
    "    - {name: p, method: prefix_layer, prefix: 2, infix: 1}\n"
    "  repetitions: 5\n"
    "  quick: 3\n";

static struct latency_grid *read_text(const char *text, bool quick,
                                      struct err *err)
{
    const char *path = fixture_path("latency.yaml");
    struct err ignored = {{0}};
    assert_int_equal(file_write(path, text, strlen(text), &ignored), 0);
    return latency_read(path, NULL, 0, quick, err);
}

static void quantiles_by_hand(void **state)
{
    double value[5] = {5, 1, 4, 2, 3}, two[2] = {3, 1};
    (void)state;
    assert_near(latency_quantile(value, 5, 0.5), 3, 1e-12);
    assert_near(latency_quantile(value, 5, 0.25), 2, 1e-12);
    assert_near(latency_quantile(value, 5, 0.9), 4.6, 1e-12);
    assert_near(latency_quantile(two, 2, 0.5), 2, 1e-12);
    assert_near(latency_quantile(two, 1, 0.75), 1, 1e-12);
}

static void measured_printed_and_read_again(void **state)
{
    (void)state;
    struct err err = {{0}};
    struct latency_watch watch = {NULL, NULL, NULL};
    struct latency_grid *grid = read_text(small, true, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(grid->repetitions, 3);
    assert_true(latency_is(fixture_path("latency.yaml")));
    struct latency_table *table = xcalloc(1, sizeof *table),
                         *again = xcalloc(1, sizeof *again);
    assert_int_equal(
        latency_measure(table, grid, fixture_assets(), &watch, &err), 0);
    for (int kind = 0; kind < LATENCY_KINDS; kind++)
        for (int row = 0; row < grid->row_count; row++)
            for (int i = 0; i < grid->shape_count; i++) {
                const struct latency_time *time = &table->time[kind][row][i];
                assert_true(time->ms > 0 && isfinite(time->percent));
                assert_true(time->low <= time->percent &&
                            time->percent <= time->high);
            }
    assert_near(table->time[0][0][0].percent, 0, 1e-12); /* over itself */
    assert_int_equal(table->trainable[4], 2 * 16);
    assert_int_equal(table->trainable[5], 2 * (2 + 1) * 16);
    char *json = latency_json(table), *text = NULL;
    size_t size;
    assert_int_equal(latency_take_json(again, grid, json, strlen(json)), 0);
    assert_memory_equal(again->trainable, table->trainable,
                        sizeof table->trainable);
    assert_near(again->time[1][3][1].ms, table->time[1][3][1].ms, 1e-9);
    assert_int_equal(latency_take_json(again, grid, json, strlen(json) / 2),
                     -1);
    grid->shape[0].batch = 2; /* another recipe */
    assert_int_equal(latency_take_json(again, grid, json, strlen(json)), -1);
    FILE *to = open_memstream(&text, &size);
    latency_print(to, table);
    latency_tsv(to, table);
    fclose(to);
    assert_non_null(strstr(text, "25.8  +30.3 %"));
    assert_non_null(strstr(text, "\nbeside\tlora\t0\t"));
    free(text);
    mem_free(json);
    mem_free(again);
    mem_free(table);
    mem_free(grid);
}

static void mistakes_get_their_sentences(void **state)
{
#define HEAD "latency:\n  shapes: [{batch: 1, sequence: 8}]\n"
    static const struct {
        const char *text, *want;
    } mistake[] = {
        {"title: x\n", "latency is missing"},
        {"latency: {shapes: [{batch: 1}], rows: [{name: a}]}\n",
         "a shape has a sequence"},
        {"latency: {rows: [{name: a}]}\n", "wants shapes as a list"},
        {HEAD "  rows: [{name: a, paper: adapter-x}]\n",
         "did you mean adapter"},
        {HEAD "  rows: [{name: a}, {name: a}]\n", "two rows are called a"},
        {HEAD "  rows: [{name: a}]\n  repetitions: 2\n", "use 3..1000"},
        {HEAD "  rows: [{name: a}]\n  steps: 2\n", "steps"},
        {"steps: 3\n" HEAD "  rows: [{name: a}]\n", "steps"}};
    (void)state;
    for (size_t i = 0; i < sizeof mistake / sizeof *mistake; i++) {
        struct err err = {{0}};
        assert_null(read_text(mistake[i].text, false, &err));
        if (!strstr(err.text, mistake[i].want))
            print_error("%s\n", err.text);
        assert_non_null(strstr(err.text, mistake[i].want));
    }
    struct err err = {{0}};
    struct latency_table *table = xcalloc(1, sizeof *table);
    struct latency_watch watch = {NULL, NULL, NULL};
    struct latency_grid *grid = read_text(small, false, &err);
    grid->shape[1].sequence = 32;
    assert_int_equal(
        latency_measure(table, grid, fixture_assets(), &watch, &err), -1);
    assert_non_null(strstr(err.text, "use at most 31"));
    grid->shape[1].sequence = 16;
    snprintf(grid->row[1].run.method, RECIPE_NAME, "bitfit");
    assert_int_equal(
        latency_measure(table, grid, fixture_assets(), &watch, &err), -1);
    assert_non_null(strstr(err.text, "puts nothing beside W"));
    mem_free(table);
    mem_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_by_hand),
        cmocka_unit_test(measured_printed_and_read_again),
        cmocka_unit_test(mistakes_get_their_sentences),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
