/*
 * Pairs of factors from names and shapes: every tensor is shown to the
 * dialects, the one that knows most of them names the modules, and each
 * module's A and B must fit one another.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/adapter_file_private.h"

/* A tensor as the dialect understands it. */
struct found {
    char module[MODULE_NAME];
    enum part part;
    const struct tensor *tensor;
};

/* PEFT wraps the model it is given, once or (saved from within) twice. */
static void strip(char *module)
{
    static const char wrap[] = "base_model.model.";
    size_t length = strlen(wrap), skip = 0;
    while (strncmp(module + skip, wrap, length) == 0)
        skip += length;
    memmove(module, module + skip, strlen(module + skip) + 1);
}

static bool is_factor(enum part part)
{
    return part == PART_A || part == PART_B || part == PART_EMBED_A ||
           part == PART_EMBED_B;
}

static const struct dialect *choose(const struct tensor_file *tensors)
{
    const struct dialect *best = NULL;
    int most = 0;
    char module[MODULE_NAME];
    for (int d = 0; dialect_table[d]; d++) {
        int known = 0;
        for (int i = 0; i < tensor_file_count(tensors); i++)
            known += is_factor(dialect_table[d]->part_of(
                module, tensor_file_at(tensors, i)->name));
        if (known > most) {
            most = known;
            best = dialect_table[d];
        }
    }
    return best;
}

/* Numbers in names by their value: h.2 before h.10. */
static int compare_names(const char *a, const char *b)
{
    while (*a && *b) {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            char *end_a, *end_b;
            unsigned long long x = strtoull(a, &end_a, 10);
            unsigned long long y = strtoull(b, &end_b, 10);
            if (x != y)
                return x < y ? -1 : 1;
            a = end_a;
            b = end_b;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

static int by_module(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = compare_names(x->module, y->module);
    if (order == 0) /* 07 is 7 to the numbers, but another module */
        order = strcmp(x->module, y->module);
    return order ? order : (int)x->part - (int)y->part;
}

static int need_plain(const struct tensor *tensor, struct err *err)
{
    if (tensor->dims < 2 || tensor->dims > 5)
        return err_set(err,
                       "tensor \"%.120s\" has %d dimensions; a factor has 2, "
                       "or a kernel's 3 to 5",
                       tensor->name, tensor->dims);
    for (int i = 0; i < tensor->dims; i++)
        if (tensor->shape[i] < 1 || tensor->shape[i] > INT_MAX)
            return err_set(err,
                           "tensor \"%.120s\" is %lld long in dimension %d",
                           tensor->name, (long long)tensor->shape[i], i);
    if (tensor->count > INT_MAX)
        return err_set(err, "tensor \"%.120s\" has more than 2^31 numbers",
                       tensor->name);
    if (tensor->type == TENSOR_OTHER)
        return err_set(err,
                       "tensor \"%.120s\" holds %s; only F32, F16, BF16 and "
                       "F64 can be read as numbers",
                       tensor->name, tensor->type_name);
    return 0;
}

/* "(8, 768)" */
static const char *shape_of(char text[96], const struct tensor *tensor)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < tensor->dims && used < 80; i++)
        used += (size_t)snprintf(text + used, 96 - used, "%s%lld",
                                 i ? ", " : "(", (long long)tensor->shape[i]);
    (void)snprintf(text + used, 96 - used, tensor->dims ? ")" : "()");
    return text;
}

static int refuse_shapes(const struct file_pair *pair, struct err *err)
{
    char a[96], b[96];
    return err_set(err,
                   "tensor \"%.120s\" is %s and \"%.120s\" is %s; they have no "
                   "rank in common",
                   pair->a->name, shape_of(a, pair->a), pair->b->name,
                   shape_of(b, pair->b));
}

