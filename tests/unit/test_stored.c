/*
 * Stored things opened for looking: a run, its adapter and its model hold the
 * same update; what does not fit is refused in one sentence, with what, where
 * and what now.
 */
#include <math.h>
#include <unistd.h>

#include "analysis/update.h"
#include "core/io/safetensors.h"
#include "experiments/results.h"
#include "experiments/stored.h"
#include "tests/unit/session_fixture.h"

/* spectra.tsv has nine digits of a singular value. */
static const double nine_digits = 1e-8;
/* The file of q, k and v has the scale in B: one rounding to float. */
static const double folded_scale = 1e-6;

static int set_up(void **state)
{
    if (fixture_set_up(state) != 0)
        return -1;
    struct recipe recipe = fixture_recipe(NULL, 0);
    struct session_options options = fixture_options(fixture_path("done"), 1);
    fixture_train(&recipe, &options);
    return 0;
}

static struct stored *open_base(const char *path, const char *run,
                                const char *base)
{
    struct err err = {""};
    struct stored *stored =
        stored_open(path, run, base, fixture_assets(), &err);
    assert_string_equal(err.text, "");
    assert_non_null(stored);
    return stored;
}

static struct stored *open_it(const char *path, const char *run)
{
    return open_base(path, run, NULL);
}

/* Refused with one sentence that holds both words. */
static void refused(const char *path, const char *run, const char *base,
                    const char *one, const char *other)
{
    struct err err = {""};
    assert_null(stored_open(path, run, base, fixture_assets(), &err));
    if (!strstr(err.text, one) || !strstr(err.text, other))
        print_error("said: %s\n", err.text);
    assert_non_null(strstr(err.text, one));
    assert_non_null(strstr(err.text, other));
    assert_null(strchr(err.text, '\n'));
}

static struct mat matrix_of(const struct stored *stored, int site)
{
    const struct specimen *of = &stored->moment->site[site];
    struct mat to = mat_new(of->update.out, of->update.in);
    update_write(&of->update, to);
    return to;
}

/* Every site adapted in both, and the same dW. */
static void assert_same_update(const struct stored *a, const struct stored *b,
                               double tolerance)
{
    assert_int_equal(a->model->site_count, b->model->site_count);
    for (int i = 0; i < a->model->site_count; i++) {
        assert_int_equal(a->moment->site[i].adapted,
                         b->moment->site[i].adapted);
        assert_int_equal(a->moment->site[i].rank, b->moment->site[i].rank);
        if (!a->moment->site[i].adapted)
            continue;
        struct mat one = matrix_of(a, i), other = matrix_of(b, i);
        double norm = sqrt(mat_norm_squared(one));
        assert_true(norm > 0);
        assert_near_array(other.at, one.at, (size_t)one.rows * (size_t)one.cols,
                          tolerance * norm);
        mat_free(&one);
        mat_free(&other);
    }
}

/* The last row of spectra.tsv about a site: where sigma begins. */
static const char *last_sigma(char *text, const char *site)
{
    char word[64];
    const char *at = NULL;
    snprintf(word, sizeof word, "\t%s\t", site);
    for (char *next = text; (next = strstr(next, word)); next++)
        at = next + 1;
    for (int i = 0; at && i < 6; i++)
        at = strchr(at, '\t') + 1;
    return at;
}

static void check_spectra(const struct stored *stored, const char *file)
{
    size_t size;
    char *text = fixture_text(file, &size);
    for (int i = 0; i < stored->model->site_count; i++) {
        const struct specimen *of = &stored->moment->site[i];
        struct spectrum spectrum;
        struct err err = {""};
        if (!of->adapted)
            continue;
        char *at = (char *)last_sigma(text, stored->model->site[i].name);
        assert_non_null(at);
        assert_int_equal(
            update_spectrum(&spectrum, &of->update, VALUES_ONLY, &err), 0);
        for (int k = 0; k < spectrum.count; k++)
            assert_near(strtod(k ? at + 1 : at, &at), spectrum.sigma[k],
                        nine_digits * spectrum.sigma[0]);
        assert_true(*at == '\n');
        spectrum_free(&spectrum);
    }
    mem_free(text);
}

static void a_run_is_as_its_rows_say(void **state)
{
    static const char *const names[] = {"r1", "r4", "full"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        char file[64];
        struct stored *stored = open_it(fixture_path("done"), names[i]);
        assert_int_equal(stored->kind, i < 2 ? STORED_LORA : STORED_DELTA);
        assert_string_equal(stored->moment->name, names[i]);
        assert_int_equal(stored->moment->step, 12);
        snprintf(file, sizeof file, "done/runs/%s/spectra.tsv", names[i]);
        check_spectra(stored, fixture_path(file));
        stored_close(stored);
    }
    struct stored *r4 = open_it(fixture_path("done/runs/r4/"), NULL);
    int v = model_site_find(r4->model, "h.1.attn.v");
    assert_int_equal(r4->moment->site[v].rank, 2);
    assert_string_equal(r4->origin[v].tensor, "h.1.attn.v.A");
    assert_non_null(strstr(r4->origin[v].scale_from, "checkpoint-"));
    assert_non_null(strstr(r4->origin[v].scale_from, " / r 2"));
    assert_false(r4->moment->site[v - 1].adapted);
    stored_close(r4);
}

