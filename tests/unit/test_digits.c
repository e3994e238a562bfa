/*
 * Tasks "digits" and "mnist": what is drawn, IDX files and what is wrong with
 * bad ones, what shuffling takes away, and that an mlp learns from them in a
 * session, resumed or not, with the same bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "core/io/idx.h"
#include "core/task/task.h"
#include "tests/unit/image_fixture.h"

static const char *const mnist = "../shared/data/mnist";

static struct task_conf conf_for(const char *data)
{
    return (struct task_conf){.name = data ? "mnist" : "digits",
                              .seed = 4,
                              .data = data,
                              .context = 1,
                              .reads = EXAMPLE_CLASS,
                              .in = DIGIT_PIXELS,
                              .out = DIGITS};
}

static struct task *open_conf(const struct task_conf *conf)
{
    struct err err = {""};
    struct task *task = task_open(conf, &err);
    assert_string_equal(err.text, "");
    return task;
}

static struct task *open_task(const char *data)
{
    struct task_conf conf = conf_for(data);
    return open_conf(&conf);
}

/* 2,000 labels: a tenth each, to 4.5 standard deviations of 13.4. */
static void drawn_evenly(void **state)
{
    (void)state;
    struct task *task = open_task(NULL);
    struct batch batch = {0}, again = {0};
    int count[DIGITS] = {0};
    task_validation(task, &batch, 2000);
    task_validation(task, &again, 2000);
    size_t size = (size_t)batch.tokens * DIGIT_PIXELS * sizeof *batch.x;
    assert_memory_equal(batch.x, again.x, size);
    for (int i = 0; i < batch.tokens; i++) {
        double ink = 0;
        for (int k = 0; k < DIGIT_PIXELS; k++) {
            double at = (double)batch.x[i * DIGIT_PIXELS + k];
            assert_true(at >= 0 && at <= 1);
            ink += at;
        }
        /* A stroke of 15 pixels at least, two thirds of the paper at most. */
        assert_true(ink > 15 && ink < DIGIT_PIXELS * 0.6);
        count[batch.target[i]]++;
    }
    for (int i = 0; i < DIGITS; i++)
        assert_near(count[i], 200, 60);
    task_batch(task, &again, 1, 0, 2000);
    assert_memory_not_equal(batch.x, again.x, size);
    batch_free(&batch);
    batch_free(&again);
    task_close(task);
}

/* Row by row: which image of ten examples of each digit looks most alike?
 * Chance is a tenth; what no eye could read would be there. */
static void digits_look_alike(void **state)
{
    (void)state;
    struct task *task = open_task(NULL);
    struct batch known = {0}, asked = {0};
    task_batch(task, &known, 1, 0, 1000);
    task_validation(task, &asked, 200);
    int right = 0;
    for (int i = 0; i < asked.tokens; i++) {
        const float *a = asked.x + i * DIGIT_PIXELS;
        double least = INFINITY;
        int best = 0;
        for (int k = 0; k < known.tokens; k++) {
            const float *b = known.x + k * DIGIT_PIXELS;
            double sum = 0;
            for (int p = 0; p < DIGIT_PIXELS; p++)
                sum += (double)((a[p] - b[p]) * (a[p] - b[p]));
            best = sum < least ? known.target[k] : best;
            least = sum < least ? sum : least;
        }
        right += best == asked.target[i];
    }
    assert_true(right > 160);
    batch_free(&known);
    batch_free(&asked);
    task_close(task);
}

/* Image i is the same among few and among many. */
static void images_have_numbers(void **state)
{
    (void)state;
    struct task_conf conf = conf_for(NULL);
    struct task *many = open_conf(&conf);
    conf.examples = 30;
    struct task *few = open_conf(&conf);
    float x[2][DIGIT_PIXELS];
    struct sample a = {.x = x[0]}, b = {.x = x[1]};
    assert_int_equal(many->conf.examples, 10000);
    for (uint64_t i = 0; i < 30; i++) {
        many->ops->sample(many, &a, SPLIT_TRAIN, i);
        few->ops->sample(few, &b, SPLIT_TRAIN, i);
        assert_int_equal(a.label, b.label);
        assert_memory_equal(x[0], x[1], sizeof *x);
    }
    task_close(many);
    task_close(few);
}

/* --- shuffled -------------------------------------------------------------
 */

static void take(const struct task *task, float *x, int *label,
                 enum split split, uint64_t index)
{
    struct sample to = {.x = x};
    task->ops->sample(task, &to, split, index);
    *label = to.label;
}