/* A kernel (r, in, kh, kw) beside (out, r, 1, 1). */
static int fit_kernel(struct file_pair *pair, struct err *err)
{
    const struct tensor *a = pair->a, *b = pair->b;
    int64_t ones = 1, size = 1;
    for (int i = 2; i < b->dims; i++)
        ones *= b->shape[i];
    for (int i = 2; i < a->dims; i++)
        size *= a->shape[i];
    if (ones != 1 || a->shape[0] != b->shape[1])
        return refuse_shapes(pair, err);
    pair->rank = (int)a->shape[0];
    pair->in = (int)(a->count / a->shape[0]);
    pair->out = (int)b->shape[0];
    if (size == 1)
        return 0;
    pair->unfolding = UNFOLD_OUT_BY_REST;
    for (int i = 2; i < a->dims; i++)
        pair->kernel[pair->kernel_dims++] = (int)a->shape[i];
    return 0;
}

/* A (r, in) and B (out, r), or both turned; r of the two must be one. */
static int fit_matrices(struct file_pair *pair, const struct dialect *dialect,
                        struct err *err)
{
    int a = dialect->turned ? 1 : 0, b = 1 - a; /* where r stands */
    pair->turned = dialect->turned;
    int64_t rank_a = pair->a->shape[a], rank_b = pair->b->shape[b];
    pair->rank = (int)rank_b;
    pair->in = (int)pair->a->shape[1 - a];
    pair->out = (int)pair->b->shape[1 - b];
    if (rank_a == rank_b)
        return 0;
    int64_t groups = rank_a / rank_b;
    if (!dialect->grouped || groups * rank_b != rank_a ||
        pair->out % groups != 0)
        return refuse_shapes(pair, err);
    pair->groups = (int)groups;
    pair->out /= pair->groups;
    return 0;
}

static int fit(struct file_pair *pair, const struct dialect *dialect,
               struct err *err)
{
    pair->groups = 1;
    if (need_plain(pair->a, err) != 0 || need_plain(pair->b, err) != 0)
        return -1;
    if (pair->embedding) { /* (r, vocabulary), (width, r) */
        pair->rank = (int)pair->a->shape[0];
        pair->out = (int)pair->a->shape[1];
        pair->in = (int)pair->b->shape[0];
        if (pair->a->dims != 2 || pair->b->dims != 2 ||
            pair->b->shape[1] != pair->rank)
            return refuse_shapes(pair, err);
        return 0;
    }
    if (pair->a->dims == 2 && pair->b->dims == 2)
        return fit_matrices(pair, dialect, err);
    return fit_kernel(pair, err);
}

static int find_scale(struct file_pair *pair, const struct adapter_file *file,
                      struct err *err)
{
    struct scale_ask ask = {.config = file->config,
                            .file = file->tensors,
                            .module = pair->module,
                            .rank = pair->rank};
    if (pair->alpha) {
        float alpha = 0;
        if (pair->alpha->count != 1)
            return err_set(err, "tensor \"%.120s\" is no single number",
                           pair->alpha->name);
        if (tensor_read(&alpha, pair->alpha, err) != 0)
            return -1;
        ask.has_alpha = true;
        ask.alpha = (double)alpha;
    }
    if (file->dialect->scale(&pair->scale, &ask, err) != 0)
        return -1;
    if (!isfinite(pair->scale.scale))
        return err_set(err, "the scale of %.120s is not a number",
                       pair->module);
    return 0;
}

/* For people: without the model's own wrapper where layers follow. */
static void name_pair(struct file_pair *pair)
{
    static const char wrap[] = "transformer.h.";
    bool wrapped = strncmp(pair->module, wrap, strlen(wrap)) == 0;
    const char *name = pair->module + (wrapped ? strlen("transformer.") : 0);
    if (pair->groups > 1)
        (void)snprintf(pair->name, sizeof pair->name, "%.240s[%d]", name,
                       pair->group);
    else
        (void)snprintf(pair->name, sizeof pair->name, "%s", name);
}

/* One module's tensors, sorted by part, as a pair; *next is where the next
 * module begins.  1: no factors here. */
