/*
 * rankscope resize: an adapter at another rank.  What is lost is printed
 * before anything is written, beside what other tools would keep, and with a
 * base and a task the loss that was measured at each choice.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/tool_rank.h"
#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/peft_out.h"
#include "core/io/rounding.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/resize_print.h"
#include "tui/commands/subcommand.h"
#include "tui/commands/task_loss.h"

enum { CHOICES_MOST = 16 };

struct ask {
    const char *path, *out, *type, *dialect;
    enum adapter_names names;
    int rank, threads;
    double energy, ratio, budget, parameters, epsilon;
    bool compare, dry_run, force, json;
    struct task_loss loss;
};

/* The rule that was given, and how it is called. */
static bool find_rule(const struct ask *ask, enum resize_rule *rule,
                      double *value, char *name, size_t size)
{
    const struct {
        double value;
        const char *name;
    } rules[] = {[RESIZE_RANK] = {ask->rank, "rank"},
                 [RESIZE_ENERGY] = {ask->energy, "energy"},
                 [RESIZE_RATIO] = {ask->ratio, "ratio"},
                 [RESIZE_BYTES] = {ask->budget, "bytes"},
                 [RESIZE_PARAMETERS] = {ask->parameters, "parameters"}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].value > 0) {
            *rule = (enum resize_rule)i;
            *value = rules[i].value;
            (void)snprintf(name, size, "%s %.10g", rules[i].name, *value);
            return true;
        }
    return false;
}

static struct resize_choice *add_choice(struct resize_choice *choice,
                                        int *count, const char *name,
                                        const char *keeps, int sites)
{
    struct resize_choice *to = &choice[(*count)++];
    (void)snprintf(to->name, sizeof to->name, "%s", name);
    (void)snprintf(to->keeps, sizeof to->keeps, "%s", keeps);
    to->rank = xcalloc((size_t)sites, sizeof *to->rank);
    to->nats = NAN;
    return to;
}

static void add_tools(struct resize_choice *choice, int *count,
                      const struct ask *ask, const struct resize *resize)
{
    const double value[] = {[TOOL_RANK] = ask->rank > 0 ? ask->rank : 4,
                            [TOOL_ENERGY] = ask->energy > 0 ? ask->energy : .9,
                            [TOOL_RATIO] = ask->ratio > 0 ? ask->ratio : 10,
                            [TOOL_EPSILON] = ask->epsilon};
    for (int i = 0; i < tool_rule_count; i++) {
        const struct tool_rule *rule = &tool_rules[i];
        char name[64];
        double at = value[rule->value];
        /* LyCORIS says it the other way round. */
        bool inverse = strcmp(rule->name, "LyCORIS ratio") == 0;
        (void)snprintf(name, sizeof name, "%s %.4g", rule->name,
                       inverse ? 1 / at : at);
        struct resize_choice *to =
            add_choice(choice, count, name, rule->keeps, resize->count);
        for (int k = 0; k < resize->count; k++)
            to->rank[k] = tool_rank(rule, &resize->site[k],
                                    resize->peft->pair[k].scale, at);
    }
}

/* As others would read it: written for this model, and opened again. */
static int measure(struct resize_choice *choice, struct resize *resize,
                   const struct task_loss *ask, const char *folder,
                   struct err *err)
{
    size_t bytes = (size_t)resize->count * sizeof *choice->rank;
    enum adapter_names names = resize->names;
    int *plan = xcalloc(1, bytes);
    memcpy(plan, resize->rank, bytes);
    memcpy(resize->rank, choice->rank, bytes);
    resize->names = NAMES_PEFT;
    int status = resize_write(resize, folder, true, err);
    if (status == 0)
        status = task_loss_of(&choice->nats, ask, folder, err);
    memcpy(resize->rank, plan, bytes);
    resize->names = names;
    mem_free(plan);
    return status;
}

static void remove_folder(const char *folder)
{
    static const char *const files[] = {"adapter_config.json",
                                        "adapter_model.safetensors"};
    char path[1024];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlink(file_join(path, sizeof path, folder, files[i]));
    (void)rmdir(folder); /* ours: made a moment ago */
}

