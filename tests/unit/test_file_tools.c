/*
 * Resize, extract and merge as laws: what is written is what was meant, seen
 * by the readers that runs use, and by sums written out here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/adapter.h"
#include "core/io/peft_out.h"
#include "core/io/rounding.h"
#include "core/model/transformer.h"
#include "experiments/combine.h"
#include "experiments/extract.h"
#include "experiments/resize.h"
#include "tests/unit/scratch.h"
#include "tests/unit/small.h"

/* Logits of order 1 through two layers, in float. */
#define LOGITS 1e-5
/* dW taken as a difference of stored floats: an eps of W, not of dW. */
#define DIFFERENCE 1e-6
/* Factors stored in float, summed in another order. */
#define STORED 1e-6
/* Predicted in double, measured in double on float factors. */
#define PREDICTED 1e-5

static char *root;

static const char *sub(const char *name)
{
    char command[600];
    const char *path = scratch_path(root, name);
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir '%s'", path, path);
    assert_int_equal(system(command), 0);
    return path;
}

static struct method *trained(const struct model *model)
{
    struct method_conf conf = small_lora();
    conf.targets[SITE_HEAD] = false; /* tied in the base */
    conf.targets[SITE_K] = conf.targets[SITE_O] = true;
    struct method *lora = small_method(model, &conf);
    small_stir(lora, 0.3, 9);
    return lora;
}

static void save(const struct model *model, const char *base,
                 const char *adapter)
{
    struct err err = {""};
    struct method *lora = trained(model);
    assert_int_equal(model_save(model, &model->base, base, &err), 0);
    assert_int_equal(adapter_save_peft(lora, "x", adapter, &err), 0);
    method_free(lora);
}

static struct mat logits_of(const struct model *model, const char *folder)
{
    int32_t id[] = {3, 1, 4, 1, 5}, target[] = {-1, -1, -1, -1, -1};
    int start[] = {0, 5}, prompt = 5;
    struct err err = {""};
    struct batch batch = {.sequences = 1,
                          .tokens = 5,
                          .start = start,
                          .id = id,
                          .target = target,
                          .prompt = &prompt};
    struct weights weights = weights_new(model);
    for (int i = 0; i < model->site_count; i++) {
        struct mat base = model->base.site[i];
        weights.site[i] = mat_new(base.rows, base.cols);
        mat_copy(weights.site[i], base);
    }
    struct adapter *adapter = adapter_open(model, folder, &err);
    assert_string_equal(err.text, "");
    adapter_merge(adapter, &weights, 1);
    adapter_close(adapter);
    struct pass *pass = pass_new(model);
    struct mat logits = mat_new(5, model->conf.vocab);
    pass_logits(pass, &weights, &batch, logits);
    pass_free(pass);
    for (int i = 0; i < model->site_count; i++)
        mat_free(&weights.site[i]);
    weights_free(&weights);
    return logits;
}

/* dW (out, in) of a pair, written out. */
static struct dmat dense(const struct peft *peft, int i)
{
    struct mat bt, a;
    struct err err = {""};
    assert_int_equal(peft_read(&bt, &a, peft, i, &err), 0);
    struct dmat w = dmat_new(bt.cols, a.cols);
    for (int k = 0; k < a.rows; k++)
        for (int r = 0; r < w.rows; r++)
            for (int c = 0; c < w.cols; c++)
                dmat_row(w, r)[c] += peft->pair[i].scale *
                                     (double)mat_row(bt, k)[r] *
                                     (double)mat_row(a, k)[c];
    mat_free(&bt);
    mat_free(&a);
    return w;
}

static double distance(struct dmat one, struct dmat other)
{
    double sum = 0;
    for (int i = 0; i < one.rows * one.cols; i++)
        sum += (one.at[i] - other.at[i]) * (one.at[i] - other.at[i]);
    return sqrt(sum);
}