static void an_adapter_holds_its_runs_update(void **state)
{
    (void)state;
    struct stored *run = open_it(fixture_path("done"), "r4");
    struct stored *file = open_it(fixture_path("done/runs/r4/adapter"), NULL);
    assert_int_equal(file->kind, STORED_LORA);
    assert_int_equal(file->moment->step, -1);
    assert_true(stored_is_file(file) && !stored_is_file(run));
    assert_same_update(run, file, folded_scale);
    stored_close(file);
    stored_close(run);
}

static void a_fused_pair_is_its_sites(void **state)
{
    (void)state;
    struct stored *run = open_it(fixture_path("done"), "r4");
    struct stored *file = open_it(fixture_path("done/runs/r4/adapter"), NULL);
    stored_fuse(run); /* no file: stays as it is */
    assert_int_equal(run->moment->site_count, run->model->site_count);
    int q = model_site_find(run->model, "h.1.attn.q");
    stored_fuse(file);
    stored_fuse(file);
    assert_int_equal(file->moment->site_count, 4);
    const struct site *pair = &file->model->site[2];
    assert_string_equal(pair->name, "h.1.attn.c_attn");
    assert_int_equal(file->moment->site[2].rank, 6);
    assert_non_null(strstr(file->origin[2].tensor, "c_attn.lora_A.weight"));
    struct mat all = matrix_of(file, 2), base = file->model->base.site[2];
    assert_int_equal(all.rows, 48);
    for (int k = 0; k < 3; k++) {
        struct mat w0 = run->model->base.site[q + k];
        assert_memory_equal(mat_row(base, 16 * k), w0.at,
                            sizeof(float) * 16 * 16);
        struct mat part = mat_new(16, 16);
        if (run->moment->site[q + k].adapted)
            update_write(&run->moment->site[q + k].update, part);
        assert_near_array(mat_row(all, 16 * k), part.at, 16 * 16, folded_scale);
        mat_free(&part);
    }
    mat_free(&all);
    stored_close(file);
    stored_close(run);
}

