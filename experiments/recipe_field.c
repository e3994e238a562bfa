/*
 * The tables of fields, and the program's defaults.
 */
#include "experiments/recipe_field.h"

#include <stdio.h>
#include <string.h>

#include "core/model/network.h"
#include "core/task/task.h"

static const char *method_at(int i)
{
    return method_table[i] ? method_table[i]->name : NULL;
}

static const char *task_at(int i)
{
    return task_table[i] ? task_table[i]->name : NULL;
}

static const char *family_at(int i)
{
    if (i == 0)
        return "gpt2";
    return network_table[i - 1] ? network_table[i - 1]->family : NULL;
}

static const char *target_at(int i)
{
    return i < SITE_KINDS ? site_kind_name((enum site_kind)i) : NULL;
}

/* In the order of enum optimizer_kind, schedule_kind, scale_rule and
 * norm_rule. */
static const char *optimizer_at(int i)
{
    static const char *const names[] = {"adamw", "sgd", NULL};
    return names[i];
}

static const char *schedule_at(int i)
{
    static const char *const names[] = {"constant", "linear", "cosine", NULL};
    return names[i];
}

static const char *scale_at(int i)
{
    static const char *const names[] = {"alpha/r", "alpha/sqrt(r)", NULL};
    return names[i];
}

static const char *inside_at(int i)
{
    static const char *const names[] = {"full", "full_sites", "bitfit",
                                        "lora", "lora_fa",    NULL};
    return names[i];
}

static const char *norm_at(int i)
{
    static const char *const names[] = {"exact", "detached", NULL};
    return names[i];
}

#define IN(type, member)                                                       \
    .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

static const struct field optimizer_fields[] = {
    {"name", FIELD_CHOICE, IN(struct optimizer_conf, kind), .at = optimizer_at,
     .help = "how gradients become steps"},
    {"lr", FIELD_REAL, IN(struct optimizer_conf, lr), .low = 0, .high = 1000,
     .help = "peak learning rate"},
    {"schedule", FIELD_CHOICE, IN(struct optimizer_conf, schedule),
     .at = schedule_at, .help = "how the rate falls after the warm-up"},
    {"warmup", FIELD_INT, IN(struct optimizer_conf, warmup), .low = 0,
     .high = 1e9, .help = "steps of linear rise"},
    {"weight_decay", FIELD_REAL, IN(struct optimizer_conf, weight_decay),
     .low = 0, .high = 100, .help = "decoupled from the gradient"},
    {"clip", FIELD_REAL, IN(struct optimizer_conf, clip), .low = 0, .high = 1e9,
     .help = "largest global gradient norm; 0: none"},
    {"beta1", FIELD_REAL, IN(struct optimizer_conf, beta1), .low = 0,
     .high = 0.999999, .help = "adamw: memory of the first moment"},
    {"beta2", FIELD_REAL, IN(struct optimizer_conf, beta2), .low = 0,
     .high = 0.99999999, .help = "adamw: memory of the second moment"},
    {"eps", FIELD_REAL, IN(struct optimizer_conf, eps), .low = 1e-30, .high = 1,
     .help = "adamw: keeps the quotient finite"},
    {"momentum", FIELD_REAL, IN(struct optimizer_conf, momentum), .low = 0,
     .high = 0.999999, .help = "sgd: memory of the gradient"},
    {.name = NULL},
};

