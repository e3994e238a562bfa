/*
 * rankscope spectrum and rankscope overlap: their JSON says what the run's own
 * rows say, in every form something can be stored in; what is not there, not
 * whole or not comparable is one sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/io/json.h"
#include "tests/fault/lab.h"
#include "tests/near.h"
#include "tests/program.h"

/* spectra.tsv has nine digits, of a value near the first. */
static const double nine_digits = 1e-8;
/* The file of q, k and v has the scale in B: one rounding to float. */
static const double folded_scale = 1e-6;
/* Two orthonormal bases; those of a dense matrix come from a float SVD. */
static const double orthonormal = 1e-5;

static int set_up(void **state)
{
    if (lab_set_up(state) != 0)
        return -1;
    lab_write("race.yaml", lab_race);
    free(DONE(NULL, "run", "race.yaml", "--out", "done"));
    return 0;
}

static struct json *parse(char *text)
{
    struct err err = {{0}};
    assert_int_equal(line_count(text), 1);
    struct json *root = json_parse(text, strlen(text), "stdout", &err);
    if (!root)
        print_error("%s\n%s\n", err.text, text);
    assert_non_null(root);
    free(text);
    return root;
}

/* The entry of a site, on a side unless NULL. */
static const struct json *site_of(const struct json *root, const char *name,
                                  const char *side)
{
    const struct json *sites = json_get(root, "sites");
    for (int i = 0; i < json_length(sites); i++) {
        const struct json *site = json_at(sites, i);
        if (strcmp(json_text(json_get(site, "name"), ""), name) == 0 &&
            (!side || strcmp(json_text(json_get(site, "side"), ""), side) == 0))
            return site;
    }
    print_error("no %s\n", name);
    fail();
    return NULL;
}

static double number(const struct json *object, const char *key)
{
    return json_number(json_get(object, key), NAN);
}

static bool is(const struct json *object, const char *key, const char *text)
{
    return strcmp(json_text(json_get(object, key), ""), text) == 0;
}

/* The last row of spectra.tsv about a site: where sigma begins. */
static char *last_sigma(char *text, const char *site)
{
    char word[64], *at = NULL;
    snprintf(word, sizeof word, "\t%s\t", site);
    for (char *next = text; (next = strstr(next, word)); next++)
        at = next + 1;
    for (int i = 0; at && i < 6; i++)
        at = strchr(at, '\t') + 1;
    assert_non_null(at);
    return at;
}

/* Every site of the report has the singular values of the run's last row. */
static void check_rows(const struct json *root, const char *file,
                       double tolerance)
{
    char *text = lab_read(file, NULL);
    const struct json *sites = json_get(root, "sites");
    assert_non_null(text);
    assert_true(json_length(sites) > 0);
    for (int i = 0; i < json_length(sites); i++) {
        const struct json *site = json_at(sites, i);
        const struct json *sigma = json_get(site, "sigma");
        char *at = last_sigma(text, json_text(json_get(site, "name"), ""));
        double first = json_number(json_at(sigma, 0), NAN), energy = 0;
        for (int k = 0; k < json_length(sigma); k++) {
            double value = json_number(json_at(sigma, k), NAN);
            assert_near(value, strtod(k ? at + 1 : at, &at), tolerance * first);
            energy += value * value;
        }
        assert_true(*at == '\n');
        const struct json *metrics = json_get(site, "metrics");
        assert_near(number(metrics, "frobenius"), sqrt(energy),
                    nine_digits * first);
        assert_near(number(metrics, "stable_rank"), energy / (first * first),
                    nine_digits);
    }
    free(text);
}

static void test_run(void **state)
{
    static const char *const metrics[] = {
        "frobenius",     "spectral",
        "nuclear",       "stable_rank",
        "entropy_rank",  "participation_ratio",
        "rank90",        "energy_entropy_rank",
        "rank95",        "rank99",
        "numerical_rank"};
    (void)state;
    struct json *root =
        parse(DONE(NULL, "spectrum", "done", "--run", "r8", "--json"));
    assert_true(is(root, "path", "done") && is(root, "kind", "lora"));
    check_rows(root, "done/runs/r8/spectra.tsv", nine_digits);
    const struct json *site = site_of(root, "h.1.attn.v", NULL);
    assert_int_equal(json_int(json_get(site, "rank"), 0), 2);
    assert_int_equal(json_int(json_get(site, "out"), 0), 32);
    assert_int_equal(json_length(json_get(site, "sigma")), 2);
    assert_true(number(site, "scale") > 0);
    assert_non_null(
        strstr(json_text(json_get(site, "scale_from"), ""), "/ r 2"));
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        assert_true(number(json_get(site, "metrics"), metrics[i]) > 0);
    json_free(root);
    /* The same from inside. */
    char *one = DONE(NULL, "spectrum", "done/runs/r8", "--tsv");
    char *other = DONE(NULL, "spectrum", "done", "--run", "r8", "--tsv");
    assert_string_equal(one, other);
    assert_int_equal(line_count(one), 7);
    free(one);
    free(other);
}

