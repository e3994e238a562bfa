/*
 * Recipes: defaults, inheritance, --set, writing and reading back, and one
 * sentence with file:line:column for everything that is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/recipe.h"
#include "experiments/recipe_typed.h"
#include "tests/near.h"

static const char minimal[] = "title: small\n"
                              "task: {name: sql}\n"
                              "seed: 7\n"
                              "optimizer: {lr: 2e-3, warmup: 5}\n"
                              "runs:\n"
                              "  - {name: r1, rank: 1}\n"
                              "  - name: full\n"
                              "    method: full\n"
                              "    seed: 9\n"
                              "    optimizer: {lr: 3.0e-4}\n";

static struct recipe parse(const char *text, const char *const *sets, int count)
{
    struct recipe recipe;
    struct err err = {{0}};
    int result =
        recipe_parse(&recipe, text, strlen(text), "r.yaml", sets, count, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(result, 0);
    return recipe;
}

static void refuse(const char *text, const char *set, const char *want)
{
    struct recipe recipe;
    struct err err = {{0}};
    int result = recipe_parse(&recipe, text, strlen(text), "r.yaml", &set,
                              set ? 1 : 0, &err);
    if (result == 0 || !strstr(err.text, want))
        print_error("of:\n%s\ngot \"%s\", want \"%s\"\n", text, err.text, want);
    assert_int_equal(result, -1);
    assert_non_null(strstr(err.text, want));
    assert_null(strchr(err.text, '\n'));
}

static void runs_take_what_they_do_not_say_from_above(void **state)
{
    (void)state;
    struct recipe recipe = parse(minimal, NULL, 0);
    assert_int_equal(recipe.run_count, 2);
    assert_string_equal(recipe.base, "bundled");
    const struct run_spec *r1 = &recipe.run[0], *full = &recipe.run[1];
    assert_int_equal(r1->rank, 1);
    assert_string_equal(r1->method, "lora");
    assert_true(r1->targets[SITE_Q] && r1->targets[SITE_V]);
    assert_false(r1->targets[SITE_K] || r1->targets[SITE_HEAD]);
    assert_int_equal(r1->seed, 7);
    assert_int_equal(full->seed, 9);
    assert_true(r1->optimizer.lr == 2e-3);
    assert_true(full->optimizer.lr == 3e-4);
    assert_int_equal(full->optimizer.warmup, 5);
    struct run_spec more = recipe_default_run(&recipe);
    assert_true(more.optimizer.lr == 2e-3);
    assert_string_equal(more.name, "r1");
    assert_int_equal(more.rank, 1);
    assert_memory_equal(more.targets, r1->targets, sizeof more.targets);
}

static void sets_replace_single_values(void **state)
{
    (void)state;
    const char *sets[] = {"runs.0.rank=4",
                          "runs.full.optimizer.lr=1e-4",
                          "steps=77",
                          "evaluate.every=3",
                          "runs.r1.targets=[up, head]",
                          "runs.0.ranks.h.3.mlp.up=16",
                          "base={layers: 2, width: 32, heads: 4}"};
    struct recipe recipe = parse(minimal, sets, 7);
    assert_int_equal(recipe.run[0].rank, 4);
    assert_true(recipe.run[1].optimizer.lr == 1e-4);
    assert_int_equal(recipe.steps, 77);
    assert_int_equal(recipe.evaluate_every, 3);
    assert_true(recipe.run[0].targets[SITE_HEAD]);
    assert_false(recipe.run[0].targets[SITE_Q]);
    assert_int_equal(recipe.run[0].rank_count, 1);
    assert_string_equal(recipe.run[0].ranks[0].site, "h.3.mlp.up");
    assert_int_equal(recipe.run[0].ranks[0].rank, 16);
    assert_true(recipe.is_fresh);
    assert_int_equal(recipe.fresh.inner, 128);
}

static void writing_and_reading_gives_the_same(void **state)
{
    (void)state;
    const char *sets[] = {"title=\"a \\\"b\\\" \\\\ # c: \\u00e9\"",
                          "optimizer.eps=1.2345678901234567e-9",
                          "runs.0.alpha=0.1",
                          "runs.0.scale=alpha/sqrt(r)",
                          "runs.0.targets=all",
                          "runs.0.ranks={h.0.attn.q: 3, h.1.mlp.down: 5}",
                          "runs.1.seed=18446744073709551615",
                          "task.data=/some where/x.json",
                          "runs.0.also=[biases, embed]",
                          "task.examples=100",
                          "task.skip_bad=true",
                          "task.seed=4",
                          "evaluate.from=128"};
    struct recipe first =
        parse(minimal, sets, (int)(sizeof sets / sizeof *sets));
    char *text = recipe_write(&first);
    struct recipe second = parse(text, NULL, 0);
    char *again = recipe_write(&second);
    assert_string_equal(text, again);
    assert_string_equal(second.title, "a \"b\" \\ # c: \xc3\xa9");
    assert_true(second.optimizer.eps == 1.2345678901234567e-9);
    assert_true(second.run[0].alpha == 0.1);
    assert_int_equal(second.run[0].scale, SCALE_ALPHA_SQRT_R);
    assert_true(second.run[0].targets[SITE_DOWN]);
    assert_false(second.run[0].targets[SITE_HEAD]);
    assert_int_equal(second.run[0].rank_count, 2);
    assert_true(second.run[0].also[ALSO_BIASES]);
    assert_false(second.run[0].also[ALSO_HEAD]);
    assert_true(second.run[0].also[ALSO_EMBED]);
    assert_true(second.run[1].seed == UINT64_MAX);
    assert_string_equal(second.data, "/some where/x.json");
    assert_int_equal(second.examples, 100);
    assert_true(second.skip_bad);
    assert_int_equal(second.task_seed, 4);
    assert_int_equal(second.evaluate_from, 128);
    assert_non_null(strstr(text, "beta2: 0.999")); /* defaults stand there */
    mem_free(text);
    mem_free(again);

    const char *fresh[] = {"base={layers: 3, width: 48, heads: 6, vocab: 512}"};
    first = parse(minimal, fresh, 1);
    text = recipe_write(&first);
    second = parse(text, NULL, 0);
    assert_memory_equal(&first.fresh, &second.fresh, sizeof first.fresh);
    assert_true(second.is_fresh);
    mem_free(text);
}

