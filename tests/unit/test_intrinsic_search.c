/*
 * The search for the intrinsic dimension, on a teacher whose curve is known;
 * its folder: any number of threads, stops, divergence; and the recipe.
 */
#include <math.h>
#include <poll.h>
#include <unistd.h>

#include "experiments/cell_lock.h"
#include "experiments/kept_grid.h"
#include "experiments/sweeper.h"
#include "tests/unit/session_fixture.h"

/* A linear student of IN x IN numbers whose loss is |W - W*|^2 / IN for white
 * inputs. */
enum { IN = 32, ALL = IN * IN };

static const char teacher[] =
    "title: a teacher\n"
    "base: {family: linear, sizes: [32, 32]}\n"
    "task: {name: teacher, rank: 4}\n"
    "seed: 1\n"
    "steps: 150\n"
    "batch: 32\n"
    "slices: 2\n"
    "optimizer: {lr: 0.1, warmup: 5, clip: 0}\n"
    "intrinsic:\n"
    "  first: 128\n"
    "  ratio: 1.1\n"
    "  lr_dims: 128\n"
    "  seeds: [1, 2, 3]\n"
    "  rows:\n"
    "    - {name: full, method: full}\n"
    "    - {name: did, method: subspace, projection: dense, lr: 0.5}\n"
    "  search: {examples: 2}\n"
    "  report: {examples: 30}\n"
    "  quick: {seeds: [1], ratio: 1.5}\n";

static struct intrinsic_recipe *parse(const char *const *sets, int count,
                                      bool quick)
{
    struct err err = {{0}};
    struct intrinsic_recipe *recipe = intrinsic_recipe_parse(
        teacher, strlen(teacher), "t.yaml", sets, count, quick, &err);
    assert_string_equal(err.text, "");
    assert_non_null(recipe);
    return recipe;
}

static struct sweep_options options_of(const char *out, int threads)
{
    return (struct sweep_options){
        .out = out, .assets = fixture_assets(), .threads = threads};
}

/* Runs on; returns how many trainings it did. */
static int go_on(const struct intrinsic_recipe *recipe,
                 const struct sweep_options *options, enum sweep_end want)
{
    struct intrinsic_counts counts;
    struct err err = {{0}};
    int done;
    assert_int_equal(intrinsic_counts_make(&counts, recipe, options, &err), 0);
    assert_int_equal(intrinsic_run(recipe, &counts, options, &done, &err),
                     want);
    assert_string_equal(err.text, "");
    return done;
}

static struct intrinsic_search *look(const struct intrinsic_recipe *recipe,
                                     const char *out)
{
    struct intrinsic_search *search = xcalloc(1, sizeof *search);
    struct err err = {{0}};
    assert_int_equal(
        intrinsic_search_read(search, NULL, recipe, out, false, &err), 0);
    return search;
}

/* What the command prints; freed by free(). */
static char *printed(const struct intrinsic_search *search)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    intrinsic_print(to, search);
    intrinsic_tsv(to, search);
    fclose(to);
    return text;
}

/* --- the answer -----------------------------------------------------------
 */

/* In d random directions of D the least loss is (1 - d / D) L0 on average, so
 * exp(-loss) is 0.9 at d = D (1 - ln(1 / 0.9) / L0).  A share of a random
 * subspace of so many dimensions varies by sqrt(2 d (D - d) / D^3), 14 of D at
 * d = 0.9 D, or 8 over three seeds; four of these. */
static const double DRAWS = 32;

static void a_known_dimension_is_found(void **state)
{
    (void)state;
    struct intrinsic_recipe *recipe = parse(NULL, 0, false);
    const char *out = fixture_path("known");
    struct sweep_options options = options_of(out, 1);
    int did = go_on(recipe, &options, SWEEP_DONE);
    struct intrinsic_search *search = look(recipe, out);
    const struct intrinsic_curve *curve = &search->curve[0];
    const struct intrinsic_answer *answer = &curve->answer[INTRINSIC_SCORE];
    assert_true(search->is_over);
    assert_string_equal(search->trouble, "");
    assert_string_equal(search->metric, "exp(-loss)");
    assert_int_equal(search->cells, did);
    assert_int_equal(curve->end, INTRINSIC_FOUND);
    assert_near(search->goal.baseline, 1, 1e-3);
    double loss = -log(search->goal.start);
    assert_near(answer->d90, ALL * (1 + log(0.9) / loss), DRAWS);
    assert_true(answer->has_interval);
    assert_true(answer->low < answer->d90 && answer->d90 < answer->high);
    /* A share of the gain is a higher threshold where the start is above 0. */
    assert_true(curve->answer[INTRINSIC_GAIN].d90 > answer->d90);
    /* Given: 0.9 of a perfect 1, which the baseline is. */
    assert_near(curve->answer[INTRINSIC_GIVEN].d90, answer->d90, 5);
    assert_int_equal(search->counts.baseline, ALL);
    assert_int_equal(search->counts.parameters[0], ALL);
    assert_int_equal(search->counts.lora[0], 2 * IN);
    assert_int_equal(search->counts.loras, 4); /* 16 ranks are all of W */
    mem_free(search);
    mem_free(recipe);
}

