/*
 * A talk on the bundled base and its sql task: texts and losses against the
 * model itself, turned updates against weights built here, what stands beside
 * W, and what is refused.
 */
#include "core/task/task.h"
#include "core/task/tokenizer.h"
#include "experiments/moment_make.h"
#include "tests/unit/moment_fixture.h"

enum { SITE_AT_Q = 0, EXAMPLES = 20, LOSSES = 16 };

/* W is built by other float operations in another order: its last bits. */
#define SAME_WEIGHTS 1e-4

static struct model *model;
static struct tokenizer *tokenizer;
static struct task *task;
static struct batch held_out;
static struct ground ground;

static int set_up(void **state)
{
    (void)state;
    struct err err = {""};
    linalg_thread_init();
    model = model_open("assets/base", &err);
    tokenizer = tokenizer_open("assets/base/tokenizer.json", &err);
    struct task_conf conf = {.name = "sql",
                             .assets = "assets/world",
                             .tokenizer = tokenizer,
                             .seed = 1,
                             .context = model->conf.context};
    task = task_open(&conf, &err);
    assert_string_equal(err.text, "");
    task_validation(task, &held_out, EXAMPLES);
    ground = ground_new(model);
    ground.held_out = &held_out;
    ground.task = task;
    ground.pass = pass_new(model);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pass_free(ground.pass);
    ground_free(&ground);
    batch_free(&held_out);
    task_close(task);
    tokenizer_close(tokenizer);
    model_free(model);
    return 0;
}

static struct question ask(void)
{
    return (struct question){.kind = STUDY_TALK,
                             .is_asked = true,
                             .site = SITE_AT_Q,
                             .a = {OPERAND_RUN, 3, -1},
                             .talk = {.strength = 1}};
}

/* Run 3, of rank one or more at the site, large enough to change texts. */
static struct moment *speaker(int rank)
{
    struct moment *moment = made_moment(model, "r", 3, 100);
    made_random_factors(moment, model, SITE_AT_Q, rank, 0.35, 5);
    return moment;
}

static const struct study *talk(const struct question *question,
                                const struct moment *moment)
{
    const struct study *study = study_talk(&ground, question, &moment, 1);
    assert_string_equal(study->refusal, "");
    return study;
}

/* Loss with W0 + factor dW at the site, all else the base. */
static double loss_at(const struct moment *moment, double factor)
{
    struct weights weights = weights_new(model);
    const struct site *of = &model->site[SITE_AT_Q];
    struct mat w = mat_new(of->out, of->in), dw = mat_new(of->out, of->in);
    int starts[EXAMPLES + 1];
    mat_copy(w, model->base.site[SITE_AT_Q]);
    update_write(&moment->site[SITE_AT_Q].update, dw);
    for (int row = 0; row < w.rows; row++)
        for (int col = 0; col < w.cols; col++)
            mat_row(w, row)[col] += (float)factor * mat_row(dw, row)[col];
    weights.site[SITE_AT_Q] = w;
    struct batch few = ground_few(&held_out, LOSSES, starts);
    double loss = ground_loss(&ground, &weights, &few, NULL);
    weights_free(&weights);
    mat_free(&w);
    mat_free(&dw);
    return loss;
}

/* --- the base and the runs ------------------------------------------------
 */

/* Greedy without a cache, one whole pass a token. */
static char *write_slowly(const struct weights *weights,
                          const struct example *example, int tokens)
{
    int32_t ids[256];
    int count = example->answer, end = tokenizer_end(tokenizer);
    struct mat logits = mat_new(256, model->conf.vocab);
    memcpy(ids, example->ids, (size_t)count * sizeof *ids);
    for (int made = 0; made < tokens; made++) {
        int start[2] = {0, count}, prompt[1] = {count};
        struct batch batch = {.sequences = 1,
                              .tokens = count,
                              .start = start,
                              .id = ids,
                              .target = ids,
                              .prompt = prompt};
        pass_logits(ground.pass, weights, &batch,
                    mat_of(logits.at, count, model->conf.vocab));
        const float *last = mat_row(logits, count - 1);
        int best = 0;
        for (int v = 1; v < model->conf.vocab; v++)
            best = last[v] > last[best] ? v : best;
        if (best == end)
            break;
        ids[count++] = best;
    }
    mat_free(&logits);
    return tokenizer_decode(tokenizer, ids + example->answer,
                            count - example->answer);
}