/* One permutation: where pixel i went in one image it went in all. */
static void pixels_are_permuted_alike(void **state)
{
    (void)state;
    enum { IMAGES = 40 };
    struct task_conf conf = conf_for(NULL);
    conf.examples = IMAGES;
    struct task *plain = open_conf(&conf);
    conf.shuffle_pixels = true;
    struct task *shuffled = open_conf(&conf);
    static float x[2][2 * IMAGES][DIGIT_PIXELS];
    for (int i = 0; i < 2 * IMAGES; i++) {
        int label[2];
        enum split split = i < IMAGES ? SPLIT_TRAIN : SPLIT_VALIDATION;
        take(plain, x[0][i], &label[0], split, (uint64_t)i);
        take(shuffled, x[1][i], &label[1], split, (uint64_t)i);
        assert_int_equal(label[0], label[1]);
    }
    int moved = 0;
    for (int to = 0; to < DIGIT_PIXELS; to++) {
        int from = -1;
        for (int k = 0; k < DIGIT_PIXELS && from < 0; k++) {
            bool same = true;
            for (int i = 0; i < 2 * IMAGES && same; i++)
                same = x[0][i][k] == x[1][i][to]; /* copied bytes */
            from = same ? k : -1;
        }
        assert_true(from >= 0);
        moved += from != to;
    }
    assert_true(moved > DIGIT_PIXELS - 20); /* one stays, on average */
    task_close(plain);
    task_close(shuffled);
}

/* Half of 4,000 labels are drawn anew, a tenth of which to what they were:
 * 0.45 change, to four deviations of 0.0079. */
static void labels_are_drawn(void **state)
{
    (void)state;
    enum { IMAGES = 4000 };
    struct task_conf conf = conf_for(NULL);
    conf.examples = IMAGES;
    struct task *plain = open_conf(&conf);
    conf.random_labels = 0.5;
    struct task *shuffled = open_conf(&conf);
    float x[2][DIGIT_PIXELS];
    int changed = 0;
    for (uint64_t i = 0; i < IMAGES; i++) {
        int label[2], held_out;
        take(plain, x[0], &label[0], SPLIT_TRAIN, i);
        take(shuffled, x[1], &label[1], SPLIT_TRAIN, i);
        assert_memory_equal(x[0], x[1], sizeof *x);
        take(shuffled, x[1], &held_out, SPLIT_VALIDATION, i);
        assert_memory_equal(x[0], x[1], sizeof *x); /* asked on the learned */
        assert_int_equal(held_out, label[1]);
        changed += label[0] != label[1];
    }
    assert_near(changed / (double)IMAGES, 0.45, 0.032);
    assert_int_equal(task_validation_size(shuffled, 100000), IMAGES);
    assert_non_null(strstr(task_report(shuffled).said, "50 % of the training"));
    task_close(plain);
    task_close(shuffled);
}

/* --- files ----------------------------------------------------------------
 */

static void files_are_read(void **state)
{
    (void)state;
    struct task *task = open_task(image_fixture());
    struct batch batch = {0};
    assert_int_equal(task->conf.examples, 3);
    task_validation(task, &batch, 100);
    assert_int_equal(batch.sequences, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(batch.target[i], i);
        assert_near((double)batch.x[i * DIGIT_PIXELS + 9], (i + 1) / 255.0,
                    1e-7); /* float32 */
    }
    batch_free(&batch);
    task_close(task);
}

static const char labels[] = "t10k-labels-idx1-ubyte";
static const char packed[] = "t10k-labels-idx1-ubyte.gz";

static void put_packed(const uint8_t *bytes, unsigned count)
{
    gzFile to = gzopen(fixture_path(packed), "wb");
    assert_non_null(to);
    assert_int_equal(gzwrite(to, bytes, count), count);
    assert_int_equal(gzclose(to), Z_OK);
    (void)unlink(fixture_path(labels));
}

static void packed_files_are_read(void **state)
{
    (void)state;
    static const uint8_t label[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9};
    const char *folder = image_fixture();
    put_packed(label, sizeof label);
    struct task *task = open_task(folder);
    float x[DIGIT_PIXELS];
    int at;
    take(task, x, &at, SPLIT_VALIDATION, 2);
    assert_int_equal(at, 9);
    task_close(task);
    (void)unlink(fixture_path(packed));
}

