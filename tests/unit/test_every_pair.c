/*
 * Every method on every task it can, through a recipe, on the bundled base, or
 * on dense layers where the task is of numbers; and every method on the race,
 * through the screen's form.
 */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/task/task.h"
#include "experiments/recipe_field.h"
#include "tests/unit/image_fixture.h"
#include "tui/keys.h"

enum { STEPS = 3, NUMBERS = 16 };

/* Pairs that are refused, and with what words. */
static const struct {
    const char *method, *task, *words; /* task NULL: all of numbers */
} refused[] = {{"prefix_embed", NULL, "into a transformer"},
               {"prefix_layer", NULL, "into a transformer"},
               {"adapter_h", NULL, "into a transformer"},
               {"adapter_l", NULL, "into a transformer"},
               {"bitfit", "teacher", "model has none"}};
enum { REFUSED = sizeof refused / sizeof *refused };

static const char *refusal_of(const char *method, const char *task)
{
    bool is_text = task_find(task)->kind == EXAMPLE_TEXT;
    for (int i = 0; i < REFUSED; i++) {
        const char *only = refused[i].task;
        if (strcmp(refused[i].method, method) == 0 &&
            (only ? strcmp(only, task) == 0 : !is_text))
            return refused[i].words;
    }
    return NULL;
}

static const char *base_of(const char *task)
{
    static const char *const base[] = {
        [EXAMPLE_TEXT] = "bundled",
        [EXAMPLE_VALUES] = "{family: linear, sizes: [16, 16]}",
        [EXAMPLE_CLASS] = "{family: mlp, sizes: [784, 12, 10]}"};
    return base[task_find(task)->kind];
}

/* What reads files alone is given one. */
static const char *data_of(const char *task)
{
    static const char line[] = "The cat sat on the mat. Mia has two kites. ";
    const char *path = fixture_path("plain.txt");
    if (strcmp(task, "mnist") == 0)
        return image_fixture();
    if (strcmp(task, "text") != 0)
        return "\"\"";
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    for (int i = 0; i < 300; i++)
        fprintf(to, "%s%d\n", line, i);
    assert_int_equal(fclose(to), 0);
    return path;
}

/* The training examples are every step's batch: the loss of the first step and
 * that of the last are of the same sequences. */
static void make_recipe(struct recipe *recipe, const char *task,
                        const char *const *methods, int count)
{
    char text[4096];
    struct err err = {""};
    bool is_teacher = task_find(task)->kind == EXAMPLE_VALUES;
    int examples = is_teacher ? NUMBERS : 2;
    int size =
        snprintf(text, sizeof text,
                 "base: %s\ntask: {name: %s, data: %s, examples: %d}\n"
                 "steps: %d\nbatch: %d\nslices: 2\n"
                 "optimizer: {lr: 1e-3, schedule: constant, warmup: 0}\n"
                 "evaluate: {every: 1000, examples: 1, forget: 0}\nruns:\n",
                 base_of(task), task, data_of(task), examples, STEPS, examples);
    for (int i = 0; i < count; i++)
        size +=
            snprintf(text + size, sizeof text - (size_t)size,
                     "  - {name: %s, method: %s}\n", methods[i], methods[i]);
    recipe_parse(recipe, text, (size_t)size, "pairs", NULL, 0, &err);
    assert_string_equal(err.text, "");
}

static void assert_learnt(const struct run_view *run, const char *task)
{
    double first = series_at(run->train.series, 0).value;
    double last = series_at(run->train.series, STEPS - 1).value;
    assert_int_equal(run->train.length, STEPS);
    if (!isfinite(first) || !isfinite(last) || !(last < first))
        fail_msg("%s on %s: %g nats, then %g", run->method, task, first, last);
}

/* What trains when it begins: AdaLoRA's own falls. */
static void assert_counted(const struct recipe *recipe,
                           const struct snapshot *begin)
{
    for (int r = 0; r < recipe->run_count; r++) {
        struct method_conf conf = recipe_method(&recipe->run[r]);
        assert_int_equal(begin->run[r].trainable,
                         method_count(begin->shape, &conf));
    }
}

static void assert_learn(const char *task, const char *const *methods,
                         int count)
{
    struct recipe recipe;
    struct err err = {""};
    struct session_options options = {.assets = fixture_assets(), .threads = 1};
    make_recipe(&recipe, task, methods, count);
    struct session *session = session_open(&recipe, &options, &err);
    if (!session)
        fail_msg("%s: %s", task, err.text);
    const struct snapshot *now = session_look(session);
    assert_counted(&recipe, now);
    snapshot_release(now);
    assert_int_equal(session_start(session, &err), 0);
    assert_int_equal(session_wait(session, &err), 0);
    now = session_look(session);
    for (int r = 0; r < count; r++)
        assert_learnt(&now->run[r], task);
    snapshot_release(now);
    session_close(session);
}