static void test_dense(void **state)
{
    (void)state;
    struct json *root = parse(DONE(NULL, "spectrum", "done/runs/full", "--json",
                                   "--site", "attn|mlp"));
    assert_true(is(root, "kind", "delta"));
    check_rows(root, "done/runs/full/spectra.tsv", nine_digits);
    const struct json *site = site_of(root, "h.0.mlp.up", NULL);
    assert_true(json_is_null(json_get(site, "rank")));
    assert_true(json_is_null(json_get(site, "scale")));
    double floor = number(site, "rounding_floor");
    assert_true(floor > 0 &&
                floor < number(json_get(site, "metrics"), "spectral"));
    json_free(root);
    root = parse(DONE(NULL, "spectrum", "done/runs/full/model", "--base",
                      "bundled", "--json"));
    assert_true(is(root, "kind", "delta"));
    check_rows(root, "done/runs/full/spectra.tsv", nine_digits);
    json_free(root);
    lab_shell("cp -R done/runs/full/model alone");
    root = parse(DONE(NULL, "spectrum", "alone", "--json"));
    assert_true(is(root, "kind", "weights"));
    site = site_of(root, "h.1.mlp.down", NULL);
    assert_true(is(site, "tensor", "transformer.h.1.mlp.c_proj.weight"));
    assert_int_equal(json_length(json_get(site, "sigma")), 32);
    json_free(root);
}

/* The first few by random projection say so, and no measure of the rest. */
static void test_top(void **state)
{
    const double projected = 1e-3; /* two iterations on a flat spectrum */
    (void)state;
    struct json *all = parse(DONE(NULL, "spectrum", "done/runs/full", "--json",
                                  "--site", "h.0.mlp.up"));
    struct json *top = parse(DONE(NULL, "spectrum", "done/runs/full", "--json",
                                  "--site", "h.0.mlp.up", "--top", "4"));
    const struct json *want = site_of(all, "h.0.mlp.up", NULL);
    const struct json *got = site_of(top, "h.0.mlp.up", NULL);
    assert_true(json_is_null(json_get(want, "top")) || !json_get(want, "top"));
    assert_int_equal(json_int(json_get(got, "top"), 0), 4);
    assert_int_equal(json_length(json_get(got, "sigma")), 4);
    for (int i = 0; i < 4; i++) {
        double sigma = json_number(json_at(json_get(want, "sigma"), i), NAN);
        assert_near_relative(
            json_number(json_at(json_get(got, "sigma"), i), NAN), sigma,
            projected);
    }
    assert_true(
        json_is_null(json_get(json_get(got, "metrics"), "entropy_rank")));
    assert_near_relative(number(json_get(got, "metrics"), "frobenius"),
                         number(json_get(want, "metrics"), "frobenius"), 1e-6);
    json_free(all);
    json_free(top);
}

static void test_adapter(void **state)
{
    (void)state;
    struct json *root = parse(
        DONE(NULL, "spectrum", "done/runs/r8/adapter", "--split", "--json"));
    check_rows(root, "done/runs/r8/spectra.tsv", folded_scale);
    json_free(root);
    root = parse(DONE(NULL, "spectrum", "done/runs/r8/adapter", "--json"));
    assert_int_equal(json_length(json_get(root, "sites")), 4);
    const struct json *pair = site_of(root, "h.1.attn.c_attn", NULL);
    assert_int_equal(json_int(json_get(pair, "rank"), 0), 10);
    assert_int_equal(json_int(json_get(pair, "out"), 0), 96);
    assert_true(is(pair, "tensor",
                   "base_model.model.transformer.h.1.attn."
                   "c_attn.lora_A.weight"));
    assert_true(is(pair, "scale_from",
                   "adapter_config.json: alpha_pattern 10 / rank_pattern 10"));
    json_free(root);
}