static int gather(struct file_pair *pair, const struct found *found, int count,
                  int *next, struct err *err)
{
    const struct tensor *part[PART_KINDS] = {NULL};
    int i = 0;
    for (; i < count && strcmp(found[i].module, found->module) == 0; i++) {
        if (part[found[i].part])
            return err_set(err,
                           "tensors \"%.120s\" and \"%.120s\" are the same "
                           "part of one module",
                           part[found[i].part]->name, found[i].tensor->name);
        part[found[i].part] = found[i].tensor;
    }
    *next = i;
    bool embedding = part[PART_EMBED_A] || part[PART_EMBED_B];
    *pair = (struct file_pair){.alpha = part[PART_ALPHA],
                               .magnitude = part[PART_MAGNITUDE],
                               .embedding = embedding};
    pair->a = part[embedding ? PART_EMBED_A : PART_A];
    pair->b = part[embedding ? PART_EMBED_B : PART_B];
    (void)snprintf(pair->module, sizeof pair->module, "%s", found->module);
    if (!pair->a && !pair->b)
        return 1;
    if (!pair->a || !pair->b)
        return err_set(err, "tensor \"%.120s\" has no %s beside it",
                       pair->a ? pair->a->name : pair->b->name,
                       pair->a ? "B" : "A");
    return 0;
}

static struct found *find_all(int *known, struct adapter_file *file)
{
    int count = tensor_file_count(file->tensors);
    struct found *found = xcalloc((size_t)count + 1, sizeof *found);
    file->rest = xcalloc((size_t)count + 1, sizeof *file->rest);
    *known = 0;
    for (int i = 0; i < count; i++) {
        struct found *at = &found[*known];
        at->tensor = tensor_file_at(file->tensors, i);
        at->part = file->dialect->part_of(at->module, at->tensor->name);
        if (at->part == PART_NONE) {
            file->rest[file->rests++] = at->tensor;
            continue;
        }
        strip(at->module);
        (*known)++;
    }
    qsort(found, (size_t)*known, sizeof *found, by_module);
    return found;
}

/* The pair, or each of its groups as one. */
static void add_pairs(struct adapter_file *file, struct file_pair pair)
{
    size_t count = (size_t)file->count, more = count + (size_t)pair.groups;
    file->pair = xgrow(file->pair, count, more, sizeof pair);
    for (pair.group = 0; pair.group < pair.groups; pair.group++) {
        name_pair(&pair);
        file->pair[file->count++] = pair;
    }
}

static int add_modules(struct adapter_file *file, const struct found *found,
                       int known, struct err *err)
{
    for (int i = 0, next = 0; i < known; i += next) {
        struct file_pair pair;
        int none = gather(&pair, found + i, known - i, &next, err);
        if (none < 0)
            return -1;
        for (int k = 0; none && k < next; k++)
            file->rest[file->rests++] = found[i + k].tensor;
        if (none)
            continue;
        if (fit(&pair, file->dialect, err) != 0 ||
            find_scale(&pair, file, err) != 0)
            return -1;
        add_pairs(file, pair);
    }
    return 0;
}

bool adapter_file_is(const char *path)
{
    struct tensor_file *tensors = tensor_file_open(path, NULL);
    bool is = tensors && choose(tensors);
    tensor_file_close(tensors);
    return is;
}

int adapter_pairs_make(struct adapter_file *file, struct err *err)
{
    int known;
    if (!tensor_file_count(file->tensors))
        return err_set(err, "holds no tensors");
    file->dialect = choose(file->tensors);
    if (!file->dialect && adapter_caveat_foreign(file, err) != 0)
        return -1;
    if (!file->dialect)
        return err_set(err,
                       "no tensor of it is a factor of LoRA in a dialect known "
                       "here; one is called \"%.120s\"",
                       tensor_file_at(file->tensors, 0)->name);
    struct found *found = find_all(&known, file);
    int status = add_modules(file, found, known, err);
    mem_free(found);
    return status;
}
