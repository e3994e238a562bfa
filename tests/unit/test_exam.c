/*
 * Exams: the same marks on any number of threads, those of answers_write()
 * and choose_label() one by one, a part of the examples like the whole, and a
 * stop between parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/linalg.h"
#include "core/model/answers.h"
#include "core/model/choose.h"
#include "core/task/world.h"
#include "experiments/base.h"
#include "experiments/exam.h"
#include "tests/unit/session_fixture.h"

enum { EXAMPLES = 21, FROM = 5 };

struct hall { /* the bundled base and a task it can almost do */
    struct model *model;
    struct tokenizer *tokenizer;
    struct task *task;
    struct exam exam;
};

static struct hall open_hall(const char *name)
{
    static char world[1024];
    char base[1024], path[1024];
    struct hall hall = {0};
    struct err err = {{0}};
    base_folder(base, sizeof base, "bundled", fixture_assets());
    hall.model = model_open(base, &err);
    assert_non_null(hall.model);
    hall.tokenizer = tokenizer_open(
        file_join(path, sizeof path, base, "tokenizer.json"), &err);
    assert_non_null(hall.tokenizer);
    struct task_conf conf = {
        .name = name,
        .assets = file_join(world, sizeof world, fixture_assets(), "world"),
        .tokenizer = hall.tokenizer,
        .seed = 3,
        .context = hall.model->conf.context};
    hall.task = task_open(&conf, &err);
    assert_non_null(hall.task);
    hall.exam = (struct exam){.model = hall.model,
                              .weights = &hall.model->base,
                              .task = hall.task,
                              .from = FROM,
                              .examples = EXAMPLES,
                              .threads = 1};
    return hall;
}

static void close_hall(struct hall *hall)
{
    task_close(hall->task);
    tokenizer_close(hall->tokenizer);
    model_free(hall->model);
}

static struct written_marks write_all(struct hall *hall, int threads)
{
    struct written_marks marks;
    struct err err = {{0}};
    hall->exam.threads = threads;
    assert_int_equal(exam_write(&marks, &hall->exam, &err), 0);
    return marks;
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    struct hall hall = open_hall("summary");
    struct written_marks one = write_all(&hall, 1);
    assert_int_equal(one.examples, EXAMPLES);
    assert_int_equal(one.tallies, 3);
    /* It writes words of the dialogue: the comparison below is of something. */
    assert_true(one.tokens > EXAMPLES && tally_value(&one.tally[0]) > 0.05);
    for (int threads = 2; threads <= 4; threads += 2) {
        struct written_marks more = write_all(&hall, threads);
        assert_memory_equal(&more, &one, sizeof one);
    }
    close_hall(&hall);
}

struct clerk {
    const struct hall *hall;
    struct tally tally[SCORES_MOST];
    long tokens, exact;
    int tallies;
};

static void hear(void *ctx, const struct answer *answer)
{
    struct clerk *clerk = ctx;
    const struct task *task = clerk->hall->task;
    char *text = tokenizer_decode(task->conf.tokenizer, answer->ids,
                                  answer->count - answer->ended);
    struct references references =
        task_references(task, SPLIT_VALIDATION, answer->index);
    tally_add(clerk->tally, clerk->tallies, text, &references);
    clerk->tokens += answer->count;
    clerk->exact += answer->exact;
    references_free(&references);
    mem_free(text);
}

/* One decoder, from the first example to the last. */
static void as_written_one_after_another(void **state)
{
    (void)state;
    struct hall hall = open_hall("summary");
    struct err err = {{0}};
    int context = hall.model->conf.context;
    struct clerk clerk = {.hall = &hall};
    struct decode_conf conf = {.tokens = context,
                               .end = tokenizer_end(hall.tokenizer)};
    struct decoder *decoder = decoder_new(hall.model, &hall.model->base,
                                          ANSWERS_TOGETHER, context, &err);
    assert_non_null(decoder);
    clerk.tallies = tally_begin(clerk.tally, hall.task);
    answers_write(decoder, hall.task, FROM, EXAMPLES, &conf,
                  (struct judge){&clerk, hear});
    struct written_marks marks = write_all(&hall, 2);
    assert_int_equal(marks.tokens, clerk.tokens);
    assert_int_equal(marks.exact, clerk.exact);
    for (int i = 0; i < marks.tallies; i++)
        assert_memory_equal(&marks.tally[i], &clerk.tally[i],
                            sizeof clerk.tally[i]);
    decoder_free(decoder);
    close_hall(&hall);
}

static void labels_one_by_one(void **state)
{
    (void)state;
    struct hall hall = open_hall("nli");
    struct label_marks marks;
    struct exam_score score[SCORES_MOST];
    struct err err = {{0}};
    int context = hall.model->conf.context, count, right = 0;
    struct pass *pass = pass_new(hall.model);
    struct example example = {.ids = xcalloc((size_t)context, sizeof(int32_t))};
    const char *const *labels = task_labels(hall.task);
    for (uint64_t i = FROM; i < FROM + EXAMPLES; i++) {
        hall.task->ops->example(hall.task, &example, SPLIT_VALIDATION, i);
        right +=
            choose_label(NULL, pass, &hall.model->base, hall.task, &example,
                         labels) == choose_right(hall.task, &example, labels);
    }
    for (int threads = 1; threads <= 3; threads++) {
        hall.exam.threads = threads;
        assert_int_equal(exam_labels(&marks, &hall.exam, &err), 0);
        assert_int_equal(marks.right, right);
        assert_int_equal(marks.count, EXAMPLES);
    }
    assert_int_equal(exam_scores(score, &count, &hall.exam, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(score[0].name, "accuracy");
    assert_near(score[0].value, (double)right / EXAMPLES, 1e-12);
    mem_free(example.ids);
    pass_free(pass);
    close_hall(&hall);
}

static void every_task_has_its_scores(void **state)
{
    static const struct {
        const char *task, *first;
        int count;
    } want[] = {{"sql", "logical form", 1},
                {"summary", "R1", 3},
                {"cipher", "exact match", 1},
                {"world", "", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct hall hall = open_hall(want[i].task);
        struct exam_score score[SCORES_MOST] = {{"", 0}};
        struct err err = {{0}};
        int count;
        hall.exam.examples = 3;
        hall.exam.decode.tokens = 4;
        assert_int_equal(exam_scores(score, &count, &hall.exam, &err), 0);
        assert_int_equal(count, want[i].count);
        assert_string_equal(score[0].name, want[i].first);
        assert_int_equal(exam_can_write(hall.task), want[i].count > 0);
        close_hall(&hall);
    }
}

static bool stop_later(void *ctx)
{
    int *left = ctx;
    return (*left)-- == 0;
}

static void stops_between_parts(void **state)
{
    (void)state;
    struct hall hall = open_hall("summary");
    struct written_marks marks;
    struct err err = {{0}};
    int left = 1;
    hall.exam.stop = stop_later;
    hall.exam.ctx = &left;
    assert_int_equal(exam_write(&marks, &hall.exam, &err), 1);
    assert_int_equal(marks.examples, 0);
    close_hall(&hall);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(as_written_one_after_another),
        cmocka_unit_test(labels_one_by_one),
        cmocka_unit_test(every_task_has_its_scores),
        cmocka_unit_test(stops_between_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