static int find_pair(const struct peft *peft, const char *module)
{
    for (int i = 0; i < peft->count; i++)
        if (strcmp(peft->pair[i].module, module) == 0)
            return i;
    return -1;
}

/* Cut to the rank it has, in fewer or as many factors, nothing changes. */
static void numerical_rank_changes_no_logit(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct err err = {""};
    save(model, sub("base"), sub("a"));
    struct mat want = logits_of(model, scratch_path(root, "a"));
    struct resize *resize = resize_open(scratch_path(root, "a"), 2, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(resize_plan(resize, RESIZE_RANK, 1000, &err), 0);
    assert_int_equal(resize_write(resize, sub("b"), false, &err), 0);
    struct mat got = logits_of(model, scratch_path(root, "b"));
    assert_near_array(got.at, want.at, (size_t)want.rows * (size_t)want.cols,
                      LOGITS);
    /* Nothing is overwritten unasked. */
    assert_int_equal(resize_write(resize, scratch_path(root, "b"), false, &err),
                     -1);
    assert_non_null(strstr(err.text, "--force"));
    resize_close(resize);
    mat_free(&want);
    mat_free(&got);
    model_free(model);
}

/* The error that was printed is the error of the file. */
static void loss_is_predicted(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct err err = {""};
    save(model, sub("base"), sub("a"));
    struct resize *resize = resize_open(scratch_path(root, "a"), 1, &err);
    for (int i = 0; i < resize->count; i++)
        resize->rank[i] = resize->site[i].count;
    size_t whole = resize_bytes(resize, resize->rank);
    assert_int_equal(resize_plan(resize, RESIZE_BYTES, (double)whole / 2, &err),
                     0);
    assert_true(resize->outcome.is_best);
    assert_int_equal(resize_write(resize, sub("b"), false, &err), 0);
    char path[600];
    snprintf(path, sizeof path, "%s/b/adapter_model.safetensors", root);
    FILE *file = fopen(path, "rb");
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    fclose(file);
    assert_true(size <= (long)whole / 2);
    assert_int_equal(size, resize_bytes(resize, resize->rank));
    struct peft *back = peft_open(scratch_path(root, "b"), &err);
    assert_string_equal(err.text, "");
    for (int i = 0; i < resize->count; i++) {
        struct dmat was = dense(resize->peft, i);
        int at = find_pair(back, resize->peft->pair[i].module);
        struct dmat is =
            at < 0 ? dmat_new(was.rows, was.cols) : dense(back, at);
        double lost = plan_frobenius_error(&resize->site[i], resize->rank[i]);
        assert_near(distance(was, is), lost,
                    PREDICTED * plan_norm(&resize->site[i]));
        assert_int_equal(at >= 0, resize->rank[i] > 0);
        assert_true(at < 0 || back->pair[at].rank == resize->rank[i]);
        dmat_free(&was);
        dmat_free(&is);
    }
    peft_close(back);
    resize_close(resize);
    model_free(model);
}

/* One update of rank 1 in factors of r = 8 that are all in use. */
static void write_rank_one(const char *folder)
{
    struct mat b = small_mat(1, 20, 1, 1), a = small_mat(1, 30, 1, 2);
    struct mat mix = small_mat(1, 8, 1, 3), bt = mat_new(8, 20);
    struct mat full = mat_new(8, 30);
    struct err err = {""};
    for (int k = 0; k < 8; k++) {
        for (int i = 0; i < 20; i++)
            mat_row(bt, k)[i] = b.at[i] * mix.at[k];
        for (int j = 0; j < 30; j++)
            mat_row(full, k)[j] = a.at[j] * (k % 2 ? .5f : 2);
    }
    struct peft_out *out = peft_out_new(NULL, "x", false, true, TENSOR_F32);
    peft_out_add(out, (struct peft_item){"m.q", 8, 20, 30, 2, false});
    assert_int_equal(peft_out_begin(out, folder, false, &err), 0);
    assert_int_equal(peft_out_put(out, bt, full, &err), 0);
    assert_int_equal(peft_out_commit(out, &err), 0);
    mat_free(&b);
    mat_free(&a);
    mat_free(&mix);
    mat_free(&bt);
    mat_free(&full);
}

static void rank_one_comes_out_rank_one(void **state)
{
    (void)state;
    static const double value[] = {[RESIZE_RANK] = 8,
                                   [RESIZE_ENERGY] = 1,
                                   [RESIZE_RATIO] = 1e12,
                                   [RESIZE_BYTES] = 1e6,
                                   [RESIZE_PARAMETERS] = 1e6};
    struct err err = {""};
    write_rank_one(sub("one"));
    struct resize *resize = resize_open(scratch_path(root, "one"), 1, &err);
    assert_string_equal(err.text, "");
    for (int rule = RESIZE_RANK; rule <= RESIZE_PARAMETERS; rule++) {
        assert_int_equal(
            resize_plan(resize, (enum resize_rule)rule, value[rule], &err), 0);
        assert_int_equal(resize->rank[0], 1);
    }
    resize_close(resize);
}

static struct merge_ask merge_ask(const char *base, const char *adapter,
                                  const char *out)
{
    struct merge_ask ask = {.base = base, .adapters = 1, .out = out};
    ask.adapter[0] = adapter;
    ask.scale[0] = 1;
    return ask;
}

/* extract(base, merge(base, adapter)) is the adapter's dW. */
static void extract_undoes_merge(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct err err = {""};
    char base[300], adapter[300], merged[300], out[300];
    snprintf(base, sizeof base, "%s", sub("base"));
    snprintf(adapter, sizeof adapter, "%s", sub("a"));
    snprintf(merged, sizeof merged, "%s", sub("m"));
    snprintf(out, sizeof out, "%s", sub("e"));
    save(model, base, adapter);
    struct merge_ask ask = merge_ask(base, adapter, merged);
    struct merge *merge = merge_run(&ask, &err);
    assert_string_equal(err.text, "");
    assert_true(merge->count > 0 && merge->site[0].transposed);
    merge_close(merge);
    struct extract_ask how = {.base = base,
                              .tuned = merged,
                              .base_name = "x",
                              .rank = 12,
                              .type = TENSOR_F32,
                              .out = out};
    struct extract *extract = extract_run(&how, &err);
    assert_string_equal(err.text, "");
    struct peft *was = peft_open(adapter, &err), *is = peft_open(out, &err);
    assert_int_equal(was->count, is->count);
    for (int i = 0; i < was->count; i++) {
        int at = find_pair(is, was->pair[i].module);
        assert_true(at >= 0);
        struct dmat one = dense(was, i), other = dense(is, at);
        /* (rank, norm of W) near (12, 1) */
        assert_near(distance(one, other), 0, 12 * DIFFERENCE);
        dmat_free(&one);
        dmat_free(&other);
    }
    peft_close(was);
    peft_close(is);
    extract_close(extract);
    model_free(model);
}

/* W' of a merge is what runs compute, and -1 takes it off again. */
static void merge_and_back(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct err err = {""};
    char base[300], adapter[300], merged[300], back[300];
    snprintf(base, sizeof base, "%s", sub("base"));
    snprintf(adapter, sizeof adapter, "%s", sub("a"));
    snprintf(merged, sizeof merged, "%s", sub("m"));
    snprintf(back, sizeof back, "%s", sub("u"));
    save(model, base, adapter);
    struct merge_ask ask = merge_ask(base, adapter, merged);
    struct merge *merge = merge_run(&ask, &err);
    assert_string_equal(err.text, "");
    struct model *read = model_open(merged, &err);
    assert_string_equal(err.text, "");
    struct method *lora = trained(model);
    for (int i = 0; i < model->site_count; i++) {
        if (!lora->ops->adapts(lora, i))
            continue;
        struct mat want = small_effective(lora, i);
        struct mat got = read->base.site[i];
        assert_near_array(got.at, want.at,
                          (size_t)want.rows * (size_t)want.cols, STORED);
        mat_free(&want);
    }
    model_free(read);
    method_free(lora);
    ask = merge_ask(merged, adapter, back);
    ask.scale[0] = -1;
    struct merge *off = merge_run(&ask, &err);
    assert_string_equal(err.text, "");
    read = model_open(back, &err);
    /* What was promised of it when it was put on. */
    for (int i = 0; i < model->site_count; i++) {
        struct mat was = model->base.site[i], is = read->base.site[i];
        assert_near_array(is.at, was.at, (size_t)was.rows * (size_t)was.cols,
                          STORED);
    }
    assert_true(merge->site[0].back < STORED * merge->site[0].norm);
    model_free(read);
    merge_close(off);
    merge_close(merge);
    model_free(model);
}

/* Of bf16 entry by entry: what is swallowed, and how far rounding is off. */
static void rounding_is_counted(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct err err = {""};
    char base[300], adapter[300], merged[300];
    snprintf(base, sizeof base, "%s", sub("base"));
    snprintf(adapter, sizeof adapter, "%s", sub("a"));
    snprintf(merged, sizeof merged, "%s", sub("m"));
    save(model, base, adapter);
    struct merge_ask ask = merge_ask(base, adapter, merged);
    ask.has_type = true;
    ask.type = TENSOR_BF16;
    ask.scale[0] = 1e-4;
    struct merge *merge = merge_run(&ask, &err);
    assert_string_equal(err.text, "");
    struct tensor_folder *is = tensor_folder_open(merged, &err);
    for (int i = 0; i < merge->count; i++) {
        const struct merge_site *site = &merge->site[i];
        const struct tensor *now =
            tensor_folder_find(is, site->tensor->name, NULL);
        struct dmat d = dense(merge->peft[0], site->pair[0]);
        size_t n = (size_t)now->count;
        float *w = xcalloc(n, sizeof *w), *v = xcalloc(n, sizeof *v);
        double off = 0;
        assert_int_equal(now->type, TENSOR_BF16);
        assert_int_equal(tensor_read(w, site->tensor, &err), 0);
        assert_int_equal(tensor_read(v, now, &err), 0);
        for (int r = 0; r < d.rows; r++)
            for (int c = 0; c < d.cols; c++) {
                int at = site->transposed ? c * d.rows + r : r * d.cols + c;
                double exact = (double)w[at] + 1e-4 * dmat_row(d, r)[c];
                off += pow((double)v[at] - exact, 2);
            }
        assert_near(site->rounding, sqrt(off), STORED * sqrt(off) + 1e-9);
        assert_true(site->rounding > 0);
        mem_free(w);
        mem_free(v);
        dmat_free(&d);
    }
    tensor_folder_close(is);
    merge_close(merge);
    model_free(model);
}

/* W' = m (W + s B A) / ||.||: rows have the norms m says. */
static void dora_has_its_own_rule(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct err err = {""};
    char base[300], adapter[300], merged[300];
    snprintf(base, sizeof base, "%s", sub("base"));
    snprintf(adapter, sizeof adapter, "%s", sub("a"));
    snprintf(merged, sizeof merged, "%s", sub("m"));
    struct method_conf conf = small_lora();
    conf.name = "dora";
    conf.targets[SITE_HEAD] = false;
    struct method *dora = small_method(model, &conf);
    small_stir(dora, 0.1, 4);
    assert_int_equal(model_save(model, &model->base, base, &err), 0);
    assert_int_equal(adapter_save_peft(dora, "x", adapter, &err), 0);
    struct merge_ask ask = merge_ask(base, adapter, merged);
    struct merge *merge = merge_run(&ask, &err);
    assert_string_equal(err.text, "");
    merge_close(merge);
    struct model *read = model_open(merged, &err);
    for (int i = 0; i < model->site_count; i++) {
        if (!dora->ops->adapts(dora, i))
            continue;
        struct mat want = small_effective(dora, i);
        assert_near_array(read->base.site[i].at, want.at,
                          (size_t)want.rows * (size_t)want.cols, STORED);
        mat_free(&want);
    }
    model_free(read);
    /* And is refused where that cannot be done. */
    assert_null(resize_open(adapter, 1, &err));
    assert_non_null(strstr(err.text, "DoRA"));
    ask.scale[0] = -1;
    assert_null(merge_run(&ask, &err));
    assert_non_null(strstr(err.text, "DoRA"));
    method_free(dora);
    model_free(model);
}

/* The concatenation is the sum, and the cross terms are those of (B1 + B2)
 * (A1 + A2). */
static void concatenation_is_the_sum(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct err err = {""};
    char adapter[300], out[300];
    (void)sub("base");
    snprintf(adapter, sizeof adapter, "%s", sub("a"));
    snprintf(out, sizeof out, "%s", sub("c"));
    save(model, scratch_path(root, "base"), adapter);
    struct merge_ask ask = {.base = "", .adapters = 2, .out = out};
    ask.adapter[0] = ask.adapter[1] = adapter;
    ask.scale[0] = 1;
    ask.scale[1] = 3;
    struct combine *combine = combine_run(&ask, 0, &err);
    assert_string_equal(err.text, "");
    struct peft *was = peft_open(adapter, &err), *is = peft_open(out, &err);
    for (int i = 0; i < combine->count; i++) {
        struct dmat one = dense(was, i), sum = dense(is, i);
        for (int k = 0; k < one.rows * one.cols; k++)
            one.at[k] *= 4;
        assert_near(distance(one, sum), 0, STORED * combine->site[i].norm);
        /* Roots of 1 and 3 times the same factors: 2 sqrt 3 beside 4. */
        assert_near(combine->site[i].cross / combine->site[i].norm, sqrt(3) / 2,
                    STORED);
        dmat_free(&one);
        dmat_free(&sum);
    }
    peft_close(was);
    peft_close(is);
    combine_close(combine);
    model_free(model);
}

static void halves_round_to_even(void **state)
{
    (void)state;
    assert_true(round_float(1 + 0x1p-11f, TENSOR_F16) == 1);
    assert_true(round_float(1 + 0x3p-11f, TENSOR_F16) == 1 + 0x1p-9f);
    assert_true(round_float(0x1p-25f, TENSOR_F16) == 0);
    assert_true(round_float(0x3p-25f, TENSOR_F16) == 0x1p-23f);
    assert_true(round_float(65519, TENSOR_F16) == 65504);
    assert_true(isinf(round_float(65520, TENSOR_F16)));
    assert_true(round_float(1 + 0x1p-8f, TENSOR_BF16) == 1);
    assert_true(round_float(1 + 0x3p-8f, TENSOR_BF16) == 1 + 0x1p-6f);
    assert_true(isinf(round_float(3.4e38f, TENSOR_BF16)));
    assert_true(round_unit(1.5f, TENSOR_BF16) == 0x1p-7f);
    assert_true(round_unit(-4, TENSOR_F16) == 0x1p-8f);
    assert_true(round_unit(0, TENSOR_F32) == 0x1p-149f);
}

static int set_up(void **state)
{
    (void)state;
    linalg_thread_init();
    root = scratch_make();
    return root ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[300];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numerical_rank_changes_no_logit),
        cmocka_unit_test(loss_is_predicted),
        cmocka_unit_test(rank_one_comes_out_rank_one),
        cmocka_unit_test(extract_undoes_merge),
        cmocka_unit_test(merge_and_back),
        cmocka_unit_test(rounding_is_counted),
        cmocka_unit_test(dora_has_its_own_rule),
        cmocka_unit_test(concatenation_is_the_sum),
        cmocka_unit_test(halves_round_to_even),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