/* --- the folder -----------------------------------------------------------
 */

static void assert_same_cells(const char *a, const char *b)
{
    char command[4000];
    snprintf(command, sizeof command,
             "cd '%s/cells' && set -e && test $(ls | wc -l) = $(ls "
             "'%s/cells' | wc -l) && for f in *; do sed '/\"timing\"/,$d' "
             "\"$f\" >../one; sed '/\"timing\"/,$d' '%s/cells/'\"$f\" >../two; "
             "cmp ../one ../two; done; rm ../one ../two",
             a, b, b);
    assert_int_equal(system(command), 0);
}

struct stopper {
    int left; /* looks before it stops */
};

static bool stop_soon(void *ctx)
{
    struct stopper *stopper = ctx;
    return stopper->left-- <= 0;
}

/* Stopped again and again, on another number of threads: the same cells, the
 * same words. */
static void stopped_and_called_again(void **state)
{
    (void)state;
    struct intrinsic_recipe *recipe = parse(NULL, 0, false);
    const char *out = fixture_path("stopped"), *whole = fixture_path("known");
    int sum = 0, stops = 0;
    for (bool open = true; open;) {
        struct stopper stopper = {1 + stops % 7};
        struct sweep_options options = options_of(out, 2);
        struct intrinsic_counts counts;
        struct err err = {{0}};
        int done;
        options.stop = stop_soon;
        options.ctx = &stopper;
        assert_int_equal(intrinsic_counts_make(&counts, recipe, &options, &err),
                         0);
        enum sweep_end end =
            intrinsic_run(recipe, &counts, &options, &done, &err);
        assert_string_equal(err.text, "");
        open = end == SWEEP_STOPPED;
        assert_true(open || end == SWEEP_DONE);
        stops += open;
        sum += done;
        assert_true(stops < 500);
    }
    assert_true(stops > 2);
    assert_same_cells(out, whole);
    struct intrinsic_search *one = look(recipe, out),
                            *other = look(recipe, whole);
    assert_int_equal(sum, one->cells);
    char *a = printed(one), *b = printed(other);
    assert_string_equal(a, b);
    free(a);
    free(b);
    mem_free(one);
    mem_free(other);
    mem_free(recipe);
}

/* More seeds go on from the trainings of fewer. */
static void more_seeds_go_on(void **state)
{
    const char *sets[] = {"intrinsic.seeds=[1]"};
    (void)state;
    struct intrinsic_recipe *few = parse(sets, 1, false);
    struct intrinsic_recipe *many = parse(NULL, 0, false);
    const char *out = fixture_path("seeds");
    struct sweep_options options = options_of(out, 1);
    int first = go_on(few, &options, SWEEP_DONE);
    struct intrinsic_search *search = look(few, out);
    assert_false(search->curve[0].answer[INTRINSIC_SCORE].has_interval);
    char text[INTRINSIC_TEXT];
    intrinsic_answer_text(text, search, 0, INTRINSIC_SCORE);
    assert_non_null(strstr(text, "by single runs"));
    mem_free(search);
    int second = go_on(many, &options, SWEEP_DONE);
    search = look(many, out);
    assert_true(second > 0 && first > 0);
    assert_true(search->curve[0].answer[INTRINSIC_SCORE].has_interval);
    mem_free(search);
    mem_free(few);
    mem_free(many);
}

static void another_recipe_is_refused(void **state)
{
    const char *sets[] = {"steps=151"};
    (void)state;
    struct intrinsic_recipe *recipe = parse(sets, 1, false);
    struct intrinsic_search *search = xcalloc(1, sizeof *search);
    struct err err = {{0}};
    assert_int_equal(intrinsic_search_read(search, NULL, recipe,
                                           fixture_path("known"), false, &err),
                     -1);
    assert_non_null(strstr(err.text, "made by another recipe"));
    mem_free(search);
    mem_free(recipe);
}