/* A sentence with what is wrong and, behind a semicolon, what now. */
static void refuse(const struct task_conf *conf, const char *why)
{
    struct err err = {""};
    assert_null(task_open(conf, &err));
    const char *at = strstr(err.text, why);
    if (!at || !strpbrk(at, ";,"))
        fail_msg("wanted \"%s\" and what now, got \"%s\"", why, err.text);
}

/* Refuses the folder, and then makes it whole again. */
static void refuse_files(const char *why)
{
    struct task_conf conf = conf_for(fixture_folder);
    refuse(&conf, why);
    (void)unlink(fixture_path(packed));
    (void)image_fixture();
}

static void bad_files_are_refused(void **state)
{
    (void)state;
    static const uint8_t magic[] = {0, 0, 8, 3, 0, 0, 0, 1, 5, 5, 5, 5,
                                    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    static const uint8_t two[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    static const uint8_t eleven[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 11};
    static const uint8_t longer[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2, 3};
    static const uint8_t huge[] = {0,    0,    8,    1,    0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t none[] = {0, 0, 8, 1, 0, 0, 0, 0};
    static const uint8_t small[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0,
                                    0, 2, 0, 0, 0, 2, 1, 2, 3, 4};
    (void)image_fixture();
    image_fixture_put(labels, magic, sizeof magic);
    refuse_files("magic number 0x00000803, not 0x00000801");
    image_fixture_put(labels, two, sizeof two);
    refuse_files("3 t10k images, but 2 labels");
    image_fixture_put(labels, eleven, sizeof eleven);
    refuse_files("label 3 of t10k is 11, not 0..9");
    image_fixture_put(labels, longer, sizeof longer);
    refuse_files("goes on behind its 3 bytes");
    image_fixture_put(labels, longer, 10);
    refuse_files("ends before its 3 bytes do");
    image_fixture_put(labels, longer, 5);
    refuse_files("ends before its sizes do");
    image_fixture_put(labels, longer, 0);
    refuse_files("ends before its magic number does");
    image_fixture_put(labels, none, sizeof none);
    refuse_files("size 0 of dimension 1 is not allowed");
    image_fixture_put(labels, huge, sizeof huge);
    refuse_files("size 4294967295 of dimension 1 is not allowed");
    image_fixture_put("train-images-idx3-ubyte", magic, sizeof magic);
    refuse_files("size 84215045"); /* 0x05050505, of dimension 2 */
    image_fixture_put("train-images-idx3-ubyte", small, sizeof small);
    refuse_files("train images are 2 x 2 pixels, not 28 x 28");
    (void)unlink(fixture_path(labels));
    refuse_files("has neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ub");
}

/* Cut anywhere, or with one bit turned, a .gz is noticed. */
static void bad_packed_files_are_refused(void **state)
{
    (void)state;
    static const uint8_t label[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9};
    char *text;
    size_t size;
    struct err err = {""};
    (void)image_fixture();
    put_packed(label, sizeof label);
    assert_int_equal(
        file_read(&text, &size, fixture_path(packed), 1 << 20, &err), 0);
    assert_true(size > 24);
    for (size_t cut = 10; cut < size; cut++) { /* behind the gzip header */
        struct idx idx;
        struct err why = {""};
        image_fixture_put("cut.gz", (const uint8_t *)text, cut);
        assert_int_equal(idx_read(&idx, fixture_path("cut.gz"), 1, &why), -1);
        assert_non_null(strstr(why.text, "truncated or damaged, get it again"));
    }
    text[size - 6] ^= 4; /* of the checksum */
    image_fixture_put(packed, (const uint8_t *)text, size);
    (void)unlink(fixture_path(labels));
    refuse_files("damaged");
    mem_free(text);
}

static void bad_fields_are_refused(void **state)
{
    (void)state;
    struct task_conf conf = conf_for(NULL);
    conf.in = 100;
    refuse(&conf, "the base 100 inputs and 10 outputs");
    conf = conf_for(image_fixture());
    conf.examples = 4;
    refuse(&conf, "has 3 training images, not 4");
    conf = conf_for("/no/where");
    refuse(&conf, "/no/where: has neither train-images-idx3-ubyte");
    conf.data = NULL;
    refuse(&conf, "task mnist reads the four files");
    conf = conf_for(fixture_folder);
    conf.name = "digits";
    refuse(&conf, "draws its images; remove task.data");
    conf = (struct task_conf){
        .name = "teacher", .reads = EXAMPLE_VALUES, .shuffle_pixels = true};
    refuse(&conf, "teacher has no images to shuffle; remove task.shuffle_pix");
}

/* The original files: their first labels are known. */
static void mnist_is_read(void **state)
{
    (void)state;
    if (!file_exists(mnist)) {
        print_message("%s is not here\n", mnist);
        skip();
    }
    struct task *task = open_task(mnist);
    static const int first[] = {7, 2, 1, 0, 4, 1, 4, 9, 5, 9};
    struct batch batch = {0};
    assert_int_equal(task->conf.examples, 60000);
    task_validation(task, &batch, 20000);
    assert_int_equal(batch.sequences, 10000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(batch.target[i], first[i]);
    batch_free(&batch);
    task_close(task);
}

/* --- sessions -------------------------------------------------------------
 */

static const char *const base[] = {
    "{family: mlp, sizes: [784, 20, 12, 10]}",
    "{family: lenet, sizes: [784, 3, 4, 12, 10]}"};
enum { BASES = sizeof base / sizeof *base };

static const char yaml[] = "task: {name: digits}\n"
                           "steps: 150\n"
                           "batch: 12\n"
                           "slices: 3\n"
                           "optimizer: {lr: 0.01, warmup: 2}\n"
                           "evaluate: {every: 50, examples: 300}\n"
                           "runs:\n"
                           "  - {name: r2, rank: 2, also: [biases]}\n"
                           "  - {name: dora, method: dora, rank: 3}\n"
                           "  - {name: bitfit, method: bitfit}\n"
                           "  - {name: full, method: full}\n"
                           "  - {name: vera, method: vera, rank: 3}\n"
                           "  - {name: adalora, method: adalora, rank: 3}\n"
                           "  - {name: d50, method: subspace, dims: 50}\n";

static struct session *begin(int which, const char *to, int threads,
                             bool resume)
{
    char text[1024];
    struct err err = {""};
    int size = snprintf(text, sizeof text, "base: %s\n%s", base[which], yaml);
    struct recipe recipe;
    assert_int_equal(
        recipe_parse(&recipe, text, (size_t)size, "digits", NULL, 0, &err), 0);
    assert_true(recipe.run[0].targets[SITE_FC] &&
                !recipe.run[0].targets[SITE_Q]);
    struct session_options options = {.assets = fixture_assets(),
                                      .out = to,
                                      .threads = threads,
                                      .resume = resume};
    struct session *session = session_open(&recipe, &options, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(session_start(session, &err), 0);
    return session;
}

static void train(int which, const char *to, int threads, bool resume)
{
    struct err err = {""};
    struct session *session = begin(which, to, threads, resume);
    assert_int_equal(session_wait(session, &err), 0);
    const struct snapshot *end = session_look(session);
    assert_string_equal(snapshot_loss_unit(end), "nats");
    assert_string_equal(end->metric_name, "accuracy");
    assert_true(end->run[3].validation_loss < end->base_validation_loss);
    assert_true(end->run[3].metric > 0.4); /* chance is 0.1 */
    snapshot_release(end);
    session_close(session);
}

/* Stops as soon as it has come so far. */
static void train_until(int which, const char *to, long tick)
{
    struct session *session = begin(which, to, 2, false);
    for (long seen = -1; seen < tick;) {
        const struct snapshot *now = session_look(session);
        seen = now->finished ? tick : now->tick;
        snapshot_release(now);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    session_close(session);
}

static void agree(int which)
{
    char path[4][500], command[1200];
    for (int i = 0; i < 4; i++)
        snprintf(path[i], sizeof *path, "%s/session%d", fixture_folder, i);
    train(which, path[0], 1, false);
    train(which, path[1], 2, false);
    train(which, path[2], 4, false);
    train_until(which, path[3], 10);
    train(which, path[3], 2, true);
    for (int i = 1; i < 4; i++) {
        snprintf(command, sizeof command, "diff -r -x timing.tsv %s %s >&2",
                 path[0], path[i]);
        assert_int_equal(system(command), 0);
    }
    snprintf(command, sizeof command, "rm -r %s/session*", fixture_folder);
    assert_int_equal(system(command), 0);
}

static void sessions_agree(void **state)
{
    (void)state;
    for (int which = 0; which < BASES; which++)
        agree(which);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_evenly),
        cmocka_unit_test(digits_look_alike),
        cmocka_unit_test(images_have_numbers),
        cmocka_unit_test(pixels_are_permuted_alike),
        cmocka_unit_test(labels_are_drawn),
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(packed_files_are_read),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(bad_packed_files_are_refused),
        cmocka_unit_test(bad_fields_are_refused),
        cmocka_unit_test(mnist_is_read),
        cmocka_unit_test(sessions_agree),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
