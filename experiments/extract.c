/* See extract.h. */
#include "experiments/extract.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "analysis/probe.h"
#include "core/base/mem.h"
#include "core/io/peft_out.h"
#include "core/io/rounding.h"
#include "experiments/extract_site.h"

/* As in resize_write.c. */
#define STORING 8.0

struct work {
    const struct extract_ask *ask;
    struct extract *extract;
    FILE *spool; /* factors of one site after another, bt then a */
    regex_t *site;
};

static bool is_end(const char *name, const char *end)
{
    size_t size = strlen(name), length = strlen(end);
    return size >= length && strcmp(name + size - length, end) == 0;
}

/* A matrix that a module multiplies with, not a table of embeddings. */
static bool is_matrix(const struct tensor *tensor)
{
    static const char *const tables[] = {
        "wte.weight", "wpe.weight", "embed_tokens.weight", "embed_in.weight",
        "embed_positions.weight"};
    if (tensor->dims != 2 || !is_end(tensor->name, ".weight") ||
        strstr(tensor->name, "embeddings.") || tensor->shape[0] < 1 ||
        tensor->shape[1] < 1 || tensor->shape[0] > 1 << 24 ||
        tensor->shape[1] > 1 << 24)
        return false;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (is_end(tensor->name, tables[i]))
            return false;
    return true;
}

/* What PEFT calls the module: GPT-2's files may leave out what the model with
 * a head puts before. */
static char *module_of(const struct tensor_folder *base, const char *tensor)
{
    const char *family = json_text(json_get(base->config, "model_type"), "");
    bool bare = strcmp(family, "gpt2") == 0 && strncmp(tensor, "h.", 2) == 0;
    size_t size = strlen(tensor) + 16;
    char *module = xcalloc(size, 1);
    (void)snprintf(module, size, "%s%s", bare ? "transformer." : "", tensor);
    module[strlen(module) - strlen(".weight")] = '\0';
    return module;
}

static int check_shape(const struct tensor *base, const struct tensor *tuned,
                       struct err *err)
{
    bool same = base->dims == tuned->dims;
    for (int i = 0; i < base->dims && same; i++)
        same = base->shape[i] == tuned->shape[i];
    if (same)
        return 0;
    return err_set(err,
                   "tensor \"%.200s\" has one shape in the base and another "
                   "in the tuned model (%lld and %lld numbers); use the base "
                   "it was tuned from",
                   base->name, (long long)base->count, (long long)tuned->count);
}

static void note(struct extract *extract, const char *tensor, double norm,
                 double base_norm)
{
    extract->other = xgrow(extract->other, (size_t)extract->others,
                           (size_t)extract->others + 1, sizeof *extract->other);
    extract->other[extract->others++] =
        (struct extract_other){tensor, norm, base_norm};
}

/* What is no matrix: has it changed? */
static int look_at_other(struct extract *extract, const struct tensor *base,
                         const struct tensor *tuned, struct err *err)
{
    enum { CHUNK = 1 << 16 };
    double norm = 0, before = 0;
    if (base->type == TENSOR_OTHER || tuned->type == TENSOR_OTHER) {
        if (base->bytes != tuned->bytes ||
            memcmp(base->data, tuned->data, base->bytes) != 0)
            note(extract, base->name, NAN, NAN);
        return 0;
    }
    float *one = xcalloc(CHUNK, sizeof *one), *other = xcalloc(CHUNK, 4);
    int status = 0;
    for (int64_t i = 0; i < base->count && status == 0; i += CHUNK) {
        int64_t n = base->count - i < CHUNK ? base->count - i : CHUNK;
        if (tensor_read_part(one, base, i, n, err) ||
            tensor_read_part(other, tuned, i, n, err))
            status = -1;
        for (int64_t k = 0; k < n && status == 0; k++) {
            double d = (double)other[k] - (double)one[k];
            norm += d * d;
            before += (double)one[k] * (double)one[k];
        }
    }
    mem_free(one);
    mem_free(other);
    if (status == 0 && norm > 0)
        note(extract, base->name, sqrt(norm), sqrt(before));
    return status;
}