static void one_process_searches(void **state)
{
    (void)state;
    struct intrinsic_recipe *recipe = parse(NULL, 0, false);
    const char *out = fixture_path("locked");
    struct sweep_options options = options_of(out, 1);
    struct intrinsic_counts counts;
    struct err err = {{0}};
    char path[1024];
    int done;
    assert_int_equal(file_make_folder(out, &err), 0);
    file_join(path, sizeof path, out, "search.lock");
    assert_int_equal(file_write(path, "some-other-host 1\n", 18, &err), 0);
    assert_int_equal(intrinsic_counts_make(&counts, recipe, &options, &err), 0);
    assert_int_equal(intrinsic_run(recipe, &counts, &options, &done, &err),
                     SWEEP_OTHERS);
    assert_non_null(strstr(err.text, "some-other-host"));
    assert_int_equal(done, 0);
    mem_free(recipe);
}

/* The same on a thread of its own, as a screen sees it: boards that only grow.
 */
static void a_screen_sees_it_come(void **state)
{
    (void)state;
    struct intrinsic_recipe *recipe = parse(NULL, 0, true);
    struct sweep_options options = options_of(fixture_path("seen"), 1);
    struct err err = {{0}};
    struct sweeper *sweeper = sweeper_new_search(recipe, &options, true, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(sweeper_start(sweeper, &err), 0);
    int before = 0;
    for (bool open = true; open;) {
        struct pollfd wake = {sweeper_wake_fd(sweeper), POLLIN, 0};
        char bytes[64];
        assert_int_equal(poll(&wake, 1, 60000), 1);
        (void)!read(wake.fd, bytes, sizeof bytes); /* only a bell */
        const struct snapshot *snapshot = sweeper_look(sweeper);
        const struct board *board = snapshot->board;
        assert_null(board->table);
        assert_true(board->search->cells >= before);
        assert_string_equal(snapshot->message, "");
        before = board->search->cells;
        open = board->state != BOARD_DONE;
        assert_true(open || board->search->is_over);
        snapshot_release(snapshot);
    }
    sweeper_close(sweeper);
    const struct snapshot *stored =
        board_read_search(recipe, options.out, &err);
    assert_non_null(stored);
    assert_int_equal(stored->board->state, BOARD_DONE);
    assert_int_equal(stored->board->search->cells, before);
    snapshot_release(stored);
    mem_free(recipe);
}

/* The recipe beside the results is the one they were made with. */
static void the_recipe_is_kept(void **state)
{
    const char *path = fixture_path("t.yaml"), *out = fixture_path("kept");
    const char *sets[] = {"intrinsic.first=77"};
    struct err err = {{0}};
    (void)state;
    assert_int_equal(file_write(path, teacher, strlen(teacher), &err), 0);
    assert_true(intrinsic_recipe_is(path));
    assert_false(grid_is(path));
    assert_int_equal(kept_search_write(out, path, sets, 1, true, &err), 0);
    assert_true(kept_search_is(out));
    assert_false(kept_grid_is(out));
    struct intrinsic_recipe *recipe = kept_search_read(out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(recipe->plan.first, 77);
    assert_true(recipe->grid.quick);
    assert_int_equal(recipe->plan.seeds, 1);
    assert_near(recipe->plan.ratio, 1.5, 1e-12);
    mem_free(recipe);
}

/* --- ends -----------------------------------------------------------------
 */

static char *search_of(const char *folder, const char *const *sets, int count,
                       struct intrinsic_search **to)
{
    static struct intrinsic_recipe *recipe;
    mem_free(recipe);
    recipe = parse(sets, count, true);
    const char *out = fixture_path(folder);
    struct sweep_options options = options_of(out, 1);
    go_on(recipe, &options, SWEEP_DONE);
    *to = look(recipe, out);
    return printed(*to);
}

/* Above the rate that full batches of a quadratic bear, 2 over the largest
 * eigenvalue: the subspace's run is done again at half, or left out. */
#define SGD "optimizer={name: sgd, lr: 0.1, momentum: 0, clip: 0, warmup: 0}"

static void what_diverges_is_done_slower(void **state)
{
    const char *sets[] = {SGD, "intrinsic.lr_power=0", "steps=400",
                          "intrinsic.rows.did.lr=45", "intrinsic.most=256"};
    struct intrinsic_search *search;
    (void)state;
    char *text = search_of("slower", sets, 5, &search);
    const struct intrinsic_curve *curve = &search->curve[0];
    for (int i = 0; i < curve->count; i++) {
        assert_false(isnan(curve->run[i].score));
        assert_true(curve->halved[i] > 0);
        assert_near(curve->rate[i], ldexp(45, -curve->halved[i]), 1e-9);
    }
    free(text);
    mem_free(search);
}

static void what_always_diverges_is_left_out(void **state)
{
    const char *sets[] = {SGD, "intrinsic.rows.did.lr=1000",
                          "intrinsic.most=512", "intrinsic.lr_power=0"};
    struct intrinsic_search *search;
    (void)state;
    char *text = search_of("hopeless", sets, 4, &search);
    const struct intrinsic_curve *curve = &search->curve[0];
    assert_int_equal(curve->end, INTRINSIC_OUT_OF_REACH);
    assert_int_equal(curve->points, 3); /* 128, 256, 512 */
    for (int i = 0; i < curve->points; i++) {
        assert_int_equal(curve->point[i].runs, 0);
        assert_int_equal(curve->point[i].diverged, 1);
        assert_int_equal(curve->halved[i], INTRINSIC_HALVINGS);
    }
    assert_non_null(strstr(text, "1 diverged, left out"));
    assert_non_null(strstr(text, "not reached up to d = 512"));
    free(text);
    mem_free(search);
}

static void a_baseline_that_diverges_is_said(void **state)
{
    const char *sets[] = {SGD, "intrinsic.rows.full.lr=1000"};
    struct intrinsic_search *search;
    (void)state;
    char *text = search_of("nothing", sets, 2, &search);
    assert_true(search->is_over);
    assert_non_null(strstr(text, "the baseline diverged with every seed"));
    free(text);
    mem_free(search);
}

static void out_of_reach_is_said(void **state)
{
    const char *sets[] = {"intrinsic.goal={rule: given, given: 1.5}"};
    struct intrinsic_search *search;
    (void)state;
    char *text = search_of("unreachable", sets, 1, &search);
    assert_true(search->is_over);
    assert_int_equal(search->curve[0].end, INTRINSIC_OUT_OF_REACH);
    assert_non_null(strstr(text, "out of reach: not even d = D = 1024"));
    assert_non_null(strstr(text, "= D: no subspace, full training"));
    free(text);
    mem_free(search);
}

/* A rate that suits small d alone makes the curve fall: that is said, with a
 * score taken off by hand at the largest d below D. */
static void a_curve_that_falls_is_doubted(void **state)
{
    struct intrinsic_search *search;
    int from = 0, to = 0;
    (void)state;
    char *text = search_of("falls", NULL, 0, &search);
    struct intrinsic_curve *curve = &search->curve[0];
    assert_false(intrinsic_falls(&from, &to, search, 0));
    assert_null(strstr(text, "the score falls"));
    free(text);
    struct intrinsic_point *last = &curve->point[curve->points - 2];
    double gain = search->goal.baseline - search->goal.start;
    last->mean = last[-1].mean - 0.09 * gain; /* noise may do that */
    assert_false(intrinsic_falls(&from, &to, search, 0));
    last->mean = last[-1].mean - 0.11 * gain;
    assert_true(intrinsic_falls(&from, &to, search, 0));
    assert_int_equal(from, last[-1].d);
    assert_int_equal(to, last->d);
    text = printed(search);
    assert_non_null(strstr(text, "! the score falls from d = "));
    free(text);
    mem_free(search);
}

/* Below full training everything diverges: that is no d at which it fails. */
static void divergence_is_not_failure(void **state)
{
    const char *sets[] = {SGD, "intrinsic.rows.did.lr=1000",
                          "intrinsic.first=512", "intrinsic.lr_power=0"};
    struct intrinsic_search *search;
    (void)state;
    char *text = search_of("below", sets, 4, &search);
    const struct intrinsic_curve *curve = &search->curve[0];
    assert_int_equal(curve->end, INTRINSIC_ALL_ABOVE);
    assert_true(isnan(curve->answer[INTRINSIC_SCORE].low));
    assert_non_null(strstr(text, "at most 1024: every smaller d diverged"));
    free(text);
    mem_free(search);
}

/* d above D is full training: the baseline's own score, nothing is trained. */
static void above_all_is_full_training(void **state)
{
    const char *sets[] = {"intrinsic.first=5000", "intrinsic.goal.share=0.5"};
    struct intrinsic_search *search;
    (void)state;
    char *text = search_of("above", sets, 2, &search);
    const struct intrinsic_curve *curve = &search->curve[0];
    assert_int_equal(curve->run[0].d, ALL);
    assert_true(curve->run[0].score == search->baseline.run[0].score);
    assert_int_equal(curve->end, INTRINSIC_FOUND);
    assert_true(curve->run[1].d == ALL / 2);
    free(text);
    mem_free(search);
}

/* A factor for each layer leaves nothing below so many dimensions. */
static void layers_bound_it_from_below(void **state)
{
    const char *sets[] = {"intrinsic.rows.did.layered=true",
                          "intrinsic.goal={rule: given, given: 0.01}",
                          "intrinsic.first=1", "steps=5"};
    struct intrinsic_search *search;
    (void)state;
    char *text = search_of("layered", sets, 4, &search);
    assert_int_equal(search->counts.least[0], 2); /* one layer, and v */
    assert_int_equal(search->curve[0].end, INTRINSIC_ALL_ABOVE);
    assert_int_equal(search->curve[0].point[0].d, 2);
    assert_non_null(strstr(text, "at most 2"));
    free(text);
    mem_free(search);
}

/* --- the recipe -----------------------------------------------------------
 */

static void mistakes_are_refused(void **state)
{
    static const struct {
        const char *set, *sentence;
    } mistake[] = {
        {"intrinsic.first=0", "first 0 is not allowed; use 1.."},
        {"intrinsic.ratio=1", "ratio 1 is not allowed"},
        {"intrinsic.goal.rule=gaim", "did you mean gain?"},
        {"intrinsic.frist=3", "did you mean first?"},
        {"intrinsic.rows.did.dims=3", "dims is what the search is for"},
        {"intrinsic.rows.full.method=subspace",
         "row full: the first row is the baseline"},
        {"intrinsic.rows=[{method: full}, {method: bitfit}]",
         "row bitfit: after the baseline come rows of method: subspace"},
        {"intrinsic.rows.did.name=a-name-too-long", "at most 12 characters"},
        {"intrinsic.rows=[{name: full, method: full}]", "rows has 1"},
        {"intrinsic.quick.ratio=0", "ratio 0 is not allowed"},
        {"intrinsic.quick.first=x", "first x is not a whole number"},
        {"intrinsic=3", "intrinsic is a map"},
        {"runs=[{rank: 1}]", "has no runs"}};
    (void)state;
    for (size_t i = 0; i < sizeof mistake / sizeof *mistake; i++) {
        struct err err = {{0}};
        assert_null(intrinsic_recipe_parse(teacher, strlen(teacher), "t.yaml",
                                           &mistake[i].set, 1, false, &err));
        if (!strstr(err.text, mistake[i].sentence))
            fail_msg("%s: %s", mistake[i].set, err.text);
    }
    struct recipe *plain = xcalloc(1, sizeof *plain);
    struct err err = {{0}};
    assert_int_equal(
        recipe_parse(plain, teacher, strlen(teacher), "t.yaml", NULL, 0, &err),
        -1);
    assert_non_null(strstr(err.text, "use rankscope intrinsic"));
    mem_free(plain);
}

static void rates_follow_their_rule(void **state)
{
    (void)state;
    struct intrinsic_recipe *recipe = parse(NULL, 0, false);
    struct grid *grid = xcalloc(1, sizeof *grid);
    intrinsic_row(grid, recipe, 1, 128, 0);
    assert_near(grid->row[0].rate[0], 0.5, 1e-12);
    intrinsic_row(grid, recipe, 1, 512, 1); /* sqrt(1 / 4), halved */
    assert_near(grid->row[0].rate[0], 0.125, 1e-12);
    assert_string_equal(grid->row[0].run.name, "did-d512-half");
    intrinsic_row(grid, recipe, 0, 0, 0);
    assert_near(grid->row[0].rate[0], 0.1, 1e-12);
    mem_free(grid);
    mem_free(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_dimension_is_found),
        cmocka_unit_test(stopped_and_called_again),
        cmocka_unit_test(more_seeds_go_on),
        cmocka_unit_test(another_recipe_is_refused),
        cmocka_unit_test(one_process_searches),
        cmocka_unit_test(a_screen_sees_it_come),
        cmocka_unit_test(the_recipe_is_kept),
        cmocka_unit_test(what_diverges_is_done_slower),
        cmocka_unit_test(what_always_diverges_is_left_out),
        cmocka_unit_test(a_baseline_that_diverges_is_said),
        cmocka_unit_test(out_of_reach_is_said),
        cmocka_unit_test(a_curve_that_falls_is_doubted),
        cmocka_unit_test(divergence_is_not_failure),
        cmocka_unit_test(above_all_is_full_training),
        cmocka_unit_test(layers_bound_it_from_below),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(rates_follow_their_rule),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
