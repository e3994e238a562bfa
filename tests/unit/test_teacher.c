/*
 * The teacher: its update has exact rank, its inputs are white, and what is
 * learned of it ends where Eckart and Young say; and the gradients of dense
 * layers, for which it is the simplest case.
 */
#include <math.h>
#include <string.h>

#include "analysis/spectrum.h"
#include "core/base/linalg.h"
#include "core/model/network.h"
#include "core/task/task.h"
#include "tests/unit/session_fixture.h"
#include "tests/unit/small.h"

enum { IN = 24, OUT = 16, RANK = 6 };

/* Adam's last steps, and float32 sums over some hundred products. */
#define TRAINED 2e-3
/* Sums of OUT * IN float products of size one. */
#define ROUNDING 1e-5

static struct model *dense(const char *family, const int *sizes, int count,
                           uint64_t seed)
{
    struct err err = {""};
    struct model_conf conf = {.family = family};
    memcpy(conf.size, sizes, (size_t)count * sizeof *sizes);
    struct model *model = model_new(&conf, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(model_init(model, seed), 0);
    return model;
}

static struct task *teacher(const struct model *model, int rank)
{
    struct err err = {""};
    struct task_conf conf = {.name = "teacher",
                             .seed = 3,
                             .context = 1,
                             .reads = EXAMPLE_VALUES,
                             .in = IN,
                             .out = OUT,
                             .rank = rank,
                             .base = model->base.site[0]};
    struct task *task = task_open(&conf, &err);
    assert_string_equal(err.text, "");
    return task;
}

/* --- what the teacher knows -----------------------------------------------
 */

/* From examples alone: sum y x^T / n = W, since the inputs are white. */
static struct mat regress(const struct batch *batch)
{
    struct mat w = mat_new(OUT, IN);
    for (int t = 0; t < batch->tokens; t++)
        for (int i = 0; i < OUT; i++)
            for (int j = 0; j < IN; j++)
                mat_row(w, i)[j] += batch->y[t * OUT + i] *
                                    batch->x[t * IN + j] / (float)batch->tokens;
    return w;
}

static void the_update_has_the_rank(void **state)
{
    (void)state;
    const int sizes[] = {IN, OUT};
    struct err err = {""};
    struct model *model = dense("linear", sizes, 2, 5);
    struct task *task = teacher(model, RANK);
    struct batch batch = {0};
    task_validation(task, &batch, IN);
    assert_int_equal(batch.tokens, IN);
    struct mat dw = regress(&batch);
    for (int i = 0; i < OUT; i++)
        for (int j = 0; j < IN; j++)
            mat_row(dw, i)[j] -= mat_row(model->base.site[0], i)[j];
    struct spectrum spectrum;
    assert_int_equal(spectrum_of_matrix(&spectrum, dw, VALUES_ONLY, &err), 0);
    for (int i = 0; i < spectrum.count; i++)
        assert_near(spectrum.sigma[i], i < RANK ? sqrt((double)OUT / RANK) : 0,
                    1e-4);
    spectrum_free(&spectrum);
    mat_free(&dw);
    batch_free(&batch);
    task_close(task);
    model_free(model);
}

static void ranks_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const int sizes[] = {IN, OUT};
    struct err err = {""};
    struct model *model = dense("linear", sizes, 2, 5);
    struct task_conf conf = {.name = "teacher",
                             .reads = EXAMPLE_VALUES,
                             .in = IN,
                             .out = OUT,
                             .rank = OUT + 1,
                             .base = model->base.site[0]};
    assert_null(task_open(&conf, &err));
    assert_non_null(strstr(err.text, "rank 17"));
    conf.rank = 2;
    conf.examples = IN + 1;
    assert_null(task_open(&conf, &err));
    assert_non_null(strstr(err.text, "white"));
    model_free(model);
}

/* --- what is learned ------------------------------------------------------
 */