static void the_base_says_what_it_says(void **state)
{
    (void)state;
    struct question question = ask();
    struct example example = {.ids = xcalloc(256, sizeof *example.ids)};
    struct moment *moment = speaker(1);
    double base = loss_at(moment, 0);
    moment_release(moment);
    for (question.talk.example = 0; question.talk.example < 3;
         question.talk.example++) {
        task->ops->example(task, &example, SPLIT_VALIDATION,
                           (uint64_t)question.talk.example);
        const struct study *study = study_talk(&ground, &question, NULL, 0);
        const struct talk_study *at = &study->talk;
        assert_string_equal(study->refusal, "");
        assert_int_equal(at->count, 1);
        assert_false(at->is_looked_at);
        assert_int_equal(at->line[0].run, -1);
        char *slow = write_slowly(&model->base, &example,
                                  2 * (example.count - example.answer));
        const char *text = slow + strspn(slow, " ");
        /* What it wrote may be longer than this reader waited. */
        assert_memory_equal(at->line[0].text, text, strcspn(text, "\n"));
        assert_near(at->line[0].loss, base, SAME_WEIGHTS);
        mem_free(slow);
        study_release(study);
    }
    mem_free(example.ids);
}

static void a_prompt_is_on_one_line_and_ends_before_the_answer(void **state)
{
    (void)state;
    struct question question = ask();
    const struct study *study = study_talk(&ground, &question, NULL, 0);
    assert_null(strchr(study->talk.prompt, '\n'));
    assert_memory_equal(study->talk.prompt, "table: ", 7);
    assert_string_equal(study->talk.prompt + strlen(study->talk.prompt) - 2,
                        "A:");
    assert_memory_equal(study->talk.wanted, "SELECT ", 7);
    study_release(study);
}

/* --- the microscope -------------------------------------------------------
 */

static double turned_loss(const struct moment *moment, double strength,
                          enum sigma_turn turn, int index)
{
    struct question question = ask();
    question.talk.strength = strength;
    question.talk.turn = turn;
    question.talk.index = index;
    const struct study *study = talk(&question, moment);
    assert_true(study->talk.is_looked_at);
    double loss = study->talk.turned.loss;
    study_release(study);
    return loss;
}

static void strength_is_a_factor_of_the_update(void **state)
{
    (void)state;
    struct moment *moment = speaker(3);
    static const double strengths[] = {0, 0.3, 1, 1.7};
    for (int i = 0; i < 4; i++)
        assert_near(turned_loss(moment, strengths[i], TURN_NONE, 0),
                    loss_at(moment, strengths[i]), SAME_WEIGHTS);
    assert_true(fabs(loss_at(moment, 0) - loss_at(moment, 1)) > 0.01);
    moment_release(moment);
}

/* Of rank one sigma_1 is all there is: zeroed, doubled and flipped are
 * strengths 0, 2 and -1. */
static void one_direction_turned(void **state)
{
    (void)state;
    struct moment *moment = speaker(1);
    static const enum sigma_turn turns[] = {TURN_ZERO, TURN_DOUBLE, TURN_FLIP};
    static const double factor[] = {0, 2, -1};
    for (int i = 0; i < 3; i++) {
        assert_near(turned_loss(moment, 1, turns[i], 1),
                    loss_at(moment, factor[i]), SAME_WEIGHTS);
        assert_near(turned_loss(moment, 0.5, turns[i], 1),
                    loss_at(moment, 0.5 * factor[i]), SAME_WEIGHTS);
    }
    moment_release(moment);
}

/* One of several: the others stay. */
static void the_others_stay(void **state)
{
    (void)state;
    struct moment *both = made_moment(model, "both", 3, 100);
    struct moment *one = made_moment(model, "one", 3, 100);
    const struct site *of = &model->site[SITE_AT_Q];
    struct mat bt = mat_new(2, of->out), a = mat_new(2, of->in);
    struct mat bt1 = mat_new(1, of->out), a1 = mat_new(1, of->in);
    mat_row(bt, 0)[3] = mat_row(a, 0)[5] = 1.5F; /* sigma_1 2.25 */
    mat_row(bt, 1)[9] = mat_row(a, 1)[2] = 1;    /* sigma_2 1 */
    mat_row(bt1, 0)[3] = mat_row(a1, 0)[5] = 1.5F;
    made_factors(both, SITE_AT_Q, bt, a, 1);
    made_factors(one, SITE_AT_Q, bt1, a1, 1);
    assert_near(turned_loss(both, 1, TURN_ZERO, 2), loss_at(one, 1),
                SAME_WEIGHTS);
    /* Of an index that is not there nothing is turned. */
    assert_near(turned_loss(both, 1, TURN_ZERO, 3), loss_at(both, 1),
                SAME_WEIGHTS);
    moment_release(both);
    moment_release(one);
}