static const struct field task_fields[] = {
    {"name", FIELD_KNOWN, IN(struct recipe, task), .at = task_at,
     .help = "what is learned"},
    {"data", FIELD_TEXT, IN(struct recipe, data),
     .help = "a published file instead of the generator"},
    {"examples", FIELD_INT, IN(struct recipe, examples), .low = 0,
     .high = 100000,
     .help = "only so many to train on, again and again; 0: ever new ones"},
    {"rank", FIELD_INT, IN(struct recipe, task_rank), .low = 0, .high = 65536,
     .help = "teacher: of the update to be learned; 0: 8"},
    {"shuffle_pixels", FIELD_BOOL, IN(struct recipe, shuffle_pixels),
     .help = "digits, mnist: one permutation for all images"},
    {"random_labels", FIELD_REAL, IN(struct recipe, random_labels), .low = 0,
     .high = 1,
     .help = "digits, mnist: share of the training labels drawn at random"},
    {"skip_bad", FIELD_BOOL, IN(struct recipe, skip_bad),
     .help = "count bad rows of the file and go on"},
    {"context", FIELD_INT, IN(struct recipe, context), .low = 0,
     .high = 1 << 24,
     .help = "tokens of an example at most; 0: what the base has"},
    {"seed", FIELD_SEED, IN(struct recipe, task_seed),
     .help = "of generated examples; 0: the recipe's"},
    {.name = NULL},
};

static const struct field evaluate_fields[] = {
    {"every", FIELD_INT, IN(struct recipe, evaluate_every), .low = 1,
     .high = 1e9, .help = "steps between evaluations"},
    {"examples", FIELD_INT, IN(struct recipe, evaluate_examples), .low = 1,
     .high = 100000, .help = "held-out examples"},
    {"from", FIELD_LONG, IN(struct recipe, evaluate_from), .low = 0,
     .high = 1e9, .help = "number of the first of them, from 0"},
    {"forget", FIELD_INT, IN(struct recipe, forget_examples), .low = 0,
     .high = 100000,
     .help = "sequences of the base's own corpus, to see what is forgotten"},
    {.name = NULL},
};

static const struct field spectra_fields[] = {
    {"every", FIELD_INT, IN(struct recipe, spectra_every), .low = 1,
     .high = 1e9, .help = "steps between rows of spectra.tsv"},
    {.name = NULL},
};

static const struct field fresh_fields[] = {
    {"family", FIELD_KNOWN, IN(struct fresh_base, family), .at = family_at,
     .help = "gpt2, or a model of dense layers"},
    {"layers", FIELD_INT, IN(struct fresh_base, layers), .low = 1, .high = 128,
     .use = BASE_TRANSFORMER, .help = "transformer blocks"},
    {"width", FIELD_INT, IN(struct fresh_base, width), .low = 8, .high = 16384,
     .use = BASE_TRANSFORMER, .help = "numbers a token carries"},
    {"heads", FIELD_INT, IN(struct fresh_base, heads), .low = 1, .high = 256,
     .use = BASE_TRANSFORMER, .help = "attention heads; they divide the width"},
    {"inner", FIELD_INT, IN(struct fresh_base, inner), .low = 1, .high = 65536,
     .use = BASE_TRANSFORMER, .help = "width of the MLP"},
    {"vocab", FIELD_INT, IN(struct fresh_base, vocab), .low = 257,
     .high = 1000000, .use = BASE_TRANSFORMER, .help = "tokens"},
    {"context", FIELD_INT, IN(struct fresh_base, context), .low = 2,
     .high = 65536, .use = BASE_TRANSFORMER, .help = "positions"},
    {"sizes", FIELD_SIZES, IN(struct fresh_base, size), .low = 1, .high = 65536,
     .use = BASE_DENSE,
     .help = "of dense layers: inputs, what each gives, outputs"},
    {.name = NULL},
};

static const struct field budget_fields[] = {
    {"rank", FIELD_INT, IN(struct budget_conf, rank), .low = 0, .high = 1000000,
     .help = "at the start; 0: 1.5 times the final rank"},
    {"initial", FIELD_REAL, IN(struct budget_conf, initial), .low = 0,
     .high = 1, .help = "share of the steps before it falls"},
    {"final", FIELD_REAL, IN(struct budget_conf, final), .low = 0, .high = 1,
     .help = "share of the steps at the final rank"},
    {"every", FIELD_INT, IN(struct budget_conf, every), .low = 1, .high = 1e9,
     .help = "steps between two choices of directions"},
    {"penalty", FIELD_REAL, IN(struct budget_conf, penalty), .low = 0,
     .high = 1000, .help = "on P and Q that are not orthogonal"},
    {.name = NULL},
};