static void one_run_on_one_line(void **state)
{
    (void)state;
    struct recipe recipe = parse(minimal, NULL, 0);
    struct err err = {{0}};
    for (int i = 0; i < 2; i++) {
        struct run_spec back;
        char *text = recipe_write_run(&recipe.run[i]);
        assert_null(strpbrk(text, "\n\t"));
        assert_int_equal(recipe_parse_run(&back, text, "spec", NULL, &err), 0);
        char *again = recipe_write_run(&back);
        assert_string_equal(text, again);
        mem_free(text);
        mem_free(again);
    }
}

#define HEAD "title: t\ntask: {name: sql}\n"

static void every_mistake_gets_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "r.yaml: empty"},
        {"title: t\n\truns: []\n", "r.yaml:2:1: a tab"},
        {"title: t\ntitle: u\n", "r.yaml:2:1: title stands here twice"},
        {"title: &a t\n", "r.yaml:1:8: anchors"},
        {"title: t\nseed: *a\n", "r.yaml:2:7: anchors"},
        {"title: !!str t\n", "tags"},
        {"title: t\n---\ntitle: u\n", "r.yaml:2:1: a second document"},
        {"title: [t\n", "r.yaml:2:1:"},
        {"title: t\n  x: y\n", "r.yaml:2:"},
        {"just text\n", "r.yaml:1:1: a recipe is a map"},
        {"[1, 2]: x\n", "a key must be a plain word"},
        {"? {a: b}\n: x\n", "a key must be a plain word"},
        {"title: t\nruns: [{name: a}]\n", "task is missing"},
        {HEAD, "runs is missing"},
        {HEAD "runs: []\n", "r.yaml:3:7: runs is a list of at least one"},
        {HEAD "runs: {name: x}\n", "runs is a list"},
        {HEAD "runs: [x]\n", "r.yaml:3:8: a run is a map"},
        {HEAD "stepz: 3\n", "r.yaml:3:1: unknown key stepz; did you mean "
                            "steps?"},
        {HEAD "runs: [{rnak: 3}]\n", "r.yaml:3:9: unknown key rnak; did you "
                                     "mean rank?"},
        {HEAD "optimizer: {lrr: 1}\n", "r.yaml:3:13: unknown key lrr"},
        {HEAD "optimizer: adamw\n", "r.yaml:3:12: optimizer is a map"},
        {HEAD "optimizer: {name: adam}\n", "did you mean adamw?"},
        {HEAD "optimizer: {schedule: cosin}\n", "did you mean cosine?"},
        {HEAD "optimizer: {lr: fast}\n", "lr fast is not a number"},
        {HEAD "optimizer: {lr: 0x10}\n", "lr 0x10 is not a number"},
        {HEAD "optimizer: {lr: nan}\n", "lr nan is not a number"},
        {HEAD "optimizer: {lr: 1e999}\n", "lr 1e999 is not allowed"},
        {HEAD "optimizer: {lr: -1}\n", "lr -1 is not allowed; use 0..1000"},
        {HEAD "optimizer: {lr: \"1\"}\n", "without quotes"},
        {HEAD "optimizer: {lr: }\n", "lr needs a value"},
        {HEAD "optimizer: {lr: [1]}\n", "lr is one value: a number"},
        {HEAD "steps: 0\n", "r.yaml:3:8: steps 0 is not allowed; use 1.."},
        {HEAD "steps: 1.5\n", "steps 1.5 is not a whole number"},
        {HEAD "steps: 99999999999999999999\n", "is not allowed"},
        {HEAD "seed: -1\n", "seed -1 is not a whole number from 0"},
        {HEAD "seed: 18446744073709551616\n", "too large"},
        {HEAD "runs: [{rank: 0}]\n", "r.yaml:3:15: rank 0 is not allowed; "
                                     "use 1..1000000"},
        {HEAD "runs: [{rank: 1000000000}]\n",
         "rank 1000000000 is not allowed; use 1..1000000"},
        {HEAD "runs: [{method: loar}]\n", "did you mean lora?"},
        {HEAD "grid: {rows: [{rank: 1}]}\n",
         "r.yaml:3:1: this is a grid of runs; use rankscope sweep"},
        {HEAD "runs: [{method: full, rank: 3}]\n", "method full has no rank"},
        {HEAD "runs: [{method: full, also: [biases]}]\n",
         "r.yaml:3:23: method full has no also; remove it"},
        {HEAD "runs: [{lr_ratio: 4}]\n", "method lora has no lr_ratio"},
        {HEAD "runs: [{budget: {every: 4}}]\n", "method lora has no budget"},
        {HEAD "runs: [{prefix: 4}]\n", "method lora has no prefix"},
        {HEAD "runs: [{also: biases}]\n", "also is a list as [biases, head]"},
        {HEAD "runs: [{also: [bias]}]\n", "unknown also bias; did you mean "
                                          "biases?"},
        {HEAD "runs: [{also: [head, head]}]\n", "also head stands here twice"},
        {HEAD "runs: [{scale: alpha}]\n", "unknown scale alpha"},
        {HEAD "runs: [{targets: [q, vv]}]\n", "unknown target vv"},
        {HEAD "runs: [{targets: [q, q]}]\n", "target q stands here twice"},
        {HEAD "runs: [{targets: []}]\n", "targets is a list as [q, v]"},
        {HEAD "runs: [{targets: [[q]]}]\n", "unknown target list"},
        {HEAD "runs: [{ranks: [3]}]\n", "ranks is a map"},
        {HEAD "runs: [{ranks: {h.0.attn.q: 0}}]\n", "rank 0 is not allowed"},
        {HEAD "runs: [{name: a}, {name: a}]\n", "r.yaml:3:19: two runs are "
                                                "called a"},
        {HEAD "runs: [{name: ../a}]\n", "is not allowed; use letters"},
        {HEAD "runs: [{name: }]\n", "is not allowed; use letters"},
        {HEAD "runs: [{name: "
              "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz}]\n",
         "name has 52 bytes; use at most 31"},
        {HEAD "base: {layers: 2, width: 30, heads: 4}\n",
         "width 30 is no multiple of heads 4"},
        {HEAD "base: {depth: 2}\n", "unknown key depth"},
        {HEAD "base:\n", "base needs a value"},
        {"title: \"a\\tb\"\n", "control character"},
        {"title: t\ntask: {name: sqll}\n", "did you mean sql?"},
        {"title: t\ntask: {name: sql, skip_bad: 1}\n",
         "r.yaml:2:29: skip_bad is true or false"},
        {"title: t\ntask: {name: sql, skip_bad: \"true\"}\n",
         "skip_bad is true or false"},
        {"title: t\ntask: {name: [sql]}\n", "name is one word, not a list"},
        {"title: \xff\xfe\n", "UTF-8"},
        {"a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n", "nested too deeply"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(cases[i].text, NULL, cases[i].want);
}