/* Nothing was learned: said so, and no measure of nothing. */
static void test_no_update(void **state)
{
    (void)state;
    free(DONE(NULL, "run", "race.yaml", "--set", "optimizer.lr=1e-60", "--set",
              "runs.full.optimizer.lr=1e-60", "--set", "steps=2", "--out",
              "still"));
    struct json *root =
        parse(DONE(NULL, "spectrum", "still", "--run", "r1", "--json"));
    const struct json *site = json_at(json_get(root, "sites"), 0);
    assert_int_equal(json_length(json_get(site, "sigma")), 0);
    assert_true(json_is_array(json_get(site, "sigma")));
    assert_true(
        json_is_null(json_get(json_get(site, "metrics"), "stable_rank")));
    json_free(root);
    char *said = DONE(NULL, "spectrum", "still", "--run", "full", "--site",
                      "h.0.attn.q");
    assert_non_null(strstr(said, "no update: step 2\n"));
    free(said);
    said = DONE(NULL, "spectrum", "still/runs/r8/adapter");
    assert_non_null(strstr(said, "no update\n"));
    free(said);
    REFUSED(NULL, 1, WORDS("r1", "no update", "step 2"), "overlap",
            "still/runs/r1", "done/runs/r8");
}

static void test_tables(void **state)
{
    struct launch plain = {.var = {"LC_ALL=C"}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char *said =
            i ? DONE(&plain, "overlap", "done/runs/r8", "done/runs/full")
              : DONE(&plain, "spectrum", "done/runs/full");
        for (const char *c = said; *c; c++)
            assert_in_range(*c, '\n', '~');
        assert_non_null(strstr(said, i ? "phi11" : "||dW||_F"));
        free(said);
        said = i ? DONE(NULL, "overlap", "done/runs/r8", "random")
                 : DONE(NULL, "spectrum", "done/runs/full");
        assert_non_null(strstr(said, i ? "\u03c6" : "\u2588"));
        free(said);
    }
}

static double cell(const struct json *matrix, int i, int j)
{
    return json_number(json_at(json_at(matrix, i - 1), j - 1), NAN);
}

static void test_overlap_json(void **state)
{
    (void)state;
    /* With itself all of it, at any i = j. */
    struct json *root =
        parse(DONE(NULL, "overlap", "done/runs/r8", "done/runs/r8", "--json"));
    assert_int_equal(json_length(json_get(root, "sites")), 12);
    const struct json *site = site_of(root, "h.0.attn.q", "input");
    assert_true(is(site, "of", "delta"));
    assert_int_equal(json_length(json_get(site, "phi")), 8);
    for (int i = 1; i <= 8; i++)
        assert_near(cell(json_get(site, "phi"), i, i), 1, orthonormal);
    assert_near(cell(json_get(site, "chance"), 2, 7), 7.0 / 32, orthonormal);
    assert_true(cell(json_get(site, "z"), 3, 3) > 5);
    assert_near(number(site, "cosine"), 1, orthonormal);
    json_free(root);
    /* Everything overlaps with a whole space: chance has no spread there. */
    root = parse(DONE(NULL, "overlap", "done", "base", "--run", "full",
                      "--site", "h.0.attn.q", "--side", "output", "--json"));
    assert_int_equal(json_length(json_get(root, "sites")), 1);
    site = site_of(root, "h.0.attn.q", "output");
    assert_near(cell(json_get(site, "phi"), 32, 5), 1, orthonormal);
    assert_true(json_is_null(json_at(json_at(json_get(site, "z"), 31), 4)));
    json_free(root);
    root = parse(DONE(NULL, "overlap", "done", "done", "--run", "r8", "--other",
                      "r1", "--factor", "--json", "--site", "v"));
    site = site_of(root, "h.1.attn.v", "output");
    assert_true(is(site, "of", "factor"));
    assert_int_equal(json_length(json_at(json_get(site, "phi"), 0)), 1);
    json_free(root);
}

/* Of a random control z is a few units, whatever the site. */
static void test_random(void **state)
{
    (void)state;
    struct json *root = parse(
        DONE(NULL, "overlap", "done/runs/r8/adapter", "random", "--json"));
    const struct json *sites = json_get(root, "sites");
    assert_int_equal(json_length(sites), 8);
    for (int i = 0; i < json_length(sites); i++) {
        const struct json *z = json_get(json_at(sites, i), "z");
        int k = json_length(z);
        assert_true(fabs(cell(z, k, k)) < 6);
    }
    json_free(root);
    char *rows = DONE(NULL, "overlap", "done/runs/r8", "random", "--tsv",
                      "--side", "input");
    assert_int_equal(line_count(rows), 7);
    free(rows);
}