static int measure_all(struct resize_report *report,
                       struct resize_choice *choice, struct resize *resize,
                       const struct task_loss *ask, struct err *err)
{
    char folder[256];
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%.200s/rankscope-resize-XXXXXX",
                   tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return err_set(err,
                       "%s: cannot be made; set TMPDIR to a folder that "
                       "can be written",
                       folder);
    int status = task_loss_of(&report->base_nats, ask, NULL, err);
    for (int i = 0; i < report->choices && status == 0; i++)
        status = measure(&choice[i], resize, ask, folder, err);
    remove_folder(folder);
    return status;
}

static int write_and_say(const struct ask *ask, struct resize *resize,
                         struct resize_report *report, struct err *err)
{
    if (report->has_plan && ask->out && !ask->dry_run) {
        if (!ask->json)
            (void)fflush(stdout); /* the prediction comes first */
        if (resize_write(resize, ask->out, ask->force, err) != 0)
            return -1;
        report->out = ask->out;
        if (!ask->json)
            resize_print_read_back(report);
    }
    if (ask->json)
        resize_print_json(report);
    return 0;
}

static int report_all(const struct ask *ask, struct resize *resize,
                      struct err *err)
{
    struct resize_choice choice[CHOICES_MOST];
    struct resize_report report = {.path = ask->path,
                                   .resize = resize,
                                   .choice = choice,
                                   .base_nats = NAN};
    enum resize_rule rule = RESIZE_RANK;
    double value = 0;
    char name[64];
    int status = 0;
    report.has_plan = find_rule(ask, &rule, &value, name, sizeof name);
    report.has_budget = rule == RESIZE_BYTES || rule == RESIZE_PARAMETERS;
    struct resize_choice *as_is =
        add_choice(choice, &report.choices, "as it is", "", resize->count);
    for (int i = 0; i < resize->count; i++)
        as_is->rank[i] = resize->site[i].count;
    if (report.has_plan) {
        status = resize_plan(resize, rule, value, err);
        struct resize_choice *plan = add_choice(choice, &report.choices, name,
                                                "this plan", resize->count);
        memcpy(plan->rank, resize->rank,
               (size_t)resize->count * sizeof *plan->rank);
    }
    if (ask->compare)
        add_tools(choice, &report.choices, ask, resize);
    if (status == 0 && ask->loss.base)
        status = measure_all(&report, choice, resize, &ask->loss, err);
    if (status == 0 && !ask->json && report.has_plan)
        resize_print_plan(&report);
    if (status == 0 && !ask->json && (ask->compare || ask->loss.base))
        resize_print_choices(&report);
    if (status == 0)
        status = write_and_say(ask, resize, &report, err);
    for (int i = 0; i < report.choices; i++)
        mem_free(choice[i].rank);
    return status;
}

static int resize_adapter(const struct ask *ask, struct err *err)
{
    if (ask->out && !ask->dry_run &&
        peft_out_may_write(ask->out, ask->names, ask->force, err) != 0)
        return -1; /* before a prediction is printed */
    int threads =
        ask->threads ? ask->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
    struct resize *resize =
        resize_open(ask->path, threads < 1 ? 1 : threads, err);
    if (!resize)
        return -1;
    if (ask->type)
        (void)tensor_type_find(&resize->type, ask->type); /* checked before */
    resize->names = ask->names;
    int status = report_all(ask, resize, err);
    resize_close(resize);
    return status;
}