/* loss(r) / loss(0) = 1 - r / k, and then 0. */
static void trained_runs_end_on_the_line(void **state)
{
    (void)state;
    char path[1024];
    struct recipe recipe;
    struct err err = {""};
    file_join(path, sizeof path, fixture_root(),
              "experiments/recipes/teacher.yaml");
    assert_int_equal(recipe_read(&recipe, path, NULL, 0, &err), 0);
    struct session_options options = {.assets = fixture_assets(), .threads = 2};
    struct session *session = session_open(&recipe, &options, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(session_start(session, &err), 0);
    assert_int_equal(session_wait(session, &err), 0);
    const struct snapshot *end = session_look(session);
    for (int r = 0; r < end->run_count; r++) {
        const struct run_view *run = &end->run[r];
        int rank = run->rank_high ? run->rank_high : 64;
        double line = rank < 8 ? 1 - rank / 8.0 : 0;
        assert_near(run->validation_loss, line, TRAINED);
        /* No run of a rank below the teacher's beats Eckart and Young. */
        assert_true(run->validation_loss > line - ROUNDING);
    }
    assert_string_equal(snapshot_loss_unit(end), "mean squared error");
    snapshot_release(end);
    session_close(session);
}

/* --- gradients ------------------------------------------------------------
 */

struct wanted {
    float *site[4], *other[4]; /* sums of gradients */
};

static void take(void *ctx, int site, struct mat x, struct mat dy)
{
    struct wanted *to = ctx;
    struct mat dw = mat_of(to->site[site], dy.cols, x.cols);
    linalg_gemm(dw, 1, dy, TRANSPOSED, x, PLAIN, 1);
}

static struct batch rows_of(const struct model *model, int rows)
{
    struct batch batch = {.sequences = rows, .tokens = rows, .targets = rows};
    int in = model_inputs(model), out = model_outputs(model);
    bool classes = model->conf.reads == EXAMPLE_CLASS;
    batch.in = in;
    batch.start = xcalloc((size_t)rows + 1, sizeof *batch.start);
    batch.prompt = xcalloc((size_t)rows, sizeof *batch.prompt);
    batch.x = xcalloc((size_t)(rows * in), sizeof *batch.x);
    batch.target = xcalloc((size_t)rows, sizeof *batch.target);
    small_random(batch.x, (size_t)(rows * in), 1, 11);
    if (!classes) {
        batch.out = out;
        batch.y = xcalloc((size_t)(rows * out), sizeof *batch.y);
        small_random(batch.y, (size_t)(rows * out), 1, 12);
        batch.targets = rows * out;
    }
    for (int t = 0; t < rows; t++) {
        batch.start[t + 1] = t + 1;
        batch.target[t] = t % out;
    }
    return batch;
}

static void check_slope(struct pass *pass, struct weights *weights,
                        const struct batch *batch, float *value, float gradient)
{
    const float step = 2e-3F;
    float old = *value;
    *value = old + step;
    double span = *value, up = pass_score(pass, weights, batch).loss;
    *value = old - step;
    span -= *value;
    double down = pass_score(pass, weights, batch).loss;
    *value = old;
    double slope = (up - down) / span;
    /* The third derivative, and float32 losses over the step. */
    assert_near(gradient, slope, 4e-3 * (1 + fabs(slope)));
}

static void check_gradients(struct model *model)
{
    struct batch batch = rows_of(model, 5);
    struct pass *pass = pass_new(model);
    struct weights weights = weights_new(model);
    struct wanted to = {{NULL}, {NULL}};
    bool wants[4] = {true, true, true, true};
    for (int i = 0; i < model->other_count; i++) /* away from the corners */
        small_random((float *)weights.other[i], (size_t)model->other[i].cols,
                     0.5F, 30 + (uint64_t)i);
    for (int i = 0; i < model->site_count; i++) {
        size_t n = (size_t)model->site[i].out * (size_t)model->site[i].in;
        to.site[i] = xcalloc(n, sizeof(float));
        to.other[i] = xcalloc((size_t)model->site[i].out, sizeof(float));
    }
    struct sink sink = {&to, wants, take, to.other, NULL};
    (void)pass_learn(pass, &weights, &batch, 1, &sink);
    for (int i = 0; i < model->site_count; i++) {
        int n = model->site[i].out * model->site[i].in;
        for (int k = 0; k < n; k++)
            check_slope(pass, &weights, &batch, weights.site[i].at + k,
                        to.site[i][k]);
        for (int k = 0; k < model->site[i].out && model->other_count; k++)
            check_slope(pass, &weights, &batch, (float *)weights.other[i] + k,
                        to.other[i][k]);
        mem_free(to.site[i]);
        mem_free(to.other[i]);
    }
    weights_free(&weights);
    pass_free(pass);
    batch_free(&batch);
}

static void dense_gradients_are_slopes(void **state)
{
    (void)state;
    const int linear[] = {7, 5}, mlp[] = {6, 8, 5, 3};
    struct model *one = dense("linear", linear, 2, 4);
    struct model *three = dense("mlp", mlp, 4, 4);
    assert_int_equal(model_parameters(three),
                     6 * 8 + 8 + 8 * 5 + 5 + 5 * 3 + 3);
    check_gradients(one);
    check_gradients(three);
    model_free(one);
    model_free(three);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *family;
        int size[4];
        const char *words;
    } bad[] = {{"linear", {4, 4, 4}, "two sizes"},
               {"linear", {4}, "at least two sizes"},
               {"mlp", {4, -1, 2}, "size -1"},
               {"mlp", {4, 4, 1}, "at least 2"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {""};
        struct model_conf conf = {.family = bad[i].family};
        memcpy(conf.size, bad[i].size, sizeof bad[i].size);
        assert_null(model_new(&conf, &err));
        assert_non_null(strstr(err.text, bad[i].words));
    }
}

static int set_up(void **state)
{
    linalg_thread_init();
    return fixture_set_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_update_has_the_rank),
        cmocka_unit_test(ranks_that_cannot_be_are_refused),
        cmocka_unit_test(trained_runs_end_on_the_line),
        cmocka_unit_test(dense_gradients_are_slopes),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, fixture_tear_down);
}