/* Factors go to the spool, in the order of the sites. */
static int spool(FILE *to, struct mat bt, struct mat a, struct err *err)
{
    size_t left = (size_t)bt.rows * (size_t)bt.cols;
    size_t right = (size_t)a.rows * (size_t)a.cols;
    if (fwrite(bt.at, sizeof(float), left, to) == left &&
        fwrite(a.at, sizeof(float), right, to) == right)
        return 0;
    return err_set(err, "a temporary file of factors cannot be written; set "
                        "TMPDIR to a disk with room");
}

static int take_site(const struct work *work, struct extract_from from,
                     struct extract_from to, struct err *err)
{
    const struct tensor *base = from.tensor;
    struct extract *extract = work->extract;
    struct mat bt, a;
    extract->site = xgrow(extract->site, (size_t)extract->count,
                          (size_t)extract->count + 1, sizeof *extract->site);
    struct extract_site *site = &extract->site[extract->count++];
    site->tensor = base->name;
    site->module = module_of(extract->base, base->name);
    site->transposed = tensor_folder_is_transposed(extract->base, base->name);
    site->out = (int)base->shape[site->transposed];
    site->in = (int)base->shape[!site->transposed];
    int status = extract_site(site, &bt, &a, from, to, work->ask,
                              extract->count - 1, err);
    if (status == 0 && site->rank)
        status = spool(work->spool, bt, a, err);
    mat_free(&bt);
    mat_free(&a);
    if (status == 0 && site->norm <= 0) {
        mem_free(site->module);
        extract->count--;
        extract->unchanged++;
    }
    return status;
}

static int take(const struct work *work, const struct safetensors *file,
                const struct tensor *base, struct err *err)
{
    int shard = 0, status;
    const struct tensor *tuned =
        tensor_folder_find(work->extract->tuned, base->name, &shard);
    if (!tuned) {
        note(work->extract, base->name, NAN, NAN);
        return 0;
    }
    if (check_shape(base, tuned, err))
        return -1;
    const struct safetensors *other = work->extract->tuned->shard[shard].file;
    if (is_matrix(base) &&
        (!work->site || !regexec(work->site, base->name, 0, NULL, 0)))
        status = take_site(work, (struct extract_from){file, base},
                           (struct extract_from){other, tuned}, err);
    else
        status = look_at_other(work->extract, base, tuned, err);
    safetensors_release(file, base);
    safetensors_release(other, tuned);
    return status;
}

static int take_all(const struct work *work, struct err *err)
{
    const struct tensor_folder *base = work->extract->base;
    int status = 0, kept = 0;
    for (int s = 0; s < base->shards; s++)
        for (int i = 0; i < safetensors_count(base->shard[s].file); i++)
            if (status == 0)
                status = take(work, base->shard[s].file,
                              safetensors_at(base->shard[s].file, i), err);
    for (int i = 0; i < work->extract->count; i++)
        kept += work->extract->site[i].rank > 0;
    if (status || kept)
        return status;
    return err_set(err,
                   "%.200s and %.200s: no matrix%s differs by more than the "
                   "rounding of its storage; there is nothing to extract",
                   work->ask->base, work->ask->tuned,
                   work->site ? " that --site matches" : "");
}

static int put_all(struct peft_out *out, const struct work *work,
                   struct err *err)
{
    int status = 0;
    rewind(work->spool);
    for (int i = 0; i < work->extract->count && status == 0; i++) {
        const struct extract_site *site = &work->extract->site[i];
        if (!site->rank)
            continue;
        struct mat bt = mat_new(site->rank, site->out);
        struct mat a = mat_new(site->rank, site->in);
        size_t left = (size_t)bt.rows * (size_t)bt.cols;
        size_t right = (size_t)a.rows * (size_t)a.cols;
        if (fread(bt.at, sizeof(float), left, work->spool) != left ||
            fread(a.at, sizeof(float), right, work->spool) != right)
            status = err_set(err, "the temporary file of factors is cut short");
        else
            status = peft_out_put(out, bt, a, err);
        mat_free(&bt);
        mat_free(&a);
    }
    return status;
}