const struct field run_fields[] = {
    {"name", FIELD_NAME, IN(struct run_spec, name),
     .help = "unique; the folder of its results"},
    {"method", FIELD_KNOWN, IN(struct run_spec, method), .at = method_at,
     .help = "how the weights may move"},
    {"rank", FIELD_INT, IN(struct run_spec, rank), .low = 1, .high = 1000000,
     .use = USES_RANK, .help = "of every target"},
    {"alpha", FIELD_REAL, IN(struct run_spec, alpha), .low = 1e-6, .high = 1e6,
     .use = USES_ALPHA, .help = "strength before scaling"},
    {"scale", FIELD_CHOICE, IN(struct run_spec, scale), .at = scale_at,
     .use = USES_SCALE, .help = "s of W0 + s B A"},
    {"targets", FIELD_TARGETS, IN(struct run_spec, targets), .at = target_at,
     .use = USES_TARGETS, .help = "adapted sites by kind, or all"},
    {"ranks", FIELD_RANKS, .use = USES_RANKS,
     .help = "ranks of single sites, by name"},
    {"also", FIELD_FLAGS, IN(struct run_spec, also), .at = also_name,
     .use = USES_ALSO, .help = "trained whole beside it: biases, head, embed"},
    {"lr_ratio", FIELD_REAL, IN(struct run_spec, lr_ratio), .low = 1e-3,
     .high = 1e6, .use = USES_LR_RATIO, .help = "lr of B over that of A"},
    {"norm", FIELD_CHOICE, IN(struct run_spec, norm), .at = norm_at,
     .use = USES_NORM, .help = "dora: gradient through the norm, or not"},
    {"budget", FIELD_MAP, .offset = offsetof(struct run_spec, budget),
     .fields = budget_fields, .use = USES_BUDGET,
     .help = "adalora: how the number of directions falls"},
    {"prefix", FIELD_INT, IN(struct run_spec, prefix), .low = 0, .high = 65536,
     .use = USES_PREFIX, .help = "trained tokens before the text"},
    {"infix", FIELD_INT, IN(struct run_spec, infix), .low = 0, .high = 65536,
     .use = USES_PREFIX, .help = "trained tokens after the text"},
    {"dims", FIELD_INT, IN(struct run_spec, dims), .low = 1, .high = 1e9,
     .use = USES_SUBSPACE, .help = "of the random subspace, d"},
    {"projection", FIELD_CHOICE, IN(struct run_spec, projection),
     .at = projection_name, .use = USES_SUBSPACE,
     .help = "from the subspace into all parameters"},
    {"inside", FIELD_KNOWN, IN(struct run_spec, inside), .at = inside_at,
     .use = USES_SUBSPACE, .help = "the method whose values move in it"},
    {"layered", FIELD_BOOL, IN(struct run_spec, layered), .use = USES_SUBSPACE,
     .help = "a factor for each layer, out of dims (SAID)"},
    {"adapter", FIELD_TEXT, IN(struct run_spec, adapter), .use = USES_ADAPTER,
     .help = "begin with the update of this file or folder, at this rank"},
    {"seed", FIELD_SEED, IN(struct run_spec, seed),
     .help = "of its own first values"},
    {"optimizer", FIELD_MAP, .offset = offsetof(struct run_spec, optimizer),
     .fields = optimizer_fields, .help = "what differs from above"},
    {.name = NULL},
};