static void assert_refused(const char *task, const char *method,
                           const char *words)
{
    struct recipe recipe;
    struct err err = {""};
    struct session_options options = {.assets = fixture_assets(), .threads = 1};
    print_message("%s does not fit %s: %s\n", method, task, words);
    make_recipe(&recipe, task, &method, 1);
    assert_null(session_open(&recipe, &options, &err));
    assert_non_null(strstr(err.text, words));
}

static void every_method_learns_every_task(void **state)
{
    (void)state;
    for (int t = 0; task_table[t]; t++) {
        const char *task = task_table[t]->name, *fit[RECIPE_RUNS];
        int count = 0;
        if (strcmp(task, "groups") == 0) /* a matrix of one row: test_li_toy */
            continue;
        for (int m = 0; method_table[m]; m++) {
            const char *method = method_table[m]->name;
            const char *words = refusal_of(method, task);
            if (words)
                assert_refused(task, method, words);
            else
                fit[count++] = method;
            bool is_last = !method_table[m + 1];
            if (count == RECIPE_RUNS || (is_last && count)) {
                assert_learn(task, fit, count);
                count = 0;
            }
        }
    }
}

static void pause_for(long milliseconds)
{
    struct timespec time = {0, milliseconds * 1000000L};
    nanosleep(&time, NULL);
}

/* Waits until one more event tells how it went; the snapshot is the
 * caller's. */
static const struct snapshot *do_it(struct session *session,
                                    const struct command *command)
{
    const struct snapshot *now = session_look(session);
    int before = now->event_count;
    snapshot_release(now);
    assert_true(session_send(session, command));
    for (int i = 0; i < 10000; i++) {
        now = session_look(session);
        if (now->event_count > before)
            return now;
        snapshot_release(now);
        pause_for(1);
    }
    fail_msg("no answer");
    return NULL;
}

static void press(struct ui *ui, const struct snapshot *snapshot,
                  const char *keys)
{
    for (; *keys; keys++)
        ui_key(ui, snapshot, *keys);
}

/* a, the method, Enter: what comes out is sent, and is in the race. */
static void form_adds_what_the_race_takes(void **state)
{
    (void)state;
    char path[1024];
    struct recipe recipe;
    struct err err = {""};
    const char *sets[] = {"steps=3", "evaluate.examples=1",
                          "evaluate.forget=0"};
    file_join(path, sizeof path, fixture_root(),
              "experiments/recipes/race.yaml");
    assert_int_equal(recipe_read(&recipe, path, sets, 3, &err), 0);
    struct session_options options = {
        .assets = fixture_assets(), .threads = 1, .start_paused = true};
    struct session *session = fixture_open(&recipe, &options);
    struct run_spec spec = recipe_default_run(&recipe);
    assert_int_equal(session_start(session, &err), 0);
    for (int m = 0; method_table[m]; m++) {
        const char *method = method_table[m]->name;
        struct ui ui;
        const struct snapshot *now = session_look(session);
        ui_start(&ui, &spec, GLYPHS_ASCII, true);
        press(&ui, now, "a");
        while (strcmp(ui.form.text[FORM_METHOD], method) != 0)
            ui_key(&ui, now, INPUT_DOWN);
        press(&ui, now, "\n");
        assert_int_equal(ui.out_count, 1);
        snapshot_release(now);
        now = do_it(session, &ui.out[0]);
        const struct run_view *run = &now->run[now->run_count - 1];
        if (now->run_count != 4 || strcmp(run->method, method) != 0)
            fail_msg("%s: %s", method, now->event[now->event_count - 1].text);
        struct method_conf conf = recipe_method(&ui.out[0].spec);
        assert_int_equal(run->trainable, method_count(now->shape, &conf));
        struct command remove = {.kind = COMMAND_REMOVE, .run = run->id};
        snapshot_release(now);
        now = do_it(session, &remove);
        assert_int_equal(now->run_count, 3);
        assert_true(snapshot_has_name(now, ui.out[0].spec.name));
        snapshot_release(now);
    }
    session_close(session);
}

/* What the form says of a run that does not fit is what the session says. */
static void refusals_are_the_session_s(void **state)
{
    (void)state;
    struct recipe recipe;
    struct err of_session = {""}, of_method = {""};
    struct session_options options = {.assets = fixture_assets(), .threads = 1};
    const char *method = "adapter_h";
    make_recipe(&recipe, "sql", &method, 1);
    struct session *session = fixture_open(&recipe, &options);
    const struct snapshot *now = session_look(session);
    recipe.run[0].rank = 400;
    struct method_conf conf = recipe_method(&recipe.run[0]);
    assert_int_equal(method_check(now->shape, &conf, &of_method), -1);
    assert_null(session_open(&recipe, &options, &of_session));
    assert_string_equal(of_method.text,
                        "adapter_h: rank 400 is not allowed; use 1..128");
    assert_string_equal(of_session.text, of_method.text);
    snapshot_release(now);
    session_close(session);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_learns_every_task),
        cmocka_unit_test(form_adds_what_the_race_takes),
        cmocka_unit_test(refusals_are_the_session_s),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