static void copy(const char *from, const char *to)
{
    char command[2100];
    snprintf(command, sizeof command, "cp -R '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void a_model_beside_its_base(void **state)
{
    (void)state;
    struct stored *run = open_it(fixture_path("done"), "full");
    struct stored *model = open_it(fixture_path("done/runs/full/model"), NULL);
    assert_int_equal(model->kind, STORED_DELTA);
    assert_int_equal(model->storage, STORED_F32);
    assert_string_equal(model->origin[0].tensor,
                        "transformer.h.0.attn.c_attn.weight");
    assert_same_update(run, model, 0);
    stored_close(model);
    /* Elsewhere nobody knows its base. */
    copy(fixture_path("done/runs/full/model"), fixture_path("alone"));
    model = open_it(fixture_path("alone"), NULL);
    assert_int_equal(model->kind, STORED_WEIGHTS);
    struct mat w = matrix_of(model, 3);
    assert_memory_equal(w.at, model->model->base.site[3].at,
                        sizeof(float) * 16 * 16);
    mat_free(&w);
    stored_close(model);
    /* Against itself there is none. */
    model = open_base(fixture_path("alone"), NULL, fixture_path("alone"));
    assert_true(update_is_zero(&model->moment->site[0].update));
    assert_int_equal(model->rounded, 2);
    stored_close(model);
    stored_close(run);
}

static void results_share_one_base(void **state)
{
    (void)state;
    struct err err = {""};
    struct results *results =
        results_open(fixture_path("done"), NULL, fixture_assets(), &err);
    assert_string_equal(err.text, "");
    assert_int_equal(results_count(results), 3);
    assert_string_equal(results_name(results, 1), "r4");
    int full = results_find(results, "full", &err);
    const struct moment *one = results_moment(results, 1, &err);
    const struct moment *other = results_moment(results, full, &err);
    assert_non_null(one);
    assert_non_null(other);
    assert_int_equal(one->site_count, results_model(results)->site_count);
    assert_int_equal(other->run, 2);
    assert_int_equal(one->step, 12);
    assert_null(one->others);
    assert_non_null(other->others);
    assert_true(moment_is_dense(other) && !moment_is_dense(one));
    results_close(results); /* moments live on */
    assert_false(update_is_zero(&one->site[0].update));
    moment_release(one);
    moment_release(other);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    const char *done = fixture_path("done");
    refused(fixture_path("nowhere"), NULL, NULL, "no folder", "nowhere");
    refused(fixture_path("tokenizer.json"), NULL, NULL, "is a file", "folder");
    refused(fixture_folder, NULL, NULL, "no recipe.yaml", "config.json");
    refused("", NULL, NULL, "name", "bytes");
    refused(done, NULL, NULL, "3 runs", "r1, r4, full");
    refused(done, "r5", NULL, "no run r5", "did you mean r1?");
    refused(done, "zebra", NULL, "no run zebra", "r1, r4, full");
    refused(fixture_path("done/runs/r4"), "r1", NULL, "r1", "runs/r4");
    refused(fixture_path("done/runs/r5"), NULL, NULL, "no folder", "runs/r5");
    refused(fixture_path("done/runs"), NULL, NULL, "no recipe.yaml", "runs");
    copy(fixture_path("done/runs/r4/adapter"), fixture_path("adapter"));
    refused(fixture_path("adapter"), NULL, NULL, "base", "--base");
    refused(fixture_path("adapter"), NULL, fixture_path("nowhere"), "nowhere",
            "config.json");
}

static void says_which_shapes(void **state)
{
    static const char *const sets[] = {"base.width=20", "runs.full.name=wide"};
    (void)state;
    struct recipe recipe = fixture_recipe(sets, 2);
    struct session_options options = fixture_options(fixture_path("wide"), 1);
    recipe.steps = 1;
    fixture_train(&recipe, &options);
    const char *base = fixture_path("wide/runs/wide/model");
    refused(fixture_path("done/runs/full/model"), NULL, base, "(16, 16)",
            "(20, 20)");
    refused(fixture_path("done"), "full", base, "(16, 16)", "(20, 20)");
    refused(fixture_path("done"), "r1", base, "(1, 16)", "(1, 20)");
    refused(fixture_path("done/runs/r4/adapter"), NULL, base, "(8, 16)",
            "(8, 20)");
}

/* The number at the end of a file becomes NaN. */
static void poison(const char *path)
{
    static const unsigned char nan_bytes[4] = {0, 0, 0xc0, 0x7f};
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, -4, SEEK_END), 0);
    assert_int_equal(fwrite(nan_bytes, 1, 4, file), 4);
    assert_int_equal(fclose(file), 0);
}

static void names_what_is_damaged(void **state)
{
    char command[2100];
    (void)state;
    copy(fixture_path("done"), fixture_path("hurt"));
    poison(fixture_path("hurt/runs/r4/adapter/adapter_model.safetensors"));
    refused(fixture_path("hurt/runs/r4/adapter"), NULL, NULL,
            "h.1.mlp.c_fc.lora_B.weight", "NaN");
    poison(fixture_path("hurt/runs/full/model/model.safetensors"));
    refused(fixture_path("hurt/runs/full/model"), NULL, NULL, "tensor", "NaN");
    snprintf(command, sizeof command,
             "cd '%s/hurt/runs/r1' && for f in checkpoint-*; do "
             "head -c 400 $f >cut && mv cut $f; done",
             fixture_folder);
    assert_int_equal(system(command), 0);
    refused(fixture_path("hurt"), "r1", NULL, "checkpoint-", "");
    assert_int_equal(unlink(fixture_path("hurt/checkpoint.json")), 0);
    refused(fixture_path("hurt"), "r1", NULL, "no checkpoint", "--resume");
}

static void a_run_that_has_not_begun(void **state)
{
    (void)state;
    struct recipe recipe = fixture_recipe(NULL, 0);
    struct session_options options = fixture_options(fixture_path("new"), 1);
    options.start_paused = true;
    struct session *session = fixture_open(&recipe, &options);
    struct err err = {""};
    assert_int_equal(session_start(session, &err), 0);
    session_close(session);
    struct stored *stored = open_it(fixture_path("new"), "r1");
    assert_int_equal(stored->moment->step, 0);
    assert_true(stored->moment->site[0].adapted);
    assert_true(update_is_zero(&stored->moment->site[0].update));
    stored_close(stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_as_its_rows_say),
        cmocka_unit_test(an_adapter_holds_its_runs_update),
        cmocka_unit_test(a_fused_pair_is_its_sites),
        cmocka_unit_test(a_model_beside_its_base),
        cmocka_unit_test(results_share_one_base),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(says_which_shapes),
        cmocka_unit_test(names_what_is_damaged),
        cmocka_unit_test(a_run_that_has_not_begun),
    };
    return cmocka_run_group_tests(tests, set_up, fixture_tear_down);
}