static void test_refusals(void **state)
{
    (void)state;
    REFUSED(NULL, 1, WORDS("no folder", "nowhere"), "spectrum", "nowhere");
    REFUSED(NULL, 1, WORDS("is a file"), "spectrum", "race.yaml");
    REFUSED(NULL, 1, WORDS("recipe.yaml"), "spectrum", "root");
    REFUSED(NULL, 1, WORDS("--run", "r1, r8, full"), "spectrum", "done");
    REFUSED(NULL, 1, WORDS("r9", "did you mean"), "spectrum", "done", "--run",
            "r9");
    REFUSED(NULL, 1, WORDS("zebra", "r1, r8, full"), "overlap", "done", "done",
            "--run", "r1", "--other", "zebra");
    REFUSED(NULL, 1, WORDS("--site frob", "h.0.attn.q"), "spectrum",
            "done/runs/r8", "--site", "frob");
    REFUSED(NULL, 1, WORDS("c_attn", "--split"), "spectrum",
            "done/runs/r8/adapter", "--site", "attn.q");
    REFUSED(NULL, 1, WORDS("regular expression"), "overlap", "done/runs/r8",
            "random", "--site", "(");
    REFUSED(NULL, 1, WORDS("no factors"), "overlap", "done/runs/full", "random",
            "--factor");
    REFUSED(NULL, 1, WORDS("nowhere", "config.json"), "spectrum",
            "done/runs/r8/adapter", "--base", "nowhere");
    lab_shell("cp -R done/runs/r8/adapter lost && sed -i "
              "s/bundled/elsewhere/ lost/adapter_config.json");
    free(DONE(NULL, "spectrum", "lost")); /* pairs need no base */
    REFUSED(NULL, 1, WORDS("elsewhere", "--base"), "spectrum", "lost",
            "--split");
    REFUSED(NULL, 1, WORDS("elsewhere", "--base"), "overlap", "lost", "base");
    lab_shell("cd lost && dd if=/dev/zero bs=1 count=4 2>/dev/null | "
              "tr '\\0' '\\377' | dd conv=notrunc bs=1 of=adapter_model."
              "safetensors seek=$(($(wc -c <adapter_model.safetensors) - 4)) "
              "2>/dev/null");
    REFUSED(NULL, 1, WORDS("lora_B.weight", "NaN"), "spectrum", "lost",
            "--base", "bundled");
    REFUSED(NULL, 1, WORDS("lora_B.weight", "NaN"), "spectrum", "lost");
    free(DONE(NULL, "run", "race.yaml", "--set",
              "base={layers: 2, width: 16, "
              "heads: 2, inner: 24, vocab: 400, context: 128}",
              "--set", "steps=2", "--out", "narrow"));
    REFUSED(NULL, 1, WORDS("(32, 32)", "(16, 16)", "h.0.attn.q"), "overlap",
            "done/runs/r8", "narrow/runs/r8");
    REFUSED(NULL, 1, WORDS("(32, 32)", "(16, 16)"), "spectrum",
            "done/runs/full/model", "--base", "narrow/runs/full/model");
}

/* Nothing stands between two bases of one shape, but it is said. */
static void test_two_bases(void **state)
{
    (void)state;
    lab_shell("sed 's/steps: 4/steps: 5/' base.yaml >other.yaml");
    free(DONE(NULL, "pretrain", "other.yaml", "--out", "other"));
    free(DONE(NULL, "run", "race.yaml", "--set", "base=other", "--set",
              "steps=4", "--out", "two"));
    struct outcome outcome =
        RUN(NULL, "overlap", "done/runs/r8", "two/runs/r8", "--tsv");
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.err, "different bases"));
    assert_int_equal(line_count(outcome.err), 1);
    outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),       cmocka_unit_test(test_dense),
        cmocka_unit_test(test_top),       cmocka_unit_test(test_adapter),
        cmocka_unit_test(test_no_update), cmocka_unit_test(test_tables),
        cmocka_unit_test(test_random),    cmocka_unit_test(test_overlap_json),
        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_two_bases),
    };
    return cmocka_run_group_tests(tests, set_up, lab_tear_down);
}