/* What the words alone say is wrong. */
static bool check_words(struct ask *ask)
{
    enum tensor_type type;
    int rules = (ask->rank > 0) + (ask->energy > 0) + (ask->ratio > 0) +
                (ask->budget > 0) + (ask->parameters > 0);
    bool is_plan = rules == 1 || (ask->compare && !ask->out);
    if (!is_plan)
        fprintf(stderr, "rankscope: resize needs one of --rank, --energy, "
                        "--ratio, --budget and --parameters\n");
    else if (!ask->out && !ask->dry_run && !ask->compare)
        fprintf(stderr, "rankscope: resize needs -o DIR, or --dry-run to "
                        "print the plan alone\n");
    else if (ask->type && !tensor_type_find(&type, ask->type))
        fprintf(stderr,
                "rankscope: --dtype %.60s is not known; use f32, f16 or "
                "bf16\n",
                ask->type);
    else if (ask->dialect && !adapter_names_find(&ask->names, ask->dialect))
        fprintf(stderr,
                "rankscope: --dialect %.60s is not written; use peft or "
                "kohya\n",
                ask->dialect);
    else if (!ask->loss.base != !ask->loss.task)
        fprintf(stderr, "rankscope: a loss needs both --base and --task\n");
    else
        return true;
    return false;
}

int command_resize(int argc, char **argv)
{
    struct ask ask = {.loss = {.examples = 200, .seed = 1}};
    const struct option_row table[] = {
        {"out", OPTION_TEXT, &ask.out, "DIR", "folder to write, or -o DIR", 0,
         0},
        {"rank", OPTION_INT, &ask.rank, "R", "of every module, at most", 1,
         1000000},
        {"energy", OPTION_REAL, &ask.energy, "E",
         "the least rank with share E of the squared singular values", 1e-9, 1},
        {"ratio", OPTION_REAL, &ask.ratio, "Q",
         "singular values of at least 1/Q of the largest", 1, 1e12},
        {"budget", OPTION_REAL, &ask.budget, "BYTES",
         "the best ranks for a file of so many bytes", 1, 1e15},
        {"parameters", OPTION_REAL, &ask.parameters, "N",
         "the best ranks for so many numbers", 1, 1e15},
        {"compare", OPTION_FLAG, &ask.compare, NULL,
         "what kohya, LyCORIS, PEFT and mergekit would keep", 0, 0},
        {"epsilon", OPTION_REAL, &ask.epsilon, "T",
         "threshold of LyCORIS and mergekit in that table (0)", 0, 1e12},
        {"base", OPTION_TEXT, &ask.loss.base, "BASE",
         "folder or \"bundled\": measure the loss of each choice", 0, 0},
        {"task", OPTION_TEXT, &ask.loss.task, "NAME",
         "on this task, as of eval", 0, 0},
        {"data", OPTION_TEXT, &ask.loss.data, "PATH",
         "published file instead of the generator", 0, 0},
        {"examples", OPTION_INT, &ask.loss.examples, "N",
         "held-out examples (200)", 1, 1000000},
        {"seed", OPTION_INT, &ask.loss.seed, "N", "of the examples (1)", 0,
         2147483647},
        {"dtype", OPTION_TEXT, &ask.type, "TYPE",
         "f32, f16 or bf16 (as the adapter's)", 0, 0},
        {"dialect", OPTION_TEXT, &ask.dialect, "NAME",
         "of the file: peft, or kohya (peft)", 0, 0},
        {"threads", OPTION_INT, &ask.threads, "N", "to work on (all cores)", 1,
         1024},
        {"dry-run", OPTION_FLAG, &ask.dry_run, NULL, "write nothing", 0, 0},
        {"force", OPTION_FLAG, &ask.force, NULL,
         "replace an adapter that is there", 0, 0},
        {"json", OPTION_FLAG, &ask.json, NULL, "one JSON object", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(
            &status, &arguments, argc, argv, "resize ADAPTER -o DIR [options]",
            "An adapter of any model and dialect at another rank, or within "
            "a budget over all\nmodules: the nearest updates there are, by "
            "the singular values of s B A, written in\nPEFT's dialect or "
            "kohya's.  The scale stays.",
            table, 1, 1))
        return status;
    ask.path = arguments.at[0];
    if (!check_words(&ask))
        return EXIT_USAGE;
    struct err err = {""};
    return resize_adapter(&ask, &err) == 0 ? EXIT_DONE : fail(&err);
}