/* Runs come last: they take what they do not say from above. */
const struct field recipe_fields[] = {
    {"title", FIELD_TEXT, IN(struct recipe, title), .help = "one line"},
    {"base", FIELD_BASE, IN(struct recipe, base), .fields = fresh_fields,
     .help = "bundled, a Hugging Face folder, or a map: a new model"},
    {"task", FIELD_MAP, .fields = task_fields, .help = "what is learned"},
    {"seed", FIELD_SEED, IN(struct recipe, seed), .help = "of the batches"},
    {"steps", FIELD_LONG, IN(struct recipe, steps), .low = 1, .high = 1e9,
     .help = "the length of the session"},
    {"batch", FIELD_INT, IN(struct recipe, batch), .low = 1, .high = 65536,
     .help = "sequences a step"},
    {"slices", FIELD_INT, IN(struct recipe, slices), .low = 1, .high = 64,
     .help = "parts a batch is cut into, whatever the machine"},
    {"optimizer", FIELD_MAP, .offset = offsetof(struct recipe, optimizer),
     .fields = optimizer_fields, .help = "of runs that say nothing else"},
    {"evaluate", FIELD_MAP, .fields = evaluate_fields,
     .help = "when and on what"},
    {"spectra", FIELD_MAP, .fields = spectra_fields,
     .help = "singular values kept in the run folder"},
    {"runs", FIELD_RUNS, .fields = run_fields, .help = "1 to 12 runs"},
    {.name = NULL},
};

void recipe_defaults(struct recipe *recipe)
{
    *recipe = (struct recipe){
        .title = "untitled",
        .base = "bundled",
        .seed = 1,
        .optimizer = {.kind = OPTIMIZER_ADAMW,
                      .lr = 1e-3,
                      .schedule = SCHEDULE_LINEAR,
                      .warmup = 20,
                      .clip = 1.0,
                      .beta1 = 0.9,
                      .beta2 = 0.999,
                      .eps = 1e-8,
                      .momentum = 0.9},
        .steps = 600,
        .batch = 16,
        .slices = 4,
        .evaluate_every = 50,
        .evaluate_examples = 200,
        .spectra_every = 50,
    };
}

void run_defaults(struct run_spec *run, const struct recipe *above)
{
    struct recipe plain;
    if (!above) {
        recipe_defaults(&plain);
        above = &plain;
    }
    *run = (struct run_spec){
        .method = "lora",
        .rank = 8,
        .alpha = 16,
        .scale = SCALE_ALPHA_R,
        .lr_ratio = 16,
        .budget = {.initial = 0.1, .final = 0.5, .every = 10, .penalty = 0.5},
        .prefix = 8,
        .infix = 0,
        .dims = 100,
        .projection = PROJECT_FASTFOOD,
        .inside = "full",
        .seed = above->seed,
        .optimizer = above->optimizer,
    };
    bool dense = above->is_fresh && base_use(above->fresh.family) == BASE_DENSE;
    run->targets[SITE_Q] = run->targets[SITE_V] = !dense;
    run->targets[SITE_FC] = dense;
}

enum base_use base_use(const char *family)
{
    return network_of(family) == &network_transformer ? BASE_TRANSFORMER
                                                      : BASE_DENSE;
}

bool method_uses(const char *method, unsigned use)
{
    const struct method_ops *ops = method_find(method);
    return use == 0 || !ops || (ops->uses & use) == use;
}

/* Ranks of single sites are the dial's, which has no hold in a subspace. */
bool run_uses(const struct run_spec *run, unsigned use)
{
    bool is_subspace =
        method_find(run->method) && method_uses(run->method, USES_SUBSPACE);
    return method_uses(run->method, use) ||
           (is_subspace && !(use & USES_RANKS) &&
            method_uses(run->inside, use));
}

bool method_has_rank(const char *method)
{
    return method_find(method) && method_uses(method, USES_RANK);
}

struct method_conf recipe_method(const struct run_spec *run)
{
    const struct method_ops *ops = method_find(run->method);
    struct method_conf conf = {.name = ops ? ops->name : run->method,
                               .rank = run->rank,
                               .alpha = run->alpha,
                               .scale = run->scale,
                               .seed = run->seed,
                               .lr_ratio = run->lr_ratio,
                               .norm = run->norm,
                               .budget = run->budget,
                               .prefix = run->prefix,
                               .infix = run->infix};
    const struct method_ops *inside = method_find(run->inside);
    conf.subspace =
        (struct subspace_conf){run->dims, run->projection,
                               inside ? inside->name : "full", run->layered};
    memcpy(conf.targets, run->targets, sizeof conf.targets);
    memcpy(conf.also, run->also, sizeof conf.also);
    return conf;
}