static void bad_sets_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *set, *want;
    } cases[] = {
        {"steps", "--set steps: use key=value"},
        {"=4", "use key=value"},
        {"steps=", "the value is missing"},
        {"stepz=4", "--set stepz=4: unknown key stepz; did you mean steps?"},
        {"runs.7.rank=4", "no 7 in runs; use 0..1 or a name"},
        {"runs.r9.rank=4", "no r9 in runs"},
        {"runs.0.rank=0", "--set runs.0.rank=0: rank 0 is not allowed"},
        {"title.x=4", "title is a value, it has no x"},
        {"steps.x=4", "steps is one value: a whole number"},
        {"steps=[1", "--set steps=[1: "},
        {"steps=*a", "anchors"},
        {"runs.0=7", "a run is a map"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(minimal, cases[i].set, cases[i].want);
}

static void too_many_runs_are_refused(void **state)
{
    (void)state;
    char text[1024] = HEAD "runs:\n";
    for (int i = 0; i < RECIPE_RUNS + 1; i++)
        snprintf(text + strlen(text), 32, "  - {name: a%d}\n", i);
    refuse(text, NULL, "more than 12 runs");
}

/* Every recipe that comes with the program can be read. */
static void the_library_reads(void **state)
{
    (void)state;
    const char *root = getenv("RANKSCOPE_ROOT");
    const char *names[] = {"race", "pretrain"};
    for (int i = 0; i < 2; i++) {
        struct recipe recipe;
        struct err err = {{0}};
        char path[1024];
        snprintf(path, sizeof path, "%s/experiments/recipes/%s.yaml",
                 root ? root : ".", names[i]);
        int result = recipe_read(&recipe, path, NULL, 0, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(result, 0);
    }
}

/* What is written as typed reads back as it was. */
static void typed_fields_come_back(void **state)
{
    (void)state;
    static const char *const wanted[][2] = {{"name", "a-b.c"},
                                            {"method", "dora"},
                                            {"rank", "12"},
                                            {"alpha", "0.5"},
                                            {"scale", "alpha/sqrt(r)"},
                                            {"targets", "k o head"},
                                            {"also", "biases embed"},
                                            {"lr_ratio", "3.5"},
                                            {"norm", "detached"},
                                            {"prefix", "0"},
                                            {"infix", "65536"},
                                            {"budget.rank", "40"},
                                            {"budget.initial", "0.25"},
                                            {"budget.every", "1000000"},
                                            {"seed", "18446744073709551615"},
                                            {"optimizer.lr", "0.0003"}};
    enum { WANTED = sizeof wanted / sizeof *wanted };
    struct run_spec run;
    struct err err = {""};
    run_defaults(&run, NULL);
    for (int i = 0; i < WANTED; i++) {
        struct typed_field at = typed_find(wanted[i][0]);
        assert_int_equal(typed_read(&run, &at, wanted[i][1], &err), 0);
    }
    for (int i = 0; i < WANTED; i++) {
        char text[RECIPE_TYPED];
        struct typed_field at = typed_find(wanted[i][0]);
        typed_write(text, &run, &at);
        assert_string_equal(text, wanted[i][1]);
    }
    assert_true(typed_find("budget.every").use == USES_BUDGET);
    assert_true(typed_find("optimizer.lr").use == 0);
    struct typed_field targets = typed_find("targets");
    assert_int_equal(typed_read(&run, &targets, "all", &err), 0);
    assert_true(run.targets[SITE_K] && !run.targets[SITE_HEAD]);
    assert_int_equal(typed_read(&run, &targets, "q, v", &err), 0);
    assert_true(run.targets[SITE_V] && !run.targets[SITE_K]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typed_fields_come_back),
        cmocka_unit_test(runs_take_what_they_do_not_say_from_above),
        cmocka_unit_test(sets_replace_single_values),
        cmocka_unit_test(writing_and_reading_gives_the_same),
        cmocka_unit_test(one_run_on_one_line),
        cmocka_unit_test(every_mistake_gets_its_sentence),
        cmocka_unit_test(bad_sets_are_refused),
        cmocka_unit_test(too_many_runs_are_refused),
        cmocka_unit_test(the_library_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