static void the_curve_goes_through_what_is_turned(void **state)
{
    (void)state;
    struct moment *moment = speaker(2);
    struct question question = ask();
    question.talk.wants_curve = true;
    question.talk.turn = TURN_FLIP;
    question.talk.index = 1;
    question.talk.strength = 1.5;
    const struct study *study = talk(&question, moment);
    const struct talk_study *at = &study->talk;
    assert_int_equal(at->strengths, TALK_STRENGTHS);
    assert_int_equal(at->sigma_count, 2);
    assert_near(at->strength[6], 1.5, 1e-12);
    assert_near(at->task_loss[6], at->turned.loss, 1e-12);
    assert_near(at->task_loss[0], loss_at(moment, 0), SAME_WEIGHTS);
    assert_true(isnan(at->forget_loss[0])); /* there is no corpus here */
    study_release(study);
    moment_release(moment);
}

/* --- what stands beside W -------------------------------------------------
 */

static void adapters_speak_with_their_modules(void **state)
{
    (void)state;
    struct err err = {""};
    struct method_conf conf = {.name = "adapter_h", .rank = 2, .seed = 3};
    struct method *method = method_new(model, &conf, &err);
    small_random(method->value, method->size, 0.3, 4);
    struct moment *moment = moment_of_method(method, "adapter", 7);
    moment->run = 3;
    struct question question = ask();
    question.talk.strength = 0.5;
    const struct study *study = talk(&question, moment);
    const struct talk_study *at = &study->talk;
    int starts[EXAMPLES + 1];
    struct batch few = ground_few(&held_out, LOSSES, starts);
    pass_insert(ground.pass, method_insert(method));
    double loss = ground_loss(&ground, &model->base, &few, NULL);
    pass_insert(ground.pass, (struct insert){.ctx = NULL});
    assert_near(at->line[1].loss, loss, 1e-12);
    assert_true(fabs(at->line[0].loss - loss) > 0.01);
    /* Nothing to turn, and said so. */
    assert_non_null(at->trained.fixed);
    assert_near(at->turned.loss, loss, 1e-12);
    assert_int_equal(at->strengths, 0);
    /* The moment has values of its own. */
    memset(method->value, 0, method->size * sizeof *method->value);
    const struct study *again = talk(&question, moment);
    assert_near(again->talk.line[1].loss, loss, 1e-12);
    study_release(again);
    study_release(study);
    moment_release(moment);
    method_free(method);
}

/* --- prompts of one's own, and refusals -----------------------------------
 */

static void a_typed_prompt_has_no_right_answer(void **state)
{
    (void)state;
    struct moment *moment = speaker(1);
    struct question question = ask();
    (void)snprintf(question.talk.prompt, sizeof question.talk.prompt,
                   "Mia has a");
    const struct study *study = talk(&question, moment);
    assert_string_equal(study->talk.prompt, "Mia has a");
    assert_string_equal(study->talk.wanted, "");
    assert_true(isnan(study->talk.line[0].nats));
    assert_false(study->talk.line[0].exact);
    assert_true(strlen(study->talk.line[0].text) > 3);
    study_release(study);
    moment_release(moment);
}

static void numbers_do_not_talk(void **state)
{
    (void)state;
    struct question question = ask();
    struct ground bare = ground;
    bare.task = NULL;
    const struct study *study = study_talk(&bare, &question, NULL, 0);
    assert_non_null(strstr(study->refusal, "no text"));
    study_release(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_base_says_what_it_says),
        cmocka_unit_test(a_prompt_is_on_one_line_and_ends_before_the_answer),
        cmocka_unit_test(strength_is_a_factor_of_the_update),
        cmocka_unit_test(one_direction_turned),
        cmocka_unit_test(the_others_stay),
        cmocka_unit_test(the_curve_goes_through_what_is_turned),
        cmocka_unit_test(adapters_speak_with_their_modules),
        cmocka_unit_test(a_typed_prompt_has_no_right_answer),
        cmocka_unit_test(numbers_do_not_talk),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