static int compare(struct extract_site *site, const struct peft *back, int at,
                   int index, enum tensor_type type, struct err *err)
{
    struct mat bt, a;
    double norm = 0, unit = (double)round_unit(1, type);
    if (peft_read(&bt, &a, back, at, err))
        return -1;
    double *x = xcalloc((size_t)site->in, sizeof *x);
    double *y = xcalloc((size_t)site->out, sizeof *y);
    for (int k = 0; k < site->rank; k++)
        norm += site->sigma[k] * site->sigma[k];
    probe_draw(x, site->in, (uint64_t)index);
    probe_factors(y, bt, a, back->pair[at].scale, x);
    site->read_back = probe_error(y, site->meant, site->out, sqrt(norm));
    mem_free(x);
    mem_free(y);
    mat_free(&bt);
    mat_free(&a);
    /* The vectors of a float SVD are orthonormal to a few units as well. */
    if (site->read_back <= STORING * unit)
        return 0;
    return err_set(err,
                   "%.200s: read back, B A x is %.1e off, more than %s "
                   "explains; nothing was written (use --dtype f32?)",
                   site->module, site->read_back, tensor_type_name(type));
}

static int read_back(const struct work *work, struct peft_out *out,
                     struct err *err)
{
    struct peft *back = peft_out_read_back(out, err);
    int status = back ? 0 : -1;
    for (int i = 0; i < work->extract->count && status == 0; i++) {
        struct extract_site *site = &work->extract->site[i];
        int at;
        if (!site->rank)
            continue;
        status = peft_out_find(&at, out, back, site->module, err);
        if (status == 0)
            status = compare(site, back, at, i, work->ask->type, err);
    }
    peft_close(back);
    return status;
}

static int write_all(const struct work *work, struct err *err)
{
    const struct extract_ask *ask = work->ask;
    bool transposed = false;
    for (int i = 0; i < work->extract->count; i++)
        transposed |= work->extract->site[i].transposed;
    struct peft_out *out =
        peft_out_new(NULL, ask->base_name, transposed, true, ask->type);
    peft_out_set_names(out, ask->names);
    for (int i = 0; i < work->extract->count; i++) {
        const struct extract_site *site = &work->extract->site[i];
        if (site->rank)
            peft_out_add(out,
                         (struct peft_item){site->module, site->rank, site->out,
                                            site->in, 1, false});
    }
    if (peft_out_begin(out, ask->out, ask->force, err) == 0 &&
        put_all(out, work, err) == 0 && read_back(work, out, err) == 0)
        return peft_out_commit(out, err);
    peft_out_abandon(out);
    return -1;
}

static int compile(regex_t *regex, const char *text, struct err *err)
{
    char why[128];
    int bad = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
    if (!bad)
        return 0;
    (void)regerror(bad, regex, why, sizeof why);
    return err_set(err,
                   "--site %.60s is no regular expression (%s); write a part "
                   "of a name, like attn",
                   text, why);
}

static int run(const struct extract_ask *ask, struct extract *extract,
               regex_t *regex, struct err *err)
{
    struct work work = {.ask = ask, .extract = extract, .site = regex};
    if (ask->out && peft_out_may_write(ask->out, ask->names, ask->force, err))
        return -1; /* before hours of work */
    extract->base = tensor_folder_open(ask->base, err);
    if (extract->base)
        extract->tuned = tensor_folder_open(ask->tuned, err);
    if (!extract->tuned)
        return -1;
    work.spool = tmpfile();
    if (!work.spool)
        return err_set(err, "no temporary file can be made for the factors");
    int status = take_all(&work, err);
    if (status == 0 && ask->out)
        status = write_all(&work, err);
    (void)fclose(work.spool); /* gone with it */
    return status;
}

struct extract *extract_run(const struct extract_ask *ask, struct err *err)
{
    regex_t regex;
    if (ask->site && compile(&regex, ask->site, err) != 0)
        return NULL;
    struct extract *extract = xcalloc(1, sizeof *extract);
    int status = run(ask, extract, ask->site ? &regex : NULL, err);
    if (ask->site)
        regfree(&regex);
    if (status == 0)
        return extract;
    extract_close(extract);
    return NULL;
}

void extract_close(struct extract *extract)
{
    if (!extract)
        return;
    for (int i = 0; i < extract->count; i++) {
        mem_free(extract->site[i].module);
        mem_free(extract->site[i].sigma);
        mem_free(extract->site[i].meant);
    }
    mem_free(extract->site);
    mem_free(extract->other);
    tensor_folder_close(extract->base);
    tensor_folder_close(extract->tuned);
    mem_free(extract);
}
